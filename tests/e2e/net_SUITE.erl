%% SPDX-License-Identifier: Apache-2.0
%% Copyright the unibeam authors
%% net_SUITE - the network under load: every request is answered, and the kernel
%% has its memory back afterwards. The long form is `make soak-http`.
-module(net_SUITE).
-include_lib("stdlib/include/assert.hrl").
-compile([export_all, nowarn_export_all]).

-define(BOOT, 240000).
-define(ANSWER, 30000).
-define(REQUEST, "GET / HTTP/1.1\r\nHost: vm\r\n\r\n").

suite() -> [{timetrap, {minutes, 10}}].

all() -> [load_two_cpus, load_one_cpu, static_address].

init_per_suite(Config) -> vm:image("HELLO_IMAGE", Config).
end_per_suite(_) -> ok.

boot(C, Opts) ->
    Vm = vm:start(proplists:get_value(image, C), Opts),
    vm:wait(Vm, "^READY", ?BOOT),
    Vm.

%% --- cases ----------------------------------------------------------------

load_two_cpus(C) ->
    Vm = boot(C, #{cpus => 2}),
    many_requests(Vm, 50, 20),
    many_connections(Vm, 5, 40),
    Before = kernel_memory(Vm),
    many_requests(Vm, 50, 400),
    many_connections(Vm, 10, 100),
    resets(Vm, 150),
    %% Closed connections are remembered for half a minute; asking makes some.
    wait_until(fun() -> closed(Vm) =< 100 andalso inuse(Vm) =< 5 end, 30),
    After = kernel_memory(Vm),
    ct:pal("kernel memory ~p -> ~p KiB", [Before, After]),
    ?assert(After - Before < 512),
    vm:stop(Vm).

load_one_cpu(C) ->
    Vm = boot(C, #{machine => "microvm"}),
    many_requests(Vm, 50, 100),
    many_connections(Vm, 10, 20),
    pipelined(Vm, 500),
    vm:stop(Vm).

static_address(C) ->
    Vm = vm:start(proplists:get_value(image, C),
                  #{append => "ip=10.0.2.15/24,10.0.2.2"}),
    vm:wait(Vm, "address 10\\.0\\.2\\.15", ?BOOT),
    vm:wait(Vm, "^READY", ?BOOT),
    ?assertMatch({200, _}, vm:http(Vm, "/")),
    vm:stop(Vm).

%% --- load -----------------------------------------------------------------

%% Requests that arrive together are all answered, in order.
pipelined(Vm, N) ->
    S = connect(Vm),
    ok = gen_tcp:send(S, lists:duplicate(N, ?REQUEST)),
    [ok = answer(S) || _ <- lists:seq(1, N)],
    gen_tcp:close(S).

%% Peers that reset their connections: at once, idle, and with an answer due.
resets(Vm, Times) ->
    [begin
         S = connect(Vm),
         N rem 3 =:= 0 orelse gen_tcp:send(S, ?REQUEST),
         N rem 3 =:= 1 andalso (ok = answer(S)),
         ok = inet:setopts(S, [{linger, {true, 0}}]),
         gen_tcp:close(S)
     end || N <- lists:seq(1, Times)].

%% Connections are opened one after the other: the host's end of user-mode
%% networking listens with a backlog of one.
many_requests(Vm, Connections, Requests) ->
    Sockets = [connect(Vm) || _ <- lists:seq(1, Connections)],
    in_parallel([fun() -> requests(S, Requests) end || S <- Sockets]),
    [gen_tcp:close(S) || S <- Sockets].

requests(_, 0) -> ok;
requests(S, N) ->
    ok = gen_tcp:send(S, ?REQUEST),
    ok = answer(S),
    requests(S, N - 1).

many_connections(Vm, AtATime, Each) ->
    One = fun() -> {200, <<"hello", _/binary>>} = vm:http(Vm, "/", ?ANSWER) end,
    in_parallel([fun() -> [One() || _ <- lists:seq(1, Each)] end
                 || _ <- lists:seq(1, AtATime)]).

connect(Vm) ->
    {ok, S} = gen_tcp:connect({127, 0, 0, 1}, vm:port(Vm),
                              [binary, {active, false}, {packet, http_bin},
                               {nodelay, true}], ?ANSWER),
    S.

%% One whole answer with status 200.
answer(S) ->
    ok = inet:setopts(S, [{packet, http_bin}]),
    {ok, {http_response, _, 200, _}} = gen_tcp:recv(S, 0, ?ANSWER),
    Length = body_length(S, undefined),
    ok = inet:setopts(S, [{packet, raw}]),
    {ok, <<"hello", _/binary>>} = gen_tcp:recv(S, Length, ?ANSWER),
    ok.

body_length(S, Length) ->
    case gen_tcp:recv(S, 0, ?ANSWER) of
        {ok, {http_header, _, 'Content-Length', _, L}} ->
            body_length(S, binary_to_integer(L));
        {ok, {http_header, _, _, _, _}} -> body_length(S, Length);
        {ok, http_eoh} -> Length
    end.

in_parallel(Funs) ->
    Refs = [element(2, spawn_monitor(F)) || F <- Funs],
    Bad = [Why || R <- Refs,
                  Why <- [receive {'DOWN', R, _, _, W} -> W end],
                  Why =/= normal],
    ?assertEqual([], Bad).

%% --- what the kernel says -------------------------------------------------

kernel_memory(Vm) ->
    {200, Text} = vm:http(Vm, "/proc/meminfo", ?ANSWER),
    number(Text, "^Slab: +([0-9]+) kB").

closed(Vm) ->
    {200, Text} = vm:http(Vm, "/proc/net/sockstat", ?ANSWER),
    number(Text, "orphan ([0-9]+)") + number(Text, "tw ([0-9]+)").

inuse(Vm) ->
    {200, Text} = vm:http(Vm, "/proc/net/sockstat", ?ANSWER),
    number(Text, "^TCP: inuse ([0-9]+)").

number(Text, Regexp) ->
    {match, [N]} = re:run(Text, Regexp, [multiline, {capture, [1], list}]),
    list_to_integer(N).

%% (Tries), five seconds apart.
wait_until(Fun, 0) -> ?assert(Fun());
wait_until(Fun, Tries) ->
    case Fun() of
        true -> ok;
        false ->
            timer:sleep(5000),
            wait_until(Fun, Tries - 1)
    end.
