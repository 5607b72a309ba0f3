%% SPDX-License-Identifier: Apache-2.0
%% Copyright the unibeam authors
%% ports_life_guest - how ports and their programs end, by themselves and by each
%% other, alone and by the hundred; and os:cmd/1.
-module(ports_life_guest).
-export([closed/1, owner_dies/1, handed_on/0, links/0, background/0, daemon/0,
         group/0, at_once/1, killed_at_once/1, together/1, sequence/1, large/1,
         caller_killed/0, command_input/0, max_size/0, command_statuses/0,
         orphans/0, many_commands/1,
         scripts/0]).
-export([run/2, run/3, sh/2, collect/1, outcome/1, temporary/0, content/1,
         content/2]).

-define(LIMIT, 60000).

%% --- for both modules -------------------------------------------------------------

%% The shell that an image has, on Linux too.
sh(Script, Options) ->
    open_port({spawn_executable, "/bin/busybox"},
              [{args, ["sh", "-c", Script]} | Options]).

%% Everything a program sends up to its status, data joined where it is a stream.
run(Script, Options) -> run(Script, Options, []).
run(Script, Options, Input) ->
    Port = sh(Script, [exit_status | Options]),
    [port_command(Port, I) || I <- Input],
    join(collect(Port)).

outcome(Port) -> join(collect(Port)).

collect(Port) ->
    receive
        {Port, {exit_status, S}} -> [{exit_status, S} | rest(Port)];
        {Port, M} -> [M | collect(Port)]
    after ?LIMIT -> [timeout]
    end.

