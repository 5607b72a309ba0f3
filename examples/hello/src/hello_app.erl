%% SPDX-License-Identifier: Apache-2.0
%% Copyright the unibeam authors

%% @doc The application: READY on a line of its own when the listener is open,
%% STOPPED when the application has been stopped in order.  Tests wait for both.
-module(hello_app).

-behaviour(application).

-export([start/2, stop/1]).

start(_Type, _Args) ->
    case hello_sup:start_link(port()) of
        {ok, Pid} ->
            io:put_chars("READY\n"),
            {ok, Pid};
        {error, _} = Error ->
            Error
    end.

stop(_State) ->
    io:put_chars("STOPPED\n").

port() ->
    case os:getenv("HELLO_PORT") of
        false ->
            {ok, Port} = application:get_env(hello, port),
            Port;
        Text ->
            list_to_integer(Text)
    end.
