%% SPDX-License-Identifier: Apache-2.0
%% Copyright the unibeam authors
%% ipv6_SUITE - IPv6 from advertisement to distribution. Routers and servers are
%% radvd, dnsmasq and the host's kernel, in a namespace that the suite makes
%% (root); without root the machine is on QEMU's user-mode network only.
-module(ipv6_SUITE).
-include_lib("stdlib/include/assert.hrl").
-compile([export_all, nowarn_export_all]).

-define(BOOT, 90000).
-define(HOST, {16#2001, 16#db8, 5, 0, 0, 0, 0, 1}).
-define(FAR, {16#2001, 16#db8, 6, 0, 0, 0, 0, 2}). %% behind a router
-define(NOWHERE, {16#2001, 16#db8, 16#ffff, 0, 0, 0, 0, 1}).
-define(GROUP, {16#ff02, 0, 0, 0, 0, 0, 4, 16#77}).
-define(BACKENDS, [inet, socket]).

suite() -> [{timetrap, {minutes, 5}}].

all() -> [user_network, {group, advertised}, {group, dhcp}, {group, static}].

groups() ->
    [{advertised, [],
      [like_linux, options, tls_loopback, prefixes, resolvers, link_mtu, ping,
       http, fragments, multicast, link_local, errors, tls, path_mtu,
       router_leaves]},
     {dhcp, [], [leased]},
     {static, [], [static, distribution]}].

init_per_suite(Config) -> vm:image("OTP_IMAGE", Config).
end_per_suite(_) -> ok.

init_per_group(Group, C) ->
    case tapnet:available() of
        true -> start(Group, C);
        false -> {skip, "no root, or no radvd and dnsmasq"}
    end.

start(Group, C) ->
    Ns = tapnet:start(["ip -6 addr add 2001:db8:5::1/64 dev tap0 nodad",
                      "sysctl -qw net.ipv6.conf.all.forwarding=1"]),
    {Daemon, Opts} = surroundings(Group, Ns, priv(C)),
    Machine = tapnet:boot(Ns, proplists:get_value(image, C), Opts),
    tapnet:load(Machine, {Ns, ipv6_guest}),
    [{ns, Ns}, {machine, Machine}, {daemon, Daemon} | C].

end_per_group(_, C) ->
    {Vm, _} = proplists:get_value(machine, C),
    ct:log("~ts", [vm:console(Vm)]),
    vm:stop(Vm),
    Daemon = proplists:get_value(daemon, C),
    %% a case may have ended it
    is_pid(Daemon) andalso is_process_alive(Daemon) andalso end_lasting(Daemon),
    tapnet:stop(proplists:get_value(ns, C)).

priv(C) -> proplists:get_value(priv_dir, C).

%% What is on the link, and how the machine is told to use it.
surroundings(advertised, Ns, Dir) ->
    File = filename:join(Dir, "radvd.conf"),
    ok = file:write_file(
           File, "interface tap0 { AdvSendAdvert on; MinRtrAdvInterval 3;"
           " MaxRtrAdvInterval 4; AdvLinkMTU 1400;"
           " prefix 2001:db8:5::/64 {}; prefix fd00:5::/64 {};"
           " RDNSS 2001:db8:5::53 {}; DNSSL example.org lab.example.org {}; };"),
    {lasting(Ns, ["radvd", "-n", "-C", File, "-m", "stderr",
                  "-p", filename:join(Dir, "radvd.pid")]),
     #{append => "ip6=auto ip.wait=20"}};
surroundings(dhcp, Ns, Dir) ->
    File = filename:join(Dir, "dnsmasq.conf"),
    ok = file:write_file(
           File, ["interface=tap0\nbind-interfaces\nno-resolv\nno-hosts\n"
                  "enable-ra\ndhcp-range=2001:db8:5::100,2001:db8:5::1ff,64,1h\n"
                  "dhcp-option=option6:dns-server,[2001:db8:5::1]\n"
                  "dhcp-option=option6:domain-search,dhcp.example\n"
                  "domain=dhcp.example\n"
                  "address=/six.example/2001:db8::66\nuser=root\n"
                  "dhcp-leasefile=", Dir, "/leases\n"]),
    {lasting(Ns, ["dnsmasq", "-k", "-C", File, "--pid-file="]),
     #{append => "ip6=auto ip.wait=20"}};
surroundings(static, _, _) ->
    {none, #{append => "ip6=2001:db8:5::50/64,2001:db8:5::1,2001:db8:5::53"
             " ip.wait=20 hostname=six",
             args => arguments(["-proto_dist", "inet6_tcp", "-setcookie", "six",
                                "-name", "machine@2001:db8:5::50"])}}.

arguments(Words) -> lists:append([["--arg", W] || W <- Words]).

%% Cases are processes of their own; a daemon's owner must outlive them.
lasting(Ns, Words) ->
    Self = self(),
    Pid = spawn(fun() ->
                        D = tapnet:daemon(Ns, Words),
                        Self ! {self(), up},
                        receive {stop, From} -> From ! {self(), tapnet:end_daemon(D)} end
                end),
    receive {Pid, up} -> Pid end.

end_lasting(Pid) ->
    Pid ! {stop, self()},
    receive {Pid, ok} -> ok after 120000 -> error(still_there) end.

guest(C, F, A) ->
    tapnet:guest(proplists:get_value(machine, C), proplists:get_value(ns, C),
                {ipv6_guest, F}, A).

host(C, F, A) -> tapnet:call(proplists:get_value(ns, C), ipv6_guest, F, A).

sh(C, Command) -> tapnet:sh(proplists:get_value(ns, C), Command).

%% The machine's address in a prefix.
address(C, Prefix) ->
    [A | _] = [A || A <- guest(C, addresses, ["eth0"]),
                    lists:prefix(Prefix, tuple_to_list(A))],
    A.

global(C) -> address(C, [16#2001, 16#db8, 5, 0]).

text(A) -> inet:ntoa(A).

%% Fun() within about Tries seconds.
eventually(Fun, 0) -> ?assert(Fun());
eventually(Fun, Tries) ->
    case Fun() of
        true -> ok;
        false -> timer:sleep(1000), eventually(Fun, Tries - 1)
    end.

%% --- without root ----------------------------------------------------------------

%% QEMU is the router, and the host's ::1 its address behind it.
user_network(C) ->
    {Vm, Port} = guest:start(proplists:get_value(image, C),
                             #{append => "ip6=auto ip.wait=20"}),
    ok = guest:load(Port, ipv6_guest),
    Addresses = guest:call(Port, ipv6_guest, addresses, ["eth0"]),
    ?assertMatch([_ | _], [A || {16#fec0, 0, 0, 0, _, _, _, _} = A <- Addresses]),
    Own = ipv6_guest:serve_tcp(),
    Answer = guest:call(Port, ipv6_guest, get,
                        [{16#fec0, 0, 0, 0, 0, 0, 0, 2}, Own]),
    ?assertMatch({match, _}, re:run(Answer, "::1")),
    vm:stop(Vm).

%% --- routers -----------------------------------------------------------------------

like_linux(C) ->
    [begin
         Linux = host(C, F, A),
         ct:log("~p ~p~non Linux: ~tp", [F, A, Linux]),
         ?assertEqual({F, A, Linux}, {F, A, guest(C, F, A)})
     end || F <- [dual_stack, v6only, echo, datagrams, refused, scopes],
            B <- ?BACKENDS, A <- [[B]]],
    ?assertEqual(host(C, lookups, []), guest(C, lookups, [])),
    ?assertEqual({ok, {0, 0, 0, 0, 0, 0, 0, 1}},
                 guest(C, lookup, ["localhost", inet6])).

options(C) -> ?assertEqual(host(C, options, []), guest(C, options, [])).

tls_loopback(C) ->
    ?assertEqual({'tlsv1.3', {ok, "hello"}}, guest(C, tls, [])).

prefixes(C) ->
    A = guest(C, addresses, ["eth0"]),
    ?assertMatch([_], [X || {16#fe80, 0, 0, 0, _, _, _, _} = X <- A]),
    ?assertMatch([_], [X || {16#2001, 16#db8, 5, 0, _, _, _, _} = X <- A]),
    ?assertMatch([_], [X || {16#fd00, 5, 0, 0, _, _, _, _} = X <- A]),
    ?assertEqual([{0, 0, 0, 0, 0, 0, 0, 1}], guest(C, addresses, ["lo"])),
    Routes = guest(C, file, ["/proc/net/ipv6_route"]),
    ?assertMatch({match, _}, re:run(Routes, "^0{32} 00 .* fe80", [multiline])),
    ?assertMatch({match, _},
                 re:run(Routes, "^20010db80005(0{20}) 40 ", [multiline])).

resolvers(C) ->
    Text = guest(C, file, ["/etc/resolv.conf"]),
    ?assertMatch({match, _}, re:run(Text, "^nameserver 2001:db8:5::53$", [multiline])),
    ?assertMatch({match, _},
                 re:run(Text, "^search example.org lab.example.org$", [multiline])).

link_mtu(C) ->
    ?assertEqual(<<"1400\n">>,
                 guest(C, file, ["/proc/sys/net/ipv6/conf/eth0/mtu"])).

ping(C) ->
    A = text(global(C)),
    [sh(C, "ping -6 -c 2 -i 0.2 -W 5 -s " ++ Size ++ " " ++ A)
     || Size <- ["56", "1300", "9000"]],
    Out = sh(C, "ping -6 -c 2 -i 0.2 -W 5 ff02::1%tap0"),
    ?assertMatch({match, _},
                 re:run(Out, text(address(C, [16#fe80, 0, 0, 0])))).

http(C) ->
    Port = integer_to_list(guest(C, serve_tcp, [])),
    Url = fun(A) -> "curl -sgm 20 'http://[" ++ A ++ "]:" ++ Port ++ "/'" end,
    ?assertEqual(<<"2001:db8:5::1\n">>, sh(C, Url(text(global(C))))),
    ?assertEqual(<<"::ffff:10.0.2.2\n">>,
                 sh(C, "curl -sm 20 http://10.0.2.15:" ++ Port ++ "/")),
    Own = host(C, serve_tcp, []),
    Answer = guest(C, get, [?HOST, Own]),
    ?assertMatch({match, _}, re:run(Answer, text(global(C)))).

%% Datagrams longer than the link's packets, both ways.
fragments(C) ->
    Port = guest(C, serve_udp, []),
    ?assertEqual([same, same, same],
                 [host(C, say, [global(C), Port, N]) || N <- [10, 3000, 40000]]),
    Own = host(C, serve_udp, []),
    ?assertEqual([same, same],
                 [guest(C, say, [?HOST, Own, N]) || N <- [3000, 40000]]).

multicast(C) ->
    [_, Index] = string:lexemes(sh(C, "ip -o link show tap0 | cut -d: -f1"
                                   " | sed 's/^/index /'"), " \n"),
    Tap = binary_to_integer(Index),
    Port = guest(C, join, [?GROUP, 2]),
    ok = host(C, speak, [?GROUP, Port, Tap, <<"to the machine">>]),
    ?assertEqual(<<"to the machine">>, guest(C, hear, [10000])),
    Own = host(C, join, [?GROUP, Tap]),
    ok = guest(C, speak, [?GROUP, Own, 2, <<"from the machine">>]),
    ?assertEqual(<<"from the machine">>, host(C, hear, [10000])).

link_local(C) ->
    A = text(address(C, [16#fe80, 0, 0, 0])),
    Port = integer_to_list(guest(C, serve_tcp, [])),
    Answer = sh(C, "curl -sgm 20 'http://[" ++ A ++ "%25tap0]:" ++ Port ++ "/'"),
    ?assertMatch(<<"fe80::", _/binary>>, Answer).

errors(C) ->
    ?assertEqual({error, econnrefused}, guest(C, connect, [?HOST, 9, [], 20000])),
    ?assertEqual({error, econnrefused}, guest(C, udp_refused, [?HOST, 9])),
    %% The router knows no way: its message ends the attempt.
    ?assertEqual({error, enetunreach}, guest(C, connect, [?NOWHERE, 9, [], 20000])),
    ?assertEqual({error, econnrefused}, host(C, udp_refused, [global(C), 9])).

tls(C) ->
    Server = guest(C, tls_server, []),
    ?assertEqual({'tlsv1.3', {ok, "hello"}},
                 host(C, tls_client, [global(C), Server])),
    Own = host(C, tls_server, []),
    ?assertEqual({'tlsv1.3', {ok, "hello"}},
                 guest(C, tls_client, [?HOST, Own])).

%% A way that carries 1300 bytes, to a namespace behind the host.
path_mtu(C) ->
    Far = tapnet:start([]),
    try
        Pid = tapnet:call(Far, os, getpid, []),
        [sh(C, X) || X <- ["ip link add far0 type veth peer name near0 netns " ++ Pid,
                           "ip link set far0 mtu 1300 up",
                           "ip addr add 2001:db8:6::1/64 dev far0 nodad"]],
        [tapnet:sh(Far, X) || X <- ["ip link set near0 mtu 1300 up",
                                   "ip addr add 2001:db8:6::2/64 dev near0 nodad",
                                   "ip -6 route add default via 2001:db8:6::1"]],
        through(C, Far)
    after
        tapnet:stop(Far)
    end.

through(C, Far) ->
    {Pid, Port} = tapnet:call(Far, ipv6_guest, sink, []),
    Sent = guest(C, bulk, [?FAR, Port, 300000]),
    ?assertEqual(Sent, tapnet:call(Far, ipv6_guest, total, [Pid])),
    Udp = tapnet:call(Far, ipv6_guest, serve_udp, []),
    ?assertEqual(1300, guest(C, path_mtu, [?FAR, Udp, 1340])),
    ?assertEqual(same, guest(C, say, [?FAR, Udp, 5000])).

%% radvd says so when it ends; what is on the link stays.
router_leaves(C) ->
    ok = end_lasting(proplists:get_value(daemon, C)),
    eventually(fun() ->
                       guest(C, connect, [?NOWHERE, 9, [], 20000]) =:=
                           {error, enetunreach} andalso
                           nomatch =:= re:run(guest(C, file, ["/proc/net/ipv6_route"]),
                                              "^0{32} 00 .* fe80", [multiline])
               end, 100),
    ?assertEqual({error, econnrefused}, guest(C, connect, [?HOST, 9, [], 20000])).

%% --- DHCPv6 ----------------------------------------------------------------------------

leased(C) ->
    A = address(C, [16#2001, 16#db8, 5, 0, 0, 0, 0]),
    ?assert(element(8, A) >= 16#100 andalso element(8, A) =< 16#1ff),
    sh(C, "ping -6 -c 1 -W 10 " ++ text(A)),
    {ok, Leases} = file:read_file(filename:join(priv(C), "leases")),
    ?assertMatch({match, _}, re:run(Leases, text(A))),
    Text = guest(C, file, ["/etc/resolv.conf"]),
    ?assertMatch({match, _}, re:run(Text, "^nameserver 2001:db8:5::1$", [multiline])),
    ?assertMatch({match, _}, re:run(Text, "^search dhcp.example", [multiline])),
    Six = {16#2001, 16#db8, 0, 0, 0, 0, 0, 16#66},
    ?assertEqual({ok, Six}, guest(C, lookup, ["six.example", inet6])),
    ?assertEqual([Six], guest(C, resolve, ["six.example", aaaa])).

%% --- static ----------------------------------------------------------------------------

static(C) ->
    A = {16#2001, 16#db8, 5, 0, 0, 0, 0, 16#50},
    ?assertEqual(A, global(C)),
    sh(C, "ping -6 -c 1 -W 10 2001:db8:5::50"),
    ?assertEqual(<<"nameserver 2001:db8:5::53\n">>,
                 guest(C, file, ["/etc/resolv.conf"])),
    ?assertEqual({ok, A}, guest(C, lookup, ["six", inet6])),
    ?assertEqual({error, enetunreach}, guest(C, connect, [?NOWHERE, 9, [], 20000])).

%% A node of the host's connects to the machine's and calls it, by IPv6 only.
distribution(C) ->
    Node = guest(C, node_name, []),
    ?assertEqual('machine@2001:db8:5::50', Node),
    Epmd = tapnet:daemon(proplists:get_value(ns, C), ["epmd"]),
    %% or the node would start one of its own
    sh(C, "timeout 100 sh -c 'until epmd -names; do sleep 0.1; done'"),
    Out = sh(C, "erl -noinput -proto_dist inet6_tcp -setcookie six"
             " -name host@2001:db8:5::1 -eval '"
             "N = list_to_atom(\"" ++ atom_to_list(Node) ++ "\"),"
             "pong = net_adm:ping(N),"
             "io:format(\"~p ~p~n\", [rpc:call(N, erlang, nodes, []),"
             " byte_size(rpc:call(N, binary, copy, [<<1>>, 3000000]))]),"
             "halt()'"),
    tapnet:end_daemon(Epmd),
    ?assertMatch(<<"['host@2001:db8:5::1'] 3000000\n", _/binary>>, Out).
