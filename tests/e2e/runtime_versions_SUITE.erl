%% SPDX-License-Identifier: Apache-2.0
%% Copyright the unibeam authors
%% runtime_versions_SUITE - other OTP versions than the one that most images
%% here are made with, unmodified from other Debian releases
%% (tests/otp-versions): the web server, port programs, TLS, and distribution
%% with a node of this host's OTP.
%%
%% OTP_VERSIONS names the images, without .img.
-module(runtime_versions_SUITE).
-include_lib("stdlib/include/assert.hrl").
-compile([export_all, nowarn_export_all]).

-define(LIMIT, 120000).
-define(COOKIE, "versions").

suite() -> [{timetrap, {minutes, 8}}].

all() -> [{group, Name} || Name <- names()].

groups() -> [{Name, [], [version, http, ports, tls, distribution, command,
                   warnings, stop]}
             || Name <- names()].

names() ->
    [list_to_atom(N)
     || N <- string:lexemes(os:getenv("OTP_VERSIONS", "otp-27"), " ")].

init_per_suite(Config) ->
    [{linux, like_linux:start([port_guest, runtime_guest])} | Config].

end_per_suite(C) -> like_linux:stop(proplists:get_value(linux, C)).

init_per_group(Name, Config) ->
    Image = filename:join(os:getenv("UNIBEAM_BUILD", "build"),
                          atom_to_list(Name) ++ ".img"),
    case filelib:is_regular(Image) of
        true -> start(Image, Config);
        false -> {skip, Image ++ " was not made"}
    end.

start(Image, Config) ->
    Dist = vm:free_port(),
    Args = ["-p", lists:concat(["127.0.0.1:", Dist, ":", Dist])] ++
        lists:append([["--arg", W]
                      || W <- ["-name", "guest@10.0.2.15", "-setcookie", ?COOKIE,
                               "-kernel", "inet_dist_listen_min", integer_to_list(Dist),
                               "-kernel", "inet_dist_listen_max", integer_to_list(Dist)]]),
    {Vm, Port} = guest:start(Image, #{forward => true, args => Args}),
    [ok = guest:load(Port, M) || M <- [port_guest, runtime_guest]],
    [{vm, Vm}, {port, Port}, {dist, Dist} | Config].

end_per_group(_, C) -> vm:stop(proplists:get_value(vm, C)).

call(C, M, F, A) -> guest:call(proplists:get_value(port, C), M, F, A, ?LIMIT).

same(C, MF, A) ->
    like_linux:same(proplists:get_value(linux, C), proplists:get_value(port, C),
                    MF, A).

%% --- the cases ----------------------------------------------------------------------

version(C) ->
    Otp = call(C, erlang, system_info, [otp_release]),
    ct:pal("OTP ~s, erts ~s", [Otp, call(C, erlang, system_info, [version])]),
    ?assert(list_to_integer(Otp) >= 25),
    ?assertEqual(jit, call(C, erlang, system_info, [emu_flavor])).

http(C) ->
    Vm = proplists:get_value(vm, C),
    [?assertEqual({200, <<"hello from unibeam\n">>}, vm:http(Vm, "/"))
     || _ <- lists:seq(1, 20)].

ports(C) ->
    ?assertEqual([], call(C, port_guest, commands, [30])),
    ?assertEqual([], call(C, port_guest, statuses, [30])),
    ?assertMatch({_, []}, call(C, port_guest, at_once, [20])),
    ?assertEqual(2, call(C, port_guest, echo, [2, 1 bsl 18])),
    same(C, {port_guest, killed}, []).

%% crypto and ssl bring OpenSSL of that system, and what it wants of a kernel.
tls(C) -> same(C, {runtime_guest, tls}, []).

%% The host's node has the name under which the guest reaches the host; its epmd
%% is the host's.
distribution(C) ->
    {ok, Peer, Node} =
        peer:start(#{name => "host" ++ os:getpid(), host => "10.0.2.2",
                     longnames => true, connection => standard_io,
                     args => ["-setcookie", ?COOKIE, "-hidden"]}),
    ?assertEqual(pong, call(C, net_adm, ping, [Node])),
    ?assertEqual([Node], call(C, erlang, nodes, [hidden])),
    Data = rand:bytes(3 bsl 20),
    ?assertEqual(crypto:hash(sha256, Data),
                 peer:call(Peer, erpc, call,
                           ['guest@10.0.2.15', crypto, hash, [sha256, Data]],
                           ?LIMIT)),
    ?assertEqual(Data, call(C, erpc, call, [Node, erlang, list_to_binary, [[Data]]])),
    peer:stop(Peer),
    ?assertEqual(pang, call(C, net_adm, ping, [Node])).

%% `unibeam eval' talks to it with the library of this host's OTP.
command(C) ->
    Exe = filename:join(os:getenv("UNIBEAM_BUILD", "build"), "unibeam"),
    Port = lists:concat(["127.0.0.1:", proplists:get_value(dist, C)]),
    Eval = fun(Expression) ->
                   host:run(".", [], Exe, ["eval", "--node", "guest@10.0.2.15",
                                           "--port", Port, "--cookie", ?COOKIE,
                                           Expression])
           end,
    ?assertEqual({0, <<"out\n{'guest@10.0.2.15',42}\n">>},
                 Eval("io:format(\"out~n\"), {node(), 6 * 7}.")),
    ?assertEqual({1, <<"unibeam: exception error: bad\n">>}, Eval("error(bad)")).

%% Nothing that this OTP and this C library want is unknown to the kernel, which
%% would have warned of it.
warnings(C) -> ?assertEqual([], call(C, runtime_guest, warnings, [])).

stop(C) ->
    Vm = proplists:get_value(vm, C),
    vm:signal(Vm, "TERM"),
    vm:wait(Vm, "^STOPPED", ?LIMIT),
    ?assertEqual(0, vm:status(Vm, ?LIMIT)).
