%% SPDX-License-Identifier: Apache-2.0
%% Copyright the unibeam authors
%% cluster_SUITE - two machines and the host, one Erlang cluster on a network of
%% their own. Needs root, for the network.
-module(cluster_SUITE).
-include_lib("stdlib/include/assert.hrl").
-compile([export_all, nowarn_export_all]).

-define(BOOT, 120000).
-define(A, 'a@10.77.0.11').
-define(B, 'b@b.test').
-define(C, 'c@c.test').
-define(H, 'h@10.77.0.1').
-define(COOKIE, "cluster").
%% Seconds between the last sign of a node and its being given up.
-define(TICKTIME, 8).

suite() -> [{timetrap, {minutes, 5}}].

%% The long form (make check-long-dist) has all. The last three end the machines.
all() ->
    [three_nodes, names_and_groups, messages, short_partition, partition] ++
        long([short_names, tls, soak]) ++
        [killed] ++ long([named_by_dhcp]) ++ [stopped].

long(Cases) ->
    case os:getenv("DIST_SECONDS") of
        false -> [];
        _ -> Cases
    end.

init_per_suite(Config) ->
    case vm:image("OTP_IMAGE", Config) of
        [{image, Image} | _] ->
            case netns:start("10.77.0.1/24", ["tap1", "tap2"]) of
                {skip, Why} -> {skip, Why};
                Ns -> start(Image, Ns, Config)
            end;
        Skip -> Skip
    end.

start(Image, Ns, Config) ->
    A = machine(Image, Ns, "tap1", ?A, static("10.77.0.11", "a")),
    B = machine(Image, Ns, "tap2", ?B, static("10.77.0.12", "b.test")),
    [vm:wait(Vm, "^READY", ?BOOT) || Vm <- [A, B]],
    Self = self(),
    Keeper = spawn(fun() -> keep(Self, Ns, Config) end),
    C = receive
            {Keeper, Host} ->
                [{image, Image}, {ns, Ns}, {a, A}, {b, B}, {host, Host}, {keeper, Keeper} | Config]
        end,
    [pong = host(C, net_adm, ping, [N]) || N <- [?A, ?B]],
    {_, Beam, _} = code:get_object_code(dist_guest),
    [begin
         {module, _} = host(C, erpc, call,
                            [N, code, load_binary, [dist_guest, "dist_guest.beam", Beam]]),
         ok = host(C, erpc, call, [N, dist_guest, prepare, [Beam]]),
         host(C, erpc, call, [N, net_kernel, set_net_ticktime, [?TICKTIME, 0]])
     end || N <- [?H, ?A, ?B]],
    C.

%% A name server is there later.
static(Address, Host) ->
    ["--hostname", Host, "--ip", Address ++ "/24,10.77.0.1,10.77.0.1",
     "--add-host", "a:10.77.0.11", "--add-host", "b:10.77.0.12",
     "--add-host", "b.test:10.77.0.12"].

machine(Image, Ns, Tap, Node, Args) ->
    vm:start(Image, #{machine => "microvm", direct => true, cpus => 2,
                      memory => "512M", forward => false, keep => true,
                      under => netns:enter(Ns),
                      args => ["--network", "tap=" ++ Tap | Args] ++
                          words(["-name", atom_to_list(Node), "-setcookie", ?COOKIE])}).

words(Words) -> lists:append([["--arg", W] || W <- Words]).

%% The host's node ends with the process that started it.
keep(Parent, Ns, Config) ->
    [Inetrc, Resolv] = [filename:join(proplists:get_value(priv_dir, Config), F)
                        || F <- ["inetrc", "resolv.conf"]],
    ok = file:write_file(Resolv, "nameserver 10.77.0.1\n"),
    ok = file:write_file(Inetrc, ["{host, {10,77,0,12}, [\"b.test\"]}.\n"
                                  "{resolv_conf, \"", Resolv, "\"}.\n"
                                  "{lookup, [file, dns]}.\n"]),
    [Program | Words] = netns:enter(Ns),
    {ok, Peer, _} =
        peer:start(#{connection => standard_io, exec => {Program, Words ++ ["erl"]},
                     args => ["-name", atom_to_list(?H), "-setcookie", ?COOKIE,
                              "-kernel", "inetrc", "\"" ++ Inetrc ++ "\"",
                              "-kernel", "prevent_overlapping_partitions", "false"]}),
    Parent ! {self(), Peer},
    receive stop -> peer:stop(Peer) end.

end_per_suite(C) ->
    host(C, dist_guest, clean, []),
    proplists:get_value(keeper, C) ! stop,
    [vm:stop(proplists:get_value(Vm, C)) || Vm <- [a, b]],
    netns:stop(proplists:get_value(ns, C)).

host(C, M, F, A) -> peer:call(proplists:get_value(host, C), M, F, A, 120000).

%% The same in a node of the cluster, by way of the host's.
at(C, Node, M, F, A) -> host(C, erpc, call, [Node, M, F, A, 110000]).

others(Node) -> lists:sort([?A, ?B, ?H] -- [Node]).

