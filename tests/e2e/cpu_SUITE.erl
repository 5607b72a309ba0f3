%% SPDX-License-Identifier: Apache-2.0
%% Copyright the unibeam authors
%% cpu_SUITE - processors with and without features, many and few of them, little
%% and much memory; and what a panic leaves behind.
-module(cpu_SUITE).
-include_lib("stdlib/include/assert.hrl").
-compile([export_all, nowarn_export_all]).

-define(BOOT, 120000).
-define(PANIC_STATUS, 125).

suite() -> [{timetrap, {minutes, 4}}].

all() ->
    [cpus_16, cpus_limited, memory_64m, memory_32g, no_x2apic, no_nx, no_xsave,
     no_protection_features, oldest_pc, microvm_smp,
     panic_null, panic_jump, panic_stack, panic_assert, panic_irq, panic_log,
     panic_serial, panic_smp, panic_deaf, panic_one_cpu, panic_no_x2apic].

init_per_suite(Config) -> vm:image("HELLO_IMAGE", Config).
end_per_suite(_) -> ok.

%% --- boots ----------------------------------------------------------------

cpus_16(C) -> answers(C, 16, #{cpus => 16, memory => "512M"}).
cpus_limited(C) -> answers(C, 2, #{cpus => 4, append => "maxcpus=2"}).
%% The release may not fit; this one does.
memory_64m(C) -> answers(C, 1, #{memory => "64M"}).

%% More than this machine may have: the guest must touch only what it uses.
memory_32g(C) ->
    Qemu = ["-object", "memory-backend-ram,id=m0,size=32G,reserve=off",
            "-machine", "memory-backend=m0"],
    Vm = answering(C, 2, #{cpus => 2, memory => "32G", qemu => Qemu}),
    Rss = resident_kib(vm:os_pid(Vm)),
    vm:stop(Vm),
    ?assert(Rss > 0),
    ?assert(Rss < 1000000).

no_x2apic(C) -> answers(C, 4, #{cpus => 4, cpu => "max,-x2apic"}).
no_nx(C) -> answers(C, 2, #{cpus => 2, cpu => "qemu64,-nx"}).
no_xsave(C) -> answers(C, 2, #{cpus => 2, cpu => "max,-xsave"}).
no_protection_features(C) ->
    answers(C, 2, #{cpus => 2, cpu => "max,-smap,-smep,-umip,-pge,-pdpe1gb,"
                                      "-rdrand,-rdseed"}).
oldest_pc(C) ->
    answers(C, 3, #{cpus => 3, cpu => "Opteron_G1", machine => "pc"}).
microvm_smp(C) -> answers(C, 4, #{cpus => 4, machine => "microvm"}).

answers(C, Cpus, Opts) -> vm:stop(answering(C, Cpus, Opts)).

answering(C, Cpus, Opts) ->
    Vm = vm:start(proplists:get_value(image, C), Opts),
    vm:wait(Vm, "^READY", ?BOOT),
    {200, Stats} = vm:http(Vm, "/stats", 60000),
    ?assertMatch({match, _}, re:run(Stats, ["schedulers[^0-9]*",
                                            integer_to_list(Cpus), "\\b"])),
    Vm.

%% Of the emulator, the only child of the command.
resident_kib(Pid) ->
    Children = os:cmd(io_lib:format("cat /proc/~b/task/~b/children", [Pid, Pid])),
    [Qemu | _] = string:lexemes(Children, " \n"),
    {ok, Status} = file:read_file("/proc/" ++ Qemu ++ "/status"),
    {match, [Kib]} = re:run(Status, "VmRSS:\\s*([0-9]+) kB",
                            [{capture, all_but_first, list}]),
    list_to_integer(Kib).

%% --- panics ----------------------------------------------------------------

panic_null(C) -> panics(C, "null", "write fault at 0x8 in the kernel",
                        "crash_null\\+.*start\\+.*kthread_main\\+").
panic_jump(C) -> panics(C, "jump", "execute fault at 0x1000 in the kernel",
                        "start\\+.*top of the stack: crash_jump\\+").
panic_stack(C) -> panics(C, "stack", "kernel stack overflow in start",
                         "eat_stack.*times more.*crash_stack\\+").
panic_assert(C) -> panics(C, "assert", ".*assertion failed", "crash_assert\\+").
panic_irq(C) -> panics(C, "irq", "write fault at 0x8 in the kernel",
                       "die_in_interrupt\\+.*trap_common\\+.*start\\+").
panic_log(C) -> panics(C, "log", "write fault at 0x8 in the kernel",
                       "log_read\\+.*start\\+").
panic_serial(C) -> panics(C, "serial", "read fault at 0x8 in the kernel",
                          "tx_send\\+.*start\\+").
panic_smp(C) -> panics(C, "smp", "CPU [0-3] dies with the others",
                       "die_together\\+").
panic_deaf(C) -> panics(C, "deaf", "the other CPUs do not listen",
                        "crash_deaf\\+").
panic_one_cpu(C) -> panics(C, "null", "write fault at 0x8 in the kernel",
                           "crash_null\\+", #{cpus => 1}).
panic_no_x2apic(C) -> panics(C, "deaf", "the other CPUs do not listen",
                             "crash_deaf\\+", #{cpu => "max,-x2apic"}).

panics(C, Kind, Message, Backtrace) -> panics(C, Kind, Message, Backtrace, #{}).

%% One report, whole, with the end of the log, and the status that means panic.
panics(C, Kind, Message, Backtrace, Opts) ->
    Vm = vm:start(proplists:get_value(image, C),
                  maps:merge(#{cpus => 4, memory => "128M", forward => false,
                               append => "crash=" ++ Kind}, Opts)),
    ?assertEqual(?PANIC_STATUS, vm:status(Vm, ?BOOT)),
    Text = vm:console(Vm),
    vm:stop(Vm),
    ?assertMatch({match, [_]}, re:run(Text, "panic: " ++ Message,
                                      [global, {capture, first}])),
    ?assertMatch({match, [_]}, re:run(Text, "panic: ", [global])),
    ?assertEqual(nomatch, re:run(Text, "panic in panic")),
    ?assertMatch({match, _}, re:run(Text, "end of the log.*clock: TSC.*panic:"
                                    ".*cpu [0-3], thread.*backtrace:.*" ++
                                    Backtrace, [dotall])).
