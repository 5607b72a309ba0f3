%% SPDX-License-Identifier: Apache-2.0
%% Copyright the unibeam authors
-module(rebar3_osv_config_tests).
-include_lib("eunit/include/eunit.hrl").

one(Osv) ->
    rebar3_osv_config:parse(Osv, []).

good(Key, Value) ->
    {ok, #{Key := V}} = one([{Key, Value}]),
    V.

bad(Key, Value) ->
    {error, {bad_value, Key, Wanted, Value1}} = one([{Key, Value}]),
    {lists:flatten(Wanted), Value1}.

old_section_test() ->
    ?assertEqual({ok, #{osv_image => <<"/usr.img">>, verbose => true,
                        command_line => <<"--env=A=1 ">>}},
                 one([{osv_image, "/usr.img"}, {verbose, true},
                      {command_line, "--env=A=1 "}])).

%% rebar3_osv's README has its keys in relx's section.
old_keys_in_relx_test() ->
    Relx = [{release, {a, "1"}, [a]}, {dev_mode, false},
            {osv_image, "/usr.img"}, {verbose, true}],
    ?assertEqual({ok, #{osv_image => <<"/usr.img">>, verbose => true}},
                 rebar3_osv_config:parse([], Relx)),
    ?assertEqual({ok, #{osv_image => <<"/my.img">>, verbose => true}},
                 rebar3_osv_config:parse([{osv_image, "/my.img"}], Relx)),
    ?assertEqual({[{osv_image, "/usr.img"}, {verbose, true}],
                  [{release, {a, "1"}, [a]}, {dev_mode, false}]},
                 rebar3_osv_relx:old_keys(Relx)).

empty_test() ->
    ?assertEqual({ok, #{}}, one([])).

unknown_key_test() ->
    ?assertEqual({error, {unknown_key, memry, {ok, "memory"}}},
                 one([{memry, "1G"}])),
    ?assertEqual({error, {unknown_key, osvimage, {ok, "osv_image"}}},
                 one([{osvimage, "x"}])),
    ?assertEqual({error, {unknown_key, colour_of_the_sky, none}},
                 one([{colour_of_the_sky, blue}])),
    ?assertEqual({error, {unknown_key, "memory", none}}, one([{"memory", 1}])),
    %% also in a section of a release that is not asked for
    ?assertMatch({error, {unknown_key, prots, {ok, "ports"}}},
                 rebar3_osv_config:parse([{release, b, [{prots, 80}]}], [], a)).

no_section_test() ->
    [?assertEqual({error, {bad_section, X}}, one(X)) || X <- [foo, #{}, "" ++ foo]],
    ?assertEqual({error, {bad_section, {a, b, c}}}, one([{a, b, c}])),
    ?assertEqual({error, {bad_section, 7}}, one([7])),
    ?assertEqual({error, {bad_section, [{shell, true} | x]}},
                 one([{shell, true} | x])).

booleans_test() ->
    ?assertEqual(true, good(shell, true)),
    ?assertEqual(false, good(shell, false)),
    ?assertEqual({ok, #{console => true}}, one([console])),
    ?assertEqual({"true or false", yes}, bad(verbose, yes)),
    ?assertEqual({"true or false", "true"}, bad(allow_missing, "true")).

texts_test() ->
    ?assertEqual(<<"box">>, good(hostname, "box")),
    ?assertEqual(<<"box">>, good(hostname, <<"box">>)),
    ?assertEqual(<<"käse"/utf8>>, good(image, "käse")),
    [?assertEqual({"text in quotes", V}, bad(hostname, V))
     || V <- [box, 7, "", <<>>, "a\nb", [a], "a" ++ b, <<255>>]],
    [?assertEqual({"a path in quotes", V}, bad(osv_image, V))
     || V <- [image, {"/x"}, ""]].

numbers_test() ->
    ?assertEqual(2, good(cpus, 2)),
    [?assertEqual({"a whole number from 1 to 999", V}, bad(cpus, V))
     || V <- [0, -1, "2", 2.0, 1000, two]],
    ?assertEqual(0, good(grace, 0)).

memory_test() ->
    ?assertEqual(<<"512M">>, good(memory, 512)),
    ?assertEqual(<<"2G">>, good(memory, "2G")),
    ?assertEqual(<<"2G">>, good(memory, <<"2G">>)),
    [?assertMatch({"a size" ++ _, V}, bad(memory, V))
     || V <- [0, "much", "2GB", "", 1.5, much]].

restart_test() ->
    [?assertEqual(Is, good(restart, V))
     || {V, Is} <- [{no, <<"no">>}, {always, <<"always">>},
                    {on_failure, <<"on-failure">>},
                    {{on_failure, 3}, <<"on-failure:3">>},
                    {"on-failure:3", <<"on-failure:3">>}]],
    [?assertMatch({"no, always" ++ _, V}, bad(restart, V))
     || V <- [yes, {on_failure, 0}, "sometimes", 3, {always, 1}]].

env_test() ->
    ?assertEqual([<<"A=1">>, <<"B=x y">>, <<"C=">>, <<"D=4">>, <<"E=true">>],
                 good(env, [{"A", "1"}, {'B', "x y"}, {"C", ""}, {"D", 4},
                            {"E", true}])),
    ?assertEqual([<<"A=b=c">>], good(env, "A=b=c")),
    ?assertEqual([<<"A=1">>, <<"B=2">>], good(env, ["A=1", <<"B=2">>])),
    [?assertMatch({"a list of {" ++ _, _}, bad(env, V))
     || V <- [["A"], [{"A B", "1"}], [{"1", "2"}], [{"A", {x}}], [7],
              ["A=1" | x]]].

ports_test() ->
    ?assertEqual([<<"8080:8080">>], good(ports, 8080)),
    ?assertEqual([<<"8080:8080">>, <<"81:80">>, <<"53:53/udp">>, <<"5:6">>],
                 good(ports, [8080, {81, 80}, {53, 53, udp}, {5, 6, tcp}])),
    ?assertEqual([<<"8080:8080">>, <<"82:82">>], good(ports, [8080, 82])),
    ?assertEqual([<<"127.0.0.1:1:2">>], good(ports, "127.0.0.1:1:2")),
    ?assertEqual([<<"58:58">>, <<"80:80">>], good(ports, [58, 80])),
    ?assertEqual([<<"1:2">>, <<"3:3">>], good(ports, ["1:2", <<"3">>])),
    [?assertMatch({"a list of PORT" ++ _, _}, bad(ports, V))
     || V <- [0, 65536, [{1, 2, sctp}], [{a, 1}], web, [1.5]]].

lists_test() ->
    ?assertEqual([{<<"a">>, <<"/b">>}], good(files, {"a", "/b"})),
    ?assertEqual([{<<"a">>, <<"/b">>}], good(files, [{"a", <<"/b">>}])),
    ?assertMatch({"a list of {\"FILE\"" ++ _, _}, bad(files, "a:/b")),
    [?assertMatch({"a list of {\"DISK\"" ++ _, _}, bad(volumes, V))
     || V <- ["a:/b", {"a", "b"}, {"a", "/"}, {tmpfs, "x"}, {tmpfs, "/x", "y"},
              {7, "/x"}]],
    ?assertEqual([<<"loglevel=7">>], good(append, "loglevel=7")),
    ?assertEqual([<<"a=1">>, <<"b=2">>], good(append, ["a=1", "b=2"])),
    ?assertEqual([<<"qcow2">>], good(format, qcow2)),
    ?assertEqual([<<"qcow2">>, <<"vmdk">>], good(format, ["qcow2", vmdk])),
    ?assertMatch({"qcow2, vmdk" ++ _, floppy}, bad(format, floppy)).

%% Their serial numbers would be the same.
same_serials_test() ->
    Path = "/of/more/than/20/letters",
    ?assertMatch({"of paths that differ" ++ _, _},
                 bad(volumes, [{"x", "/a" ++ Path}, {"y", "/b" ++ Path}])).

%% rebar3 puts a profile's before the project's.
profiles_test() ->
    ?assertEqual({ok, #{memory => <<"1G">>, env => [<<"A=1">>, <<"A=2">>]}},
                 one([{env, ["A=2"]}, {env, ["A=1"]},
                      {memory, "1G"}, {memory, "2G"}])).

releases_test() ->
    Osv = [{memory, "1G"}, {env, ["A=1"]},
           {release, b, [{memory, "2G"}, {env, ["A=2"]}]}],
    ?assertEqual({ok, #{memory => <<"1G">>, env => [<<"A=1">>]}},
                 rebar3_osv_config:parse(Osv, [], a)),
    ?assertEqual({ok, #{memory => <<"2G">>, env => [<<"A=1">>, <<"A=2">>]}},
                 rebar3_osv_config:parse(Osv, [], b)).

paths_test() ->
    [?assert(rebar3_osv_config:is_path(K))
     || K <- [osv_image, base, unibeam, erts, sysroot]],
    [?assertNot(rebar3_osv_config:is_path(K)) || K <- [image, hostname, env]].

%% Every key is in the help, which fits a terminal.
help_test() ->
    Help = rebar3_osv_config:help(),
    [?assertNotEqual(nomatch, string:find(Help, "  " ++ atom_to_list(K) ++ " "))
     || K <- rebar3_osv_config:keys()],
    [?assert(length(L) < 80) || L <- string:split(Help, "\n", all)].
