%% SPDX-License-Identifier: Apache-2.0
%% Copyright the unibeam authors
%% mem_SUITE - machines with too little memory, with a lot, and programs that
%% want more than there is. The image is the example release with the programs
%% tests/guest/mem_*_test.c beside it.
-module(mem_SUITE).
-include_lib("stdlib/include/assert.hrl").
-compile([export_all, nowarn_export_all]).

-define(BOOT, 120000).
-define(PRIV, "/app/lib/hello-1.0.0/priv/").

suite() -> [{timetrap, {minutes, 8}}].

all() ->
    [programs_that_take_all, small_machine, machine_too_small,
     stress, failing_allocations, large_machine].

init_per_suite(Config) -> vm:image("MEM_IMAGE", Config).
end_per_suite(_) -> ok.

%% A machine that runs Expr when the release is up.
boot(C, Opts, Expr) ->
    Args = ["--arg", "-eval", "--arg", lists:flatten(Expr)
            | maps:get(args, Opts, [])],
    vm:start(proplists:get_value(image, C),
             Opts#{machine => "microvm", args => Args}).

%% Erlang text that prints what a command says, and its end.
sh(Name, Command) ->
    io_lib:format("io:format(\"~~ts~~n~s over~~n\",[os:cmd(~p)])",
                  [Name, Command]).

%% --- more than there is -----------------------------------------------------

%% One machine, one trouble after the other; the emulator lives through all.
programs_that_take_all(C) ->
    Take = "x=aaaaaaaa; while :; do x=$x$x; done",
    Expr = lists:join(
             ",",
             [sh("alone", Take),
              io_lib:format("P=open_port({spawn_executable,\"/bin/sh\"},"
                            "[{args,[\"-c\",~p]},exit_status]),"
                            "receive{P,{exit_status,S}}->"
                            "io:format(\"port ended with ~~p~~n\",[S])end",
                            [Take]),
              sh("limited", "ulimit -v 30000; " ++ Take ++ "; true"),
              %% root has no limit of processes: memory is the limit, which
              %% 8,000 of them reach
              sh("forks", "f(){ if [ $1 = 0 ]; then sleep 5; else "
                 "f $(($1 - 1)) | f $(($1 - 1)) & fi; }; f 12; sleep 8; true"),
              sh("full", "cd /tmp; dd if=/dev/zero of=x bs=64k 2>&1 | grep -i "
                 "space; for d in run var dev/shm; do "
                 "dd if=/dev/zero of=/$d/x bs=64k 2>&1 | grep -i space; done; "
                 "rm x /run/x /var/x /dev/shm/x; "
                 "awk '/^Shmem:/ && $2 < 12000 { print \"given back\" }' "
                 "/proc/meminfo"),
              sh("counted", "grep oom_kill /proc/vmstat")]),
    Vm = boot(C, #{memory => "128M", cpus => 2}, [Expr, "."]),
    vm:wait(Vm, "^READY", ?BOOT),
    vm:wait(Vm, "out of memory .*killing sh\\[\\d+\\]: \\d+ KiB anonymous.*"
            "machine: \\d+ KiB", 120000),
    vm:wait(Vm, "^alone over", 60000),
    vm:wait(Vm, "^port ended with 137", 120000),
    vm:wait(Vm, "^limited over", 60000),
    vm:wait(Vm, "^forks over", 120000),
    vm:wait(Vm, "^given back", 120000),
    vm:wait(Vm, "^full over", 30000),
    [_, N] = vm:wait(Vm, "^oom_kill (\\d+)\\s", 60000),
    ?assert(binary_to_integer(N) >= 2),
    ?assertEqual(0, occurs(Vm, "killing beam.smp")),
    ?assertEqual(4, occurs(Vm, "No space left")),
    ?assertMatch({200, <<"hi", _/binary>>}, vm:http(Vm, "/cmd")),
    vm:stop(Vm).

occurs(Vm, Text) ->
    length(binary:matches(vm:console(Vm), list_to_binary(Text))).

%% --- small and large --------------------------------------------------------

small_machine(C) ->
    Vm = boot(C, #{memory => "64M"}, "ok."),
    vm:wait(Vm, "^READY", ?BOOT),
    ?assertMatch({200, <<"hello", _/binary>>}, vm:http(Vm, "/")),
    ?assertMatch({200, <<"hi", _/binary>>}, vm:http(Vm, "/cmd")),
    vm:stop(Vm).

%% The kernel and process 1 come up, and say what does not fit.
machine_too_small(C) ->
    Vm = boot(C, #{memory => "32M", forward => false}, "ok."),
    vm:wait(Vm, "out of memory .*killing beam.smp\\[\\d+\\]: \\d+ KiB", ?BOOT),
    ?assertEqual(137, vm:status(Vm, 60000)).

%% 32 GiB of which the host need not have more than is touched.
large_machine(C) ->
    Vm = boot(C, #{memory => "32G",
                   args => ["--", "-machine", "memory-backend=mem", "-object",
                            "memory-backend-ram,id=mem,size=32G,reserve=off"]},
              [sh("large", "grep -E 'MemTotal|MemFree' /proc/meminfo"), "."]),
    vm:wait(Vm, "^READY", ?BOOT),
    [_, Total] = vm:wait(Vm, "^MemTotal: +(\\d+) kB", 30000),
    [_, Free] = vm:wait(Vm, "^MemFree: +(\\d+) kB", 30000),
    ?assert(binary_to_integer(Total) > 32 * 1024 * 1000),
    ?assert(binary_to_integer(Total) - binary_to_integer(Free) < 128 * 1024),
    vm:stop(Vm).

%% --- programs ---------------------------------------------------------------

stress(C) ->
    Vm = boot(C, #{memory => "100M", cpus => 4},
              [sh("stress", ?PRIV "mem_stress_test; echo status $?"), ",",
               sh("evicted", "grep pgsteal /proc/vmstat"), "."]),
    vm:wait(Vm, "^READY", ?BOOT),
    [_, Status] = vm:wait(Vm, "^status (\\d+)\\s", 300000),
    ?assertEqual({<<"0">>, 6, 0}, {Status, occurs(Vm, "\nok "),
                                   occurs(Vm, "FAILED")}),
    [_, Evicted] = vm:wait(Vm, "^pgsteal (\\d+)\\s", 30000),
    ?assert(binary_to_integer(Evicted) > 0), % else it was no stress
    vm:stop(Vm).

failing_allocations(C) ->
    Vm = boot(C, #{append => "debug=fail-nth"},
              [sh("fail", ?PRIV "mem_fail_test 2>&1; echo status $?"), "."]),
    vm:wait(Vm, "^READY", ?BOOT),
    [_, Status] = vm:wait(Vm, "^status (\\d+)\\s", 300000),
    ?assertEqual({<<"0">>, 13, 0}, {Status, occurs(Vm, "\nok "),
                                    occurs(Vm, "FAILED")}),
    [_, Failures] = vm:wait(Vm, "^~ (\\d+) failures", 10000),
    ?assert(binary_to_integer(Failures) > 400), % they did happen
    vm:stop(Vm).
