%% SPDX-License-Identifier: Apache-2.0
%% Copyright the unibeam authors
%% tap_SUITE - a machine on a real link, in a network namespace of this suite: peers
%% that vanish, names from the server that DHCP told of, TLS and DTLS with OpenSSL,
%% very many connections. What Linux does is seen in a second namespace.
%%
%% MANY=20000 is the long form of the last (make check-long-net).
-module(tap_SUITE).
-include_lib("stdlib/include/assert.hrl").
-compile([export_all, nowarn_export_all]).

-define(HOST, {10, 9, 0, 1}).
-define(GUEST, {10, 9, 0, 15}).
-define(PEER, {10, 9, 9, 9}). %% vanishes
-define(NOBODY, {10, 9, 9, 10}).
-define(SLACK, 1900). %% ms by which the time of an end may differ from Linux's

suite() -> [{timetrap, {minutes, 20}}].

all() -> [names, tls, dtls, silent, many].

init_per_suite(Config) ->
    case {vm:image("OTP_IMAGE", Config), nsnode:available()} of
        {[{image, Image} | _], true} -> start(Image, Config);
        {_, false} -> {skip, "no network namespaces (root?)"};
        {Skip, _} -> Skip
    end.

%% The host's side of the link, and Linux on a link of its own beside it.
start(Image, Config) ->
    Host = nsnode:start(["ip tuntap add tap0 mode tap",
                         "ip addr add 10.9.0.1/24 dev tap0",
                         "ip link set tap0 up", "ip addr add 10.9.9.9/32 dev lo",
                         "ip link add veth0 type veth peer name veth1",
                         "ip addr add 10.9.1.1/24 dev veth0",
                         "ip link set veth0 up", dnsmasq(Config)]),
    Linux = nsnode:start([]),
    on(Host, nsnode, sh, ["ip link set veth1 netns " ++ nsnode:pid(Linux)]),
    [on(Linux, nsnode, sh, [C])
     || C <- ["ip addr add 10.9.1.2/24 dev veth1", "ip link set veth1 up",
              "ip route add default via 10.9.1.1"]],
    Vm = on(Host, nsnode, machine, [Image, "tap0", #{memory => "512M"}]),
    C = [{host, Host}, {linux, Linux}, {vm, Vm}, {dns, pid_file(Config)} | Config],
    on(Host, guest, load, [{?GUEST, 8079}, tap_guest]),
    C.

end_per_suite(C) ->
    Host = proplists:get_value(host, C),
    on(Host, vm, stop, [proplists:get_value(vm, C)]),
    on(Host, nsnode, sh, ["kill $(cat " ++ proplists:get_value(dns, C) ++ ")"]),
    [nsnode:stop(proplists:get_value(N, C)) || N <- [host, linux]].

%% It ends with the suite, or by itself after half an hour.
dnsmasq(C) ->
    "timeout 1800 /usr/sbin/dnsmasq --pid-file=" ++ pid_file(C) ++ " --no-resolv --no-hosts --bind-interfaces --interface=tap0"
        " --except-interface=lo --user=root --leasefile-ro --keep-in-foreground"
        " --dhcp-range=10.9.0.15,10.9.0.15,1h --dhcp-option=option:router,10.9.0.1"
        " --domain=example.test --address=/known.example.test/192.0.2.7"
        " --txt-record=known.example.test,hello --local=/example.test/"
        " >" ++ filename:join(proplists:get_value(priv_dir, C), "dnsmasq.log")
        ++ " 2>&1 &".

pid_file(C) -> filename:join(proplists:get_value(priv_dir, C), "dnsmasq.pid").

on(Node, M, F, A) -> nsnode:call(Node, M, F, A, 900000).
host(C, F, A) -> on(proplists:get_value(host, C), tap_guest, F, A).
linux(C, F, A) -> on(proplists:get_value(linux, C), tap_guest, F, A).
guest(C, F, A) ->
    on(proplists:get_value(host, C), guest, call,
       [{?GUEST, 8079}, tap_guest, F, A, 600000]).

%% --- the cases ----------------------------------------------------------------------

names(C) ->
    Known = "known.example.test",
    [{ok, Native}, {error, nxdomain}, {192, 0, 2, 7}, [{192, 0, 2, 7}],
     [["hello"]], {error, nxdomain}, Servers, Search] =
        guest(C, names, [Known, "unknown.example.test"]),
    ?assertEqual({hostent, Known, [], inet, 4, [{192, 0, 2, 7}]}, Native),
    ?assertEqual([{?HOST, 53}], Servers),
    ?assertEqual(["example.test"], Search).

silent(C) ->
    N = length(guest(C, cases, [])),
    Port = host(C, vanish, [?PEER, 2 * N, "ip addr del 10.9.9.9/32 dev lo"]),
    {Linux, Guest} = both(fun() -> linux(C, silence, [?PEER, Port]) end,
                          fun() -> guest(C, silence, [?PEER, Port]) end),
    same_ends(Linux, Guest),
    Tcp = fun(Neighbour) -> [{user_timeout, ?NOBODY, [{18, 3000}]},
                             {syn_count, ?NOBODY, [{7, 2}]},
                             {no_neighbour, Neighbour, []}]
          end,
    {Linux2, Guest2} = both(fun() -> linux(C, connecting, [Tcp({10, 9, 1, 77})]) end,
                            fun() -> guest(C, connecting, [Tcp({10, 9, 0, 77})]) end),
    same_ends(Linux2, Guest2).

both(F, G) ->
    Self = self(),
    Pid = spawn_link(fun() -> Self ! {self(), G()} end),
    R = F(),
    receive {Pid, S} -> {R, S} end.

same_ends(Linux, Guest) ->
    ct:pal("Linux ~p~nguest ~p", [Linux, Guest]),
    [begin
         ?assertEqual({Name, R}, {Name, S}),
         ?assertMatch({_, D} when D =< ?SLACK, {Name, abs(T - U)})
     end || {{Name, {R, T}}, {Name, {S, U}}} <- lists:zip(Linux, Guest)].

%% OpenSSL is the other side: client and server, both versions, with and without
%% a certificate of the client, and with its session used again.
tls(C) ->
    Pki = pki(C),
    [F(C, Pki, V) || F <- [fun server_v/3, fun client_v/3],
                     V <- ['tlsv1.2', 'tlsv1.3']],
    wants_certificate(C, Pki),
    used_again(C, Pki).

server_v(C, Pki, V) ->
    Port = guest(C, tls_server, [0, [{versions, [V]} | identity(Pki, server)], 1]),
    Out = s_client(C, Port, [flag(V), "-CAfile", file(Pki, "ca.pem"),
                             "-verify_return_error"], "a line"),
    ?assertMatch({match, _}, re:run(Out, "A LINE")),
    ?assertMatch({match, _}, re:run(Out, "Verify return code: 0")).

client_v(C, Pki, V) ->
    Port = s_server(C, Pki, [flag(V)]),
    Trust = [{cacerts, [ca(Pki)]}, {verify, verify_peer}, {versions, [V]},
             {server_name_indication, "server.example.test"}],
    ?assertEqual({V, {ok, <<"tneilc a morf olleh\n">>}},
                 guest(C, tls_client, [?HOST, Port, Trust])),
    ?assertEqual({error, handshake_failure},
                 guest(C, tls_client,
                       [?HOST, Port, lists:keystore(server_name_indication, 1, Trust,
                                                    {server_name_indication,
                                                     "other.example.test"})])).

wants_certificate(C, Pki) ->
    Port = guest(C, tls_server, [0, [{verify, verify_peer},
                                     {fail_if_no_peer_cert, true},
                                     {cacerts, [ca(Pki)]} | identity(Pki, server)],
                                 1]),
    With = s_client(C, Port, ["-cert", file(Pki, "client.pem"), "-key",
                              file(Pki, "client.key")], "me"),
    ?assertMatch({match, _}, re:run(With, "^ME", [multiline])),
    Without = s_client(C, Port, [], "me"),
    ?assertEqual(nomatch, re:run(Without, "^ME", [multiline])).

used_again(C, Pki) ->
    Port = guest(C, tls_server, [0, [{session_tickets, stateless},
                                     {versions, ['tlsv1.3']}
                                     | identity(Pki, server)], 1]),
    Session = file(Pki, "session"),
    s_client(C, Port, ["-sess_out", Session], "once"),
    Out = s_client(C, Port, ["-sess_in", Session], "again"),
    ?assertMatch({match, _}, re:run(Out, "^Reused, TLSv1.3", [multiline])),
    ?assertMatch({match, _}, re:run(Out, "^AGAIN", [multiline])).

dtls(C) ->
    Pki = pki(C),
    Port = dtls_server(C, Pki),
    ?assertEqual({'dtlsv1.2', {ok, <<"over here\n">>}},
                 guest(C, dtls_client, [?HOST, Port, [{cacerts, [ca(Pki)]},
                                                      {verify, verify_peer},
                                                      {server_name_indication,
                                                       "server.example.test"}]])),
    Guest = guest(C, tls_server, [0, [{protocol, dtls} | identity(Pki, server)], 1]),
    Out = s_client(C, Guest, ["-dtls1_2", "-CAfile", file(Pki, "ca.pem")], "packets"),
    ?assertMatch({match, _}, re:run(Out, "^PACKETS", [multiline])).

flag('tlsv1.2') -> "-tls1_2";
flag('tlsv1.3') -> "-tls1_3".

%% The client's input ends when the answer is there, or the client has ended.
s_client(C, Port, Words, Line) ->
    Command = ["out=$(mktemp); { echo ", Line, "; until grep -q '^",
               string:uppercase(Line), "' $out || [ -e $out.end ]; do sleep 0.1; done; } |"
               " { timeout 100 openssl s_client"
               " -connect 10.9.0.15:", integer_to_list(Port), " ",
               lists:join(" ", Words), " >$out 2>&1; : >$out.end; };"
               " cat $out; rm $out $out.end"],
    on(proplists:get_value(host, C), nsnode, sh, [lists:flatten(Command)]).

%% It turns each line round. It ends with the suite's namespace.
s_server(C, Pki, Words) -> s_server(C, Pki, "", ["-rev" | Words]).

%% With datagrams it cannot do that, and says something else, again and again.
dtls_server(C, Pki) ->
    s_server(C, Pki, "(while sleep 1; do echo over here; done) | ",
             ["-dtls1_2", "-mtu", "1400"]).

s_server(C, Pki, Input, Words) ->
    Port = integer_to_list(20000 + erlang:unique_integer([positive]) rem 10000),
    Command = [Input, "timeout 300 openssl s_server -quiet -accept ", Port, " -cert ",
               file(Pki, "server.pem"), " -key ", file(Pki, "server.key"), " ",
               lists:join(" ", Words), " >/dev/null 2>&1 & timeout 100 sh -c 'until ss -Hlntu sport = :",
               Port, " | grep -q .; do sleep 0.1; done'"],
    on(proplists:get_value(host, C), nsnode, sh, [lists:flatten(Command)]),
    list_to_integer(Port).

%% A certificate authority, a server and a client: files of a directory.
pki(C) ->
    Dir = filename:join(proplists:get_value(priv_dir, C), "pki"),
    filelib:is_dir(Dir) orelse make_pki(Dir),
    Dir.

make_pki(Dir) ->
    ok = file:make_dir(Dir),
    New = "openssl req -newkey rsa:2048 -nodes -days 3 -subj /CN=",
    Sign = fun(Name) ->
                   [New, Name, " -keyout ", Name, ".key -out ", Name, ".csr && "
                    "printf 'subjectAltName=DNS:", Name, ".example.test' >ext && "
                    "openssl x509 -req -days 3 -in ", Name, ".csr -CA ca.pem "
                    "-CAkey ca.key -CAcreateserial -extfile ext -out ", Name, ".pem"]
           end,
    [nsnode:sh("cd " ++ Dir ++ " && " ++ lists:flatten(Command))
     || Command <- [[New, "ca -x509 -keyout ca.key -out ca.pem"],
                    Sign("server"), Sign("client")]].

file(Dir, Name) -> filename:join(Dir, Name).

pem(Dir, Name) ->
    {ok, Text} = file:read_file(file(Dir, Name)),
    [{Type, Der, _} | _] = public_key:pem_decode(Text),
    {Type, Der}.

ca(Pki) -> element(2, pem(Pki, "ca.pem")).

identity(Pki, Who) ->
    Name = atom_to_list(Who),
    [{cert, element(2, pem(Pki, Name ++ ".pem"))}, {key, pem(Pki, Name ++ ".key")}].

%% With many connections open accepting, answering and closing cost what they cost
%% with few; so does the memory of each; and all of it comes back.
many(C) ->
    N = list_to_integer(os:getenv("MANY", "3000")),
    {Server, Port} = guest(C, serve_many, [4096]),
    Short = fun() ->
                    #{cpu := Before} = guest(C, usage, []),
                    500 = host(C, short, [?GUEST, Port, 500, 5]),
                    #{cpu := After} = guest(C, usage, []),
                    After - Before
            end,
    Few = max(Short(), Short()),
    Empty = guest(C, usage, []),
    Clients = [{on(proplists:get_value(host, C), nsnode, another, []), P}
               || P <- portions(N, 10000)],
    Each = fun(F, A) ->
                   [on(proplists:get_value(host, C), peer, call,
                       [P, tap_guest, F, A(K), 900000]) || {P, K} <- Clients]
           end,
    ?assertEqual(N, lists:sum(Each(open_many, fun(K) -> [?GUEST, Port, K] end))),
    Full = guest(C, usage, []),
    timer:sleep(5000), % they come to rest
    %% Time is also the host's, which may be busy: what grows with the number of
    %% connections shows each time, what others do does not.
    Many = least(Short, 4 * Few + 500, 5),
    [?assertMatch({Some, Some}, Answered)
     || Answered <- Each(ask_many, fun(_) -> [max(1, N div 500), 120000] end)],
    Slab = maps:get(slab, Full) - maps:get(slab, Empty),
    ct:pal("500 short connections take ~p ms of CPU, with ~p others ~p ms; "
           "kernel memory for each ~p bytes, all memory ~p",
           [Few, N, Many, Slab * 1024 div N,
            (maps:get(available, Empty) - maps:get(available, Full)) * 1024 div N]),
    ?assert(Many < 4 * Few + 500),
    Each(close_many, fun(_) -> [] end),
    ok = guest(C, stop_many, [Server]).

%% What F gives that is less than Limit, of at most Tries times, or the least.
least(F, Limit, Tries) ->
    case F() of
        R when R < Limit; Tries =:= 1 -> R;
        R -> min(R, least(F, Limit, Tries - 1))
    end.

portions(N, Most) when N > Most -> [Most | portions(N - Most, Most)];
portions(N, _) -> [N].
