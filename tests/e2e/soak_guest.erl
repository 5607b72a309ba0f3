%% SPDX-License-Identifier: Apache-2.0
%% Copyright the unibeam authors
%% soak_guest - runs in the machine: everything a release may do, all at once,
%% for some time.
%%
%% Each kind of work is a function of soak/1's table that does one round of it
%% and fails if an answer is wrong. The servers that the host talks to as well
%% (HTTP, TLS, UDP) listen on the ports given to prepare/1.
-module(soak_guest).
-export([prepare/1, soak/1, tls_client/0]).

-define(DIR, "/tmp/soak").
-define(TABLE, soak_table).
-define(LIMIT, 60000).

%% Starts the servers; ports: of HTTP, TLS and UDP. They stay.
prepare(Ports) ->
    Self = self(),
    spawn(fun() -> Self ! {prepared, servers(Ports)}, receive after infinity -> ok end end),
    receive {prepared, Result} -> Result after ?LIMIT -> error(not_prepared) end.

servers({Http, Tls, Udp}) ->
    ok = filelib:ensure_dir(?DIR "/www/x"),
    ok = file:write_file(?DIR "/www/index.html", page()),
    persistent_term:put(?MODULE, {Http, Tls, Udp}),
    {ok, _} = inets:start(httpd, [{port, Http}, {server_name, "soak"},
                                  {server_root, ?DIR}, {document_root, ?DIR "/www"},
                                  {modules, [mod_get]}]),
    mnesia_table(),
    udp_server(Udp),
    tls_server(Tls).

page() -> binary:copy(<<"0123456789abcdef">>, 512).

mnesia_table() ->
    {atomic, ok} = mnesia:change_table_copy_type(schema, node(), disc_copies),
    {atomic, ok} = mnesia:create_table(?TABLE, [{disc_copies, [node()]}]).

udp_server(Port) ->
    {ok, S} = gen_udp:open(Port, [binary, {active, false}]),
    spawn_link(fun() -> udp_echo(S) end).

udp_echo(S) ->
    {ok, {From, Port, Data}} = gen_udp:recv(S, 0),
    ok = gen_udp:send(S, From, Port, Data),
    udp_echo(S).

