%% SPDX-License-Identifier: Apache-2.0
%% Copyright the unibeam authors
-module(rebar3_osv_nearest_tests).
-include_lib("eunit/include/eunit.hrl").

distance_test() ->
    [begin
         ?assertEqual(D, rebar3_osv_nearest:distance(A, B)),
         ?assertEqual(D, rebar3_osv_nearest:distance(B, A))
     end || {A, B, D} <- [{"", "", 0}, {"a", "", 1}, {"abc", "abc", 0},
                          {"kitten", "sitting", 3}, {"flaw", "lawn", 2},
                          {"ab", "ba", 2}]].

find_test() ->
    ?assertEqual({ok, "ports"},
                 rebar3_osv_nearest:find("port", ["env", "ports", "erts"])),
    ?assertEqual(none, rebar3_osv_nearest:find("zzzzzz", ["env", "ports"])),
    ?assertEqual(none, rebar3_osv_nearest:find("x", [])).
