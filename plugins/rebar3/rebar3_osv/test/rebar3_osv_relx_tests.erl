%% SPDX-License-Identifier: Apache-2.0
%% Copyright the unibeam authors
-module(rebar3_osv_relx_tests).
-include_lib("eunit/include/eunit.hrl").

-define(README(Dir), [{include_src, false}, {include_erts, Dir},
                      {system_libs, Dir}]).

otp_test() ->
    Root = code:root_dir(),
    Is = {[{include_src, false}, {include_erts, Root},
           {system_libs, code:lib_dir()}], []},
    ?assertEqual(Is, rebar3_osv_relx:adapt(?README(Root), "/", true)),
    ?assertEqual(Is, rebar3_osv_relx:adapt(?README(Root), "/", false)),
    %% right already, and from the project's directory
    ?assertEqual({[{system_libs, code:lib_dir()}], []},
                 rebar3_osv_relx:adapt([{system_libs, code:lib_dir()}], "/", true)),
    ?assertEqual({[{system_libs, code:lib_dir()}], []},
                 rebar3_osv_relx:adapt([{system_libs, filename:basename(Root)}],
                                       filename:dirname(Root), true)).

%% The layout of an OTP that was installed below a directory.
below_test() ->
    Base = string:trim(os:cmd("mktemp -d")),
    Root = filename:join(Base, "usr/lib64/erlang"),
    ok = filelib:ensure_dir(Root),
    ok = file:make_symlink(code:root_dir(), Root),
    Adapted = rebar3_osv_relx:adapt(?README(Base), "/", true),
    ok = file:delete(Root),
    [ok = file:del_dir(filename:join(Base, D)) || D <- ["usr/lib64", "usr", ""]],
    ?assertEqual({[{include_src, false}, {include_erts, Root},
                   {system_libs, filename:join(Root, "lib")}], []}, Adapted).

not_there_test() ->
    ?assertEqual({[{include_src, false}, {include_erts, true},
                   {system_libs, true}],
                  [{no_otp, include_erts, "/no/otp"},
                   {no_otp, system_libs, "/no/otp"}]},
                 rebar3_osv_relx:adapt(?README("/no/otp"), "/", true)),
    %% what OSv needs is not for us to say
    ?assertEqual({?README("/no/otp"), []},
                 rebar3_osv_relx:adapt(?README("/no/otp"), "/", false)).

others_test() ->
    [?assertEqual({[T], []}, rebar3_osv_relx:adapt([T], "/", true))
     || T <- [{include_erts, false}, {include_erts, true}, {system_libs, false},
              {include_erts, "/etc"}, {system_libs, "/etc"}, {lib_dirs, ["/x"]},
              {release, {a, "1"}, [a]}, foo]].
