%% SPDX-License-Identifier: Apache-2.0
%% Copyright the unibeam authors
%% dist_guest - distribution between nodes of one machine. The functions run in an
%% emulator that starts others beside it and talks to them over their standard
%% input and output, and so sees what they do when they cannot reach each other.
%% Three of them stand by from install/1 to uninstall/0.
-module(dist_guest).
-export([install/1, uninstall/0, cookies/0, hidden/0, no_epmd/0, not_listening/0,
         names/0, epmd_again/0, short_names/0, disconnected/0, stopped/0, tick/0,
         backpressure/0, messages/0, global_names/0, killed/0, tls/0]).
%% For the suites.
-export([prepare/1, clean/0, start/1, stop/1, ping/2, dir/0, keys/1, tls_args/1,
         until/1, echoes/3, gone/1]).
%% Called in other nodes.
-export([echo/0, send_echo/2, in_order/3, watch/1, fill/1, owner/1, member/1]).

-include_lib("public_key/include/public_key.hrl").

-define(LIMIT, 60000).
%% Nodes of a test have an epmd of their own, 127.0.0.1 for a host and a cookie.
-define(EPMD, "14369").
-define(MB, 1048576).

%% --- nodes ---------------------------------------------------------------------

%% What a node needs besides OTP: this module, and keys for TLS.
install(Beam) ->
    prepare(Beam),
    [keys(Name) || Name <- ["ours", "theirs"]],
    Args = ["+zdbbl", "64"], % a small buffer, to fill it
    persistent_term:put(?MODULE, start([{N, Args} || N <- ["a1", "a2", "a3"]])).

%% Enough for start/1.
prepare(Beam) ->
    ok = filelib:ensure_path(dir()),
    ok = file:write_file(filename:join(dir(), ?MODULE_STRING ".beam"), Beam).

uninstall() ->
    stop(persistent_term:get(?MODULE)),
    clean().

clean() ->
    [signal("KILL", Pid) || Pid <- epmds()],
    file:del_dir_r(dir()).

%% Those that stand by, connected with each other.
standing() ->
    Nodes = [A, B, C] = persistent_term:get(?MODULE),
    [pong, pong, pong] = [ping(A, B), ping(A, C), ping(B, C)],
    Nodes.

dir() -> "/tmp/dist_guest-" ++ os:getpid().

%% Nodes of this machine, started at the same time: {Peer, Name, Pid} each.
start(Nodes) ->
    Self = self(),
    Refs = [begin
                Ref = make_ref(),
                spawn(fun() -> Self ! {Ref, catch start(How, Name, Args)} end),
                Ref
            end || {How, Name, Args} <- lists:map(fun long/1, Nodes)],
    [receive {Ref, Node} -> Node end || Ref <- Refs].

long({Name, Args}) ->
    {"-name", hd([Name || lists:member($@, Name)] ++ [Name ++ "@127.0.0.1"]), Args};
long(Node) -> Node.

start(How, Name, Args) ->
    {ok, Peer, _} =
        peer:start(#{connection => standard_io, wait_boot => ?LIMIT,
                     env => [{"ERL_EPMD_PORT", ?EPMD}],
                     args => [How, Name, "-pa", dir(),
                              "-kernel", "net_setuptime", "60",
                              "-kernel", "prevent_overlapping_partitions", "false"
                             | Args] ++ boot()}),
    {Peer, do(Peer, erlang, node, []), do(Peer, os, getpid, [])}.

%% The boot file of nothing but OTP, of a release as of an installed system.
boot() ->
    [File | _] = filelib:wildcard(code:root_dir() ++ "/releases/*/start_clean.boot"),
    ["-boot", filename:rootname(File), "-boot_var", "SYSTEM_LIB_DIR", code:lib_dir()].

do({Peer, _, _}, M, F, A) -> do(Peer, M, F, A);
do(Peer, M, F, A) when is_pid(Peer) -> peer:call(Peer, M, F, A, ?LIMIT);
do(Node, M, F, A) -> erpc:call(Node, M, F, A, ?LIMIT).

stop(Nodes) -> [catch peer:stop(Peer) || {Peer, _, _} <- Nodes], ok.

ping(From, {_, To, _}) -> ping(From, To);
ping(From, To) -> do(From, net_adm, ping, [To]).

%% Names without their host.
short(Nodes) ->
    lists:sort([hd(string:split(atom_to_list(N), "@")) || N <- Nodes]).

signal(Signal, {_, _, Pid}) -> signal(Signal, Pid);
signal(Signal, Pid) -> "" = os:cmd("kill -" ++ Signal ++ " " ++ Pid).

until(F) -> until(F, 200).

until(_, 0) -> never;
until(F, N) -> F() orelse begin timer:sleep(100), until(F, N - 1) end.

