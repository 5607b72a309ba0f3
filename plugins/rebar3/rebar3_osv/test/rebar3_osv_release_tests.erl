%% SPDX-License-Identifier: Apache-2.0
%% Copyright the unibeam authors
-module(rebar3_osv_release_tests).
-include_lib("eunit/include/eunit.hrl").

configured_test() ->
    ?assertEqual([], rebar3_osv_release:configured([{dev_mode, true}])),
    ?assertEqual([a, b],
                 rebar3_osv_release:configured(
                     [{release, {b, "1"}, [b]},
                      {release, {a, {git, long}}, [a], [{dev_mode, true}]},
                      {release, {a, "2"}, {erts, "13"}, [a]},
                      {release, c}, {sys_config, "x"}, foo])).

chosen_test() ->
    Chosen = fun rebar3_osv_release:chosen/2,
    ?assertEqual({error, no_release}, Chosen([], [])),
    ?assertEqual({error, no_release}, Chosen([{relname, "a"}], [])),
    ?assertEqual({ok, [a]}, Chosen([], [a])),
    ?assertEqual({error, {which_release, [a, b]}}, Chosen([], [a, b])),
    ?assertEqual({ok, [b]}, Chosen([{relname, "b"}], [a, b])),
    ?assertEqual({ok, [a, b]}, Chosen([{all, true}], [a, b])),
    ?assertEqual({ok, [a]}, Chosen([{all, false}, {relname, "a"}], [a, b])),
    ?assertEqual({ok, [a, c]}, Chosen([{relnames, "a,c"}], [a, b, c])),
    ?assertEqual({error, {unknown_release, "x", [a, b]}},
                 Chosen([{relname, "x"}], [a, b])),
    ?assertEqual({error, {unknown_release, "no_atom_yet", [a]}},
                 Chosen([{relnames, "a,no_atom_yet"}], [a])).

dir_test() ->
    Dir = fun rebar3_osv_release:dir/3,
    ?assertEqual("rel", Dir([], [], "rel")),
    ?assertEqual("x", Dir([{output_dir, "x"}], [], "rel")),
    ?assertEqual("y", Dir([{output_dir, "x"}], [{output_dir, "y"}], "rel")).
