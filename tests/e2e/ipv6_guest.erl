%% SPDX-License-Identifier: Apache-2.0
%% Copyright the unibeam authors
%% ipv6_guest - runs in the machine, on the host's Linux, or on both: IPv6 as an
%% Erlang program uses it.
-module(ipv6_guest).
-export([dual_stack/1, v6only/1, echo/1, datagrams/1, refused/1, scopes/1,
         lookups/0, options/0, tls/0]).
-export([addresses/1, file/1, connect/4, udp_refused/2, serve_tcp/0, serve_udp/0,
         get/2, say/3, bulk/3, path_mtu/3, join/2, hear/1, speak/4, sink/0,
         total/1, tls_server/0, tls_client/2, lookup/2, resolve/2, node_name/0,
         ping/1]).

-define(LIMIT, 30000).
-define(LO, {0, 0, 0, 0, 0, 0, 0, 1}).

%% Backend: inet or socket.
open(Backend, Opts) -> [{inet_backend, Backend}, inet6, binary, {active, false} | Opts].

%% --- compared with Linux ------------------------------------------------------

%% Who connects by IPv4 to a listener for both families, as it sees him.
dual_stack(Backend) ->
    {ok, L} = gen_tcp:listen(0, open(Backend, [{ipv6_v6only, false}])),
    {ok, Port} = inet:port(L),
    Peers = [peer_of(L, Family, Address, Port)
             || {Family, Address} <- [{inet, {127, 0, 0, 1}}, {inet6, ?LO},
                                      {inet6, {0, 0, 0, 0, 0, 16#ffff, 16#7f00, 1}}]],
    {ok, [{ipv6_v6only, Only}]} = inet:getopts(L, [ipv6_v6only]),
    gen_tcp:close(L),
    {Only, Peers}.

peer_of(L, Family, Address, Port) ->
    {ok, C} = gen_tcp:connect(Address, Port, [Family, binary, {active, false}]),
    {ok, S} = gen_tcp:accept(L, ?LIMIT),
    {ok, {Peer, _}} = inet:peername(S),
    {ok, {Own, _}} = inet:sockname(S),
    gen_tcp:close(C),
    gen_tcp:close(S),
    {Peer, Own}.

v6only(Backend) ->
    {ok, L} = gen_tcp:listen(0, open(Backend, [{ipv6_v6only, true}])),
    {ok, Port} = inet:port(L),
    Four = gen_tcp:connect({127, 0, 0, 1}, Port, [inet]),
    {ok, Six} = gen_tcp:connect(?LO, Port, [inet6]),
    Beside = gen_tcp:listen(Port, [inet, binary]),
    gen_tcp:close(Six),
    gen_tcp:close(L),
    {Four, element(1, Beside)}.

echo(Backend) ->
    {ok, L} = gen_tcp:listen(0, open(Backend, [{ip, ?LO}])),
    {ok, Port} = inet:port(L),
    Data = binary:copy(<<"0123456789">>, 50000),
    {ok, C} = gen_tcp:connect(?LO, Port, open(Backend, [])),
    {ok, S} = gen_tcp:accept(L, ?LIMIT),
    spawn_link(fun() -> ok = gen_tcp:send(C, Data) end),
    {ok, Back} = gen_tcp:recv(S, byte_size(Data), ?LIMIT),
    ok = gen_tcp:shutdown(S, write),
    End = gen_tcp:recv(C, 0, ?LIMIT),
    [gen_tcp:close(X) || X <- [C, S, L]],
    {Back =:= Data, End}.

datagrams(Backend) ->
    {ok, A} = gen_udp:open(0, open(Backend, [{recvtclass, true},
                                             {recbuf, 1 bsl 17}])),
    {ok, B} = gen_udp:open(0, open(Backend, [{tclass, 16#28}])),
    {ok, Port} = inet:port(A),
    Big = binary:copy(<<"x">>, 20000),
    ok = gen_udp:send(B, ?LO, Port, <<"small">>),
    ok = gen_udp:send(B, ?LO, Port, Big),
    {ok, {From, _, Control, Small}} = gen_udp:recv(A, 0, ?LIMIT),
    {ok, {_, _, _, Back}} = gen_udp:recv(A, 0, ?LIMIT),
    Too = gen_udp:send(B, ?LO, Port, binary:copy(<<"x">>, 65528)),
    gen_udp:close(A),
    gen_udp:close(B),
    {From, Control, Small, Back =:= Big, Too}.

refused(Backend) ->
    {ok, L} = gen_tcp:listen(0, open(Backend, [{ip, ?LO}])),
    {ok, Port} = inet:port(L),
    gen_tcp:close(L),
    {gen_tcp:connect(?LO, Port, open(Backend, [])),
     gen_tcp:connect({16#2001, 16#db8, 16#7777, 0, 0, 0, 0, 1}, Port,
                     open(Backend, []), 20000) =:= {error, timeout},
     gen_tcp:listen(0, open(Backend, [{ip, {16#2001, 16#db8, 0, 0, 0, 0, 0, 77}}]))}.

%% Addresses of a link need to say which.
scopes(Backend) ->
    Link = {16#fe80, 0, 0, 0, 0, 0, 0, 77},
    {outcome(fun() -> gen_tcp:connect(Link, 80, open(Backend, []), 20000) end),
     outcome(fun() -> gen_tcp:listen(0, open(Backend, [{ip, Link}])) end)}.

%% EINVAL is an exception of gen_tcp's.
outcome(Fun) ->
    try Fun() catch Class:Reason -> {Class, Reason} end.

lookups() ->
    {inet:getaddr("::1", inet6), inet:getaddr("::1", inet),
     inet:parse_address("fe80::1%lo"), inet:ntoa(?LO),
     inet:gethostbyname("::1", inet6)}.

%% What socket(3) tells of a new socket's options of IPv6.
options() ->
    [{Type, Option, option(Type, Option)}
     || Type <- [stream, dgram],
        Option <- [mtu_discover, multicast_hops, multicast_if, multicast_loop,
                   recverr, recvhoplimit, recvpktinfo, recvtclass, tclass,
                   unicast_hops, v6only, mtu]].

option(Type, Option) ->
    {ok, S} = socket:open(inet6, Type),
    Value = socket:getopt(S, ipv6, Option),
    Set = case Value of
              {ok, V} -> socket:setopt(S, ipv6, Option, V);
              _ -> none
          end,
    socket:close(S),
    {Value, Set}.

tls() ->
    {Server, Client} = test_data(),
    {ok, L} = ssl:listen(0, [inet6, {ip, ?LO}, {active, false} | Server]),
    {ok, {_, Port}} = ssl:sockname(L),
    Self = self(),
    spawn_link(fun() -> Self ! serve_once(L) end),
    Answer = tls_talk(?LO, Port, Client),
    receive done -> ok after ?LIMIT -> error(no_end) end,
    ssl:close(L),
    Answer.

serve_once(L) ->
    {ok, T} = ssl:transport_accept(L, ?LIMIT),
    {ok, S} = ssl:handshake(T, ?LIMIT),
    {ok, D} = ssl:recv(S, 5, ?LIMIT),
    ok = ssl:send(S, D),
    ssl:close(S),
    done.

tls_talk(Address, Port, Opts) ->
    {ok, _} = application:ensure_all_started(ssl),
    {ok, S} = ssl:connect(Address, Port, [inet6, {active, false} | Opts], ?LIMIT),
    ok = ssl:send(S, "hello"),
    Answer = ssl:recv(S, 5, ?LIMIT),
    {ok, [{protocol, Version}]} = ssl:connection_information(S, [protocol]),
    ssl:close(S),
    {Version, Answer}.

test_data() ->
    {ok, _} = application:ensure_all_started(ssl),
    Key = [{key, {namedCurve, secp256r1}}], %% quickly made
    Chain = #{root => Key, intermediates => [], peer => Key},
    #{server_config := Server, client_config := Client} =
        public_key:pkix_test_data(#{server_chain => Chain, client_chain => Chain}),
    {Server, [{server_name_indication, disable}, {verify, verify_peer} | Client]}.

%% --- one end of a conversation --------------------------------------------------

%% {Address, flags} of an interface's IPv6 addresses.
addresses(Interface) ->
    {ok, All} = inet:getifaddrs(),
    [A || {addr, A} <- proplists:get_value(Interface, All, []),
          tuple_size(A) =:= 8].

file(Path) ->
    {ok, Text} = file:read_file(Path),
    Text.

%% ok, or why not; Opts may hold {ifaddr, ...} and the like.
connect(Address, Port, Opts, Timeout) ->
    case gen_tcp:connect(Address, Port, [inet6, {active, false} | Opts], Timeout) of
        {ok, S} -> gen_tcp:close(S);
        Error -> Error
    end.

%% What a connected UDP socket hears of a port nobody has.
udp_refused(Address, Port) ->
    {ok, S} = gen_udp:open(0, [inet6, binary, {active, false}]),
    ok = gen_udp:connect(S, Address, Port),
    ok = gen_udp:send(S, <<"x">>),
    R = gen_udp:recv(S, 0, 5000),
    gen_udp:close(S),
    R.

serve_tcp() ->
    serve(fun() ->
                  {ok, L} = gen_tcp:listen(0, [inet6, binary, {active, false}]),
                  {L, inet:port(L)}
          end,
          fun accept/1).

%% An HTTP answer that holds the peer's address, or an echo.
accept(L) ->
    {ok, S} = gen_tcp:accept(L),
    {ok, {Peer, _}} = inet:peername(S),
    case gen_tcp:recv(S, 0, ?LIMIT) of
        {ok, <<"GET ", _/binary>>} ->
            gen_tcp:send(S, ["HTTP/1.0 200 OK\r\n\r\n", inet:ntoa(Peer), "\n"]);
        {ok, D} -> gen_tcp:send(S, D);
        _ -> ok
    end,
    gen_tcp:close(S),
    accept(L).

serve_udp() ->
    serve(fun() ->
                  {ok, S} = gen_udp:open(0, [inet6, binary, {active, false},
                                             {recbuf, 1 bsl 20}]),
                  {S, inet:port(S)}
          end,
          fun reflect/1).

reflect(S) ->
    {ok, {Address, Port, D}} = gen_udp:recv(S, 0),
    gen_udp:send(S, Address, Port, D),
    reflect(S).

%% Open in a process that stays; its port.
serve(Open, Loop) ->
    Self = self(),
    Pid = spawn(fun() ->
                        {S, {ok, Port}} = Open(),
                        Self ! {self(), Port},
                        Loop(S)
                end),
    receive {Pid, Port} -> Port after ?LIMIT -> error(no_server) end.

get(Address, Port) ->
    {ok, S} = gen_tcp:connect(Address, Port, [inet6, binary, {active, false}], ?LIMIT),
    ok = gen_tcp:send(S, "GET /\r\n\r\n"),
    R = vm_recv(S, <<>>),
    gen_tcp:close(S),
    R.

vm_recv(S, Acc) ->
    case gen_tcp:recv(S, 0, ?LIMIT) of
        {ok, D} -> vm_recv(S, <<Acc/binary, D/binary>>);
        {error, closed} -> Acc
    end.

%% A datagram of Size bytes there and back.
say(Address, Port, Size) ->
    {ok, S} = gen_udp:open(0, [inet6, binary, {active, false}, {recbuf, 1 bsl 20}]),
    D = rand:bytes(Size),
    ok = gen_udp:send(S, Address, Port, D),
    R = gen_udp:recv(S, 0, 5000),
    gen_udp:close(S),
    case R of
        {ok, {_, _, D}} -> same;
        {ok, {_, _, Other}} -> {other, byte_size(Other)};
        Error -> Error
    end.

%% Count what comes on one connection.
sink() ->
    Self = self(),
    Pid = spawn(fun() ->
                        {ok, L} = gen_tcp:listen(0, [inet6, binary, {active, false}]),
                        {ok, Port} = inet:port(L),
                        Self ! {self(), Port},
                        {ok, S} = gen_tcp:accept(L),
                        D = vm_recv(S, <<>>),
                        receive {total, From} -> From ! {total, D} end
                end),
    receive {Pid, Port} -> {Pid, Port} after ?LIMIT -> error(no_sink) end.

total(Pid) ->
    Pid ! {total, self()},
    receive {total, D} -> {byte_size(D), erlang:md5(D)} after ?LIMIT -> none end.

%% Send Size bytes; their sum.
bulk(Address, Port, Size) ->
    {ok, S} = gen_tcp:connect(Address, Port, [inet6, binary, {active, false}], ?LIMIT),
    D = rand:bytes(Size),
    ok = gen_tcp:send(S, D),
    ok = gen_tcp:close(S),
    {Size, erlang:md5(D)}.

%% What a socket takes the path's MTU to be after Size bytes were sent.
path_mtu(Address, Port, Size) ->
    {ok, S} = gen_udp:open(0, [inet6, binary]),
    ok = gen_udp:connect(S, Address, Port),
    [begin
         _ = gen_udp:send(S, binary:copy(<<"x">>, Size)),
         timer:sleep(300)
     end || _ <- lists:seq(1, 3)],
    {ok, [{raw, 41, 24, <<Mtu:32/native>>}]} =
        inet:getopts(S, [{raw, 41, 24, 4}]), %% IPV6_MTU
    gen_udp:close(S),
    Mtu.

%% --- groups -----------------------------------------------------------------------

%% A member of Group on interface number Index: its port.
join(Group, Index) ->
    serve(fun() ->
                  {ok, S} = gen_udp:open(0, [inet6, binary, {active, false}]),
                  G = list_to_binary([<<W:16>> || W <- tuple_to_list(Group)]),
                  ok = inet:setopts(S, [{raw, 41, 20, <<G/binary, Index:32/native>>}]),
                  register(member, self()),
                  {S, inet:port(S)}
          end,
          fun heard/1).

heard(S) ->
    {ok, {_, _, D}} = gen_udp:recv(S, 0),
    receive {hear, From} -> From ! {heard, D} after ?LIMIT -> ok end,
    heard(S).

hear(Timeout) ->
    member ! {hear, self()},
    receive {heard, D} -> D after Timeout -> nothing end.

%% Send to a group by interface Index.
speak(Group, Port, Index, D) ->
    {ok, S} = gen_udp:open(0, [inet6, binary, {raw, 41, 17, <<Index:32/native>>}]),
    R = gen_udp:send(S, Group, Port, D),
    gen_udp:close(S),
    R.

%% --- TLS, names, distribution -----------------------------------------------------

%% {Port, what a client needs}
tls_server() ->
    {Server, Client} = test_data(),
    Port = serve(fun() ->
                         {ok, L} = ssl:listen(0, [inet6, {active, false} | Server]),
                         {ok, {_, P}} = ssl:sockname(L),
                         {L, {ok, P}}
                 end,
                 fun(L) -> serve_once(L), receive never -> ok end end),
    {Port, Client}.

tls_client(Address, {Port, Opts}) -> tls_talk(Address, Port, Opts).

lookup(Name, Family) -> inet:getaddr(Name, Family).

resolve(Name, Type) -> inet_res:lookup(Name, in, Type).

node_name() -> node().

ping(Node) -> net_adm:ping(Node).
