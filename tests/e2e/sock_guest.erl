%% SPDX-License-Identifier: Apache-2.0
%% Copyright the unibeam authors
%% sock_guest - sockets as Erlang programs use them: functions whose results are
%% the same on Linux. What is not (port numbers, buffer sizes) is left out.
-module(sock_guest).
-export([options/3, ioctls/0, messages/0, error_queue/0, udp/1, udp_refused/1,
         multicast/1, ancillary/1, shared_port/1]).
-export([local_stream/1, local_datagrams/0, local_packets/0, abstract_name/0]).
-export([half_close/1, resets/1, lingering/1, refused/1, active/1]).
-export([sendfile/2, names/0, backlog/1]).

-define(LO, {127, 0, 0, 1}).
-define(WAIT, 20000).

%% --- options of the socket module -------------------------------------------------

%% What differs for a reason: sizes that Linux adapts, its congestion control, a
%% structure of figures, and being told of IP options, which is refused.
-define(NOT_COMPARED, [{socket, sndbuf}, {socket, rcvbuf}, {tcp, congestion},
                       {tcp, info}, {tcp, maxseg}, {ip, recvopts},
                       {ip, retopts}]).

%% [{Option, first value, result of setting, then}] for every option that the
%% socket module has.
options(Domain, Type, Protocol) ->
    [{O, option(Domain, Type, Protocol, O)}
     || {O, true} <- socket:supports(options), is_tuple(O),
        lists:member(element(1, O), [socket, ip, tcp, udp]),
        not lists:member(O, ?NOT_COMPARED)].

option(Domain, Type, Protocol, O) ->
    {ok, S} = socket:open(Domain, Type, Protocol),
    First = socket:getopt(S, O),
    R = case new_value(O, First) of
            none -> {First, not_set};
            New -> {First, socket:setopt(S, O, New), socket:getopt(S, O)}
        end,
    socket:close(S),
    R.

new_value({ip, multicast_if}, _) -> ?LO;
new_value({ip, add_membership}, _) -> group();
new_value({ip, drop_membership}, _) -> group();
new_value({ip, N}, _) when N =:= add_source_membership; N =:= block_source;
                           N =:= unblock_source; N =:= drop_source_membership ->
    (group())#{sourceaddr => {127, 0, 0, 3}};
