%% SPDX-License-Identifier: Apache-2.0
%% Copyright the unibeam authors
%% fault_SUITE - what a machine does when it is given something broken: one
%% clear message and an end with the documented status, or a release that runs
%% on. Never a panic, never a hang.
-module(fault_SUITE).
-include_lib("stdlib/include/assert.hrl").
-compile([export_all, nowarn_export_all]).

-define(END, 60000).
-define(NO_START, 125).
-define(NO_RELEASE, 126).

suite() -> [{timetrap, {minutes, 4}}].

all() ->
    [{group, root}, {group, disk}, {group, network}, {group, command_line},
     {group, release}, {group, console}].

groups() ->
    [{root, [], [superblock, tables, directories, extents, programs,
                 bit_flips]},
     {disk, [], [no_disk, empty_disk, no_partitions, backup_table,
                 truncated, large_sectors, read_errors]},
     {network, [], [no_dhcp_server, fixed_address]},
     {command_line, [], [refused_words, ignored_words, words_too_long]},
     {release, [], [odd_system_calls, emulator_killed, never_stops,
                    stopped_early,
                    bad_boot_file, bad_sys_config, bad_vm_args,
                    no_emulator, bad_init_conf]},
     {console, [], [console_flood, console_not_read, interrupt,
                    interrupt_twice]}].

init_per_suite(Config) -> vm:image("HELLO_IMAGE", Config).
end_per_suite(_) -> ok.

%% --- helpers ---------------------------------------------------------------

%% A copy of the image, on which Break has been called.
broken(C, Break) ->
    Image = disk:copy(proplists:get_value(image, C),
                      filename:join(proplists:get_value(priv_dir, C),
                                    "broken.img")),
    Break(Image),
    Image.

start(Image, Opts) ->
    vm:start(Image, maps:merge(#{machine => "microvm", direct => true,
                                 memory => "128M", forward => false}, Opts)).

%% Machine says Message and ends with Status; nothing in it has crashed.
ends(Vm, Message, Status) ->
    ?assertEqual({Message, Status}, {Message, vm:status(Vm, ?END)}),
    said(Vm, Message).

said(Vm, Message) ->
    Text = vm:console(Vm),
    ?assertMatch({Message, {match, _}, _},
                 {Message, re:run(Text, Message, [multiline]), Text}),
    sound(Vm).

sound(Vm) ->
    Text = vm:console(Vm),
    ?assertMatch({nomatch, _}, {re:run(Text, "panic|backtrace|BUG"), Text}).

