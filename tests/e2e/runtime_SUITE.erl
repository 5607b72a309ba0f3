%% SPDX-License-Identifier: Apache-2.0
%% Copyright the unibeam authors
%% runtime_SUITE - the run-time system's own variety: native code, flags, crash
%% dumps, signals, tracing. In one machine, in which most cases start emulators
%% of their own (runtime_guest:eval/2); what they give is compared with what
%% emulators of this host's Linux give. A few cases need a machine each.
-module(runtime_SUITE).
-include_lib("stdlib/include/assert.hrl").
-compile([export_all, nowarn_export_all]).

-define(LIMIT, 240000).
-define(SIGSEGV, 128 + 11).

suite() -> [{timetrap, {minutes, 6}}].

all() -> [{group, shared}, nif_crash, crash_dump_kept, crash_dump_of_signal,
          topology].

groups() ->
    [{shared, [], [nif, nif_upgrade, driver, schedulers, limits,
                   allocators, switches, refused_flags, code_memory,
                   crash_dumps, signals, hot_code, prim_loader, system_flags,
                   seq_trace, trace_file, trace_tcp, tools, stepped_clock,
                   read_only_release, warnings]}].

init_per_suite(Config) ->
    case vm:image("OTP_IMAGE", Config) of
        [{image, _} | _] = C ->
            [{files, files(C)}, {linux, like_linux:start([runtime_guest])} | C];
        Skip -> Skip
    end.

end_per_suite(C) -> like_linux:stop(proplists:get_value(linux, C)).

