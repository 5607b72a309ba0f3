%% SPDX-License-Identifier: Apache-2.0
%% Copyright the unibeam authors
%% Says what it finds, and ends with STATUS.
-module(back_app).
-behaviour(application).
-export([start/2, stop/1]).

start(_, _) ->
    {ok, spawn_link(fun() ->
        io:format("greeting ~s~n", [os:getenv("GREETING", "none")]),
        io:format("processors ~b~n", [erlang:system_info(logical_processors)]),
        halt(list_to_integer(os:getenv("STATUS", "7")))
    end)}.

stop(_) -> ok.
