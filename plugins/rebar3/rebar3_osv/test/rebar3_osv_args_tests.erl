%% SPDX-License-Identifier: Apache-2.0
%% Copyright the unibeam authors
-module(rebar3_osv_args_tests).
-include_lib("eunit/include/eunit.hrl").

settings(Osv) ->
    {ok, Settings} = rebar3_osv_config:parse(Osv, []),
    Settings.

build(Osv) ->
    ["build", "/rel", "-o", "/img" | More] =
        rebar3_osv_args:build(settings(Osv), #{dir => "/rel", image => "/img"}),
    [iolist_to_binary(A) || A <- More].

run(Osv) ->
    ["run", "/img" | More] = rebar3_osv_args:run(settings(Osv), "/img"),
    [iolist_to_binary(A) || A <- More].

build_test() ->
    [?assertEqual(Args, build(Osv))
     || {Osv, Args} <-
        [{[], []},
         {[{env, [{"A", "x y"}, {"B", "'\""}]}],
          [<<"--env">>, <<"A=x y">>, <<"--env">>, <<"B='\"">>]},
         {[{hostname, "box"}], [<<"--hostname">>, <<"box">>]},
         {[{append, ["a=1", "b=2"]}], [<<"--append">>, <<"a=1 b=2">>]},
         {[{shell, true}], [<<"--shell">>]},
         {[{shell, false}], [<<"--no-shell">>]},
         {[{console, true}], [<<"--console">>]},
         {[{console, false}], []},
         {[{grace, 5}], [<<"--grace">>, <<"5">>]},
         {[{restart, {on_failure, 2}}], [<<"--restart">>, <<"on-failure:2">>]},
         {[{erts, "/otp"}, {sysroot, "/sys"}],
          [<<"--erts">>, <<"/otp">>, <<"--sysroot">>, <<"/sys">>]},
         {[{allow_missing, true}], [<<"--allow-missing">>]},
         {[{files, {"a b", "/c"}}], [<<"--file=a b:/c">>]},
         {[{build_options, ["--loader", "x"]}], [<<"--loader">>, <<"x">>]},
         %% of another command's
         {[{memory, 512}, {ports, 80}, {verbose, true}, {unibeam, "u"}], []}]].

%% OSv's alone go with OSv.
base_test() ->
    ?assertEqual([<<"--base">>, <<"/usr.img">>, <<"--command-line">>,
                  <<"--env=A=1 ">>, <<"--verbose">>],
                 build([{base, "/usr.img"}, {command_line, "--env=A=1 "},
                        {verbose, true}])),
    ?assertEqual([<<"--base">>, <<"/usr.img">>, <<"--format">>, <<"qcow2">>],
                 build([{base, "/usr.img"}, {format, qcow2}])),
    ?assertEqual([<<"--base">>, <<"/usr.img">>],
                 build([{base, "/usr.img"}, {verbose, false}])).

volumes_test() ->
    Osv = [{volumes, [{"/d/my disk.img", "/srv/cata:logue"}, {tmpfs, "/a"},
                      {tmpfs, "/b", 64},
                      {"x", "/a/very/long/path/of/more/than/20/bytes"}]}],
    ?assertEqual([<<"--mount">>, <<"srv-cata-logue:/srv/cata:logue">>,
                  <<"--mount">>, <<"tmpfs:/a">>, <<"--mount">>, <<"tmpfs:/b:64M">>,
                  <<"--mount">>,
                  <<"f-more-than-20-bytes"
                    ":/a/very/long/path/of/more/than/20/bytes">>],
                 build(Osv)),
    ?assertEqual([<<"--disk">>, <<"/d/my disk.img,serial=srv-cata-logue,ro">>,
                  <<"--disk">>, <<"x,serial=f-more-than-20-bytes,ro">>],
                 run(Osv)).

run_test() ->
    [?assertEqual(Args, run(Osv))
     || {Osv, Args} <-
        [{[], []},
         {[{memory, 512}], [<<"--memory">>, <<"512M">>]},
         {[{cpus, 2}], [<<"--smp">>, <<"2">>]},
         {[{ports, [{81, 80}, 443]}],
          [<<"--publish">>, <<"81:80">>, <<"--publish">>, <<"443:443">>]},
         {[{run_options, ["--network", "tap=t"]}],
          [<<"--network">>, <<"tap=t">>]},
         {[{env, ["A=1"]}, {hostname, "box"}], []}]].

check_test() ->
    ?assertEqual(["check", "/rel"], rebar3_osv_args:check(#{}, "/rel")),
    ?assertEqual(["check", "/rel", "--erts", "/otp"],
                 rebar3_osv_args:check(#{erts => "/otp"}, "/rel")),
    ?assertEqual(["check", "/rel", "--no-shell", "--allow-missing", "--verbose"],
                 rebar3_osv_args:check(settings([{shell, false}, {memory, 1},
                                                 {allow_missing, true},
                                                 {verbose, true}]), "/rel")).

converted_test() ->
    ?assertEqual("/b/x.qcow2", rebar3_osv_args:converted("/b/x.img", <<"qcow2">>)),
    ?assertEqual("/b/x.tar.gz", rebar3_osv_args:converted("/b/x.img", <<"gce">>)),
    ?assertEqual(<<"/b/x.raw.vdi">>,
                 rebar3_osv_args:converted(<<"/b/x.raw">>, <<"vdi">>)).
