%% SPDX-License-Identifier: Apache-2.0
%% Copyright the unibeam authors
-module(rebar3_osv_command_tests).
-include_lib("eunit/include/eunit.hrl").

%% What ended how, and what it said on the way.
sh(Script, Args) ->
    Self = self(),
    R = rebar3_osv_command:run("/bin/sh", ["-c", Script, "sh" | Args], "/tmp",
                               fun(L) -> Self ! {line, L} end),
    {R, lines()}.

lines() ->
    receive {line, L} -> [L | lines()] after 0 -> [] end.

kinds_of_lines_test() ->
    ?assertEqual({ok, [{text, <<"x.img: 1 MiB">>}, {note, <<"look">>},
                       {message, <<"hm">>}, {text, <<"end">>}]},
                 sh("echo x.img: 1 MiB; echo unibeam: note: look >&2;"
                    "echo unibeam: hm >&2; printf end", [])).

long_line_test() ->
    {ok, [{text, Line}]} = sh("printf %05000d 1; echo", []),
    ?assertEqual(5000, byte_size(Line)).

no_utf8_test() ->
    ?assertEqual({ok, [{text, <<"k\303\244se">>}]}, sh("printf 'k\\344se\\n'", [])).

%% As they are, with no shell that would take them apart.
arguments_test() ->
    ?assertEqual({ok, [{text, <<"[a b]['\"$HOME`]">>}]},
                 sh("printf '[%s][%s]' \"$1\" \"$2\"", ["a b", "'\"$HOME`"])).

status_test() ->
    ?assertEqual({{error, {failed, "-c", 7, [<<"one">>, <<"two">>]}},
                  [{message, <<"one">>}, {message, <<"two">>}]},
                 sh("echo unibeam: one; echo unibeam: two; exit 7", [])),
    ?assertMatch({{error, {failed, "-c", 137, []}}, []}, sh("kill -9 $$", [])).

no_input_test() ->
    ?assertEqual({ok, []}, sh("test ! -t 0", [])).

no_program_test() ->
    ?assertEqual({error, {cannot_run, "/nowhere", enoent}},
                 rebar3_osv_command:run("/nowhere", ["x"], "/tmp",
                                        fun(_) -> ok end)).

%% The environment wins, then the project, then the path.
find_test_() ->
    {setup,
     fun() -> {os:getenv("UNIBEAM", ""), os:getenv("PATH")} end,
     fun({Unibeam, Path}) ->
             os:putenv("UNIBEAM", Unibeam),
             os:putenv("PATH", Path)
     end,
     [{"environment", fun() ->
          true = os:putenv("UNIBEAM", "/bin/sh"),
          ?assertEqual({ok, "/bin/sh"}, find(#{unibeam => <<"/bin/ls">>})),
          true = os:putenv("UNIBEAM", "sh"),
          ?assertMatch({ok, "/" ++ _}, find(#{})),
          true = os:putenv("UNIBEAM", "/etc/passwd"),
          ?assertEqual({error, {no_unibeam, {environment, "/etc/passwd"}}},
                       find(#{}))
      end},
      {"key", fun() ->
          true = os:putenv("UNIBEAM", ""),
          ?assertEqual({ok, "/bin/ls"}, find(#{unibeam => <<"/bin/ls">>})),
          ?assertEqual({error, {no_unibeam, {key, <<"/none">>}}},
                       find(#{unibeam => <<"/none">>}))
      end},
      {"path", fun() ->
          true = os:unsetenv("UNIBEAM"),
          true = os:putenv("PATH", "/nowhere"),
          ?assertEqual({error, {no_unibeam, nowhere}}, find(#{}))
      end}]}.

find(Settings) ->
    rebar3_osv_command:find(Settings).