%% With certificates made here; what a client needs is tls_client/0.
tls_server(Port) ->
    Key = [{key, {namedCurve, secp256r1}}, {digest, sha256}],
    Chain = #{root => Key, intermediates => [], peer => Key},
    #{server_config := Server, client_config := Client} =
        public_key:pkix_test_data(#{server_chain => Chain, client_chain => Chain}),
    persistent_term:put(tls_client, Client),
    {ok, Listen} = ssl:listen(Port, [binary, {active, false}, {reuseaddr, true} | Server]),
    spawn_link(fun() -> tls_accept(Listen) end),
    ok.

tls_client() ->
    [{verify, verify_peer}, {server_name_indication, disable}
     | persistent_term:get(tls_client)].

tls_accept(Listen) ->
    {ok, S} = ssl:transport_accept(Listen),
    spawn(fun() -> tls_echo(S) end),
    tls_accept(Listen).

tls_echo(Raw) ->
    {ok, S} = ssl:handshake(Raw, ?LIMIT),
    {ok, Data} = ssl:recv(S, 10000, ?LIMIT),
    ok = ssl:send(S, Data),
    _ = ssl:recv(S, 0, ?LIMIT),
    ssl:close(S).

%% Works for Seconds; how many rounds of each kind there were. A wrong answer, or
%% a crash, is an error with the kind's name.
soak(Seconds) ->
    End = erlang:monotonic_time(second) + Seconds,
    Kinds = [{http, fun http/1}, {tls, fun tls/1}, {udp, fun udp/1},
             {ports, fun ports/1}, {commands, fun commands/1},
             {files, fun files/1}, {dets, fun dets_table/1},
             {mnesia, fun transactions/1}, {os_mon, fun os_mon/1},
             {local, fun local/1}],
    Running = [{Kind, spawn_monitor(fun() -> exit({rounds, rounds(F, End, 0)}) end)}
               || {Kind, F} <- Kinds],
    [receive {'DOWN', Ref, _, _, Why} -> {Kind, Why} end
     || {Kind, {_, Ref}} <- Running].

rounds(F, End, N) ->
    case erlang:monotonic_time(second) < End of
        true -> F(N), rounds(F, End, N + 1);
        false -> N
    end.

%% --- the kinds ----------------------------------------------------------------

http(_) ->
    {Port, _, _} = persistent_term:get(?MODULE),
    Url = "http://127.0.0.1:" ++ integer_to_list(Port) ++ "/index.html",
    {ok, {{_, 200, _}, _, Body}} =
        httpc:request(get, {Url, []}, [{timeout, ?LIMIT}], [{body_format, binary}]),
    true = Body =:= page().

tls(_) ->
    {_, Port, _} = persistent_term:get(?MODULE),
    {ok, S} = ssl:connect({127, 0, 0, 1}, Port, [binary, {active, false} | tls_client()],
                          ?LIMIT),
    Data = rand:bytes(10000),
    ok = ssl:send(S, Data),
    {ok, Data} = ssl:recv(S, 10000, ?LIMIT),
    ssl:close(S).

%% A datagram may be lost when the server's queue is full; not here.
udp(N) ->
    {_, _, Port} = persistent_term:get(?MODULE),
    {ok, S} = gen_udp:open(0, [binary, {active, false}]),
    Data = <<N:64, (rand:bytes(1000))/binary>>,
    ok = gen_udp:send(S, {127, 0, 0, 1}, Port, Data),
    {ok, {_, Port, Data}} = gen_udp:recv(S, 0, ?LIMIT),
    gen_udp:close(S).

ports(_) ->
    [] = port_guest:statuses(3),
    2 = port_guest:echo(2, 1 bsl 17).

commands(N) ->
    Text = integer_to_list(N),
    true = os:cmd("(sleep 0.1 & echo " ++ Text ++ ") | cat") =:= Text ++ "\n".

files(N) ->
    Dir = filename:join(?DIR, "files" ++ integer_to_list(N rem 10)),
    ok = file:make_dir(Dir),
    [file_round(filename:join(Dir, integer_to_list(K))) || K <- lists:seq(1, 20)],
    ok = file:del_dir_r(Dir).

file_round(Name) ->
    Data = rand:bytes(20000),
    ok = file:write_file(Name, Data),
    ok = file:rename(Name, Name ++ ".new"),
    {ok, F} = file:open(Name ++ ".new", [read, write, raw, binary]),
    {ok, 15000} = file:position(F, 15000),
    ok = file:truncate(F),
    ok = file:close(F),
    {ok, Back} = file:read_file(Name ++ ".new"),
    true = Back =:= binary:part(Data, 0, 15000).

dets_table(N) ->
    Name = ?DIR "/table.dets",
    {ok, T} = dets:open_file(?FUNCTION_NAME, [{file, Name}]),
    [ok = dets:insert(T, {K, N, rand:bytes(100)}) || K <- lists:seq(1, 200)],
    [{7, N, _}] = dets:lookup(T, 7),
    ok = dets:close(T),
    ok = file:delete(Name).

transactions(N) ->
    [{atomic, ok} = mnesia:transaction(
                      fun() -> mnesia:write({?TABLE, K, {N, K}}) end)
     || K <- lists:seq(1, 50)],
    [{?TABLE, 7, {N, 7}}] = mnesia:dirty_read(?TABLE, 7),
    N rem 10 =:= 0 andalso (dumped = mnesia:dump_log()).

os_mon(_) ->
    true = is_float(cpu_sup:util()),
    true = is_integer(cpu_sup:avg1()),
    Memory = memsup:get_system_memory_data(),
    true = proplists:get_value(free_memory, Memory) > 0,
    [_ | _] = disksup:get_disk_data(),
    timer:sleep(100).

%% A Unix socket, and a file sent through it.
local(N) ->
    Name = ?DIR "/socket" ++ integer_to_list(N rem 10),
    {ok, L} = gen_tcp:listen(0, [local_address(Name), binary, {active, false}]),
    {ok, C} = gen_tcp:connect({local, Name}, 0, [binary, {active, false}]),
    {ok, S} = gen_tcp:accept(L, ?LIMIT),
    {ok, Sent} = file:sendfile(?DIR "/www/index.html", C),
    {ok, Data} = gen_tcp:recv(S, Sent, ?LIMIT),
    true = Data =:= page(),
    [gen_tcp:close(X) || X <- [S, C, L]],
    ok = file:delete(Name).

local_address(Name) -> {ifaddr, {local, Name}}.
