%% SPDX-License-Identifier: Apache-2.0
%% Copyright the unibeam authors
%% tap_guest - clients and servers on a real link, in the machine and on Linux.
-module(tap_guest).
-export([cases/0, silence/2, connecting/1, names/2, serve_many/1, usage/0, stop_many/1]).
-export([answers/1, tls_server/3, tls_client/3, dtls_client/3]).
%% on the host's side of the link
-export([vanish/3, open_many/3, ask_many/2, close_many/0, short/4]).

-define(WAIT, 30000).

%% --- a peer that vanishes -------------------------------------------------------

%% Time after which a connection to a peer that is silent ends, and how. The peer
%% says "g" when all connections are there, and is never heard again.
silence(Address, Port) ->
    in_parallel([fun() -> {Name, silent(Address, Port, Opts, Does)} end
                 || {Name, Opts, Does} <- cases()]).

cases() ->
    [{keepalive, keep(2, 1, 3), nothing},
     {keepalive_and_data, keep(1, 1, 2), send},
     {keepalive_and_user_timeout, keep(1, 1, 2) ++ user_timeout(4000), nothing},
     {user_timeout, user_timeout(3000), send},
     {user_timeout_idle, user_timeout(2000), nothing},
     {data, [], send}].

keep(Idle, Interval, Count) ->
    [{keepalive, true}, tcp(4, Idle), tcp(5, Interval), tcp(6, Count)].
user_timeout(Ms) -> [tcp(18, Ms)].
tcp(Name, V) -> {raw, 6, Name, <<V:32/native>>}.

silent(Address, Port, Opts, Does) ->
    {ok, S} = gen_tcp:connect(Address, Port, [binary, {active, false} | Opts]),
    {ok, <<"g">>} = gen_tcp:recv(S, 1, ?WAIT),
    Since = now_ms(),
    timer:sleep(1000),
    Does =:= send andalso (ok = gen_tcp:send(S, <<"is anybody there?">>)),
    R = gen_tcp:recv(S, 0, 9000),
    gen_tcp:close(S),
    {R, now_ms() - Since}.

%% Connections that nobody answers.
connecting(Targets) ->
    in_parallel([fun() ->
                         Since = now_ms(),
                         R = gen_tcp:connect(A, 9, [tcp(N, V) || {N, V} <- Opts],
                                             20000),
                         {Name, {R, now_ms() - Since}}
                 end || {Name, A, Opts} <- Targets]).

now_ms() -> erlang:monotonic_time(millisecond).

in_parallel(Funs) ->
    Self = self(),
    Pids = [spawn_link(fun() -> Self ! {self(), F()} end) || F <- Funs],
    [receive {P, R} -> R end || P <- Pids].

%% The peer: accepts N connections and says "g" to each; then does what makes it
%% vanish.
vanish(Address, N, Then) ->
    Self = self(),
    Pid = spawn(fun() ->
                        {ok, L} = gen_tcp:listen(0, [binary, {active, false},
                                                     {ip, Address}, {backlog, N}]),
                        {ok, Port} = inet:port(L),
                        Self ! {self(), Port},
                        Ss = [element(2, {ok, _} = gen_tcp:accept(L, ?WAIT))
                              || _ <- lists:seq(1, N)],
                        [ok = gen_tcp:send(S, <<"g">>) || S <- Ss],
                        timer:sleep(500),
                        nsnode:sh(Then),
                        receive never -> ok end
                end),
    receive {Pid, Port} -> Port end.

%% --- names, from the server that DHCP told of --------------------------------------

names(Known, Unknown) ->
    [inet:gethostbyname(Known, inet), inet:gethostbyname(Unknown, inet),
     native(inet:getaddr(Known, inet)),
     inet_res:lookup(Known, in, a), inet_res:lookup(Known, in, txt),
     inet_res:gethostbyname(Unknown),
     inet_db:res_option(nameservers), inet_db:res_option(search)].

native({ok, A}) -> A.

%% --- very many connections -----------------------------------------------------------

%% A server of one answer for each byte; its port.
serve_many(Backlog) ->
    Self = self(),
    Pid = spawn(fun() ->
                        {ok, L} = gen_tcp:listen(0, [binary, {active, false},
                                                     {backlog, Backlog},
                                                     {keepalive, true}]),
                        {ok, Port} = inet:port(L),
                        Self ! {self(), Port},
                        [spawn_link(fun() -> acceptor(L) end)
                         || _ <- lists:seq(1, 4)],
                        receive stop -> ok end
                end),
    receive {Pid, Port} -> {Pid, Port} end.

acceptor(L) ->
    {ok, S} = gen_tcp:accept(L),
    Pid = spawn(fun() -> receive go -> wait(S) end end),
    ok = gen_tcp:controlling_process(S, Pid),
    Pid ! go,
    acceptor(L).

%% Without a heap until there is something to do.
wait(S) ->
    ok = inet:setopts(S, [{active, once}]),
    erlang:hibernate(?MODULE, answers, [S]).

answers(S) ->
    receive
        {tcp, S, D} -> ok = gen_tcp:send(S, D), wait(S);
        {tcp_closed, S} -> gen_tcp:close(S);
        {tcp_error, S, _} -> gen_tcp:close(S)
    end.

stop_many(Pid) -> exit(Pid, kill), ok.

