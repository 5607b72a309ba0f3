%% SPDX-License-Identifier: Apache-2.0
%% Copyright the unibeam authors
%% soak_guest - runs in the machine: a mix of everything, for as long as wanted.
-module(soak_guest).
-export([prepare/0, run/2, sockets/0]).

-define(DIR, "/tmp/soak").
-define(LIMIT, 60000).
-define(PAUSE, 20).

%% What the work needs and what then stays: a web server, a database.
prepare() ->
    ok = filelib:ensure_path(?DIR ++ "/www"),
    ok = file:write_file(?DIR ++ "/www/page", binary:copy(<<"page ">>, 2000)),
    {ok, _} = inets:start(httpd, [{port, 8080}, {server_name, "soak"},
                                  {server_root, ?DIR}, {document_root, ?DIR ++ "/www"},
                                  {bind_address, any}]),
    {ok, _} = application:ensure_all_started(ssl),
    persistent_term:put(?MODULE, certificates()),
    application:set_env(mnesia, dir, ?DIR ++ "/mnesia"),
    stopped = mnesia:stop(),
    ok = mnesia:create_schema([node()]),
    ok = mnesia:start(),
    {atomic, ok} = mnesia:create_table(soak, [{disc_copies, [node()]}]),
    ok = mnesia:wait_for_tables([soak], ?LIMIT).

