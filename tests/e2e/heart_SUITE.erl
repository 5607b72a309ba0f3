%% SPDX-License-Identifier: Apache-2.0
%% Copyright the unibeam authors
%% heart_SUITE - a release with -heart: what ends it, what brings it back, and how
%% its machine ends.
-module(heart_SUITE).
-include_lib("stdlib/include/assert.hrl").
-compile([export_all, nowarn_export_all]).

-define(UP, 180000).

suite() -> [{timetrap, {minutes, 10}}].

all() -> [as_linux, hung_as_linux, killed, rebooted, restarted, hung, stopped, own_command].

init_per_suite(Config) -> vm:with_image("OTP_IMAGE", Config, fun start/2).

%% One machine for all cases but the last, with room for nine nodes.
start(Image, Config) ->
    {Vm, Port} = guest:start(Image, #{memory => "1G", args => ["--arg", "-heart"],
                                      env => ["HEART_BEAT_TIMEOUT=11",
                                              "HEART_KILL_SIGNAL=SIGABRT"]}),
    Linux = like_linux:start([heart_guest, ports_life_guest]),
    C = [{vm, Vm}, {port, Port}, {linux, Linux}, {image, Image} | Config],
    load(C),
    C.

%% The functions are gone with the emulator that had them.
load(C) ->
    Port = proplists:get_value(port, C),
    [ok = guest:load(Port, M) || M <- [heart_guest, ports_life_guest]].

end_per_suite(C) ->
    like_linux:stop(proplists:get_value(linux, C)),
    vm:stop(proplists:get_value(vm, C)).

same(C, F) ->
    like_linux:same(proplists:get_value(linux, C), proplists:get_value(port, C),
                    {heart_guest, F}, []).

call(C, M, F, A) -> guest:call(proplists:get_value(port, C), M, F, A).

%% --- the cases ------------------------------------------------------------------------

as_linux(C) -> same(C, ends).

%% At the same time on both, as the most of it is waiting.
hung_as_linux(C) ->
    Self = self(),
    Host = proplists:get_value(linux, C),
    spawn_link(fun() -> Self ! {linux, like_linux:linux(Host, {heart_guest, hangs}, [])} end),
    Got = guest:call(proplists:get_value(port, C), heart_guest, hangs, [], ?UP),
    Wanted = receive {linux, Ends} -> Ends end,
    ct:log("on Linux: ~tp", [Wanted]),
    like_linux:alike(hangs, Wanted, Got).

%% The node does something, and serves again as a new process.
killed(C) -> comes_back(C, {os, cmd, ["kill -9 " ++ pid(C)]}).
rebooted(C) -> comes_back(C, {init, reboot, []}).

%% The stopped emulator does not take heart's SIGABRT: process 1 clears the way.
hung(C) -> comes_back(C, {os, cmd, ["kill -STOP " ++ pid(C)]}).

pid(C) -> call(C, os, getpid, []).

comes_back(C, What) ->
    Before = pid(C),
    Message = starts_again(C),
    ok = call(C, heart_guest, soon, [What]),
    vm:wait(proplists:get_value(vm, C), Message, ?UP),
    After = ask_until(C, 400, fun(P) -> P =/= Before end),
    ?assertNotEqual(Before, After),
    load(C),
    ?assertMatch([_ | _], call(C, os, cmd, ["pidof heart"])).

%% The message of this start, after those of all before.
starts_again(C) ->
    Text = vm:console(proplists:get_value(vm, C)),
    N = length(binary:matches(Text, <<"starting the release again">>)),
    "(?s)(starting the release again.*){" ++ integer_to_list(N + 1) ++ "}".

ask_until(_, 0, _) -> never;
ask_until(C, N, Good) ->
    P = try pid(C) catch _:_ -> none end,
    case P =/= none andalso Good(P) of
        true -> P;
        false -> timer:sleep(300), ask_until(C, N - 1, Good)
    end.

%% init:restart/0 is the emulator's own affair.
restarted(C) ->
    Before = pid(C),
    Ready = length(binary:matches(vm:console(proplists:get_value(vm, C)), <<"READY">>)),
    ok = call(C, heart_guest, soon, [{init, restart, []}]),
    %% the old one answers until it has stopped
    vm:wait(proplists:get_value(vm, C),
            "(?s)(READY.*){" ++ integer_to_list(Ready + 1) ++ "}", ?UP),
    ?assertEqual(Before, ask_until(C, 400, fun(_) -> true end)),
    load(C).

%% In order: the machine's end, with the status asked for.
stopped(C) ->
    ok = call(C, heart_guest, soon, [{init, stop, [7]}]),
    ?assertEqual(7, vm:status(proplists:get_value(vm, C), ?UP)).

%% A command that starts a node itself: process 1 watches that one.
own_command(C) ->
    Command = "$BINDIR/erlexec -detached -boot $ROOTDIR/releases/1.0.0/start_clean"
        " -eval 'timer:sleep(1000),init:stop(6).'",
    {Vm, Port} = guest:start(proplists:get_value(image, C),
                             #{args => ["--arg", "-heart"],
                               env => ["HEART_COMMAND=" ++ Command]}),
    ok = guest:load(Port, heart_guest),
    ok = guest:call(Port, heart_guest, soon, [{erlang, halt, [1]}]),
    vm:wait(Vm, "heart's command started process", ?UP),
    ?assertEqual(6, vm:status(Vm, ?UP)),
    vm:stop(Vm).
