%% SPDX-License-Identifier: Apache-2.0
%% Copyright the unibeam authors
%% host - runs programs on this system, in an environment that is given whole.
-module(host).
-export([run/4, open/4, until/2, await/1, path/0]).

-define(LIMIT, 300000). % of silence

%% {Status, Output} of Program in Dir. Env: words NAME=VALUE, all there is but
%% PATH, HOME, TERM and LANG, which are what a machine's release has (path/0).
run(Dir, Env, Program, Args) -> await(open(Dir, Env, Program, Args)).

open(Dir, Env, Program, Args) ->
    Words = ["-i", path(), "HOME=/nonexistent", "TERM=xterm", "LANG=C.UTF-8",
             "ERL_CRASH_DUMP=/dev/null"] ++ Env ++ [Program | Args],
    open_port({spawn_executable, "/usr/bin/env"},
              [{args, Words}, {cd, Dir}, exit_status, stderr_to_stdout, binary]).

path() -> "PATH=" ++ os:getenv("PATH").

%% What it says from now on until its end.
await(Port) -> await(Port, <<>>).

await(Port, Acc) ->
    receive
        {Port, {data, D}} -> await(Port, <<Acc/binary, D/binary>>);
        {Port, {exit_status, N}} -> {N, Acc}
    after ?LIMIT -> error({no_end, Acc})
    end.

%% Waits until it has said something that matches.
until(Port, Pattern) -> until(Port, Pattern, <<>>).

until(Port, Pattern, Acc) ->
    case re:run(Acc, Pattern, [multiline]) of
        {match, _} -> ok;
        nomatch ->
            receive
                {Port, {data, D}} -> until(Port, Pattern, <<Acc/binary, D/binary>>);
                {Port, {exit_status, N}} -> error({ended, N, Acc})
            after ?LIMIT -> error({nothing_said, Acc})
            end
    end.
