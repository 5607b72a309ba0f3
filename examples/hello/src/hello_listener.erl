%% SPDX-License-Identifier: Apache-2.0
%% Copyright the unibeam authors

%% @doc Owns the listening socket and starts the pool of acceptors.
%%
%% An acceptor that has got a connection starts its own successor and then
%% serves the connection itself, so a socket never changes hands
%% (controlling_process/2 costs more than a spawn) and the pool keeps its size.
%% When this process ends the listening socket closes and the waiting acceptors
%% end with it; connections being served finish on their own.
-module(hello_listener).

-behaviour(gen_server).

-export([start_link/1]).
-export([init/1, handle_call/3, handle_cast/2, handle_info/2, terminate/2]).
-export([accept/1]).

%% Pause before the next try when accept fails for want of descriptors.
-define(ACCEPT_RETRY_MS, 100).

start_link(Port) ->
    gen_server:start_link({local, ?MODULE}, ?MODULE, Port, []).

init(Port) ->
    process_flag(trap_exit, true),
    Options = [
        binary,
        {packet, raw},
        {active, false},
        {reuseaddr, true},
        {nodelay, true},
        {keepalive, true},
        {backlog, 1024},
        {send_timeout, 30000},
        {send_timeout_close, true}
    ],
    case gen_tcp:listen(Port, Options) of
        {ok, Listen} ->
            {ok, N} = application:get_env(hello, acceptors),
            _ = [spawn(?MODULE, accept, [Listen]) || _ <- lists:seq(1, N)],
            {ok, Listen};
        {error, Reason} ->
            {stop, {cannot_listen, Port, Reason}}
    end.

handle_call(_Request, _From, Listen) ->
    {reply, {error, unknown_call}, Listen}.

handle_cast(_Message, Listen) ->
    {noreply, Listen}.

handle_info(_Message, Listen) ->
    {noreply, Listen}.

terminate(_Reason, Listen) ->
    gen_tcp:close(Listen).

accept(Listen) ->
    case gen_tcp:accept(Listen) of
        {ok, Socket} ->
            _ = spawn(?MODULE, accept, [Listen]),
            hello_http:serve(Socket);
        {error, Reason} when Reason =:= emfile; Reason =:= enfile; Reason =:= enobufs ->
            timer:sleep(?ACCEPT_RETRY_MS),
            accept(Listen);
        {error, closed} ->
            ok;
        {error, _Reset} ->
            %% The peer went away between its SYN and our accept.
            accept(Listen)
    end.
