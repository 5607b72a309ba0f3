%% SPDX-License-Identifier: Apache-2.0
%% Copyright the unibeam authors
%% fault_guest - runs in the machine: an application that never stops.
-module(fault_guest).
-behaviour(application).
-export([begin_forever/0, start/2, stop/1, prep_stop/1, flood/1]).
-behaviour(supervisor).
-export([init/1]).

begin_forever() ->
    ok = application:load({application, ?MODULE,
                           [{applications, [kernel, stdlib]},
                            {mod, {?MODULE, []}}]}),
    application:start(?MODULE).

%% N numbered lines on the console, as fast as it takes them.
flood(N) ->
    spawn(fun() ->
                  [io:format("line ~b ~s~n", [K, lists:duplicate(100, $x)])
                   || K <- lists:seq(1, N)],
                  io:put_chars("FLOOD OVER\n")
          end),
    ok.

start(_, _) -> supervisor:start_link(?MODULE, []).
init(_) -> {ok, {#{}, []}}.

prep_stop(_) ->
    io:put_chars("STOPPING FOREVER\n"),
    receive after infinity -> ok end.
stop(_) -> ok.
