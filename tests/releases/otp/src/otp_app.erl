%% SPDX-License-Identifier: Apache-2.0
%% Copyright the unibeam authors

%% @doc Nothing of its own: a test brings its code along.
-module(otp_app).
-behaviour(application).
-export([start/2, stop/1]).

start(_Type, _Args) ->
    io:format("READY~n"),
    {ok, spawn_link(fun() -> receive stop -> ok end end)}.

stop(_State) ->
    ok.
