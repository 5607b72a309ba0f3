%% SPDX-License-Identifier: Apache-2.0
%% Copyright the unibeam authors
%% heart_guest - nodes with a heart, started as port programs: after which ends
%% heart runs its command, and how it kills a node that hangs; and ways for a node
%% to end itself.
-module(heart_guest).
-export([ends/0, hangs/0, soon/1]).
-import(ports_life_guest, [outcome/1, temporary/0, content/2]).

%% How a node may end, and whether that is in order.
ends() ->
    [{How, run(How, Wait)}
     || {How, Wait} <- [{"init:stop(5)", 20}, {"halt(3)", 400},
                        {"heart:set_cmd(\"exit 0\"),halt(4)", 20}]].

%% The emulator's exit status, and what heart's command wrote.
run(How, Wait) ->
    File = temporary(),
    Port = start(["timer:sleep(300)," ++ How ++ "."], command(File), []),
    Status = outcome(Port),
    {Status, case content(File, Wait) of {ok, B} -> B; _ -> nothing end}.

command(File) -> [{"OUT", File}, {"HEART_COMMAND", "echo again > $OUT"}].

start(Eval, Env, Options) ->
    Bin = os:getenv("BINDIR"),
    Root = code:root_dir(),
    [Boot | _] = filelib:wildcard(Root ++ "/bin/start_clean.boot") ++
        filelib:wildcard(Root ++ "/releases/*/start_clean.boot"),
    open_port({spawn_executable, Bin ++ "/erlexec"},
              [exit_status, binary,
               {args, ["-noinput", "-boot", filename:rootname(Boot), "-heart",
                       "-eval" | Eval]},
               {env, [{"HEART_BEAT_TIMEOUT", "11"} | Env]} | Options]).

%% The node of the machine does (F) when the caller has its answer.
soon({M, F, A}) ->
    spawn(fun() -> timer:sleep(300), apply(M, F, A) end),
    ok.

%% --- nodes that hang ------------------------------------------------------------

-define(ABORT, {"HEART_KILL_SIGNAL", "SIGABRT"}).
-define(COMMAND_WAIT, 2400). % times 50 ms

%% What heart is told, how the node hangs, and the signal that ends it when heart
%% does not.
hangs() ->
    Self = self(),
    Hangs = [{[], silent, none},
             {[?ABORT], silent, none},
             {[{"HEART_KILL_SIGNAL", "SIGTERM"}], silent, none}, % not known: SIGKILL
             {[?ABORT], stopped, "CONT"}, % it has a SIGABRT that waits
             {[?ABORT], deaf, "KILL"},
             {[], stopped, none},
             {[?ABORT, {"HEART_NO_KILL", "TRUE"}], silent, "KILL"},
             {[?ABORT, {"HEART_NO_KILL", "1"}], silent, none}], % only TRUE counts
    Pids = [spawn_link(fun() -> Self ! {self(), {H, hang(H)}} end) || H <- Hangs],
    [receive {Pid, R} -> R end || Pid <- Pids].

%% Whether heart's command ran and the node outlived heart's try to kill it; then
%% the node's exit status and all that was said.
hang({Env, How, Signal}) ->
    File = temporary(),
    Port = start([how(How)], command(File) ++ Env ++ unset(Env), [stderr_to_stdout]),
    {os_pid, Pid} = erlang:port_info(Port, os_pid),
    Ran = content(File, ?COMMAND_WAIT),
    Lives = filelib:is_dir("/proc/" ++ integer_to_list(Pid)),
    [] = case Lives of
             true -> os:cmd("kill -" ++ Signal ++ " " ++ integer_to_list(Pid));
             false -> []
         end,
    {Ran, Lives, [said(M) || M <- outcome(Port)]}.

%% What the node of the machine may have been told.
unset(Env) ->
    [{Name, false} || Name <- ["HEART_KILL_SIGNAL", "HEART_NO_KILL"],
                      not lists:keymember(Name, 1, Env)].

%% The process that tells heart that all is well is stopped (while the one that
%% stopped it lives), or all are; a deaf node ignores SIGABRT.
how(silent) ->
    "spawn(fun() -> erlang:suspend_process(whereis(heart)), "
        "timer:sleep(infinity) end).";
how(stopped) -> "os:cmd(\"kill -STOP \" ++ os:getpid()).";
how(deaf) -> "os:set_signal(sigabrt, ignore), " ++ how(silent).

%% Dates, process identifiers and seconds are never the same.
said({data, Text}) ->
    lists:foldl(fun({From, To}, T) ->
                        re:replace(T, From, To, [global, multiline, {return, binary}])
                end, Text, [{"^(heart: ).* [0-9]+: ", "\\1"}, {"pid = [0-9]+", "pid"},
                            {"for [0-9]+ seconds", "for seconds"}]);
said(Status) -> Status.
