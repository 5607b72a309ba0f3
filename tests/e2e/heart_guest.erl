%% SPDX-License-Identifier: Apache-2.0
%% Copyright the unibeam authors
%% heart_guest - nodes with a heart, started as port programs: after which ends
%% heart runs its command; and ways for a node to end itself.
-module(heart_guest).
-export([ends/0, soon/1]).
-import(ports_life_guest, [outcome/1, temporary/0, content/2]).

%% How a node may end, and whether that is in order.
ends() ->
    [{How, run(How, Wait)}
     || {How, Wait} <- [{"init:stop(5)", 20}, {"halt(3)", 400},
                        {"heart:set_cmd(\"exit 0\"),halt(4)", 20}]].

%% The emulator's exit status, and what heart's command wrote.
run(How, Wait) ->
    File = temporary(),
    Port = start(["timer:sleep(300)," ++ How ++ "."], File),
    Status = outcome(Port),
    {Status, case content(File, Wait) of {ok, B} -> B; _ -> nothing end}.

start(Eval, File) ->
    Bin = os:getenv("BINDIR"),
    Root = code:root_dir(),
    [Boot | _] = filelib:wildcard(Root ++ "/bin/start_clean.boot") ++
        filelib:wildcard(Root ++ "/releases/*/start_clean.boot"),
    open_port({spawn_executable, Bin ++ "/erlexec"},
              [exit_status, binary,
               {args, ["-noinput", "-boot", filename:rootname(Boot), "-heart",
                       "-eval" | Eval]},
               {env, [{"HEART_COMMAND", "echo again > " ++ File},
                      {"HEART_BEAT_TIMEOUT", "11"}]}]).

%% The node of the machine does (F) when the caller has its answer.
soon({M, F, A}) ->
    spawn(fun() -> timer:sleep(300), apply(M, F, A) end),
    ok.