certificates() ->
    Options = [{digest, sha256}, {key, {namedCurve, secp256r1}}],
    Chain = #{root => Options, intermediates => [], peer => Options},
    public_key:pkix_test_data(#{server_chain => Chain, client_chain => Chain}).

%% Every kind of work in a process of its own for so many seconds; Node is of
%% another system. {Kind, Rounds, the first thing that went wrong or none}
run(Seconds, Node) ->
    End = erlang:monotonic_time(millisecond) + Seconds * 1000,
    Self = self(),
    Started = [spawn_link(fun() -> Self ! {self(), rounds(Kind, Work, End, 0)} end)
               || {Kind, Work} <- kinds(Node)],
    [receive {P, Result} -> Result end || P <- Started].

rounds(Kind, Work, End, N) ->
    case erlang:monotonic_time(millisecond) < End of
        false -> {Kind, N, none};
        true ->
            try Work(N) of
                ok -> timer:sleep(?PAUSE), rounds(Kind, Work, End, N + 1)
            catch C:R:St -> {Kind, N, {C, R, St}}
            end
    end.

kinds(Node) ->
    [{ports, fun ports/1}, {commands, fun commands/1}, {files, fun files/1},
     {dets, fun dets/1}, {mnesia, fun mnesia/1}, {tls, fun tls/1}, {udp, fun udp/1},
     {http, fun http/1}, {os_mon, fun os_mon/1}, {processes, fun processes/1},
     {local, fun local/1},
     {distribution, fun(N) -> distribution(Node, N) end}].

ports(N) ->
    Data = rand:bytes(65536),
    Port = open_port({spawn_executable, "/bin/cat"}, [binary, stream]),
    true = port_command(Port, Data),
    Data = collect(Port, 65536, []),
    true = port_close(Port),
    Failing = open_port({spawn, "sh -c 'exit " ++ integer_to_list(N rem 256) ++ "'"},
                        [exit_status]),
    receive {Failing, {exit_status, S}} when S =:= N rem 256 -> ok end.

collect(_, 0, Acc) -> iolist_to_binary(lists:reverse(Acc));
collect(Port, Left, Acc) ->
    receive {Port, {data, D}} -> collect(Port, Left - byte_size(D), [D | Acc])
    after ?LIMIT -> error({missing, Left})
    end.

commands(N) ->
    Text = integer_to_list(N),
    Wanted = Text ++ "\n",
    Wanted = os:cmd("echo " ++ Text ++ " | cat"),
    ok.

files(N) ->
    Dir = filename:join(?DIR, "files"),
    Name = fun(K) -> filename:join(Dir, integer_to_list(K)) end,
    ok = filelib:ensure_path(Dir),
    Data = <<N:64, 0:80000>>,
    [ok = file:write_file(Name(K), Data) || K <- lists:seq(1, 20)],
    ok = file:rename(Name(1), Name(2)),
    ok = file:make_symlink(Name(3), Name(1)),
    {ok, Names} = file:list_dir(Dir),
    20 = length(Names),
    [{ok, Data} = file:read_file(Name(K)) || K <- lists:seq(1, 20)],
    ok = file:del_dir_r(Dir).

dets(N) ->
    File = filename:join(?DIR, "dets"),
    {ok, T} = dets:open_file(soak_dets, [{file, File}]),
    ok = dets:insert(T, [{K, N, lists:seq(1, 50)} || K <- lists:seq(1, 100)]),
    [{7, N, _}] = dets:lookup(T, 7),
    ok = dets:close(T),
    ok = file:delete(File).

mnesia(N) ->
    F = fun() -> [mnesia:write({soak, K, {N, lists:seq(1, 100)}})
                  || K <- lists:seq(N rem 7 * 10, N rem 7 * 10 + 9)], ok end,
    {atomic, ok} = mnesia:transaction(F),
    [{soak, _, {N, _}}] = mnesia:dirty_read(soak, N rem 7 * 10),
    _ = N rem 100 =/= 99 orelse mnesia:dump_log(),
    ok.

tls(_) ->
    #{server_config := Server, client_config := Client} = persistent_term:get(?MODULE),
    Options = [binary, {active, false}, {versions, ['tlsv1.3']}],
    {ok, L} = ssl:listen(0, Options ++ Server),
    {ok, {_, Port}} = ssl:sockname(L),
    {_, Ref} = spawn_monitor(fun() ->
        {ok, T} = ssl:transport_accept(L, ?LIMIT),
        {ok, S} = ssl:handshake(T, ?LIMIT),
        {ok, D} = ssl:recv(S, 10000, ?LIMIT),
        ok = ssl:send(S, D),
        ssl:recv(S, 1, ?LIMIT)
    end),
    {ok, S} = ssl:connect({127, 0, 0, 1}, Port, Options ++ Client ++
                              [{server_name_indication, disable},
                               {verify, verify_peer}], ?LIMIT),
    Data = rand:bytes(10000),
    ok = ssl:send(S, Data),
    {ok, Data} = ssl:recv(S, 10000, ?LIMIT),
    ok = ssl:close(S),
    receive {'DOWN', Ref, _, _, normal} -> ok end,
    ssl:close(L).

udp(N) ->
    {ok, A} = gen_udp:open(0, [binary, {active, false}, {ip, {127, 0, 0, 1}}]),
    {ok, B} = gen_udp:open(0, [binary, {active, false}, {ip, {127, 0, 0, 1}}]),
    {ok, Port} = inet:port(B),
    [begin
         ok = gen_udp:send(A, {127, 0, 0, 1}, Port, <<N:32, K:32>>),
         {ok, {_, _, <<N:32, K:32>>}} = gen_udp:recv(B, 0, ?LIMIT)
     end || K <- lists:seq(1, 50)],
    gen_udp:close(A),
    gen_udp:close(B).

http(_) ->
    {ok, {{_, 200, _}, _, Body}} =
        httpc:request(get, {"http://127.0.0.1:8080/page", []},
                      [{timeout, ?LIMIT}], [{body_format, binary}]),
    10000 = byte_size(Body),
    ok.

os_mon(_) ->
    true = is_integer(cpu_sup:avg1()),
    true = is_number(cpu_sup:util()),
    [_ | _] = memsup:get_system_memory_data(),
    [_ | _] = disksup:get_disk_data(),
    ok.

processes(N) ->
    Self = self(),
    Pids = [spawn_link(fun() -> Self ! {self(), lists:sum(lists:seq(1, K))} end)
            || K <- lists:seq(1, 500)],
    [receive {P, _} -> ok end || P <- Pids],
    E = ets:new(soak, []),
    [ets:insert(E, {K, N}) || K <- lists:seq(1, 1000)],
    true = ets:delete(E),
    erlang:garbage_collect(),
    ok.

%% A Unix-domain socket and a pair of processes at its ends.
local(N) ->
    Path = filename:join(?DIR, "socket"),
    _ = file:delete(Path),
    {ok, L} = gen_tcp:listen(0, [{ifaddr, {local, Path}}, binary, {packet, 4},
                                 {active, false}]),
    {ok, C} = gen_tcp:connect({local, Path}, 0, [binary, {packet, 4},
                                                 {active, false}]),
    {ok, S} = gen_tcp:accept(L, ?LIMIT),
    [begin
         ok = gen_tcp:send(C, <<N:32, K:32, 0:8000>>),
         {ok, <<N:32, K:32, _/binary>>} = gen_tcp:recv(S, 0, ?LIMIT)
     end || K <- lists:seq(1, 20)],
    [gen_tcp:close(X) || X <- [C, S, L]],
    ok.

distribution(Node, N) ->
    Data = rand:bytes(100000),
    Hash = erlang:md5(Data),
    Hash = erpc:call(Node, erlang, md5, [Data], ?LIMIT),
    Ref = monitor(process, P = spawn(Node, erlang, display, [])),
    receive {'DOWN', Ref, process, P, _} -> ok end,
    %% now and then the connection is made anew
    _ = N rem 50 =/= 49 orelse erlang:disconnect_node(Node),
    ok.

%% The figures of /proc/net/sockstat: #{<<"TCP inuse">> => 3, ...}.
sockets() ->
    {ok, Text} = file:read_file("/proc/net/sockstat"),
    maps:from_list([{<<Kind/binary, " ", Key/binary>>, binary_to_integer(V)}
                    || Line <- binary:split(Text, <<"\n">>, [global, trim]),
                       [Kind, Rest] <- [binary:split(Line, <<": ">>)],
                       {Key, V} <- pairs(binary:split(Rest, <<" ">>, [global]))]).

pairs([K, V | Rest]) -> [{K, V} | pairs(Rest)];
pairs(_) -> [].