nodes_of(C, Node) -> lists:sort(at(C, Node, erlang, nodes, [])).

until(F) -> dist_guest:until(F).

together(C) ->
    [?assert(until(fun() -> host(C, net_adm, ping, [N]) =:= pong end))
     || N <- [?A, ?B]],
    [?assert(until(fun() -> at(C, ?A, net_adm, ping, [N]) =:= pong end)) || N <- [?B]],
    [?assertEqual(others(N), nodes_of(C, N)) || N <- [?H, ?A, ?B]].

%% --- the cases ----------------------------------------------------------------------

%% By address and by name, from and to everywhere.
three_nodes(C) ->
    together(C),
    ?assertEqual({ok, {10, 77, 0, 12}}, at(C, ?A, inet, getaddr, ["b.test", inet])),
    ?assertEqual("b.test\n", at(C, ?B, os, cmd, ["hostname"])),
    [?assertEqual(To, at(C, From, erpc, call, [To, erlang, node, []]))
     || From <- [?A, ?B, ?H], To <- [?A, ?B, ?H]].

%% Named by the machines' names up to the first dot.
short_names(C) ->
    Nodes = [A, B] =
        [hd(at(C, N, dist_guest, start, [[{"-sname", "s", ["-setcookie", "s"]}]]))
         || N <- [?A, ?B]],
    ?assertEqual(['s@a', 's@b'], [Name || {_, Name, _} <- Nodes]),
    [?assertEqual(pong, host(C, dist_guest, ping, [From, To]))
     || {From, To} <- [{A, B}, {B, A}]],
    host(C, dist_guest, stop, [Nodes]).

names_and_groups(C) ->
    [ok = at(C, N, global, sync, []) || N <- [?A, ?B, ?H]],
    Pids = [begin
                {yes, Pid} = at(C, N, dist_guest, owner, [N]),
                Pid
            end || N <- [?A, ?B, ?H]],
    [?assertEqual(Pids, [at(C, N, global, whereis_name, [Name]) || Name <- [?A, ?B, ?H]])
     || N <- [?A, ?B, ?H]],
    Members = lists:sort([at(C, N, dist_guest, member, [g]) || N <- [?A, ?B, ?H]]),
    [?assert(until(fun() -> lists:sort(at(C, N, pg, get_members, [g])) =:= Members end))
     || N <- [?A, ?B, ?H]].

messages(C) ->
    [?assertEqual([2, 6, true], host(C, dist_guest, echoes, [From, To, 2]))
     || {From, To} <- [{?H, ?A}, {?A, ?B}, {?B, ?H}]].

%% --- a network that breaks ------------------------------------------------------------

link(C, State) ->
    "" = netns:run(proplists:get_value(ns, C), "ip link set tap1 " ++ State).

%% Shorter than ticks notice: nothing is lost.
short_partition(C) ->
    Echo = at(C, ?B, dist_guest, echo, []),
    Self = self(),
    spawn_link(fun() ->
                       Self ! {order, at(C, ?A, dist_guest, in_order,
                                         [Echo, 3000, 1 bsl 18])}
               end),
    timer:sleep(300),
    link(C, "down"),
    timer:sleep(2500),
    link(C, "up"),
    ?assert(receive {order, Kept} -> Kept end),
    [?assertEqual(others(N), nodes_of(C, N)) || N <- [?H, ?A, ?B]].

%% Longer: both sides notice, and find each other again.
partition(C) ->
    [ok = at(C, Here, dist_guest, watch, [There])
     || {Here, There} <- [{?H, ?A}, {?B, ?A}, {?A, ?B}]],
    link(C, "down"),
    Seen = [host(C, dist_guest, gone, [N]) || N <- [?H, ?B]],
    link(C, "up"),
    together(C),
    noticed(Seen ++ [host(C, dist_guest, gone, [?A])]).

%% Within a quarter of the time, and what a slow machine adds.
noticed(Seen) ->
    ct:log("~p", [Seen]),
    [begin
         ?assertEqual(net_tick_timeout, Reason),
         ?assert(Ms > ?TICKTIME * 700 andalso Ms < ?TICKTIME * 1000 + 8000)
     end || {Reason, Ms} <- Seen].

%% For some time everybody sends to everybody, and the network breaks now and then:
%% all arrives, and the kernels have their memory back.
soak(C) ->
    Nodes = [?A, ?B, ?H],
    End = erlang:monotonic_time(second) + list_to_integer(os:getenv("DIST_SECONDS")),
    Before = [slab(C, N) || N <- [?A, ?B]],
    Echoes = [{N, at(C, N, dist_guest, echo, [])} || N <- Nodes],
    Works = [spawn_monitor(fun() -> work(C, From, Echo, End) end)
             || From <- Nodes, {To, Echo} <- Echoes, To =/= From],
    Breaks = breaks(C, End, 0),
    Ends = [receive {'DOWN', Ref, _, _, Why} -> Why end || {_, Ref} <- Works],
    timer:sleep(20000),
    Growth = [slab(C, N) || N <- [?A, ?B]],
    ct:pal("~p breaks, messages ~p, slabs ~p -> ~p KiB", [Breaks, Ends, Before, Growth]),
    ?assertEqual([], [E || E <- Ends, not is_tuple(E)]),
    [?assert(After - Was < 2048) || {Was, After} <- lists:zip(Before, Growth)].