%% --- who may connect, and who is seen ---------------------------------------------

cookies() ->
    [A, B = {_, NameB, _}, _] = standing(),
    Cookie = do(A, erlang, get_cookie, []),
    true = do(B, erlang, set_cookie, [other]),
    true = do(A, erlang, disconnect_node, [NameB]),
    Strangers = [ping(A, B), ping(B, A), nodes_of(A)],
    true = do(A, erlang, set_cookie, [NameB, other]),
    R = {Strangers, ping(A, B), nodes_of(A)},
    true = do(A, erlang, set_cookie, [NameB, Cookie]),
    true = do(B, erlang, set_cookie, [Cookie]),
    R.

nodes_of(Node) -> short(do(Node, erlang, nodes, [])).

hidden() ->
    [A, B, _] = standing(),
    [H] = start([{"h1", ["-hidden"]}]),
    Pings = [ping(H, A), ping(H, B)],
    Seen = [[short(do(N, erlang, nodes, [Kind]))
             || Kind <- [visible, hidden, connected]] || N <- [A, B, H]],
    stop([H]),
    {Pings, Seen}.

%% All nodes listen on the one port, each on an address of its own.
no_epmd() ->
    Nodes = [A, B] =
        start([{"-name", "e@127.0.0." ++ N,
                ["-start_epmd", "false", "-erl_epmd_port", "14400", "-kernel",
                 "inet_dist_use_interface", "{127,0,0," ++ N ++ "}"]}
               || N <- ["2", "3"]]),
    R = {ping(A, B), ping(B, A), do(A, inet, getaddr, ["127.0.0.3", inet]),
         ping(A, 'nobody@127.0.0.4')},
    stop(Nodes),
    R.

not_listening() ->
    [A, B, _] = standing(),
    [Quiet] = start([{"l1", ["-dist_listen", "false"]}]),
    R = {ping(A, Quiet), ping(Quiet, A), short(do(A, erlang, nodes, [hidden])),
         ping(B, Quiet), registered(A, $l)},
    stop([Quiet]),
    R.

%% Names that begin with Letter, of those an epmd knows.
registered(Node, Letter) ->
    {ok, Names} = do(Node, erl_epmd, names, [{127, 0, 0, 1}]),
    lists:sort([N || {N = [First | _], _} <- Names, First =:= Letter]).

%% A name is taken once, can be asked for, and goes with its node.
names() ->
    [A | _] = standing(),
    [N, {'EXIT', {boot_failed, _}}] = start([{"n1", []}]) ++ start([{"n1", []}]),
    Ports = [do(A, erl_epmd, port_please, [Name, {127, 0, 0, 1}])
             || Name <- ["n1", "n2"]],
    One = registered(A, $n),
    stop([N]),
    {One, element(1, hd(Ports)), lists:last(Ports),
     until(fun() -> registered(A, $n) =:= [] end)}.

%% A node registers again with an epmd that was killed and came back.
epmd_again() ->
    [A | _] = standing(),
    Before = registered(A, $a),
    [signal("KILL", Pid) || Pid <- epmds()],
    Gone = until(fun() -> element(1, do(A, erl_epmd, names, [{127, 0, 0, 1}]))
                              =:= error end),
    "" = os:cmd("ERL_EPMD_PORT=" ?EPMD " epmd -daemon"),
    {Before, Gone, until(fun() -> (catch registered(A, $a)) =:= Before end)}.

%% Those of ours: the port is in their environment.
epmds() ->
    [filename:basename(filename:dirname(F))
     || F <- filelib:wildcard("/proc/[0-9]*/environ"),
        {ok, Env} <- [file:read_file(F)],
        string:find(Env, "ERL_EPMD_PORT=" ?EPMD) =/= nomatch,
        {ok, Command} <- [file:read_file(filename:dirname(F) ++ "/cmdline")],
        filename:basename(hd(string:split(Command, <<0>>))) =:= <<"epmd">>].

short_names() ->
    Nodes = [A, B] = start([{"-sname", "s1", []}, {"-sname", "s2", []}]),
    {ok, Host} = inet:gethostname(),
    R = {ping(A, B), ping(B, A),
         [hd(tl(string:split(atom_to_list(N), "@"))) =:= hd(string:split(Host, "."))
          || {_, N, _} <- Nodes]},
    stop(Nodes),
    R.

%% --- a peer that goes away ---------------------------------------------------------

%% What A is told of the end of the connection to Node that Way makes.
down_reason(A, Node = {_, Name, _}, Way) ->
    ok = do(A, ?MODULE, watch, [Name]),
    catch Way(Node),
    element(1, gone(A)).

%% What the watcher in A was told, and after how many milliseconds.
gone(A) ->
    true = until(fun() -> do(A, erlang, whereis, [watcher]) =:= undefined end),
    {Info, Ms} = do(A, persistent_term, get, [down]),
    {proplists:get_value(nodedown_reason, Info), Ms}.

