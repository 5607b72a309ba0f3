%% SPDX-License-Identifier: Apache-2.0
%% Copyright the unibeam authors
%% soak_SUITE - a machine of two processors and 256 MiB does everything at once
%% (soak_guest); what the kernel holds afterwards is what it held after the
%% warm-up. SOAK_SECONDS (30): make soak-mixed MINUTES=30 is the long form.
-module(soak_SUITE).
-include_lib("stdlib/include/assert.hrl").
-compile([export_all, nowarn_export_all]).

-define(COOKIE, "soak").
-define(WARM, 15).
%% Connections linger for a while after their end, and some caches of the
%% run-time system's are kept for minutes.
-define(SETTLE, 130).
%% KiB and objects by which the kernel's figures may differ, as in port_SUITE.
-define(TOLERANCE, 1024).
-define(MORE_OBJECTS, 250).

suite() -> [{timetrap, {seconds, seconds() + 900}}].

all() -> [mixed].

seconds() -> list_to_integer(os:getenv("SOAK_SECONDS", "30")).

init_per_suite(Config) -> vm:image("OTP_IMAGE", Config).
end_per_suite(_) -> ok.

mixed(C) ->
    Args = lists:append([["--arg", W] || W <- ["-name", "guest@10.0.2.15",
                                               "-setcookie", ?COOKIE]]),
    {Vm, Port} = guest:start(proplists:get_value(image, C),
                             #{forward => true, args => Args}),
    {ok, Peer, Node} = host_node(),
    [ok = guest:load(Port, M) || M <- [soak_guest, port_guest, runtime_guest]],
    ok = guest:call(Port, soak_guest, prepare, []),
    _ = work(Vm, Port, Node, ?WARM),
    timer:sleep(10000),
    Before = account(Port),
    Rounds = work(Vm, Port, Node, seconds()),
    ct:pal("rounds: ~p", [Rounds]),
    ?assertEqual([], [R || {_, _, Wrong} = R <- Rounds, Wrong =/= none]),
    ?assertEqual([], [R || {_, N, _} = R <- Rounds, N =:= 0]),
    After = settled(Port, Before, erlang:monotonic_time(second) + ?SETTLE),
    ct:pal("before ~p~nafter  ~p", [maps:remove(slabs, Before),
                                    maps:remove(slabs, After)]),
    ?assertEqual([], more(Before, After)),
    ?assertEqual([], guest:call(Port, runtime_guest, warnings, [])),
    peer:stop(Peer),
    vm:stop(Vm).

%% Under the name by which the guest reaches this host.
host_node() ->
    peer:start(#{name => "soak" ++ os:getpid(), host => "10.0.2.2", longnames => true,
                 connection => standard_io,
                 args => ["-setcookie", ?COOKIE, "-hidden"]}).

%% The guest works, and this host's requests go on all the while.
work(Vm, Port, Node, Seconds) ->
    Self = self(),
    Client = spawn_link(fun() -> Self ! {self(), requests(Vm, 0)} end),
    Rounds = guest:call(Port, soak_guest, run, [Seconds, Node],
                        (Seconds + 300) * 1000),
    Client ! stop,
    receive {Client, N} -> [{requests, N, none} | Rounds] end.

requests(Vm, N) ->
    receive stop -> N
    after 50 ->
        {200, Body} = vm:http(Vm, "/page", 60000),
        10000 = byte_size(Body),
        requests(Vm, N + 1)
    end.

account(Port) ->
    M = guest:call(Port, port_guest, meminfo, []),
    #{slabs => guest:call(Port, port_guest, slabs, []),
      slab => maps:get(<<"Slab">>, M),
      tables => maps:get(<<"PageTables">>, M),
      stacks => maps:get(<<"KernelStack">>, M),
      shared => maps:get(<<"Shmem">>, M),
      available => maps:get(<<"MemAvailable">>, M),
      sockets => guest:call(Port, soak_guest, sockets, []),
      processes => length(guest:call(Port, port_guest, pids, [])),
      descriptors => guest:call(Port, port_guest, descriptors, [])}.

%% The account as soon as nothing is too much any more, or the last one.
settled(Port, Before, Until) ->
    timer:sleep(5000),
    After = account(Port),
    case more(Before, After) =:= [] orelse erlang:monotonic_time(second) > Until of
        true -> After;
        false -> settled(Port, Before, Until)
    end.

%% What has grown by more than it may.
more(Before, After) ->
    Less = fun(K, Allowed) -> {maps:get(K, After) - maps:get(K, Before), Allowed, K} end,
    Used = maps:get(slabs, Before),
    [{K, D} || {D, Allowed, K} <- [Less(K, ?TOLERANCE) || K <- [slab, tables, stacks]] ++
                   [Less(processes, 0), Less(descriptors, 2), Less(shared, 2048)],
               D > Allowed] ++
        [{S, N} || {S, N} <- maps:to_list(maps:get(sockets, After)),
                   N > maps:get(S, maps:get(sockets, Before), 0) + 4] ++
        [{S, N, maps:get(S, Used, 0)} || {S, N} <- maps:to_list(maps:get(slabs, After)),
                                         N - maps:get(S, Used, 0) > ?MORE_OBJECTS].