%% `eof' may come before the status or after it.
rest(Port) ->
    receive {Port, M} -> [M | rest(Port)] after 0 -> [] end.

join([{data, A}, {data, B} | L]) when is_binary(A), is_binary(B) ->
    join([{data, <<A/binary, B/binary>>} | L]);
join([{data, A}, {data, B} | L]) when is_list(A), is_list(B) ->
    join([{data, A ++ B} | L]);
join([M | L]) -> [M | join(L)];
join([]) -> [].

temporary() ->
    "/tmp/unibeam-" ++ os:getpid() ++ "-" ++
        integer_to_list(erlang:unique_integer([positive])).

%% Of a file that somebody is going to write.
content(File) -> content(File, 200).
content(File, 0) -> {missing, File};
content(File, N) ->
    case file:read_file(File) of
        {ok, B} when B =/= <<>> -> file:delete(File), {ok, B};
        _ -> timer:sleep(50), content(File, N - 1)
    end.

runs(Pid) -> filelib:is_dir("/proc/" ++ integer_to_list(Pid)).

gone(Pid) -> gone(Pid, 200).
gone(_, 0) -> still_there;
gone(Pid, N) ->
    case runs(Pid) of
        false -> gone;
        true -> timer:sleep(50), gone(Pid, N - 1)
    end.

os_pid(Port) -> {os_pid, P} = erlang:port_info(Port, os_pid), P.

signal(Name, Pids) when is_list(Pids) ->
    os:cmd("kill -" ++ Name ++ " " ++
               lists:join(" ", [integer_to_list(P) || P <- Pids])).

%% --- one end closes -----------------------------------------------------------------

%% The program sees the end of its input, and EPIPE; with SIGPIPE's default it
%% dies of it; and one that does neither goes on.
closed(Probe) ->
    File = temporary(),
    P1 = open_port({spawn_executable, Probe}, [{args, ["ignore", File]}]),
    port_close(P1),
    {ok, Wrote} = content(File),
    P2 = open_port({spawn_executable, Probe}, [{args, ["pipe", File]}]),
    Pid = os_pid(P2),
    port_close(P2),
    Died = {gone(Pid), file:read_file_info(File)},
    P3 = sh("sleep 0.5; echo late > " ++ File, []),
    port_close(P3),
    [Wrote, Died, content(File), program_closes()].

%% The program closes what it has and stays.
program_closes() ->
    process_flag(trap_exit, true),
    P = sh("exec <&-; read x <&0; echo closed; sleep 100", [binary]),
    receive {P, {data, <<"closed\n">>}} -> ok after ?LIMIT -> error(none) end,
    Pid = os_pid(P),
    Why = refused_write(P, 1000),
    signal("KILL", [Pid]),
    catch port_close(P),
    process_flag(trap_exit, false),
    Why.

%% What P's owner hears when nobody reads what P is given. The first write may
%% succeed: erl_child_setup, which forked the program, has the pipe's other end
%% too, and may close it later than the program does.
refused_write(_, 0) -> none;
refused_write(P, N) ->
    catch port_command(P, "x"),
    receive {'EXIT', P, Why} -> Why after 20 -> refused_write(P, N - 1) end.

owner_dies(How) ->
    File = temporary(),
    Self = self(),
    Owner = spawn(fun() ->
                          Mine = sh("cat; echo ended > " ++ File, []),
                          Self ! {port, Mine, os_pid(Mine)},
                          receive stop -> exit(How) end
                  end),
    {Port, Pid} = receive {port, P, O} -> {P, O} after ?LIMIT -> none end,
    Owner ! stop,
    [content(File), gone(Pid), erlang:port_info(Port)].

%% port_connect/2; both may write to it, one hears what comes.
handed_on() ->
    Self = self(),
    Port = sh("read x; echo \"$x\"; read x; echo \"$x\"", [binary, exit_status]),
    Other = spawn_link(fun() ->
                               receive {go, P} -> Self ! {other, outcome(P)} end
                       end),
    true = port_connect(Port, Other),
    unlink(Port),
    {connected, Other} = erlang:port_info(Port, connected),
    true = port_command(Port, "one\n"),
    Other ! {go, Port},
    Port ! {Other, {command, "two\n"}},
    receive {other, O} -> O after ?LIMIT -> none end.

%% What owners hear when nobody asked for a status.
links() ->
    process_flag(trap_exit, true),
    Ends = [begin
                P = sh(Script, []),
                receive {'EXIT', P, Why} -> Why after ?LIMIT -> none end
            end || Script <- ["exit 0", "exit 3", "kill -9 $$"]],
    Monitored = sh("exit 2", []),
    Ref = monitor(port, Monitored),
    Down = receive {'DOWN', Ref, port, Monitored, R} -> R after ?LIMIT -> none end,
    process_flag(trap_exit, false),
    [Ends, Down].

%% --- programs with children ------------------------------------------------------------

%% The status is the program's; its child has the output for longer.
background() ->
    [run("(sleep 0.3; echo late) & exit 3", [binary]),
     run("(sleep 0.3; echo late) & echo first; kill -9 $$", [binary]),
     run("(exec >/dev/null; sleep 0.3) & exit 4", [binary]),
     run("sh -c 'kill -11 $$' 2>/dev/null; echo \"status $?\"", [binary])].

%% A child with a session of its own and nothing of the port's.
daemon() ->
    File = temporary(),
    R = run("setsid sh -c 'sleep 0.5; echo \"daemon $(cat)\" > " ++ File ++
                "' </dev/null >/dev/null 2>&1 & exit 6", [binary]),
    [R, file:read_file(File), content(File)].

%% A signal for the program's group reaches its children.
group() ->
    File = temporary(),
    Port = sh("trap 'echo caught; exit 9' TERM; "
              "sh -c 'trap \"echo child > " ++ File ++ "; exit\" TERM; echo up; "
              "while :; do sleep 0.1; done' & while :; do wait; done",
              [binary, exit_status]),
    receive {Port, {data, <<"up\n">>}} -> ok after ?LIMIT -> error(none) end,
    os:cmd("kill -TERM -" ++ integer_to_list(os_pid(Port))),
    [outcome(Port), content(File)].

%% A program of a dead program belongs to process 1, which waits for it.
orphans() ->
    Port = sh("sleep 0.3 & echo $!; exec >&-", [binary, exit_status]),
    [{data, D}, Status] = outcome(Port),
    {Status, gone(binary_to_integer(string:trim(D)))}.

%% --- many ----------------------------------------------------------------------------

start(N) ->
    Ports = [sh("echo up; read x; exit " ++ integer_to_list(K rem 200),
                [binary, exit_status]) || K <- lists:seq(1, N)],
    [receive {P, {data, <<"up\n">>}} -> ok after ?LIMIT -> error(none) end
     || P <- Ports],
    Ports.

at_once(N) ->
    Ports = start(N),
    [port_command(P, "go\n") || P <- Ports],
    [outcome(P) || P <- Ports].

%% All end by one call of kill(2) each, one after the other, as fast as it goes.
killed_at_once(N) ->
    Ports = start(N),
    signal("KILL", [os_pid(P) || P <- Ports]),
    [outcome(P) || P <- Ports].

%% All wait for one pipe, and end when its last writer goes.
together(N) ->
    Fifo = temporary(),
    [] = os:cmd("mkfifo " ++ Fifo),
    Ports = [sh("echo up; read x <" ++ Fifo ++ "; exit 5", [binary, exit_status])
             || _ <- lists:seq(1, N)],
    [receive {P, {data, <<"up\n">>}} -> ok after ?LIMIT -> error(none) end
     || P <- Ports],
    [] = os:cmd("sleep 0.5 >" ++ Fifo),
    Ends = [outcome(P) || P <- Ports],
    ok = file:delete(Fifo),
    Ends.

%% What differs from the expected, of N programs one after the other.
sequence(N) ->
    [{K, R} || K <- lists:seq(1, N),
               R <- [run("exit " ++ integer_to_list(K rem 256), [])],
               R =/= [{exit_status, K rem 256}]].

%% --- os:cmd --------------------------------------------------------------------------

large(MiB) ->
    R = os:cmd("yes 0123456789abcde 2>/dev/null | head -c " ++ integer_to_list(MiB bsl 20)),
    {length(R), crypto:hash(md5, R)}.

many_commands(N) ->
    Self = self(),
    [spawn_link(fun() -> Self ! {K, os:cmd("echo " ++ integer_to_list(K))} end)
     || K <- lists:seq(1, N)],
    [receive {K, R} -> R after ?LIMIT -> none end || K <- lists:seq(1, N)].

%% A time limit as callers make it: the one who waits is killed.
caller_killed() ->
    File = temporary(),
    Pid = spawn(fun() -> os:cmd("echo $$ > " ++ File ++ "; exec sleep 100") end),
    {ok, Text} = content(File),
    Os = binary_to_integer(string:trim(Text)),
    exit(Pid, kill),
    timer:sleep(300),
    Runs = runs(Os),
    signal("KILL", [Os]),
    {Runs, gone(Os)}.

command_input() ->
    [os:cmd(C) || C <- ["cat", "read x || echo none", "cat <<E\nhere\nE",
                        "echo a; echo b >&2", "echo \x{e9}\x{4e2d}", "printf ''",
                        "echo one\necho two", "exit 3; echo no",
                        "nonexistent-program >/dev/null 2>&1; echo $?",
                        "printf 'a\\000b'", "printf '\\004x'"]].

max_size() ->
    [begin R = os:cmd("yes 2>/dev/null | head -c " ++ integer_to_list(Bytes),
                      #{max_size => M}),
           length(R)
     end || {Bytes, M} <- [{10, 4}, {10, 100}, {1000000, 70000}, {10, 0}]].

%% What scripts do with processes, signals, limits and pipes; B is busybox, so
%% that both sides run the same programs. Whether a shell tells that a job was
%% killed depends on when it hears of it, on Linux too.
scripts() ->
    [{S, run("B=/bin/busybox; " ++ S, [stderr_to_stdout, binary])}
     || S <- ["for i in 1 2 3; do (exit $i) & done; wait; echo $?",
              "(exit 7) & wait $!; echo $?",
              "sleep 100 & kill $!; wait $! 2>/dev/null; echo $?",
              "sleep 100 & kill -9 $!; wait $! 2>/dev/null; echo $?",
              "trap 'echo got' USR1; kill -USR1 $$; echo after",
              "trap 'echo bye' EXIT; exit 3",
              "trap '' TERM; kill -TERM $$; echo lives",
              "trap 'echo int; exit 4' INT; kill -INT $$",
              "trap 'echo child' CHLD; (exit 0) & wait; echo done",
              "$B timeout 1 $B sleep 100; echo $?",
              "$B timeout -s KILL 1 $B sleep 100; echo $?",
              "$B setsid $B sh -c 'exit 5'; echo $?",
              "ulimit -n 100; ulimit -n", "ulimit -S -s 4096; ulimit -s",
              "ulimit -c; ulimit -v 100000; ulimit -v",
              "ulimit -t 1; while :; do :; done",
              "ulimit -f 1; $B dd if=/dev/zero of=/tmp/unibeam-limit bs=1024 count=4 "
              "2>/dev/null; echo $?; $B stat -c %s /tmp/unibeam-limit; "
              "$B rm /tmp/unibeam-limit",
              "ulimit -n 5; exec 9</dev/null; echo no",
              "$B seq 1 100000 | $B tail -n 1",
              "$B yes | $B head -n 3", "$B seq 1 20 | $B xargs -P 4 -n 5 $B echo | "
              "$B sort -n | $B wc -l",
              "$B mkfifo /tmp/unibeam-ff; ($B sleep 0.2; echo through >/tmp/unibeam-ff) & "
              "$B cat /tmp/unibeam-ff; $B rm /tmp/unibeam-ff",
              "exec 3<>/dev/null; echo x >&3; $B cat <&3",
              "umask 027; $B touch /tmp/unibeam-um; $B stat -c %a /tmp/unibeam-um; "
              "$B rm /tmp/unibeam-um",
              "x=$($B sh -c 'echo out; exit 9'); echo $x $?",
              "set -e; false; echo no", "exec $B false",
              "kill -0 $$ && echo there; kill -0 99999999 2>/dev/null || echo gone",
              "$B sh -c 'kill -STOP $$; echo resumed' & until $B grep -q '^State:.T' "
              "/proc/$!/status; do $B sleep 0.05; done; kill -CONT $!; "
              "wait $!; echo $?",
              "$B printf 'b\\na\\n' | $B sort | $B tr a-z A-Z",
              "$B sh -c '$B sh -c \"kill -SEGV \\$\\$\"; echo $?' 2>/dev/null",
              "$B true | $B false; echo $?", "! $B true; echo $?",
              "$B date -u -d @86400 +%F", "$B id -u; $B whoami",
              "cd /; cd /tmp && cd - ", "echo ${HOME:+home} ${NONE-none}",
              "$B find /etc/passwd /etc/none 2>/dev/null; echo $?"]].

command_statuses() ->
    [os:cmd("(" ++ C ++ ") >/dev/null 2>&1; echo $?")
     || C <- ["true", "false", "kill -9 $$", "exit 77", "/etc/passwd", "/nonexistent"]].