disconnected() ->
    [A, B, _] = standing(),
    {down_reason(A, B, fun({_, N, _}) -> do(A, erlang, disconnect_node, [N]) end),
     ping(A, B)}.

%% At once: long before ticks would tell.
stopped() ->
    [A | _] = standing(),
    [S = {Peer, _, _}] = start([{"d1", []}]),
    down_reason(A, S, fun(N) -> unlink(Peer), do(N, init, stop, []) end).

%% In a node: wait for the end of another one, in a process of our own.
watch(Name) ->
    Self = self(),
    spawn(fun() ->
                  register(watcher, self()),
                  ok = net_kernel:monitor_nodes(true, [nodedown_reason]),
                  pong = net_adm:ping(Name),
                  Self ! watching,
                  T = erlang:monotonic_time(millisecond),
                  receive {nodedown, Name, Info} ->
                          D = erlang:monotonic_time(millisecond) - T,
                          persistent_term:put(down, {Info, D})
                  end
          end),
    receive watching -> ok end.

%% Ticks find a node that stands still, in time; it is taken back.
tick() ->
    Nodes = [A, B, _] = standing(),
    [do(N, net_kernel, set_net_ticktime, [4, 0]) || N <- Nodes],
    timer:sleep(5500),
    Quiet = nodes_of(A),
    Reason = down_reason(A, B, fun(N) -> signal("STOP", N) end),
    {_, Ms} = gone(A),
    signal("CONT", B),
    [do(N, net_kernel, set_net_ticktime, [60, 0]) || N <- Nodes],
    {Quiet, Reason, Ms >= 2500 andalso Ms =< 10000 orelse Ms,
     until(fun() -> ping(A, B) =:= pong end)}.

%% --- much at once --------------------------------------------------------------------

%% In a node: a process that sends back what it gets.
echo() ->
    spawn(fun Loop() -> receive {From, Data} -> From ! {echo, Data}, Loop() end end).

%% In a node: N binaries of Size to Echo and back; how many were the same.
send_echo(Echo, Sizes) ->
    Sent = [rand:bytes(Size) || Size <- Sizes],
    [Echo ! {self(), Data} || Data <- Sent],
    length([ok || Data <- Sent,
                  Data =:= receive {echo, Back} -> Back after ?LIMIT -> lost end]).

%% In a node: small messages between large ones keep their order.
in_order(Echo, N, Large) ->
    Data = rand:bytes(Large),
    [Echo ! {self(), case K rem 100 of 0 -> {K, Data}; _ -> {K, small} end}
     || K <- lists:seq(1, N)],
    Back = [receive {echo, {K, _}} -> K after ?LIMIT -> lost end
            || _ <- lists:seq(1, N)],
    Back =:= lists:seq(1, N).

messages() ->
    [A, B, _] = standing(),
    echoes(A, B, 4) ++ echoes(B, A, 4).

%% From A to B and back: large ones, odd ones, and many between large ones.
echoes(A, B, N) ->
    Echo = do(B, ?MODULE, echo, []),
    [do(A, ?MODULE, send_echo, [Echo, lists:duplicate(N, 3 * ?MB)]),
     do(A, ?MODULE, send_echo, [Echo, [2 * N * ?MB, 0, 1, 65535, 65536, 65537]]),
     do(A, ?MODULE, in_order, [Echo, 300 * N, ?MB div 4])].

%% A node that stands still makes a sender wait, and gets all when it goes on.
backpressure() ->
    [A, B, _] = standing(),
    Echo = do(B, ?MODULE, echo, []),
    signal("STOP", B),
    do(A, ?MODULE, fill, [Echo]),
    Full = until(fun() -> do(A, persistent_term, get, [full, false]) end),
    signal("CONT", B),
    {Full, until(fun() -> do(A, persistent_term, get, [done, false]) end)}.

%% In a node: send until it would have to wait, then wait, then see all come back.
fill(Echo) ->
    spawn(fun() ->
                  Monitor = spawn(fun busy/0),
                  Self = self(),
                  erlang:system_monitor(Monitor, [busy_dist_port]),
                  Data = rand:bytes(65536),
                  N = send_until_full(Echo, Data, 0),
                  Monitor ! {wanted, self()},
                  spawn_link(fun() -> Echo ! {Self, Data} end),
                  receive busy -> ok end,
                  persistent_term:put(full, true),
                  [receive {echo, Data} -> ok end || _ <- lists:seq(0, N)],
                  persistent_term:put(done, true)
          end).

send_until_full(Echo, Data, N) ->
    case erlang:send(Echo, {self(), Data}, [nosuspend]) of
        ok -> send_until_full(Echo, Data, N + 1);
        nosuspend -> N
    end.

