%% SPDX-License-Identifier: Apache-2.0
%% Copyright the unibeam authors
-module(rebar3_osv_base_tests).
-include_lib("eunit/include/eunit.hrl").

-define(THERE, <<"/etc/passwd">>).
-define(NOT_THERE, <<"/nowhere/usr.img">>).

settle(Settings) ->
    rebar3_osv_base:settle(Settings).

own_kernel_test() ->
    ?assertEqual({ok, #{memory => <<"1G">>}, []}, settle(#{memory => <<"1G">>})).

osv_test() ->
    Line = #{command_line => <<"--redirect=x">>},
    ?assertEqual({ok, Line#{base => ?THERE}, []},
                 settle(Line#{osv_image => ?THERE})),
    ?assertEqual({ok, Line#{base => ?THERE}, []},
                 settle(Line#{base => ?THERE, osv_image => ?NOT_THERE})).

%% An old project on a machine without its OSv image.
no_osv_image_test() ->
    ?assertEqual({ok, #{env => [<<"A=1">>]}, [{no_osv_image, ?NOT_THERE}]},
                 settle(#{osv_image => ?NOT_THERE,
                          command_line => <<"--env=A=1 ">>})),
    ?assertEqual({error, {no_base, ?NOT_THERE}}, settle(#{base => ?NOT_THERE})).

command_line_test() ->
    ?assertEqual({ok, #{env => [<<"A=1">>, <<"A=2">>],
                        append => [<<"loglevel=7">>, <<"x=y">>]},
                  [{not_for_us, [<<"/cli.so">>]}]},
                 settle(#{command_line => <<"--verbose --env=A=1 /cli.so">>,
                          env => [<<"A=2">>], append => [<<"x=y">>]})).