%% What the kernel and the emulator use: bytes, and time of processors in ms.
usage() ->
    {ok, Mem} = file:read_file("/proc/meminfo"),
    {ok, Stat} = file:read_file("/proc/stat"),
    {ok, Sockets} = file:read_file("/proc/net/sockstat"),
    {match, [Slab]} = re:run(Mem, "Slab: +([0-9]+)", [{capture, [1], list}]),
    {match, [Free]} = re:run(Mem, "MemAvailable: +([0-9]+)",
                             [{capture, [1], list}]),
    {match, [User, Sys, Soft]} =
        re:run(Stat, "^cpu +([0-9]+) [0-9]+ ([0-9]+) [0-9]+ [0-9]+ [0-9]+ ([0-9]+)",
               [{capture, all_but_first, list}]),
    #{slab => list_to_integer(Slab), available => list_to_integer(Free),
      cpu => 10 * lists:sum([list_to_integer(N) || N <- [User, Sys, Soft]]),
      sockets => Sockets}.

%% N connections, each of which has had one answer; kept by a process.
open_many(Address, Port, N) ->
    Self = self(),
    Pid = spawn(fun() ->
                        Ss = [connected(Address, Port) || _ <- lists:seq(1, N)],
                        Self ! {self(), length([1 || S <- Ss, asked(S)])},
                        hold(Ss)
                end),
    (whereis(many) =:= undefined) andalso register(many, Pid),
    receive {Pid, Good} -> Good after 600000 -> timeout end.

connected(Address, Port) ->
    {ok, S} = gen_tcp:connect(Address, Port, [binary, {active, false}], ?WAIT),
    S.

asked(S) ->
    ok = gen_tcp:send(S, <<"?">>),
    {ok, <<"?">>} =:= gen_tcp:recv(S, 1, ?WAIT).

hold(Ss) ->
    receive
        {ask, From, Every} ->
            Some = [S || {I, S} <- lists:zip(lists:seq(1, length(Ss)), Ss),
                         I rem Every =:= 0],
            From ! {answered, length(Some), length([1 || S <- Some, asked(S)])},
            hold(Ss);
        {close, From} ->
            [gen_tcp:close(S) || S <- Ss],
            From ! closed
    end.

ask_many(Every, Timeout) ->
    many ! {ask, self(), Every},
    receive {answered, N, Good} -> {N, Good} after Timeout -> timeout end.

close_many() ->
    many ! {close, self()},
    receive closed -> ok after 600000 -> timeout end.

%% N connections of one request each, Width at a time; how many were answered.
short(Address, Port, N, Width) ->
    One = fun() ->
                  S = connected(Address, Port),
                  Good = asked(S),
                  gen_tcp:close(S),
                  Good
          end,
    Parts = in_parallel([fun() -> [One() || _ <- lists:seq(1, N div Width)] end
                         || _ <- lists:seq(1, Width)]),
    length([1 || true <- lists:append(Parts)]).

%% --- TLS ---------------------------------------------------------------------------------

%% A server that sends each line back in capitals; Port 0: its port is chosen.
tls_server(Port, Opts, Lines) ->
    {ok, _} = application:ensure_all_started(ssl),
    Self = self(),
    Pid = spawn(fun() -> tls_listen(Self, Port, Opts, Lines) end),
    receive {Pid, P} -> P after ?WAIT -> error(no_server) end.

tls_listen(Parent, Port, Opts, Lines) ->
    Packet = [{packet, line} || not lists:member({protocol, dtls}, Opts)],
    {ok, L} = ssl:listen(Port, [binary, {active, false}, {reuseaddr, true}
                                | Packet ++ Opts]),
    {ok, {_, P}} = ssl:sockname(L),
    Parent ! {self(), P},
    tls_accept(L, Lines).

tls_accept(L, Lines) ->
    {ok, T} = ssl:transport_accept(L),
    case ssl:handshake(T, ?WAIT) of
        {ok, S} -> tls_lines(S, Lines), ssl:close(S);
        {error, _} -> ok
    end,
    tls_accept(L, Lines).

tls_lines(_, 0) -> ok;
tls_lines(S, N) ->
    case ssl:recv(S, 0, ?WAIT) of
        {ok, Line} ->
            ok = ssl:send(S, string:uppercase(Line)),
            tls_lines(S, N - 1);
        {error, _} -> ok
    end.

%% One line each way, then much data: {Version, Answer}.
tls_client(Address, Port, Opts) ->
    {ok, _} = application:ensure_all_started(ssl),
    case ssl:connect(Address, Port, [binary, {active, false}, {packet, line}
                                     | Opts], ?WAIT) of
        {ok, S} ->
            ok = ssl:send(S, <<"hello from a client\n">>),
            Answer = ssl:recv(S, 0, ?WAIT),
            {ok, [{protocol, V}]} = ssl:connection_information(S, [protocol]),
            ssl:close(S),
            {V, Answer};
        {error, {tls_alert, {Alert, _}}} -> {error, Alert}
    end.

dtls_client(Address, Port, Opts) ->
    {ok, _} = application:ensure_all_started(ssl),
    {ok, S} = ssl:connect(Address, Port, [binary, {active, false},
                                          {protocol, dtls} | Opts], ?WAIT),
    ok = ssl:send(S, <<"hello in datagrams\n">>),
    Answer = ssl:recv(S, 0, ?WAIT),
    {ok, [{protocol, V}]} = ssl:connection_information(S, [protocol]),
    ssl:close(S),
    {V, Answer}.