ends_broken(C, Break, Message, Status) ->
    ends(start(broken(C, Break), #{}), Message, Status).

ready(Image, Opts) ->
    Vm = start(Image, Opts),
    vm:wait(Vm, "^READY", ?END),
    Vm.

%% With a way to call functions in the guest.
ready_to_call(Image, Opts) ->
    Port = vm:free_port(),
    Args = guest:args(Port) ++ maps:get(args, Opts, []),
    {ready(Image, Opts#{args => Args}), Port}.

power_off(Vm) ->
    vm:signal(Vm, "TERM"),
    ?assertEqual(0, vm:status(Vm, ?END)),
    sound(Vm).

poke_root(Offset, Bytes) ->
    fun(I) -> disk:poke(I, disk:root(Offset), Bytes) end.

%% --- the root file system --------------------------------------------------

%% Offsets in the superblock, which is 1024 bytes into the file system.
superblock(C) ->
    [ends_broken(C, poke_root(1024 + At, Bytes), Message, ?NO_START)
     || {At, Bytes, Message} <-
            [{16#38, <<0:16>>, "vda2 holds no ext4 file system"},
             {16#18, <<9:32/little>>, "vda2 is damaged: block size"},
             {16#04, <<-1:32>>, "vda2 is damaged: .* blocks on a device of"},
             {16#20, <<0:32>>, "vda2 is damaged: 0 blocks, .* per group"},
             {16#28, <<0:32>>, "vda2 is damaged: .* 0 inodes per group"},
             {16#00, <<7:32/little>>, "vda2 is damaged: 7 inodes in"},
             {16#58, <<100:16/little>>, "vda2 is damaged: inode size 100"},
             {16#60, <<16#50:32/little>>, "the feature meta_bg, which is not"},
             {16#60, <<16#8042:32/little>>, "feature inline_data, which is"},
             {16#60, <<16#80000042:32/little>>, "an unknown feature"}]].

tables(C) ->
    Size = disk:block_size(proplists:get_value(image, C)),
    ends_broken(C, poke_root(Size + 8, <<-1:32>>),
                "damaged: inode table of group 0", ?NO_START),
    ends_broken(C, fun(I) -> disk:poke(I, disk:table(I), <<0:Size/unit:8>>) end,
                "damaged: inode 2: not in use", ?NO_START),
    ends_broken(C, fun(I) -> disk:poke(I, disk:inode_at(I, 2),
                                       <<8#100644:16/little>>) end,
                "damaged: the root is not a directory", ?NO_START).

directories(C) ->
    ends_broken(C, fun(I) -> disk:zero_blocks(I, disk:blocks(I, "/")) end,
                "damaged: directory 2 at byte 0", ?NO_START),
    ends_broken(C, fun(I) -> disk:debugfs_write(I, "rm /sbin") end,
                "cannot start '/sbin/init': ENOENT", ?NO_START),
    ends_broken(C, fun(I) -> disk:zero_blocks(I, disk:blocks(I, "/etc/unibeam"))
                   end, "cannot open '/etc/unibeam/init.conf'",
                ?NO_RELEASE).

extents(C) ->
    Block = fun(Path, At, Bytes) ->
                    fun(I) -> disk:poke(I, disk:inode_at(I, Path) + 40 + At,
                                        Bytes) end
            end,
    Init = "/usr/sbin/init",
    ends_broken(C, Block(Init, 0, <<0:16>>),
                "damaged: extent node of inode.*\n"
                ".*start '/sbin/init': EUCLEAN", ?NO_START),
    ends_broken(C, Block(Init, 12 + 8, <<-1:32>>),
                "damaged: extent of inode .* at block 4294967295", ?NO_START),
    ends_broken(C, Block(Init, 6, <<1:16/little>>), "damaged", ?NO_START).

programs(C) ->
    Zero = fun(Path) -> fun(I) -> disk:zero_blocks(I, disk:blocks(I, Path)) end
           end,
    Erts = erts(C),
    ends_broken(C, Zero("/usr/sbin/init"), "cannot start '/sbin/init': ENOEXEC",
                ?NO_START),
    ends_broken(C, Zero(Erts ++ "/bin/erlexec"),
                "cannot run '.*/erlexec': Exec format error", ?NO_RELEASE),
    ends_broken(C, Zero(Erts ++ "/bin/beam.smp"),
                "hello exited with status 1 ", 1).

erts(C) ->
    Conf = disk:debugfs(proplists:get_value(image, C),
                        "cat /etc/unibeam/init.conf"),
    {match, [Path]} = re:run(Conf, "erts=(.*)",
                             [{capture, all_but_first, list}]),
    Path.

%% Bits of the metadata flip: whatever it does, it ends when told to.
bit_flips(C) -> [flip(C, Seed) || Seed <- lists:seq(1, 3)].

flip(C, Seed) ->
    ct:log("seed ~b", [Seed]),
    S = rand:seed_s(exsss, Seed),
    Image = broken(C, fun(I) -> flip_bits(I, 40, meta_bytes(I), S) end),
    Vm = start(Image, #{append => "grace=3"}),
    case catch vm:wait(Vm, "^READY", 15000) of
        [_] -> power_off(Vm);
        _ -> vm:signal(Vm, "TERM"), vm:status(Vm, ?END), sound(Vm)
    end,
    vm:stop(Vm).

%% Everything up to the first block of a file: tables, maps.
meta_bytes(Image) ->
    lists:min(disk:blocks(Image, "/usr/bin/busybox")
              ++ disk:blocks(Image, "/")) * disk:block_size(Image).

flip_bits(_, 0, _, _) -> ok;
flip_bits(Image, N, Bytes, S) ->
    {At, S1} = rand:uniform_s(Bytes - 1024, S),
    {Bit, S2} = rand:uniform_s(8, S1),
    Where = disk:root(1023 + At),
    <<B>> = disk:peek(Image, Where, 1),
    disk:poke(Image, Where, <<(B bxor (1 bsl (Bit - 1)))>>),
    flip_bits(Image, N - 1, Bytes, S2).

%% --- the disk --------------------------------------------------------------

%% A machine whose QEMU arguments are changed.
with_qemu(C, Name, Changes, Opts) ->
    Dir = proplists:get_value(priv_dir, C),
    Args = ["--qemu", disk:qemu(Dir, Name, Changes)],
    start(proplists:get_value(image, C),
          Opts#{args => Args ++ maps:get(args, Opts, [])}).

%% A machine with another file as its disk.
with_disk(C, Name, File) ->
    with_qemu(C, Name, [{"if=none,id=hd0,*",
                         ["if=none,id=hd0,format=raw,read-only=on,file=",
                          File]}], #{}).

no_disk(C) ->
    ends(with_qemu(C, "no_disk", [{"virtio-blk-device,*", "virtio-rng-device"}],
                   #{}),
         "no root partition: there is no usable virtio disk", ?NO_START).

empty_disk(C) ->
    File = filename:join(proplists:get_value(priv_dir, C), "empty"),
    ok = file:write_file(File, <<>>),
    ends(with_disk(C, "empty_disk", File), "no root partition", ?NO_START).

no_partitions(C) ->
    File = filename:join(proplists:get_value(priv_dir, C), "zeros"),
    ok = file:write_file(File, <<0:(1 bsl 23)>>),
    ends(with_disk(C, "no_partitions", File),
         "no root partition: no disk has one", ?NO_START).

backup_table(C) ->
    Image = broken(C, fun(I) -> disk:poke(I, 512 + 40, <<-1:32>>) end),
    Vm = with_disk(C, "backup_table", Image),
    vm:wait(Vm, "^READY", ?END),
    said(Vm, "vda: .*partition table is damaged.*backup"),
    power_off(Vm),
    End = filelib:file_size(Image) - 512,
    disk:poke(Image, End + 40, <<-1:32>>),
    ends(with_disk(C, "no_table", Image), "vda: partition table is damaged",
         ?NO_START).

truncated(C) ->
    Image = broken(C, fun truncate/1),
    ends(with_disk(C, "truncated", Image), "vda: partition table is damaged",
         ?NO_START),
    ends(start(Image, #{}), "it is shorter than its partition table says", 1).

truncate(Image) ->
    {ok, F} = file:open(Image, [read, write, raw]),
    {ok, _} = file:position(F, filelib:file_size(Image) div 1024 * 512),
    ok = file:truncate(F),
    ok = file:close(F).

large_sectors(C) ->
    ends(with_qemu(C, "large_sectors",
                   [{"virtio-blk-device,*", "$a,logical_block_size=4096,"
                     "physical_block_size=4096"}], #{}),
         "vda: sectors of 4096 bytes are not supported", ?NO_START).

%% Sectors that cannot be read, of a file and of a program.
read_errors(C) ->
    Image = proplists:get_value(image, C),
    Dir = proplists:get_value(priv_dir, C),
    File = "/app/releases/RELEASES",
    Bad = [disk:root(B * disk:block_size(Image)) div 512
           || P <- [File, "/usr/bin/busybox"],
              B <- [lists:nth(1, disk:blocks(Image, P))]],
    Rules = filename:join(Dir, "blkdebug"),
    ok = file:write_file(Rules, [["[inject-error]\nevent = \"read_aio\"\n"
                                  "errno = \"5\"\nsector = \"",
                                  integer_to_list(S), "\"\n"] || S <- Bad]),
    Drive = ["if=none,id=hd0,driver=raw,read-only=on,file.driver=blkdebug,"
             "file.config=", Rules, ",file.image.driver=file,"
             "file.image.read-only=on,file.image.filename=", Image],
    Port = vm:free_port(),
    Vm = with_qemu(C, "read_errors", [{"if=none,id=hd0,*", Drive}],
                   #{args => guest:args(Port)}),
    vm:wait(Vm, "^READY", ?END),
    ?assertEqual({error, eio}, guest:call(Port, file, read_file, [File])),
    said(Vm, "vda: read error \\(status 1\\) at sector "
         ++ integer_to_list(hd(Bad)) ++ "\\s*$"),
    %% the shell cannot be read either: an error for who starts it, no more
    _ = guest:call(Port, os, cmd, ["echo hi"]),
    ?assertMatch({ok, _}, guest:call(Port, file, read_file,
                                     ["/etc/unibeam/init.conf"])),
    power_off(Vm).

%% --- the network -----------------------------------------------------------

no_dhcp_server(C) ->
    Vm = with_qemu(C, "no_dhcp_server",
                   [{"user,id=n0*", "hubport,id=n0,hubid=0"}],
                   #{append => "ip.wait=1"}),
    vm:wait(Vm, "^READY", ?END),
    said(Vm, "no answer from a DHCP server in 1 s, going on without"),
    said(Vm, "hello 1.0.0, no network, up in"),
    power_off(Vm).

fixed_address(C) ->
    Vm = ready(proplists:get_value(image, C),
               #{forward => true, append => "ip=10.0.2.15/24,10.0.2.2"}),
    said(Vm, "address 10.0.2.15, up in"),
    ?assertMatch({200, _}, vm:http(Vm, "/")),
    power_off(Vm).

%% --- the command line ------------------------------------------------------

%% What cannot be meant is not guessed at.
refused_words(C) ->
    [ends(start(proplists:get_value(image, C), #{append => Words}), Message,
          Status)
     || {Words, Message, Status} <-
            [{"ip=10.0.0", "command line: bad ip '10.0.0': dhcp, none or",
              ?NO_RELEASE},
             {"ip=1.2.3.4/33", "command line: bad ip '1.2.3.4/33'",
              ?NO_RELEASE},
             {"hostname=-x", "command line: bad hostname '-x'", ?NO_RELEASE},
             {"grace=soon", "command line: bad grace 'soon'", ?NO_RELEASE},
             {"ip.wait=x", "command line: bad ip.wait 'x'", ?NO_RELEASE},
             {"env.=x", "command line: bad environment variable name ''",
              ?NO_RELEASE},
             {"root=", "no root partition: none is called ''", ?NO_START},
             {"root=vdz9", "none is called 'vdz9' \\(root=\\)", ?NO_START},
             {"root=vda1", "vda1 holds no ext4 file system", ?NO_START},
             {"root=vda", "vda holds no ext4 file system", ?NO_START},
             {"init=/etc", "cannot start '/etc': EACCES", ?NO_START},
             {"init=/etc/unibeam/init.conf", "init.conf': EACCES", ?NO_START},
             {"init=relative", "cannot start 'relative': ENOENT", ?NO_START},
             {"init=", "cannot start '': ENOENT", ?NO_START},
             {"loglevel=0 init=/x", "cannot start '/x': ENOENT", ?NO_START},
             {"a=\"b", "--append: a quote is not closed", 2},
             {"a=\x01", "--append has a control character in it", 2}]].

%% What means nothing is reported and leaves the release alone: the words of
%% another machine's monitor too, which `unibeam run' cannot look at first.
ignored_words(C) ->
    Bytes = "$(printf '%s \\377\\376\\001\\t=\\\\ = \"\" x' \"$a\")",
    Vm = with_qemu(C, "ignored_words", [{"*exit.port=*", Bytes}],
                   #{append => "loglevel=abc maxcpus=0 quiet console=ttyS0 "
                     "virtio_mmio.device=garbage trace=everything"}),
    vm:wait(Vm, "^READY", ?END),
    [said(Vm, "command line: " ++ Message)
     || Message <- ["loglevel= is no number from 0 to 8 and is ignored",
                    "maxcpus= is no number from 1 to \\d+ and is ignored",
                    "'quiet' is not known", "'console=ttyS0' is not known",
                    "'=' is not known",
                    "cannot understand 'virtio_mmio.device=garbage'"]],
    power_off(Vm).

words_too_long(C) ->
    Image = proplists:get_value(image, C),
    Long = lists:duplicate(5000, $x),
    ends(start(Image, #{append => Long}), "words for the kernel are too long",
         2),
    Vm = with_qemu(C, "words_too_long",
                   [{"*exit.port=*", ["\"$a ", Long, "\""]}], #{}),
    vm:wait(Vm, "^READY", ?END),
    said(Vm, "command line: too long, its end is lost"),
    vm:stop(Vm).

%% --- the release -----------------------------------------------------------

odd_system_calls(C) ->
    Dir = proplists:get_value(priv_dir, C),
    Program = filename:join(Dir, "odd_calls"),
    Here = proplists:get_value(source, ?MODULE:module_info(compile)),
    Source = filename:join([filename:dirname(Here), "..", "guest",
                            "odd_calls.S"]),
    "" = os:cmd("gcc -static -nostdlib -o " ++ Program ++ " " ++ Source),
    Image = broken(C, fun(I) ->
        disk:debugfs_write(I, "write " ++ Program ++ " /usr/bin/odd_calls"),
        disk:debugfs_write(I, "sif /usr/bin/odd_calls mode 0100755")
    end),
    {Vm, Port} = ready_to_call(Image, #{}),
    [?assertEqual("0\n", guest:call(Port, os, cmd, ["odd_calls; echo $?"]))
     || _ <- [1, 2]],
    {match, Lines} = re:run(vm:console(Vm), "system call 999 .*ENOSYS",
                            [global]),
    ?assertEqual(1, length(Lines)),
    power_off(Vm).

emulator_killed(C) ->
    {Vm, Port} = ready_to_call(proplists:get_value(image, C), #{}),
    Pid = guest:call(Port, os, getpid, []),
    catch guest:call(Port, os, cmd, ["kill -9 " ++ Pid], 5000),
    ends(Vm, "hello was ended by signal 9 ", 137).

never_stops(C) ->
    {Vm, Port} = ready_to_call(proplists:get_value(image, C),
                               #{append => "grace=2"}),
    ok = guest:load(Port, fault_guest),
    ok = guest:call(Port, fault_guest, begin_forever, []),
    vm:signal(Vm, "TERM"),
    ends(Vm, "not stopped within 2 s: killed", 137),
    said(Vm, "STOPPING FOREVER").

%% The power button while the machine starts: before the kernel knows of it,
%% before there is a process 1, before the emulator listens.
stopped_early(C) -> [early(C, Delay) || Delay <- [0, 150, 1000]].

early(C, Delay) ->
    Vm = start(proplists:get_value(image, C), #{machine => "q35"}),
    timer:sleep(Delay),
    vm:signal(Vm, "TERM"),
    %% an emulator without its handler yet dies of the signal
    Status = vm:status(Vm, ?END),
    ?assert(lists:member(Status, [0, 143])),
    sound(Vm).

%% File of the release with other contents.
rewritten(C, Path, Text) ->
    New = filename:join(proplists:get_value(priv_dir, C), "new"),
    ok = file:write_file(New, Text),
    fun(I) ->
        disk:debugfs_write(I, "rm " ++ Path),
        disk:debugfs_write(I, "write " ++ New ++ " " ++ Path)
    end.

bad_boot_file(C) ->
    Boot = "/app/releases/1.0.0/start.boot",
    ends_broken(C, rewritten(C, Boot, "nonsense"),
                "init terminating in do_boot(.*\n)*.*"
                "hello exited with status 1 ", 1),
    ends_broken(C, fun(I) -> disk:debugfs_write(I, "rm " ++ Boot) end,
                "cannot open '.*/start.boot'", ?NO_RELEASE).

bad_sys_config(C) ->
    ends_broken(C, rewritten(C, "/app/releases/1.0.0/sys.config", "[{"),
                "sys.config(.*\n)*.*hello exited with status 1 ", 1).

bad_vm_args(C) ->
    ends_broken(C, rewritten(C, "/app/releases/1.0.0/vm.args", "+hms x\n"),
                "bad heap size x(.*\n)*.*hello exited with status 1 ", 1).

no_emulator(C) ->
    Emulator = erts(C) ++ "/bin/beam.smp",
    ends_broken(C, fun(I) -> disk:debugfs_write(I, "rm " ++ Emulator) end,
                "hello exited with status 1 ", 1).

bad_init_conf(C) ->
    Conf = "/etc/unibeam/init.conf",
    ends_broken(C, rewritten(C, Conf, "colour=red\n"),
                "init.conf: line 1: unknown key 'colour'", ?NO_RELEASE),
    ends_broken(C, fun(I) -> disk:debugfs_write(I, "rm " ++ Conf) end,
                "cannot open '/etc/unibeam/init.conf': No such file",
                ?NO_RELEASE).

%% --- the console -----------------------------------------------------------

%% A release that talks without end: nothing is lost, nothing waits for it.
console_flood(C) ->
    {Vm, Port} = ready_to_call(proplists:get_value(image, C),
                               #{cpus => 2, forward => true}),
    flooded(Vm, Port, 2000).

%% A console whose reader does not read, for a while.
console_not_read(C) ->
    Dir = proplists:get_value(priv_dir, C),
    Pipe = filename:join(Dir, "pipe"),
    Go = filename:join(Dir, "go"),
    "" = os:cmd("mkfifo " ++ Pipe),
    Script = filename:join(Dir, "console_not_read.sh"),
    ok = file:write_file(Script,
        ["#!/bin/sh\n(while read -r l; do echo \"$l\"; case $l in READY*) break"
         ";; esac; done; until [ -e ", Go, " ]; do sleep 0.1; done; exec cat) <",
         Pipe, " &\nexec qemu-system-x86_64 \"$@\" >", Pipe, "\n"]),
    ok = file:change_mode(Script, 8#755),
    {Vm, Port} = ready_to_call(proplists:get_value(image, C),
                               #{cpus => 2, forward => true,
                                 append => "loglevel=7",
                                 args => ["--qemu", Script]}),
    ok = guest:load(Port, fault_guest),
    ok = guest:call(Port, fault_guest, flood, [1000]),
    timer:sleep(2000),
    %% the kernel has something to say meanwhile
    ok = guest:call(Port, file, write_file, ["/dev/kmsg", "a kernel message"]),
    [?assertMatch({200, _}, vm:http(Vm, "/cmd")) || _ <- lists:seq(1, 20)],
    ?assertMatch(nomatch, re:run(vm:console(Vm), "FLOOD OVER")),
    ok = file:write_file(Go, ""),
    complete(Vm, 1000),
    said(Vm, "\\] a kernel message\\s*$"),
    power_off(Vm).

flooded(Vm, Port, N) ->
    ok = guest:load(Port, fault_guest),
    ok = guest:call(Port, fault_guest, flood, [N]),
    [?assertMatch({200, _}, vm:http(Vm, "/cmd")) || _ <- lists:seq(1, 3)],
    complete(Vm, N),
    power_off(Vm).

%% Every line of the flood is there, whole and in order.
complete(Vm, N) ->
    vm:wait(Vm, "^FLOOD OVER", ?END),
    %% messages of the kernel's come anywhere, but whole
    Text = re:replace(vm:console(Vm), "\\[ *\\d+\\.\\d+\\] .*\\r\\n", "",
                      [global, {return, binary}]),
    {match, Lines} = re:run(Text, "^line (\\d+) x{100}\\s*$",
                            [global, multiline,
                             {capture, all_but_first, list}]),
    ?assertEqual(lists:seq(1, N), [list_to_integer(L) || [L] <- Lines]).

%% --- ^C -----------------------------------------------------------------------

%% Typed at a release without a shell: an orderly stop, the terminal as before.
interrupt(C) ->
    T = on_terminal(C, []),
    {_, Text} = typed(T, "^READY", <<3>>, <<>>),
    {0, All} = typed(T, exit, <<>>, Text),
    [?assertMatch({_, {match, _}}, {M, re:run(All, M, [multiline])})
     || M <- ["once more to stop at once", "^STOPPED", "exited with status 0",
              "SAME TERMINAL"]].

%% Twice at one that will not stop.
interrupt_twice(C) ->
    Port = vm:free_port(),
    T = on_terminal(C, guest:args(Port)),
    {_, Text} = typed(T, "^READY", <<>>, <<>>),
    ok = guest:load(Port, fault_guest),
    ok = guest:call(Port, fault_guest, begin_forever, []),
    port_command(T, <<3>>),
    {_, More} = typed(T, "STOPPING FOREVER", <<3>>, Text),
    {137, All} = typed(T, exit, <<>>, More),
    ?assertMatch({match, _}, re:run(All, "unibeam: killed")).

on_terminal(C, Args) ->
    Unibeam = filename:join(os:getenv("UNIBEAM_BUILD", "build"), "unibeam"),
    Words = [Unibeam, "run", proplists:get_value(image, C), "--accel", "tcg",
             "--machine", "microvm", "-m", "128M" | Args],
    Quoted = lists:join(" ", ["'" ++ W ++ "'" || W <- Words]),
    Command = ["before=$(stty -a); ", Quoted, "; s=$?; "
               "[ \"$before\" = \"$(stty -a)\" ] && echo SAME TERMINAL; exit $s"],
    open_port({spawn_executable, os:find_executable("script")},
              [{args, ["-qefc", lists:flatten(Command), "/dev/null"]},
               exit_status, binary, stderr_to_stdout]).

%% Read until Regexp has come, or the end; then type Keys.
typed(T, What, Keys, Text) ->
    receive
        {T, {data, D}} ->
            All = <<Text/binary, D/binary>>,
            case What =/= exit andalso re:run(All, What, [multiline]) of
                {match, _} -> port_command(T, Keys), {ok, All};
                _ -> typed(T, What, Keys, All)
            end;
        {T, {exit_status, S}} when What =:= exit -> {S, Text};
        {T, {exit_status, S}} -> error({ended, S, Text})
    after ?END -> error({timeout, What, Text})
    end.
