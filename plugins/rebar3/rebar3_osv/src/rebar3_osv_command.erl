%% SPDX-License-Identifier: Apache-2.0
%% Copyright the unibeam authors
%%
%% @doc The command unibeam: where it is, and running it with its output in
%% rebar3's log. No shell is between: names may hold whatever they like.
-module(rebar3_osv_command).
-export([find/1, run/4]).
-export_type([reason/0, line/0]).

-type path() :: file:filename_all().
-type line() :: {note | message | text, unicode:chardata()}.
-type reason() ::
    {no_unibeam, nowhere | {environment | key, path()}}
  | {cannot_run, path(), term()}
  | {failed, string(), non_neg_integer(), [unicode:chardata()]}.

%% @doc unibeam's path: $UNIBEAM, or what the project says, or from $PATH. The
%% environment wins, as it does for unibeam's own options.
-spec find(rebar3_osv_config:settings()) -> {ok, path()} | {error, reason()}.
find(Settings) ->
    case {os:getenv("UNIBEAM", ""), Settings} of
        {[_ | _] = Name, _} -> program(environment, Name);
        {_, #{unibeam := Path}} -> program(key, Path);
        _ ->
            case os:find_executable("unibeam") of
                false -> {error, {no_unibeam, nowhere}};
                Path -> {ok, Path}
            end
    end.

program(Where, Name) ->
    Found = case filename:basename(Name) of
                Name -> os:find_executable(Name);
                _ -> os:find_executable(filename:absname(to_string(Name)))
            end,
    case Found of
        false -> {error, {no_unibeam, {Where, Name}}};
        Path -> {ok, Path}
    end.

to_string(Name) when is_list(Name) -> Name;
to_string(Name) -> filename:nativename(unicode:characters_to_list(Name)).

%% @doc Run it in Dir, give each line that it says to Tell, and tell how it ended.
%% Its standard input is empty.
-spec run(path(), [path()], path(), fun((line()) -> term())) ->
    ok | {error, reason()}.
run(Program, [Command | _] = Args, Dir, Tell) ->
    try open_port({spawn_executable, Program},
                  [{args, Args}, {cd, Dir}, binary, exit_status, eof,
                   stderr_to_stdout, hide]) of
        Port ->
            case listen(Port, <<>>, [], Tell) of
                {0, _} -> ok;
                {Status, Said} -> {error, {failed, Command, Status, Said}}
            end
    catch
        error:Reason -> {error, {cannot_run, Program, Reason}}
    end.

%% Begun is a line that has not ended. Output and status may come in any order.
listen(Port, Begun, Said, Tell) ->
    receive
        {Port, {data, Bytes}} ->
            [Rest | Lines] = lists:reverse(
                binary:split(<<Begun/binary, Bytes/binary>>, <<"\n">>, [global])),
            listen(Port, Rest, lists:foldr(fun(L, S) -> tell(L, S, Tell) end,
                                           Said, Lines), Tell);
        {Port, eof} ->
            Said1 = case Begun of
                        <<>> -> Said;
                        _ -> tell(Begun, Said, Tell)
                    end,
            receive
                {Port, {exit_status, Status}} ->
                    _ = (catch port_close(Port)),
                    {Status, lists:reverse(Said1)}
            end
    end.

tell(Bytes, Said, Tell) ->
    Line = line(Bytes),
    _ = Tell(Line),
    case Line of
        {message, Text} -> [Text | Said];
        _ -> Said
    end.

%% What unibeam says itself begins with its name; the rest is a summary.
line(<<"unibeam: note: ", Text/binary>>) -> {note, printable(Text)};
line(<<"unibeam: ", Text/binary>>) -> {message, printable(Text)};
line(Text) -> {text, printable(Text)}.

%% Names of files in it may be no UTF-8.
printable(Text) ->
    case unicode:characters_to_binary(Text) of
        Same when is_binary(Same) -> Same;
        _ -> unicode:characters_to_binary(Text, latin1)
    end.