slab(C, Node) ->
    {ok, Text} = at(C, Node, file, read_file, ["/proc/meminfo"]),
    {match, [KiB]} = re:run(Text, "^Slab: +([0-9]+)",
                            [multiline, {capture, [1], list}]),
    list_to_integer(KiB).

work(C, From, Echo, End) -> work(C, From, Echo, End, 0).

work(C, From, Echo, End, N) ->
    case erlang:monotonic_time(second) < End of
        true ->
            Sizes = [rand:uniform(1 bsl rand:uniform(21)) || _ <- lists:seq(1, 8)],
            8 = at(C, From, dist_guest, send_echo, [Echo, Sizes]),
            work(C, From, Echo, End, N + 8);
        false -> exit({done, N})
    end.

breaks(C, End, N) ->
    case erlang:monotonic_time(second) + 12 < End of
        true ->
            timer:sleep(10000),
            link(C, "down"),
            timer:sleep(1500),
            link(C, "up"),
            breaks(C, End, N + 1);
        false -> N
    end.

%% --- TLS ------------------------------------------------------------------------------

%% From guest to guest, guest to host and host to guest.
tls(C) ->
    ok = host(C, dist_guest, keys, ["ours"]),
    [copy(C, N) || N <- [?A, ?B]],
    Args = host(C, dist_guest, tls_args, ["ours"]) ++ ["-setcookie", "tls"],
    Nodes = [A, B, H] =
        [hd(at(C, N, dist_guest, start, [[{"tls@" ++ Address, Args}]]))
         || {N, Address} <- [{?A, "10.77.0.11"}, {?B, "10.77.0.12"},
                             {?H, "10.77.0.1"}]],
    [?assertEqual(pong, host(C, dist_guest, ping, [From, To]))
     || From <- Nodes, To <- Nodes -- [From]],
    [?assertEqual([1, 6, true], host(C, dist_guest, echoes, [From, To, 1]))
     || {From, To} <- [{A, B}, {B, H}]],
    host(C, dist_guest, stop, [Nodes]).

%% The keys, in the directory of the same name.
copy(C, Node) ->
    Dir = host(C, dist_guest, dir, []),
    ok = at(C, Node, filelib, ensure_path, [Dir]),
    [begin
         {ok, Data} = file:read_file(File),
         ok = at(C, Node, file, write_file, [File, Data])
     end || File <- filelib:wildcard(Dir ++ "/*")].

%% --- ends -----------------------------------------------------------------------------

%% A machine that is gone without a word.
killed(C) ->
    [ok = at(C, N, dist_guest, watch, [?B]) || N <- [?H, ?A]],
    vm:signal(proplists:get_value(b, C), "KILL"),
    noticed([host(C, dist_guest, gone, [N]) || N <- [?H, ?A]]).

%% A machine with nothing but a host name, which the DHCP server makes known.
named_by_dhcp(C) ->
    vm:stop(proplists:get_value(b, C)),
    Server = dnsmasq(C),
    Vm = machine(proplists:get_value(image, C), proplists:get_value(ns, C), "tap2", ?C,
                 ["--hostname", "c"]),
    try
        vm:wait(Vm, "^READY", ?BOOT),
        [?assertEqual(pong, at(C, N, net_adm, ping, [?C])) || N <- [?H, ?A]],
        ?assertEqual(pong, at(C, ?C, net_adm, ping, [?A])),
        ?assertEqual([?A, ?H], nodes_of(C, ?C)),
        ?assertEqual("c\n", at(C, ?C, os, cmd, ["hostname"]))
    after
        vm:stop(Vm),
        os:cmd("kill " ++ integer_to_list(Server))
    end.

%% A server that says it is in the domain "test", and gives names of its clients.
dnsmasq(C) ->
    [Program | Words] = netns:enter(proplists:get_value(ns, C)),
    Leases = filename:join(proplists:get_value(priv_dir, C), "leases"),
    Port = open_port({spawn_executable, Program},
                     [{args, Words ++
                           ["dnsmasq", "-k", "-C", "/dev/null", "-i", "br0", "-z", "-R",
                            "-h", "--no-ping", "--pid-file=", "-u", "root", "-s", "test",
                            "-S", "/test/", "-F", "10.77.0.50,10.77.0.59,5m",
                            "-l", Leases]}, stderr_to_stdout]),
    {os_pid, Pid} = erlang:port_info(Port, os_pid),
    Pid.

%% A machine that stops in order is missed at once.
stopped(C) ->
    ok = host(C, dist_guest, watch, [?A]),
    ok = at(C, ?A, init, stop, []),
    {Reason, _} = host(C, dist_guest, gone, [?H]),
    %% after a while without a sign it would be net_tick_timeout
    ?assertEqual(connection_closed, Reason),
    ?assertEqual(0, vm:status(proplists:get_value(a, C), 60000)).
