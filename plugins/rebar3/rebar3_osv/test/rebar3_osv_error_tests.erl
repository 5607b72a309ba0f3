%% SPDX-License-Identifier: Apache-2.0
%% Copyright the unibeam authors
-module(rebar3_osv_error_tests).
-include_lib("eunit/include/eunit.hrl").

says(Reason, Part) ->
    Text = unicode:characters_to_list(rebar3_osv_error:format(Reason)),
    ?assertNotEqual({nomatch, Text}, {string:find(Text, Part), Text}).

messages_test() ->
    [says(Reason, Part) || {Reason, Part} <-
        [{{unknown_key, memry, {ok, "memory"}}, "did you mean 'memory'"},
         {{unknown_key, {a}, none}, "no key '{a}'"},
         {{bad_value, cpus, "a number", <<"käse"/utf8>>}, "it is <<\"käse\"/utf8>>"},
         {{bad_section, foo}, "foo is none"},
         {no_release, "{relx, [{release,"},
         {{which_release, [a, b]}, "which release: a, b?"},
         {{unknown_release, "c", [a, b]}, "no release 'c'"},
         {{relx_config, "relx.config", enoent}, "no such file"},
         {{relx_config, "x", {3, erl_parse, ["bad", "thing"]}}, "3: badthing"},
         {{one_image, <<"/x">>, [a, b]}, "the image of a, b"},
         {{no_base, "/x"}, "'/x', is not there"},
         {{no_release_dir, "/x"}, "no release in '/x'"},
         {{no_unibeam, nowhere}, "UNIBEAM=/path"},
         {{no_unibeam, {environment, "/x"}}, "UNIBEAM is '/x'"},
         {{no_unibeam, {key, <<"/x">>}}, "'unibeam' is '/x'"},
         {{cannot_run, "/x", eacces}, "cannot run '/x': permission"},
         {{cannot_make, "/x", enospc}, "cannot make the directory '/x': no space"},
         {{failed, "build", 1, [<<"no 'x'">>]},
          "unibeam build failed with status 1: no 'x'"},
         {{failed, "build", 2, []}, "failed with status 2"},
         {{failed, "build", 137, []}, "was ended by signal 9"},
         {{ended, 7}, "status 7"},
         {{one_at_a_time, [a, b]}, "not a, b: say -n"},
         {{found, [a]}, "something in a: see"},
         {{something, else}, "{something,else}"}]].

warnings_test() ->
    ?assertMatch({match, _},
                 re:run(rebar3_osv_error:warning({no_osv_image, "/x"}),
                        "'/x' is not there")),
    ?assertMatch({match, _},
                 re:run(rebar3_osv_error:warning({no_otp, system_libs, "/x"}),
                        "^system_libs '/x' is not there")),
    ?assertMatch({match, _},
                 re:run(rebar3_osv_error:warning({not_for_us, [<<"a">>, <<"b">>]}),
                        "left out: a b")).