init_per_group(shared, C) ->
    {Vm, Port} = guest:start(proplists:get_value(image, C),
                             #{cpus => 2, memory => "512M"}),
    ok = guest:load(Port, runtime_guest),
    [begin
         ok = like_linux:linux(proplists:get_value(linux, C), {runtime_guest, keep},
                               [Name, Data]),
         ok = guest:call(Port, runtime_guest, keep, [Name, Data])
     end || {Name, Data} <- proplists:get_value(files, C)],
    [{vm, Vm}, {port, Port} | C].

end_per_group(shared, C) -> vm:stop(proplists:get_value(vm, C)).

%% Modules, and libraries made of native/*.c by the C compiler: {Name, Data}.
files(C) ->
    Dir = proplists:get_value(priv_dir, C),
    [cc(Dir, "runtime_nif1.so", "runtime_nif.c", "-DVERSION=1"),
     cc(Dir, "runtime_nif2.so", "runtime_nif.c", "-DVERSION=2"),
     cc(Dir, "runtime_drv.so", "runtime_drv.c", "")] ++
        [beam(M) || M <- [runtime_nif, runtime_guest]].

cc(Dir, Name, Source, Flags) ->
    Here = proplists:get_value(source, ?MODULE:module_info(compile)),
    File = filename:join(Dir, Name),
    Include = filename:join(code:root_dir(), "usr/include"),
    "" = os:cmd(lists:join(" ", ["cc -std=gnu17 -Wall -Wextra -Werror -O2 -shared"
                                 " -fPIC -pthread -I", Include, Flags, "-o", File,
                                 filename:join([filename:dirname(Here), "native", Source])])),
    {ok, Data} = file:read_file(File),
    {Name, Data}.

beam(Module) ->
    {Module, Beam, _} = code:get_object_code(Module),
    {atom_to_list(Module) ++ ".beam", Beam}.

call(C, F, A) ->
    guest:call(proplists:get_value(port, C), runtime_guest, F, A, ?LIMIT).

same(C, F, A) ->
    like_linux:same(proplists:get_value(linux, C), proplists:get_value(port, C),
                    {runtime_guest, F}, A).

%% The expression's value in an emulator with the flags, which are words.
evals(C, Flags, Text) -> same(C, eval, [string:lexemes(Flags, " "), Text]).

%% --- native code ------------------------------------------------------------------

nif(C) -> same(C, nif, []).
nif_upgrade(C) -> same(C, nif_upgrade, []).
driver(C) -> same(C, driver, []).

%% --- flags ------------------------------------------------------------------------

schedulers(C) ->
    Info = "[erlang:system_info(X) || X <- [schedulers, schedulers_online,"
        " dirty_cpu_schedulers, dirty_cpu_schedulers_online,"
        " dirty_io_schedulers, thread_pool_size]]",
    [evals(C, F, Info) || F <- ["+S 1:1", "+S 8:2 +SDcpu 3:2 +SDio 20 +A 64"]].

%% Limits, sizes of heaps and queues, time.
limits(C) ->
    evals(C, "+P 300000 +Q 70000 +t 2000000 +e 100000 +zdbbl 8192 +c false"
          " +hms 5000 +hmbs 60000 +hmax 20000000 +hmaxk true +hpds 20"
          " +C single_time_warp",
          "[erlang:system_info(X) || X <- [process_limit, port_limit, atom_limit,"
          " ets_limit, dist_buf_busy_limit, min_heap_size, min_bin_vheap_size,"
          " max_heap_size, time_correction, time_warp_mode, time_offset]]").

%% Work for every allocator that the flags are about, and what they are set to.
allocators(C) ->
    Work = "begin L = [[binary:copy(<<X>>, 300 * X), lists:seq(1, 10 * X)]"
        " || X <- lists:seq(1, 50)], E = ets:new(e, []),"
        " [ets:insert(E, {X, lists:duplicate(100, X)})"
        "  || X <- lists:seq(1, 200)], {length(L), ets:info(E, size),"
        " [{K, O} || {K, [{options, O} | _]} <-"
        " erlang:system_info({allocator, erts_mmap})]} end",
    [evals(C, Flags, Work)
     || Flags <- ["+MMscs 128 +MMsco true +MMscrpm false +MIscs 64",
                  "+MMscs 32 +MMsco false +MMscrpm true +MHas ageffcbf +MBas aobf",
                  "+Musac false +Mulmbcs 1024 +MMamcbf 0 +MMmcs 0 +Mut false",
                  "+Mea min"]].

%% Switches of which nothing is seen but that the emulator runs.
switches(C) ->
    [evals(C, Flags, "length([ok || _ <- lists:seq(1, 100)])")
     || Flags <- ["+K true +sbwt very_long +sbwtdcpu none +sbwtdio none +scl false"
                  " +sub true +swt low +sws default +spp true +IOp 2 +IOt 2 +sbt u",
                  "+Bi +fnu +pc unicode +W e +T 9 +rg 8 +sss 64 +sssdcpu 64"
                  " +sssdio 64 +IOPt 100 +IOPp 100 +stbt db +swct eager"]].

refused_flags(C) ->
    [same(C, refused, [string:lexemes(F, " ")]) || F <- ["+S 1:2", "+MHas nothing"]].

%% The JIT's memory: one memfd mapped twice. With perf it is a mapping that can
%% be written and executed (OTP 25 has no +JMsingle to ask for that alone), and
%% there are files with the functions' names.
code_memory(C) ->
    same(C, memory_kinds, [[]]),
    same(C, perf, []).

%% --- the end of an emulator ----------------------------------------------------

crash_dumps(C) ->
    [same(C, crash_dump, [How])
     || How <- [no_memory, sigusr1, boot, limited]].

%% A NIF that reads where nothing is ends the machine, with a message.
nif_crash(C) ->
    {Vm, Port} = guest:start(proplists:get_value(image, C), #{}),
    ok = guest:load(Port, runtime_guest),
    [ok = guest:call(Port, runtime_guest, keep, [N, D])
     || {N, D} <- proplists:get_value(files, C)],
    spawn(fun() -> guest:call(Port, runtime_guest, nif_crash, []) end),
    ?assertEqual(?SIGSEGV, vm:status(Vm, ?LIMIT)),
    vm:wait(Vm, "otp was ended by signal 11 \\(Segmentation fault\\)", ?LIMIT).

%% The dump outlives the machine, and OTP's own reader takes it.
crash_dump_kept(C) ->
    File = filename:join(proplists:get_value(priv_dir, C), "kept.dump"),
    ok = file:write_file(File, "of an earlier run"),
    {Vm, Port} = guest:start(proplists:get_value(image, C),
                             #{args => ["--crash-dump", File]}),
    Device = "/dev/disk/by-id/virtio-crash-dump",
    ?assertEqual(Device, guest:call(Port, os, getenv, ["ERL_CRASH_DUMP"])),
    disk(Port, Device),
    spawn(fun() -> guest:call(Port, binary, copy, [<<0>>, 1 bsl 46]) end),
    vm:wait(Vm, "a crash dump of [0-9]+ bytes", ?LIMIT),
    ?assertEqual(1, vm:status(Vm, ?LIMIT)),
    {ok, _} = crashdump_viewer:start_link(),
    ok = crashdump_viewer:read_file(File),
    receive after 3000 -> ok end,
    {ok, Info, _} = crashdump_viewer:general_info(),
    ct:log("~p", [Info]),
    ?assertMatch("binary_alloc: Cannot allocate 70368744177" ++ _,
                 element(3, Info)).

%% Such a disk can be written at any place and read back; that of the root
%% cannot.
disk(Port, Device) ->
    F = fun(Name, A) -> guest:call(Port, file, Name, A) end,
    Text = binary:copy(<<"0123456789">>, 1000),
    ok = F(write_file, [Device, Text]),
    ?assertEqual("0123456789", guest:call(Port, os, cmd,
                     ["dd if=" ++ Device ++ " bs=1 skip=9990 count=10 2>/dev/null"])),
    "" = guest:call(Port, os, cmd,
                    ["printf abc | dd of=" ++ Device ++ " bs=1 seek=4095 "
                     "conv=notrunc 2>/dev/null"]),
    ?assertEqual("34abc89", guest:call(Port, os, cmd,
                     ["dd if=" ++ Device ++ " bs=1 skip=4093 count=7 2>/dev/null"])),
    ?assertMatch("dd: " ++ _, guest:call(Port, os, cmd,
                     ["printf abc | dd of=" ++ Device ++ " bs=1M seek=16384 2>&1"])),
    ?assertEqual({error, erofs}, F(write_file, ["/dev/vda", <<"x">>])).

%% A signal leaves none, as on Linux; nor does the file stay.
crash_dump_of_signal(C) ->
    File = filename:join(proplists:get_value(priv_dir, C), "none.dump"),
    {Vm, Port} = guest:start(proplists:get_value(image, C),
                             #{args => ["--crash-dump", File]}),
    Kill = "kill -SEGV " ++ guest:call(Port, os, getpid, []),
    spawn(fun() -> guest:call(Port, os, cmd, [Kill]) end),
    ?assertEqual(?SIGSEGV, vm:status(Vm, ?LIMIT)),
    ?assertNot(filelib:is_file(File)).

signals(C) -> same(C, signals, []).

%% --- code, tracing ---------------------------------------------------------------

hot_code(C) -> same(C, hot_code, []).
prim_loader(C) -> same(C, prim_loader, []).
system_flags(C) -> same(C, system_flags, []).
seq_trace(C) -> same(C, seq_trace, []).
trace_file(C) -> same(C, trace_file, []).
trace_tcp(C) -> same(C, trace_tcp, []).
tools(C) -> same(C, tools, []).

%% Code is loaded into a running machine as into any node; a new release is a
%% new image: the installed one cannot be written, and that is what OTP says.
read_only_release(C) ->
    Call = fun(F, A) -> guest:call(proplists:get_value(port, C), release_handler,
                                   F, A) end,
    ?assertMatch([{"otp", "1.0.0", _, permanent}], Call(which_releases, [])),
    ok = guest:call(proplists:get_value(port, C), file, write_file,
                    ["/tmp/otp-2.tar.gz", <<>>]),
    ?assertMatch({error, _}, Call(unpack_release, ["otp-2"])).

%% --- the machine -----------------------------------------------------------------

stepped_clock(C) ->
    [?assertEqual({true, true, true, true, true, true, fired, M},
                  call(C, stepped_clock, [atom_to_list(M)]))
     || M <- [no_time_warp, multi_time_warp]].

warnings(C) -> ?assertEqual([], call(C, warnings, [])).

%% A package of two cores of two threads: OTP sees what QEMU was told, and binds
%% each scheduler to one processor, in the order of the type.
topology(C) ->
    {Vm, Port} = guest:start(proplists:get_value(image, C),
                             #{memory => "512M",
                               qemu => ["-smp", "4,sockets=1,cores=2,threads=2"]}),
    ok = guest:load(Port, runtime_guest),
    Core = fun(N) -> {core, [{thread, {logical, N}}, {thread, {logical, N + 1}}]} end,
    ?assertEqual([{processor, [Core(0), Core(2)]}],
                 guest:call(Port, runtime_guest, topology, [])),
    ?assertEqual("0-1\n0-1\n2-3\n2-3\n",
                 guest:call(Port, os, cmd,
                            ["cat /sys/devices/system/cpu/cpu*/topology/"
                             "thread_siblings_list"])),
    [?assertEqual({T, lists:seq(0, 3), ["0", "1", "2", "3"]},
                  guest:call(Port, runtime_guest, bindings, [Word], ?LIMIT))
     || {T, Word} <- [{thread_no_node_processor_spread, "db"},
                      {no_spread, "ns"}]],
    vm:stop(Vm).
