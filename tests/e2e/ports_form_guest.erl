%% SPDX-License-Identifier: Apache-2.0
%% Copyright the unibeam authors
%% ports_form_guest - every form in which a port can be opened, and what its
%% program and its owner then see.
-module(ports_form_guest).
-export([put_probe/2, packets/0, oversize/0, lines/0, streams/0, one_way/0,
         eof/0, other_descriptors/1, stderr/0, directories/1, environment/0,
         arguments/1, state/1, commands/0, statuses/0, signals/0, stopped/0,
         refused/1, bad_options/0, info/0, busy/0, limits/0, parallel/0]).
-import(ports_life_guest, [run/2, run/3, sh/2, collect/1, outcome/1]).

-define(LIMIT, 60000).

%% Bin becomes a program at Path.
put_probe(Path, Bin) ->
    ok = file:write_file(Path, Bin),
    ok = file:change_mode(Path, 8#755).

%% --- data ---------------------------------------------------------------------

%% Through `cat', a packet is what it was.
packets() ->
    [{N, Size, echo(N, Size)} || {N, Sizes} <- [{1, [0, 1, 255]},
                                                {2, [0, 1, 256, 65535]},
                                                {4, [0, 1, 65536, 300000]}],
                                 Size <- Sizes].

echo(N, Size) ->
    Port = open_port({spawn_executable, "/bin/cat"}, [{packet, N}, binary]),
    Packet = binary:copy(<<"p">>, Size),
    true = port_command(Port, Packet),
    Back = receive {Port, {data, D}} -> D =:= Packet after ?LIMIT -> none end,
    port_close(Port),
    Back.

%% More than the length field can say; and a program that lies about a length.
oversize() ->
    [too_long(1, 256), too_long(2, 65536),
     run("printf '\\0\\003abc\\0\\005ab'", [{packet, 2}, binary]),
     run("printf '\\003abc'", [{packet, 4}, binary])].

too_long(N, Size) ->
    process_flag(trap_exit, true),
    Port = open_port({spawn_executable, "/bin/cat"}, [{packet, N}, binary]),
    R = (catch port_command(Port, binary:copy(<<"p">>, Size))),
    Then = receive {'EXIT', Port, Why} -> Why after 200 -> lives end,
    catch port_close(Port),
    process_flag(trap_exit, false),
    {case R of {'EXIT', {E, _}} -> E; _ -> R end, Then}.

lines() ->
    Text = "printf 'short\\nexactly-10\\nlonger than ten\\n\\nno newline'",
    [run(Text, [{line, 10} | More]) || More <- [[], [binary], [eof]]] ++
        [run("printf 'a\\r\\nb\\0c\\n'", [{line, 80}, binary])].

streams() ->
    [run("echo text", [stream]), run("echo text", [stream, binary]),
     run("echo text", []), run("printf 'a\\000b\\377'", [binary]),
     crypto:hash(md5, data(run("yes 2>/dev/null | head -c 3000000", [binary])))].

data(Messages) -> iolist_to_binary([D || {data, D} <- Messages]).

%% A port for one direction: the other end of the program is the emulator's.
one_way() ->
    File = ports_life_guest:temporary(),
    Out = sh("read x; echo \"got $x\" > " ++ File, [out]),
    port_command(Out, "word\n"),
    {ok, Got} = ports_life_guest:content(File),
    catch port_close(Out),
    [Got, run("echo hi", [in]), write_to(sh("sleep 1", [in]))].

%% The port ends, by a signal to its owner.
write_to(Port) ->
    process_flag(trap_exit, true),
    R = port_command(Port, "x\n"),
    Then = receive {'EXIT', Port, Why} -> Why after ?LIMIT -> lives end,
    process_flag(trap_exit, false),
    {R, Then}.

eof() ->
    Port = sh("exec >&-; sleep 0.2", [eof, exit_status, binary]),
    Eof = receive {Port, M} -> M after ?LIMIT -> none end,
    Open = erlang:port_info(Port, connected) =/= undefined,
    catch port_close(Port),
    {Eof, Open, run("echo x", [eof])}.

%% Descriptors 3 and 4; 0 and 1 are the emulator's then.
other_descriptors(Probe) ->
    Port = open_port({spawn_executable, Probe},
                     [{args, ["fds", "3", "4"]}, nouse_stdio, binary,
                      exit_status, {packet, 2}]),
    port_command(Port, <<"through 3 and 4">>),
    Back = receive {Port, {data, D}} -> D after ?LIMIT -> none end,
    port_close(Port),
    [Back, run("echo on 4 >&4; exit 5", [nouse_stdio, binary])].

stderr() ->
    [run("echo out; echo err >&2; exit 1", [stderr_to_stdout, binary]),
     run("echo out; ls /nonexistent 2>/dev/null; exit 1",
         [stderr_to_stdout, binary])].

%% --- what the program is started with ---------------------------------------------

directories(Base) ->
    Dir = Base ++ "-d\x{e9}\x{4e2d}",
    ok = file:make_dir(Dir),
    Here = [run("pwd", [{cd, D}, binary]) || D <- ["/", "/etc", Dir]],
    Not = [run("pwd", [{cd, D}, binary]) || D <- ["/nonexistent", "/etc/passwd"]],
    ok = file:del_dir(Dir),
    [Here =:= [[{data, <<"/\n">>}, {exit_status, 0}],
               [{data, <<"/etc\n">>}, {exit_status, 0}],
               [{data, unicode:characters_to_binary([Dir, $\n])},
                {exit_status, 0}]], Not].

environment() ->
    Show = "echo \"${A-none} ${B-none} ${C-none} ${PATH-none}\"; "
        "env | grep -c '^A='",
    os:putenv("C", "parent"),
    Shown = [run(Show, [binary, {env, E}])
             || E <- [[{"PATH", "/bin"}],
                      [{"PATH", "/bin"}, {"A", "x y\"'$"}, {"B", ""}],
                      [{"PATH", "/bin"}, {"A", "one"}, {"A", "two"}],
                      [{"PATH", "/bin"}, {"C", false}, {"A", false}],
                      [{"PATH", "/bin"}, {"A", [16#e9, 16#4e2d]}]]],
    os:unsetenv("C"),
    Large = [{"V" ++ integer_to_list(N), lists:duplicate(1000, $v)}
             || N <- lists:seq(1, 100)],
    [Shown, run("env | grep -c '^V[0-9]*=v'", [{env, Large}, binary])].

arguments(Probe) ->
    [args(run_probe(Probe, [{args, A} | More]))
     || {A, More} <- [{[], []}, {["a b", "", "\"'$*", "\\"], []},
                      {[[16#e9, 16#4e2d], <<"bin">>], []},
                      {["x"], [{arg0, "another name"}]},
                      {[lists:duplicate(100000, $l)], []}]].

args(Out) ->
    [if byte_size(L) > 1000 -> byte_size(L); true -> L end
     || L = <<"arg", _/binary>> <- binary:split(Out, <<"\n">>, [global])].

%% Signals, descriptors, group, session.
state(Probe) ->
    [tl(binary:split(run_probe(Probe, O), <<"\n">>, [global]))
     || O <- [[], [stderr_to_stdout], [hide], [{parallelism, true}]]].

run_probe(Probe, Options) ->
    Port = open_port({spawn_executable, Probe}, [exit_status, binary | Options]),
    data(collect(Port)).

%% What `spawn' makes of a command line.
commands() ->
    [ports_life_guest:outcome(open_port({spawn, C}, [exit_status, binary]))
     || C <- ["echo \"a  b\" 'c  d'", "echo $((1+2)); exit 3", "echo a | tr a b",
              "nonexistent-program 2>/dev/null", "/nonexistent 2>/dev/null",
              "/etc 2>/dev/null", <<"echo binary">>, "exit 7", "true && false",
              "echo \x{e9}\x{4e2d}"]].

%% --- the end -------------------------------------------------------------------

statuses() ->
    [run("exit " ++ integer_to_list(N), []) || N <- [0, 1, 2, 127, 128, 200, 255]].

%% Those that end a process, and those that do not.
signals() ->
    [{S, run("kill -" ++ integer_to_list(S) ++ " $$; echo lives", [binary])}
     || S <- lists:seq(1, 31) ++ [34, 50, 64], not lists:member(S, [19, 20, 21, 22])].

%% A stopped program is still there.
stopped() ->
    Port = sh("read x; echo \"$x\"; exit 4", [exit_status, binary]),
    {os_pid, Pid} = erlang:port_info(Port, os_pid),
    P = integer_to_list(Pid),
    ok = stop(P, 200),
    port_command(Port, "word\n"),
    Early = receive {Port, _} -> early after 300 -> waits end,
    [] = os:cmd("kill -CONT " ++ P),
    {Early, outcome(Port)}.

%% --- what is refused -------------------------------------------------------------

refused(Base) ->
    Plain = Base ++ "-plain",
    Script = Base ++ "-script",
    Lost = Base ++ "-lost",
    Odd = Base ++ "-odd",
    Broken = Base ++ "-broken",
    Looped = Base ++ "-loop",
    ok = file:write_file(Plain, "x"),
    program(Script, "#!/bin/sh\necho \"script $1 $#\"; exit 9\n"),
    program(Lost, "#!/nonexistent/sh\nexit 9\n"),
    program(Odd, "no program at all\n"),
    program(Broken, <<127, "ELF", 2, 1, 1, 0:72>>),
    ok = file:make_symlink(Looped, Looped),
    R = [{attempt(F), attempt(F, [{args, ["1", "2"]}])}
         || F <- [Base ++ "-none", Plain, Script, Lost, Odd, Broken, Looped,
                  "/etc", "/etc/passwd/x", "", "sh"]],
    [ok = file:delete(F) || F <- [Plain, Script, Lost, Odd, Broken, Looped]],
    R.

program(File, Text) ->
    ok = file:write_file(File, Text),
    ok = file:change_mode(File, 8#755).

attempt(File) -> attempt(File, []).
attempt(File, More) ->
    try open_port({spawn_executable, File}, [exit_status, binary | More]) of
        Port -> outcome(Port)
    catch error:Why -> Why
    end.

bad_options() ->
    Sh = {spawn_executable, "/bin/sh"},
    [try open_port(Name, O) of P -> catch port_close(P), opened
     catch error:Why -> Why
     end
     || {Name, O} <- [{{spawn_driver, "nosuch"}, []}, {{spawn, ""}, []},
                      {{spawn_driver, "/bin/sh"}, []},
                      {Sh, [{packet, 3}]}, {Sh, [{line, -1}]}, {Sh, [nonsense]},
                      {Sh, [{cd, 1}]}, {Sh, [{env, [{"A=B", "x"}]}]},
                      {Sh, [{env, [{"A", 1}]}]}, {Sh, [{args, [1]}]},
                      {Sh, [{args, ["a\0b"]}]}, {Sh, [{arg0, 1}]},
                      {{spawn, "true"}, [{args, ["x"]}]},
                      {{spawn, "a\0b"}, []}, {{spawn_executable, "a\0b"}, []},
                      {Sh, [{packet, 2}, {line, 10}]},
                      {{spawn_executable, 1}, []}, {{nosuch, "x"}, []}]].

%% --- figures ------------------------------------------------------------------------

info() ->
    Port = sh("read x; printf 12345; read x", [binary]),
    Self = self(),
    Pid = {os_pid, P} = erlang:port_info(Port, os_pid),
    Running = filelib:is_dir("/proc/" ++ integer_to_list(P)),
    port_command(Port, "abc\n"),
    receive {Port, {data, _}} -> ok end,
    Items = [erlang:port_info(Port, I)
             || I <- [name, input, output, queue_size, locking]],
    Mine = [erlang:port_info(Port, connected) =:= {connected, Self},
            erlang:port_info(Port, links) =:= {links, [Self]},
            lists:member(Pid, erlang:port_info(Port))],
    port_close(Port),
    {Running, Items, Mine, erlang:port_info(Port), gone(P, 100)}.

%% The program read the end of its input and went.
gone(_, 0) -> still_there;
gone(P, N) ->
    case filelib:is_dir("/proc/" ++ integer_to_list(P)) of
        false -> gone;
        true -> timer:sleep(50), gone(P, N - 1)
    end.

%% How much a program that does not read is given before its port is busy, and
%% that it gets all of it when it reads.
busy() ->
    Port = open_port({spawn_executable, "/bin/cat"}, [binary]),
    {os_pid, Pid} = erlang:port_info(Port, os_pid),
    Cat = integer_to_list(Pid),
    true = port_command(Port, "up"),
    receive {Port, {data, <<"up">>}} -> ok after ?LIMIT -> error(none) end,
    ok = stop(Cat, 200),
    Accepted = fill(Port, 0),
    Self = self(),
    spawn_link(fun() -> true = port_command(Port, "!"), Self ! written end),
    Blocked = receive written -> early after 200 -> waits end,
    Force = (catch port_command(Port, "x", [force, nosuspend])),
    [] = os:cmd("kill -CONT " ++ Cat),
    Back = take(Port, Accepted * 4096 + 1, []),
    port_close(Port),
    {Accepted, Blocked, element(1, Force),
     Back =:= <<(binary:copy(<<"b">>, Accepted * 4096))/binary, "!">>}.

%% Until it has stopped.
stop(Pid, N) when N > 0 ->
    [] = os:cmd("kill -STOP " ++ Pid),
    {ok, Status} = file:read_file("/proc/" ++ Pid ++ "/status"),
    case re:run(Status, "^State:\\tT", [multiline]) of
        nomatch -> timer:sleep(20), stop(Pid, N - 1);
        {match, _} -> ok
    end.

take(_, 0, Acc) -> iolist_to_binary(lists:reverse(Acc));
take(Port, Left, Acc) ->
    receive {Port, {data, D}} -> take(Port, Left - byte_size(D), [D | Acc])
    after ?LIMIT -> {missing, Left}
    end.

fill(Port, N) ->
    case port_command(Port, binary:copy(<<"b">>, 4096), [nosuspend]) of
        true -> fill(Port, N + 1);
        false -> N
    end.

limits() ->
    [begin
         Port = sh("echo up; exec sleep 100", [binary | O]),
         receive {Port, {data, _}} -> ok after ?LIMIT -> error(none) end,
         N = fill(Port, 0),
         {os_pid, P} = erlang:port_info(Port, os_pid),
         port_close(Port),
         os:cmd("kill -9 " ++ integer_to_list(P)),
         N
     end || O <- [[{busy_limits_port, {1000, 5000}}],
                  [{busy_limits_port, {100000, 200000}}]]].

parallel() ->
    [run("echo x", [{parallelism, B}, binary]) || B <- [true, false]] ++
        [run("echo x", [overlapped_io, hide, binary])].
