%% SPDX-License-Identifier: Apache-2.0
%% Copyright the unibeam authors
%% soak_SUITE - all kinds of work at once in one machine of two processors and
%% 256 MiB, from inside and from the host: every answer is right, the kernel's
%% memory does not grow, and it has nothing to say.
%%
%% It takes $SOAK_SECONDS (default 20); `make soak-mixed MINUTES=30' is long.
-module(soak_SUITE).
-include_lib("stdlib/include/assert.hrl").
-compile([export_all, nowarn_export_all]).

-define(BOOT, 90000).
-define(ANSWER, 60000).
%% KiB by which the kernel's own memory may differ between two quiet moments:
%% what caches and processors keep. It does not depend on the time between them.
-define(TOLERANCE, 1024).
%% Seconds that closed connections are remembered, and some.
-define(QUIET, 35).

suite() -> [{timetrap, {seconds, seconds() + 300}}].

all() -> [mixed].

seconds() -> list_to_integer(os:getenv("SOAK_SECONDS", "20")).

init_per_suite(Config) ->
    {ok, _} = application:ensure_all_started(ssl),
    case vm:image("OTP_IMAGE", Config) of
        [{image, Image} | _] -> [{machine, machine(Image)} | Config];
        Skip -> Skip
    end.

end_per_suite(C) ->
    #{vm := Vm, peer := Peer} = proplists:get_value(machine, C),
    like_linux:stop(Peer),
    vm:stop(Vm).

mixed(C) ->
    M = proplists:get_value(machine, C),
    work(M, min(20, seconds())),
    Before = account(M),
    Console = vm:console(maps:get(vm, M)),
    ct:pal("~p", [work(M, seconds())]),
    After = account(M),
    ct:pal("before ~p~nafter  ~p", [brief(Before), brief(After)]),
    grown(Before, After),
    said_nothing(Console, vm:console(maps:get(vm, M))).

%% --- the machine ------------------------------------------------------------------

%% With a node that the host can reach: it listens on the port it is looked for.
machine(Image) ->
    [Http, Tls, Dist] = [vm:free_port() || _ <- "123"],
    Udp = vm:free_port(),
    {Vm, Port} =
        guest:start(Image, #{memory => "256M",
                             args => publish([Http, Tls, Dist]) ++
                                 ["-p", forward(Udp) ++ "/udp"] ++
                                 words(["-name", "soak@127.0.0.1"] ++ dist(Dist) ++
                                           ["-mnesia", "dir", "\"/tmp/mnesia\""])}),
    [ok = guest:load(Port, M) || M <- [soak_guest, port_guest]],
    ok = guest:call(Port, soak_guest, prepare, [{Http, Tls, Udp}]),
    Peer = like_linux:start([], ["-name", "host@127.0.0.1", "-dist_listen", "false"
                                 | dist(Dist)]),
    #{vm => Vm, port => Port, http => Http, tls => Tls, udp => Udp, peer => Peer,
      client => guest:call(Port, soak_guest, tls_client, [])}.

dist(Port) ->
    ["-setcookie", "soak", "-start_epmd", "false", "-erl_epmd_port",
     integer_to_list(Port)].

publish(Ports) -> lists:append([["-p", forward(P)] || P <- Ports]).

forward(Port) ->
    P = integer_to_list(Port),
    "127.0.0.1:" ++ P ++ ":" ++ P.

words(Words) -> lists:append([["--arg", W] || W <- Words]).

%% --- the work -----------------------------------------------------------------------

%% From inside and from outside, for Seconds: the rounds of each kind.
work(M, Seconds) ->
    End = erlang:monotonic_time(second) + Seconds,
    Outside = [{host_http, fun http/1}, {host_tls, fun tls/1}, {host_udp, fun udp/1},
               {host_dist, fun dist_round/1}],
    Running = [{Kind, spawn_monitor(fun() -> exit({rounds, rounds(F, M, End, 0)}) end)}
               || {Kind, F} <- Outside],
    Inside = guest:call(maps:get(port, M), soak_guest, soak, [Seconds],
                        Seconds * 1000 + 120000),
    Rounds = Inside ++ [ended(R) || R <- Running],
    [?assertMatch({_, {rounds, N}} when N > 0, R) || R <- Rounds],
    [{Kind, N} || {Kind, {rounds, N}} <- Rounds].

ended({Kind, {Pid, Ref}}) ->
    receive {'DOWN', Ref, _, _, Why} -> {Kind, Why}
    after 2 * ?ANSWER -> {Kind, {hangs, process_info(Pid, current_stacktrace)}}
    end.

rounds(F, M, End, N) ->
    case erlang:monotonic_time(second) < End of
        true -> F(M), rounds(F, M, End, N + 1);
        false -> N
    end.

http(#{http := Port}) ->
    {ok, S} = gen_tcp:connect({127, 0, 0, 1}, Port, [binary, {active, false}], ?ANSWER),
    ok = gen_tcp:send(S, "GET /index.html HTTP/1.0\r\n\r\n"),
    <<"HTTP/1.", _, " 200", _/binary>> = vm:recv_all(S, <<>>, ?ANSWER),
    gen_tcp:close(S).

tls(#{tls := Port, client := Client}) ->
    {ok, S} = ssl:connect({127, 0, 0, 1}, Port, [binary, {active, false} | Client], ?ANSWER),
    Data = rand:bytes(10000),
    ok = ssl:send(S, Data),
    {ok, Data} = ssl:recv(S, 10000, ?ANSWER),
    ssl:close(S).

udp(#{udp := Port}) ->
    {ok, S} = gen_udp:open(0, [binary, {active, false}]),
    Data = rand:bytes(1000),
    ok = gen_udp:send(S, {127, 0, 0, 1}, Port, Data),
    {ok, {_, Port, Data}} = gen_udp:recv(S, 0, ?ANSWER),
    gen_udp:close(S).

%% A message of a megabyte there and back, and a node that goes and comes.
dist_round(#{peer := Peer}) ->
    Node = 'soak@127.0.0.1',
    Data = rand:bytes(1 bsl 20),
    Data = like_linux:linux(Peer, {erpc, call}, [Node, erlang, hd, [[Data]], ?ANSWER]),
    true = like_linux:linux(Peer, {erlang, disconnect_node}, [Node]).

%% --- the account ----------------------------------------------------------------------

account(#{port := Port}) ->
    timer:sleep(?QUIET * 1000),
    Memory = guest:call(Port, port_guest, meminfo, []),
    #{slab => maps:get(<<"Slab">>, Memory),
      tables => maps:get(<<"PageTables">>, Memory),
      stacks => maps:get(<<"KernelStack">>, Memory),
      available => maps:get(<<"MemAvailable">>, Memory),
      processes => length(guest:call(Port, port_guest, pids, [])),
      descriptors => guest:call(Port, port_guest, descriptors, []),
      slabs => guest:call(Port, port_guest, slabs, [])}.

brief(Account) -> maps:remove(slabs, Account).

grown(Before, After) ->
    More = fun(K) -> maps:get(K, After) - maps:get(K, Before) end,
    [?assertEqual({K, 0}, {K, More(K)}) || K <- [processes, descriptors]],
    [?assertMatch({_, N} when N =< ?TOLERANCE, {K, More(K)})
     || K <- [slab, tables, stacks]],
    Used = maps:get(slabs, Before),
    ct:log("objects ~p", [[{K, maps:get(K, Used, 0), N}
                           || {K, N} <- maps:to_list(maps:get(slabs, After)),
                              N > maps:get(K, Used, 0)]]).

%% The kernel's lines start with its clock.
said_nothing(Before, After) ->
    New = binary:part(After, byte_size(Before), byte_size(After) - byte_size(Before)),
    ?assertEqual(nomatch, re:run(New, "^\\[ *[0-9]+\\.[0-9]+\\].*$",
                                 [multiline, {capture, first, binary}])).
