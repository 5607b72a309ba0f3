%% SPDX-License-Identifier: Apache-2.0
%% Copyright the unibeam authors
-module(rebar3_osv_cmdline_tests).
-include_lib("eunit/include/eunit.hrl").

said(Text) ->
    #{env := Env, append := Append, left := Left} =
        rebar3_osv_cmdline:translate(Text),
    {Env, Append, Left}.

nothing_test() ->
    [?assertEqual({[], [], []}, said(T)) || T <- ["", "  ", <<>>]].

environment_test() ->
    ?assertEqual({[<<"A=1">>, <<"B=x=y">>, <<"C=a b">>], [], []},
                 said("--env=A=1 --env=B=x=y  \"--env=C=a b\" ")).

%% What concerns OSv alone needs no warning.
of_no_concern_test() ->
    ?assertEqual({[], [], []},
                 said("--norandom --noinit --rootfs=zfs --console=serial "
                      "--power-off-on-abort --noshutdown")).

verbose_test() ->
    ?assertEqual({[], [<<"loglevel=7">>], []}, said("--verbose ")).

address_test() ->
    [?assertEqual({[], [Is], []}, said(Text))
     || {Text, Is} <-
        [{"--ip=eth0,10.0.0.2,255.255.255.0", <<"ip=10.0.0.2/24">>},
         {"--defaultgw=10.0.0.1 --ip=eth0,10.0.0.2,255.255.255.0",
          <<"ip=10.0.0.2/24,10.0.0.1">>},
         {"--ip=eth0,10.0.0.2,255.255.240.0 --defaultgw=10.0.0.1 "
          "--nameserver=10.0.0.3", <<"ip=10.0.0.2/20,10.0.0.1,10.0.0.3">>},
         {"--ip=eth0,10.0.0.2,255.255.255.255 --nameserver=10.0.0.3",
          <<"ip=10.0.0.2/32,,10.0.0.3">>},
         {"--ip=eth0,10.0.0.2,0.0.0.0", <<"ip=10.0.0.2/0">>}]].

%% What cannot be said is told by name.
left_test() ->
    [?assertEqual({[], [], Left}, said(Text))
     || {Text, Left} <-
        [{"--redirect=/log ", [<<"--redirect=/log">>]},
         {"/libhttpserver-api.so &!",
          [<<"/libhttpserver-api.so">>, <<"&!">>]},
         {"--ip=eth0,10.0.0.2", [<<"--ip=eth0,10.0.0.2">>]},
         {"--ip=eth0,10.0.0.2,255.0.255.0",
          [<<"--ip=eth0,10.0.0.2,255.0.255.0">>]},
         {"--ip=eth0,ten,255.0.0.0", [<<"--ip=eth0,ten,255.0.0.0">>]},
         {"--defaultgw=10.0.0.1", [<<"--defaultgw=10.0.0.1">>]}]],
    ?assertEqual({[], [<<"ip=10.0.0.2/8">>], [<<"--ip=eth1,10.1.0.2,255.0.0.0">>]},
                 said("--ip=eth0,10.0.0.2,255.0.0.0 --ip=eth1,10.1.0.2,255.0.0.0")).
