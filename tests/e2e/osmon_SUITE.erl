%% SPDX-License-Identifier: Apache-2.0
%% Copyright the unibeam authors
%% osmon_SUITE - os_mon's figures, and those behind them, are true: the test does
%% something to the machine and looks for it in every account.
-module(osmon_SUITE).
-include_lib("stdlib/include/assert.hrl").
-compile([export_all, nowarn_export_all]).

-define(MB, 1000000).
%% A system's whole report is much work for an emulated processor.
-define(LONG, 280000).

suite() -> [{timetrap, {minutes, 5}}].

all() -> [idle, shapes, reports, busy, memory, worst, disk, alarms, clocks, proc_self].

init_per_suite(Config) -> vm:with_image("OTP_IMAGE", Config, fun start/2).

start(Image, Config) ->
    {Vm, Port} = guest:start(Image, #{memory => "512M"}),
    [ok = guest:load(Port, M) || M <- [osmon_guest, idle_guest]],
    [{vm, Vm}, {port, Port}, {linux, like_linux:start([osmon_guest])} | Config].

end_per_suite(C) ->
    like_linux:stop(proplists:get_value(linux, C)),
    vm:stop(proplists:get_value(vm, C)).

guest(C, F, A) ->
    R = guest:call(proplists:get_value(port, C), osmon_guest, F, A, ?LONG),
    ct:log("~p ~p gave~n~p", [F, A, R]),
    R.

same(C, F) ->
    like_linux:same(proplists:get_value(linux, C), proplists:get_value(port, C),
                    {osmon_guest, F}, []).

%% Idle means idle. Counted by the kernel, so a busy host makes no difference: a
%% timer that ticks would be 10 or 100 a second. The first seconds are not idle.
idle(C) ->
    Port = proplists:get_value(port, C),
    timer:sleep(3000),
    Rate = guest:call(Port, idle_guest, rate, [8000]),
    ct:pal("woken ~p times a second", [Rate]),
    ?assert(Rate > 0.0),
    ?assert(Rate < 20.0).

shapes(C) -> same(C, shapes).
reports(C) ->
    Linux = like_linux:linux(proplists:get_value(linux, C), {osmon_guest, reports}, []),
    ?assertEqual(Linux, guest(C, reports, [])).

%% A thread of two processors that spins: half of the machine, and every account
%% of processor time agrees with every other: each has the least and the most it
%% can have moved, given that they are read one after the other.
busy(C) ->
    {{Least, Most}, Util, PerCpu} = guest(C, busy, [4000]),
    #{wall := Wall, self := Self} = Least,
    ?assert(Wall >= 4000),
    ?assert(Self > 0.8 * Wall),
    ?assert(overlap(user, runtime, Least, Most, 30)),
    ?assert(overlap(threads, self, Least, Most, 400)),
    ?assert(maps:get(stat, Most) + 50 > Self),
    ?assert(overlap(both, twice, two(Least), two(Most), 100)),
    ?assert(Util > 40.0),
    ?assert(lists:max(PerCpu) > 40.0),
    ?assertEqual(2, length(PerCpu)).

overlap(A, B, Least, Most, Slack) ->
    maps:get(A, Least) =< maps:get(B, Most) + Slack andalso
        maps:get(B, Least) =< maps:get(A, Most) + Slack.

%% Two processors, idle or not, for so long.
two(#{stat := Stat, idle := Idle, wall := Wall}) ->
    #{both => Stat + Idle, twice => 2 * Wall}.

%% 100 MB, some of which the emulator has already from the system, and which it
%% keeps for the next time; other processes have theirs, too.
memory(C) ->
    {Used, Left} = guest(C, memory, [100 * ?MB]),
    [?assert(V > 60 * ?MB andalso V < 130 * ?MB) || V <- maps:values(Used)],
    ?assert(abs(maps:get(anon, Used) - maps:get(rss, Used)) < 4 * ?MB),
    ?assert(maps:get(emulator, Left) < 5 * ?MB).

worst(C) -> ?assertEqual({true, true}, guest(C, worst, [])).

%% 64 MiB of the 252 that /dev/shm may take.
disk(C) ->
    {{Size, Before, Size, Used0}, {Size, Within, Size, Used1}, {Size, Before, Size, Used0}} =
        guest(C, disk, ["/dev/shm", 64 bsl 20]),
    ?assertEqual(65536, Used1 - Used0),
    ?assert(abs(Within - Before - 100 * 65536 / Size) =< 1).

alarms(C) ->
    ?assertEqual({[true, true, true], [false, false, false]},
                 guest(C, alarms, ["/dev/shm"])).

clocks(C) ->
    {Moved, Apart} = guest(C, clocks, [1500]),
    ?assert(Apart =< 1),
    [?assert(M >= 1490 andalso abs(M - hd(Moved)) =< 500) || M <- Moved].

proc_self(C) ->
    ?assertEqual({true, true, true, true, 1, true, true, true},
                 guest(C, proc_self, [])).