new_value({socket, bindtodevice}, _) -> "lo";
new_value(_, {ok, B}) when is_boolean(B) -> not B;
new_value(_, {ok, N}) when is_integer(N), N < 1 -> 1;
new_value(_, {ok, N}) when is_integer(N) -> N - 1;
new_value(_, {ok, #{onoff := _}}) -> #{onoff => true, linger => 3};
new_value(_, {ok, #{sec := _}}) -> #{sec => 1, usec => 500000};
new_value({ip, mtu_discover}, _) -> do;
new_value(_, _) -> none.

group() -> #{multiaddr => {239, 1, 2, 3}, interface => ?LO}.

ioctls() ->
    {ok, S} = socket:open(inet, dgram, udp),
    {ok, Conf} = socket:ioctl(S, gifconf),
    R = [[I || I = #{name := "lo"} <- Conf],
         [{Q, socket:ioctl(S, Q, "lo")}
          || Q <- [gifaddr, gifnetmask, gifbrdaddr, gifdstaddr, gifmtu, gifindex,
                   gifmap, gifflags, giftxqlen]],
         hardware(socket:ioctl(S, gifhwaddr, "lo")),
         socket:ioctl(S, gifname, 1), socket:ioctl(S, gifname, 77),
         socket:ioctl(S, gifaddr, "none0")],
    socket:close(S),
    R.

%% Six bytes are the address.
hardware({ok, #{addr := <<A:6/binary, _/binary>>, family := F}}) -> {F, A}.

%% Ancillary data of a datagram, by recvmsg and sendmsg.
messages() ->
    {ok, A} = bound(dgram), {ok, B} = bound(dgram),
    {ok, #{port := Port}} = socket:sockname(B),
    To = #{family => inet, addr => ?LO, port => Port},
    Set = [{O, socket:setopt(B, O, true)}
           || O <- [{socket, timestamp}, {ip, recvtos}, {ip, recvttl},
                    {ip, pktinfo}, {ip, recvorigdstaddr}]],
    ok = socket:sendmsg(A, #{addr => To, iov => [<<"one">>, <<"two">>]}),
    First = message(socket:recvmsg(B, ?WAIT), Port),
    ok = socket:sendmsg(A, #{addr => To, iov => [<<"three">>],
                             ctrl => [#{level => ip, type => tos, value => 16},
                                      #{level => ip, type => ttl, value => 9}]}),
    Second = message(socket:recvmsg(B, ?WAIT), Port),
    ok = socket:sendmsg(A, #{addr => To, iov => [<<"cut off">>]}),
    {ok, #{iov := [Cut], flags := Flags}} = socket:recvmsg(B, 3, 0, [], ?WAIT),
    [socket:close(S) || S <- [A, B]],
    {Set, First, Second, Cut, Flags}.

message({ok, #{iov := Iov, ctrl := Ctrl, flags := Flags}}, Port) ->
    {iolist_to_binary(Iov), Flags,
     [M || C <- Ctrl, M <- control(C, Port)]}.

control(#{type := timestamp}, _) -> [timestamp];
control(C = #{type := origdstaddr, data := D}, Port) ->
    <<_:16/native, Port:16, Rest/binary>> = D,
    [maps:remove(value, C#{data => Rest})];
control(C, _) -> [C].

bound(Type) ->
    {ok, S} = socket:open(inet, Type, default),
    ok = socket:bind(S, #{family => inet, addr => ?LO, port => 0}),
    {ok, S}.

%% A datagram to nobody comes back as an entry of the error queue. (How much of it
%% is up to who sends the ICMP message: here, its header.)
error_queue() ->
    {ok, S} = bound(dgram), {ok, Gone} = bound(dgram),
    {ok, #{port := Port}} = socket:sockname(Gone),
    ok = socket:close(Gone),
    ok = socket:setopt(S, {ip, recverr}, true),
    Empty = socket:recvmsg(S, 0, 0, [errqueue], nowait),
    ok = socket:sendto(S, <<"lost">>, #{family => inet, addr => ?LO, port => Port}),
    timer:sleep(50),
    {ok, #{flags := Flags, ctrl := Ctrl, addr := Addr}} =
        socket:recvmsg(S, 0, 0, [errqueue], nowait),
    Errors = [maps:get(value, C) || C <- Ctrl],
    Then = socket:recv(S, 0, nowait),
    socket:close(S),
    {is_tuple(Empty) andalso element(1, Empty), Flags, Errors,
     maps:get(port, Addr) =:= Port, Then =/= {error, econnrefused}}.

%% --- both back ends of gen_tcp and gen_udp ------------------------------------------

%% Backend: inet or socket.
backend(Backend) -> [{inet_backend, Backend}].

udp_pair(Backend, Opts) ->
    [begin
         {ok, S} = gen_udp:open(0, backend(Backend) ++
                                [{ip, ?LO}, {active, false}, binary,
                                 {buffer, 65536}, {recbuf, 262144} | Opts]),
         {ok, P} = inet:port(S),
         {S, P}
     end || _ <- [1, 2]].

udp(Backend) ->
    [{A, PA}, {B, PB}] = udp_pair(Backend, []),
    Big = binary:copy(<<7>>, 60000),
    R = [gen_udp:send(A, ?LO, PB, D) || D <- [<<"x">>, <<>>, Big]],
    Got = [{Ip, P =:= PA, byte_size(D)}
           || _ <- R, {ok, {Ip, P, D}} <- [gen_udp:recv(B, 0, ?WAIT)]],
    Too = gen_udp:send(A, ?LO, PB, binary:copy(<<7>>, 66000)),
    None = gen_udp:recv(B, 0, 20),
    ok = gen_udp:connect(A, ?LO, PB),
    Connected = [gen_udp:send(A, <<"to its peer">>), gen_udp:recv(B, 0, ?WAIT)],
    ok = inet:setopts(B, [{active, once}]),
    ok = gen_udp:send(A, <<"a message">>),
    Message = receive {udp, B, _, _, M} -> M after ?WAIT -> none end,
    [gen_udp:close(S) || S <- [A, B]],
    {R, Got, Too, None, [C || C <- Connected, not is_tuple(C)], Message}.

%% What a socket hears when nobody is there.
udp_refused(Backend) ->
    [{A, _}, {B, PB}] = udp_pair(Backend, []),
    ok = gen_udp:connect(A, ?LO, PB),
    ok = gen_udp:close(B),
    First = gen_udp:send(A, <<"x">>),
    timer:sleep(50),
    R = {First, gen_udp:recv(A, 0, 100), gen_udp:recv(A, 0, 50)},
    gen_udp:close(A),
    R.

multicast(Backend) ->
    Group = {239, 9, 8, 7},
    Open = fun(Port) ->
                   gen_udp:open(Port, backend(Backend) ++
                                [{reuseaddr, true}, {active, false}, binary,
                                 {multicast_if, ?LO}, {multicast_ttl, 1},
                                 {multicast_loop, true}])
           end,
    {ok, A} = Open(0),
    {ok, Port} = inet:port(A),
    {ok, B} = Open(Port),
    Join = [inet:setopts(S, [{add_membership, {Group, ?LO}}]) || S <- [A, B, B]],
    Send = gen_udp:send(A, Group, Port, <<"all">>),
    Both = [heard(S) || S <- [A, B]],
    Leave = [inet:setopts(S, [{drop_membership, {Group, ?LO}}]) || S <- [A, B, B]],
    ok = gen_udp:send(A, Group, Port, <<"nobody">>),
    None = [gen_udp:recv(S, 0, 50) || S <- [A, B]],
    Options = inet:getopts(A, [multicast_ttl, multicast_loop]),
    [gen_udp:close(S) || S <- [A, B]],
    {Join, Send, Both, Leave, None, Options}.

heard(S) ->
    case gen_udp:recv(S, 0, 1000) of
        {ok, {_, _, D}} -> D;
        Other -> Other
    end.

ancillary(Backend) ->
    [{A, _}, {B, PB}] = udp_pair(Backend, [{recvtos, true}, {recvttl, true}]),
    ok = inet:setopts(A, [{tos, 16}, {ttl, 33}]),
    ok = gen_udp:send(A, ?LO, PB, <<"x">>),
    {ok, {_, _, Anc, D}} = gen_udp:recv(B, 0, ?WAIT),
    [gen_udp:close(S) || S <- [A, B]],
    {lists:sort(Anc), D}.

%% Two listeners of one port.
shared_port(Backend) ->
    Opts = backend(Backend) ++ [{ip, ?LO}, {active, false}],
    Port = {raw, 1, 15, <<1:32/native>>}, % SO_REUSEPORT
    {ok, A} = gen_tcp:listen(0, Opts ++ [{reuseaddr, false}]),
    {ok, P} = inet:port(A),
    Refused = gen_tcp:listen(P, Opts ++ [{reuseaddr, false}]),
    gen_tcp:close(A),
    {ok, B} = gen_tcp:listen(0, Opts ++ [Port]),
    {ok, PB} = inet:port(B),
    {ok, C} = gen_tcp:listen(PB, Opts ++ [Port]),
    [gen_tcp:close(S) || S <- [B, C]],
    Refused.

%% --- Unix sockets -------------------------------------------------------------------

local_path() ->
    Path = filename:join("/tmp", "sock." ++ os:getpid() ++ "." ++
                         integer_to_list(erlang:unique_integer([positive]))),
    file:delete(Path),
    Path.

local_stream(Backend) ->
    Path = local_path(),
    Opts = backend(Backend) ++ [binary, {active, false}, {packet, 4}],
    {ok, L} = gen_tcp:listen(0, Opts ++ [{ifaddr, {local, Path}}]),
    {ok, C} = gen_tcp:connect({local, Path}, 0, Opts),
    {ok, S} = gen_tcp:accept(L, ?WAIT),
    Big = binary:copy(<<"0123456789">>, 100000),
    ok = gen_tcp:send(C, <<"hello">>),
    spawn_link(fun() -> ok = gen_tcp:send(C, Big) end),
    {ok, Hello} = gen_tcp:recv(S, 0, ?WAIT),
    {ok, Same} = gen_tcp:recv(S, 0, ?WAIT),
    Names = {inet:sockname(S) =:= {ok, {local, list_to_binary(Path)}},
             inet:peername(S), inet:peername(C) =:= inet:sockname(L)},
    gen_tcp:close(C),
    Closed = gen_tcp:recv(S, 0, ?WAIT),
    Options = inet:getopts(S, [nodelay, keepalive, reuseaddr]),
    [gen_tcp:close(X) || X <- [S, L]],
    Again = gen_tcp:listen(0, Opts ++ [{ifaddr, {local, Path}}]),
    Left = file:delete(Path),
    Gone = gen_tcp:connect({local, Path}, 0, Opts),
    {Hello, Same =:= Big, Names, Closed, Options, Again, Left, Gone}.

local_datagrams() ->
    [PA, PB] = [local_path(), local_path()],
    [A, B] = [element(2, {ok, _} = gen_udp:open(0, [binary, {active, true},
                                                    {ifaddr, {local, P}}]))
              || P <- [PA, PB]],
    Sent = gen_udp:send(A, {local, PB}, 0, <<"over here">>),
    {From, Data} = receive {udp, B, F, _, D} -> {F, D} after ?WAIT -> none end,
    None = gen_udp:send(A, {local, PA ++ "none"}, 0, <<"x">>),
    Long = gen_udp:send(A, {local, lists:duplicate(200, $a)}, 0, <<"x">>),
    [gen_udp:close(S) || S <- [A, B]],
    [file:delete(P) || P <- [PA, PB]],
    {Sent, From =:= {local, list_to_binary(PA)}, Data, None, Long}.

%% SOCK_SEQPACKET: messages keep their borders.
local_packets() ->
    Path = local_path(),
    {ok, L} = socket:open(local, seqpacket, default),
    ok = socket:bind(L, #{family => local, path => Path}),
    ok = socket:listen(L),
    {ok, C} = socket:open(local, seqpacket, default),
    ok = socket:connect(C, #{family => local, path => Path}),
    {ok, S} = socket:accept(L, ?WAIT),
    [ok = socket:send(C, M) || M <- [<<"first">>, <<"second">>]],
    R = [socket:recv(S, 100, ?WAIT), socket:recv(S, 3, ?WAIT),
         socket:recv(S, 100, nowait) =/= {ok, <<"ond">>}],
    Peer = maps:remove(path, element(2, socket:peername(S))),
    Info = maps:with([domain, type, protocol], socket:info(S)),
    [socket:close(X) || X <- [C, S, L]],
    file:delete(Path),
    {R, Peer, Info}.

abstract_name() ->
    Name = <<0, "unibeam.", (list_to_binary(local_path()))/binary>>,
    {ok, L} = gen_tcp:listen(0, [binary, {active, false}, {ifaddr, {local, Name}}]),
    Twice = gen_tcp:listen(0, [{ifaddr, {local, Name}}]),
    {ok, C} = gen_tcp:connect({local, Name}, 0, [binary, {active, false}]),
    {ok, S} = gen_tcp:accept(L, ?WAIT),
    ok = gen_tcp:send(S, <<"no file">>),
    R = gen_tcp:recv(C, 0, ?WAIT),
    Named = inet:sockname(L) =:= {ok, {local, Name}},
    [gen_tcp:close(X) || X <- [S, C, L]],
    {Twice, R, Named, gen_tcp:connect({local, Name}, 0, [])}.

%% --- the end of connections ----------------------------------------------------------

pair(Backend, Opts) ->
    All = backend(Backend) ++ [binary, {active, false} | Opts],
    {ok, L} = gen_tcp:listen(0, [{ip, ?LO} | All -- [{ip, ?LO}]]
                             -- backend(Backend)),
    {ok, Port} = inet:port(L),
    {ok, C} = gen_tcp:connect(?LO, Port, All, ?WAIT),
    {ok, S} = gen_tcp:accept(L, ?WAIT),
    gen_tcp:close(L),
    {C, S}.

half_close(Backend) ->
    {C, S} = pair(Backend, [{exit_on_close, false}]),
    R = [gen_tcp:send(C, <<"question">>), gen_tcp:shutdown(C, write),
         gen_tcp:recv(S, 8, ?WAIT), gen_tcp:recv(S, 0, ?WAIT),
         gen_tcp:send(S, <<"answer">>), gen_tcp:recv(C, 6, ?WAIT),
         gen_tcp:send(C, <<"x">>), gen_tcp:shutdown(S, write),
         gen_tcp:recv(C, 0, ?WAIT), gen_tcp:shutdown(C, read_write)],
    [gen_tcp:close(X) || X <- [C, S]],
    R.

active(Backend) ->
    {C, S} = pair(Backend, [{packet, line}]),
    ok = inet:setopts(S, [{active, 2}]),
    ok = gen_tcp:send(C, <<"one\ntwo\nthree\n">>),
    Get = fun() -> receive {T, S, D} -> {T, D}; {T, S} -> T after ?WAIT -> none end
          end,
    Three = [Get() || _ <- [1, 2, 3]],
    ok = inet:setopts(S, [{active, true}]),
    gen_tcp:close(C),
    R = Three ++ [Get(), Get()],
    gen_tcp:close(S),
    R.

%% {linger, {true, 0}} and data left unread reset the connection.
resets(Backend) ->
    Opts = [{show_econnreset, true}],
    {C, S} = pair(Backend, Opts),
    ok = inet:setopts(C, [{linger, {true, 0}}]),
    gen_tcp:close(C),
    Hard = {gen_tcp:recv(S, 0, ?WAIT), gen_tcp:send(S, <<"x">>)},
    gen_tcp:close(S),
    {D, T} = pair(Backend, Opts),
    ok = gen_tcp:send(D, <<"never read">>),
    timer:sleep(50),
    gen_tcp:close(T),
    Unread = gen_tcp:recv(D, 0, ?WAIT),
    gen_tcp:close(D),
    %% writing to one that has closed: the first is answered by a reset
    {E, U} = pair(Backend, [{show_econnreset, false}]),
    gen_tcp:close(U),
    timer:sleep(50),
    First = gen_tcp:send(E, <<"x">>),
    timer:sleep(50),
    Second = gen_tcp:send(E, <<"y">>),
    gen_tcp:close(E),
    {Hard, Unread, First, Second}.

%% close() with {linger, {true, N}} waits until the peer has everything.
lingering(Backend) ->
    {C, S} = pair(Backend, [{linger, {true, 20}}, {sndbuf, 65536},
                            {recbuf, 65536}]),
    Size = 3000000,
    Self = self(),
    spawn_link(fun() ->
                       timer:sleep(200),
                       Self ! {read, read_all(S, 0)}
               end),
    gen_tcp:controlling_process(S, Self),
    Sent = gen_tcp:send(C, binary:copy(<<1>>, Size)),
    gen_tcp:close(C),
    Read = receive {read, N} -> N after ?WAIT -> none end,
    {Sent, Read =:= Size}.

read_all(S, N) ->
    case gen_tcp:recv(S, 0, ?WAIT) of
        {ok, D} -> read_all(S, N + byte_size(D));
        {error, closed} -> N
    end.

refused(Backend) ->
    {ok, L} = gen_tcp:listen(0, [{ip, ?LO}]),
    {ok, Port} = inet:port(L),
    gen_tcp:close(L),
    [gen_tcp:connect(Ip, P, backend(Backend) ++ O, ?WAIT)
     || {Ip, P, O} <- [{?LO, Port, []}, {{127, 8, 9, 10}, Port, []},
                       {{255, 255, 255, 255}, Port, []},
                       {{239, 1, 1, 1}, Port, []},
                       {?LO, Port, [{ip, {192, 0, 2, 1}}]}]].

%% Many connect before the first is accepted.
backlog(N) ->
    {ok, L} = gen_tcp:listen(0, [{ip, ?LO}, {backlog, 4096}, {active, false}]),
    {ok, Port} = inet:port(L),
    Cs = [C || _ <- lists:seq(1, N),
               {ok, C} <- [gen_tcp:connect(?LO, Port, [{active, false}], ?WAIT)]],
    Ss = [S || _ <- Cs, {ok, S} <- [gen_tcp:accept(L, ?WAIT)]],
    [ok = gen_tcp:send(S, <<"x">>) || S <- Ss],
    Answers = length([1 || C <- Cs, {ok, _} <- [gen_tcp:recv(C, 1, ?WAIT)]]),
    [gen_tcp:close(X) || X <- [L | Cs] ++ Ss],
    {length(Cs), length(Ss), Answers}.

%% --- files into sockets ---------------------------------------------------------------

%% File: of Size bytes; made in /tmp, or one that is there.
sendfile(Backend, Size) ->
    Path = local_path(),
    Data = crypto:strong_rand_bytes(Size),
    ok = file:write_file(Path, Data),
    Whole = sendfile_of(Backend, Path, 0, 0, []),
    From = min(Size, 10),
    Part = sendfile_of(Backend, Path, From, Size div 2, [{chunk_size, 5000}]),
    Past = sendfile_of(Backend, Path, Size, 0, []),
    file:delete(Path),
    Beam = code:which(lists),
    {ok, Code} = file:read_file(Beam),
    {ok, Sent, Root} = sendfile_of(Backend, Beam, 0, 0, []),
    [summary(Whole, Data), summary(Part, part(Data, From)),
     summary(Past, <<>>), Sent =:= byte_size(Code) andalso Root =:= Code].

%% Bytes 0 stands for all there is.
part(Data, From) when byte_size(Data) < 2 ->
    binary:part(Data, From, byte_size(Data) - From);
part(Data, From) -> binary:part(Data, From, byte_size(Data) div 2).

summary({ok, N, Got}, Wanted) -> {ok, N, Got =:= Wanted}.

sendfile_of(Backend, Path, Offset, Bytes, Opts) ->
    {C, S} = pair(Backend, []),
    Self = self(),
    spawn_link(fun() -> Self ! {got, collect(S, [])} end),
    {ok, Fd} = file:open(Path, [read, raw, binary]),
    {ok, N} = file:sendfile(Fd, C, Offset, Bytes, Opts),
    ok = file:close(Fd),
    gen_tcp:close(C),
    receive {got, Got} -> gen_tcp:close(S), {ok, N, Got} after 60000 -> timeout end.

collect(S, Acc) ->
    case gen_tcp:recv(S, 0, 60000) of
        {ok, D} -> collect(S, [D | Acc]);
        {error, closed} -> iolist_to_binary(lists:reverse(Acc))
    end.

%% --- names -----------------------------------------------------------------------------

%% /etc/hosts and services, natively (inet_gethost) and by the libraries.
names() ->
    %% other names and further addresses are a matter of /etc/hosts
    {ok, {hostent, Name, _, inet, 4, Addresses}} = inet:gethostbyname("localhost", inet),
    [Name, lists:usort(Addresses), inet:getaddr("localhost", inet),
     inet:getaddrs("127.0.0.1", inet), inet:getservbyname(http, tcp),
     inet:getservbyport(53, udp), inet:getservbyname(none_such, tcp),
     net:getaddrinfo("127.0.0.1", "80") =/= {error, enoent},
     net:getnameinfo(#{family => inet, addr => ?LO, port => 80}, [numerichost]),
     net:if_name2index("lo"), net:if_index2name(1), net:if_name2index("none0")].