busy() ->
    receive {wanted, From} -> From end,
    receive {monitor, _, busy_dist_port, _} -> From ! busy end.

%% --- what OTP builds on it ------------------------------------------------------------

%% In a node: a process with a global name.
owner(Name) ->
    Self = self(),
    Pid = spawn(fun() ->
                        Self ! {registered, global:register_name(Name, self())},
                        receive stop -> ok end
                end),
    receive {registered, Answer} -> {Answer, Pid} end.

global_names() ->
    Nodes = [_, B, C] = standing(),
    [ok = do(N, global, sync, []) || N <- Nodes],
    {yes, Pid} = do(B, ?MODULE, owner, [one]),
    {no, _} = do(C, ?MODULE, owner, [one]),
    Found = [do(N, global, whereis_name, [one]) =:= Pid || N <- Nodes],
    do(B, erlang, send, [Pid, stop]),
    {Found, [until(fun() -> do(N, global, whereis_name, [one]) =:= undefined end)
             || N <- Nodes]}.

%% In a node: a member of a process group that stays.
member(Group) ->
    {ok, _} = pg:start(pg),
    Pid = spawn(fun() -> receive stop -> ok end end),
    ok = pg:join(Group, Pid),
    Pid.

%% With a node go its connection, its global names and its members of groups.
killed() ->
    Nodes = [A, B, C] = standing(),
    {yes, _} = do(C, ?MODULE, owner, [two]),
    Pids = lists:sort([do(N, ?MODULE, member, [g]) || N <- Nodes]),
    Sizes = [until(fun() -> lists:sort(do(N, pg, get_members, [g])) =:= Pids end)
             || N <- Nodes],
    Reason = down_reason(A, C, fun(N) -> signal("KILL", N) end),
    Less = [until(fun() -> length(do(N, pg, get_members, [g])) =:= 2 end)
            || N <- [A, B]],
    Name = until(fun() -> do(A, global, whereis_name, [two]) =:= undefined end),
    {Again, _} = do(B, ?MODULE, owner, [two]),
    {Sizes, Reason, Less, Name, Again, nodes_of(A)}.

%% --- TLS ------------------------------------------------------------------------------

%% An authority, and the options of a node that trusts no other.
keys(Name) ->
    #{server_config := Server, client_config := Client} =
        public_key:pkix_test_data(
          #{server_chain => chain(), client_chain => chain()}),
    Options = [{server, files(Name ++ "-server", Server)
                ++ [{verify, verify_peer}, {fail_if_no_peer_cert, true},
                    {secure_renegotiate, true}]},
               {client, files(Name ++ "-client", Client)
                ++ [{verify, verify_peer},
                    {server_name_indication, disable}]}],
    ok = file:write_file(options(Name), io_lib:format("~p.~n", [Options])).

options(Name) -> filename:join(dir(), Name ++ ".conf").

chain() ->
    Key = {key, {namedCurve, secp256r1}},
    Names = #'Extension'{extnID = ?'id-ce-subjectAltName', critical = false,
                         extnValue = [{dNSName, Host}
                                      || Host <- ["127.0.0.1", "10.77.0.1",
                                                  "10.77.0.11", "10.77.0.12"]]},
    #{root => [Key], intermediates => [],
      peer => [Key, {extensions, [Names]}]}.

files(Name, Config) ->
    File = fun(What) -> filename:join(dir(), Name ++ "-" ++ What ++ ".pem") end,
    {Type, Key} = proplists:get_value(key, Config),
    pem(File("cert"), [{'Certificate', proplists:get_value(cert, Config)}]),
    pem(File("key"), [{Type, Key}]),
    pem(File("ca"), [{'Certificate', C} || C <- proplists:get_value(cacerts, Config)]),
    [{certfile, File("cert")}, {keyfile, File("key")}, {cacertfile, File("ca")}].

pem(File, Entries) ->
    ok = file:write_file(File, public_key:pem_encode(
                                 [{T, D, not_encrypted} || {T, D} <- Entries])).

tls_args(Name) -> ["-proto_dist", "inet_tls", "-ssl_dist_optfile", options(Name)].

%% Not with a node that does not speak TLS, nor with one that has a certificate of
%% another authority.
tls() ->
    [Plain | _] = persistent_term:get(?MODULE),
    Nodes = [A, B, Other] = start([{"x1", tls_args("ours")}, {"x2", tls_args("ours")},
                                   {"x3", tls_args("theirs")}]),
    Strangers = [ping(Plain, A), ping(A, Other), ping(Other, A)],
    Friends = [ping(A, B), ping(B, A)],
    [{_, Controller}] = do(A, erlang, system_info, [dist_ctrl]),
    R = [Strangers, Friends, is_pid(Controller) | echoes(A, B, 1)],
    stop(Nodes),
    R.
