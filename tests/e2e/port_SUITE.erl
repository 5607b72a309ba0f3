%% SPDX-License-Identifier: Apache-2.0
%% Copyright the unibeam authors
%% port_SUITE - commands and port programs, by the thousand, in one machine: the
%% answers are right and the kernel has all its memory back.
-module(port_SUITE).
-include_lib("stdlib/include/assert.hrl").
-compile([export_all, nowarn_export_all]).

-define(LONG, 1800000).
%% KiB the kernel's memory may differ by: a slab or two per cache that a CPU
%% keeps for the next time. A page leaked by each process is 8,000 KiB.
-define(TOLERANCE, 1024).
%% Objects of one kind that may have been added. One leaked by each process, or
%% by each pipe, is 2,000. (Connections of the test's own linger.)
-define(MORE_OBJECTS, 250).

suite() -> [{timetrap, {minutes, 31}}].

all() -> [commands, exit_statuses, at_once, echo, killed, nothing_left].

init_per_suite(Config) -> vm:with_image("HELLO_IMAGE", Config, fun start/2).

%% One machine for all cases.
start(Image, Config) ->
    {Vm, Port} = guest:start(Image, #{}),
    ok = guest:load(Port, port_guest),
    warm_up(Port),
    [{vm, Vm}, {port, Port}, {linux, like_linux:start([port_guest])},
     {before, account(Port)} | Config].

end_per_suite(C) ->
    like_linux:stop(proplists:get_value(linux, C)),
    vm:stop(proplists:get_value(vm, C)).

%% What is made once and then kept: code in memory, caches, stacks.
warm_up(Port) ->
    [] = guest:call(Port, port_guest, commands, [20]),
    {_, []} = guest:call(Port, port_guest, at_once, [100]),
    8 = guest:call(Port, port_guest, echo, [8, 1 bsl 18]).

%% The kernel's own memory, page tables and stacks included, in KiB, and how
%% many processes and open files there are.
account(Port) ->
    timer:sleep(500),
    M = guest:call(Port, port_guest, meminfo, []),
    ct:log("~p", [M]),
    #{slabs => guest:call(Port, port_guest, slabs, []),
      slab => maps:get(<<"Slab">>, M),
      tables => maps:get(<<"PageTables">>, M),
      stacks => maps:get(<<"KernelStack">>, M),
      available => maps:get(<<"MemAvailable">>, M),
      processes => length(guest:call(Port, port_guest, pids, [])),
      descriptors => guest:call(Port, port_guest, descriptors, [])}.

call(C, F, A) ->
    guest:call(proplists:get_value(port, C), port_guest, F, A, ?LONG).

%% Programs one after the other; make check-long-ports has more.
count() -> list_to_integer(os:getenv("PORT_COUNT", "1000")).

%% --- the cases ----------------------------------------------------------------------

commands(C) -> ?assertEqual([], call(C, commands, [count()])).

exit_statuses(C) -> ?assertEqual([], call(C, statuses, [count()])).

at_once(C) ->
    {Running, Wrong} = call(C, at_once, [100]),
    ?assertEqual([], Wrong),
    ?assert(Running > 100).

echo(C) -> ?assertEqual(8, call(C, echo, [8, 1 bsl 18])).

killed(C) ->
    like_linux:same(proplists:get_value(linux, C), proplists:get_value(port, C),
                    {port_guest, killed}, []).

nothing_left(C) ->
    Before = proplists:get_value(before, C),
    After = account(proplists:get_value(port, C)),
    ct:pal("before ~p~nafter  ~p", [maps:remove(slabs, Before),
                                    maps:remove(slabs, After)]),
    Same = fun(K) -> {K, maps:get(K, After) - maps:get(K, Before)} end,
    ?assertEqual([{processes, 0}, {descriptors, 0}],
                 [Same(processes), Same(descriptors)]),
    [?assertMatch({_, D} when D =< ?TOLERANCE, Same(K))
     || K <- [slab, tables, stacks]],
    Used = maps:get(slabs, Before),
    ?assertEqual([], [{N, maps:get(N, Used, 0), M}
                      || {N, M} <- maps:to_list(maps:get(slabs, After)),
                         M - maps:get(N, Used, 0) > ?MORE_OBJECTS]),
    %% the emulator's own heaps come and go: several megabytes
    {_, Lost} = Same(available),
    ?assert(-Lost =< 8192).
