%% SPDX-License-Identifier: Apache-2.0
%% Copyright the unibeam authors
%% tapnet - a network namespace of a test, with a tap that a machine is on, and an
%% emulator inside it. Needs root. All of it ends with the process that made it.
-module(tapnet).
-export([available/0, start/1, stop/1, sh/2, daemon/2, end_daemon/1, call/4]).
-export([boot/3, guest/4, load/2]).
%% called inside
-export([relay/2]).

-record(ns, {keeper, pid, peer}).

-define(CONTROL, {10, 0, 2, 15}). %% the machine's address for guest calls
-define(LIMIT, 120000).

available() ->
    os:cmd("unshare -n true && echo yes") =:= "yes\n" andalso
        [P || P <- ["ip", "nsenter", "radvd", "dnsmasq"],
              program(P) =:= false] =:= [].

program(Name) -> os:find_executable(Name, os:getenv("PATH") ++ ":/usr/sbin:/sbin").

%% Commands: run inside, one after the other, when the tap is there.
start(Commands) ->
    Self = self(),
    Keeper = spawn(fun() -> keep(Self, Commands) end),
    receive
        {Keeper, {ok, Ns}} -> Ns;
        {Keeper, {error, Why}} -> error(Why)
    after ?LIMIT -> error(no_namespace)
    end.

stop(#ns{keeper = Keeper}) ->
    Ref = monitor(process, Keeper),
    Keeper ! stop,
    receive {'DOWN', Ref, _, _, _} -> ok after ?LIMIT -> error(no_end) end.

%% The namespace lives as long as the shell that waits for its input's end.
keep(Parent, Commands) ->
    process_flag(trap_exit, true),
    Port = open_port({spawn_executable, os:find_executable("unshare")},
                     [{args, ["-n", "sh", "-c", "echo up; read end"]},
                      binary, use_stdio]),
    receive {Port, {data, _}} -> ok end,
    {os_pid, Pid} = erlang:port_info(Port, os_pid),
    Ns = #ns{keeper = self(), pid = integer_to_list(Pid)},
    Answer = try {ok, furnish(Ns, Commands)} catch _:Why -> {error, Why} end,
    Parent ! {self(), Answer},
    receive stop -> ok end,
    case Answer of
        {ok, #ns{peer = Peer}} -> peer:stop(Peer);
        _ -> ok
    end,
    port_close(Port).

furnish(Ns, Commands) ->
    [sh(Ns, C) || C <- ["ip link set lo up",
                        "ip tuntap add tap0 mode tap",
                        "sysctl -qw net.ipv6.conf.tap0.accept_dad=0",
                        "ip addr add 10.0.2.2/24 dev tap0",
                        "ip link set tap0 up"] ++ Commands],
    Erl = filename:join([code:root_dir(), "bin", "erl"]),
    {ok, Peer, _} = peer:start(#{connection => standard_io,
                                 exec => {os:find_executable("nsenter"),
                                          enter(Ns, [Erl])},
                                 args => ["-pa" | code:get_path()]}),
    Ns#ns{peer = Peer}.

enter(#ns{pid = Pid}, Words) -> ["-t", Pid, "-n" | Words].

%% The output of a shell command inside; it must succeed.
sh(Ns, Command) ->
    {0, Out} = run(Ns, ["sh", "-c", Command ++ " 2>&1"], []),
    Out.

%% A program inside that runs until end_daemon/1 or the caller's end.
daemon(Ns, Words) ->
    Words1 = ["setpriv", "--pdeathsig", "TERM", program(hd(Words)) | tl(Words)],
    Port = open_port({spawn_executable, os:find_executable("nsenter")},
                     [{args, enter(Ns, Words1)}, exit_status, binary,
                      stderr_to_stdout, use_stdio]),
    {os_pid, Pid} = erlang:port_info(Port, os_pid),
    {Port, Pid}.

end_daemon({Port, Pid}) ->
    os:cmd("kill " ++ integer_to_list(Pid)),
    receive {Port, {exit_status, _}} -> ok after 100000 -> error(still_there) end.

run(Ns, Words, Acc) ->
    Port = open_port({spawn_executable, os:find_executable("nsenter")},
                     [{args, enter(Ns, Words)}, exit_status, binary, use_stdio]),
    collect(Port, Words, Acc).

collect(Port, Words, Acc) ->
    receive
        {Port, {data, D}} -> collect(Port, Words, [Acc, D]);
        {Port, {exit_status, 0}} -> {0, iolist_to_binary(Acc)};
        {Port, {exit_status, N}} -> error({N, Words, iolist_to_binary(Acc)})
    after ?LIMIT -> error({no_end, Words})
    end.

%% M:F(A...) in the emulator inside.
call(#ns{peer = Peer}, M, F, A) -> peer:call(Peer, M, F, A, ?LIMIT).

%% --- machines ---------------------------------------------------------------

%% A machine on the tap that takes calls (guest/4): it has 10.0.2.15 for that.
boot(Ns, Image, Opts) ->
    Append = maps:get(append, Opts, ""),
    More = maps:get(args, Opts, []),
    [_, _ | Loop] = guest:args(0), %% without the forwarded port
    %% addresses that are made of the card's are the same each time
    Card = ["--network", "tap=tap0", "--mac", "52:54:00:12:34:56"],
    Vm = vm:start(Image, Opts#{machine => "microvm", direct => true, cpus => 2,
                               forward => false, keep => true,
                               under => [os:find_executable("nsenter") | enter(Ns, [])],
                               append => "ip=10.0.2.15/24 " ++ Append,
                               args => Card ++ Loop ++ More}),
    vm:wait(Vm, "^READY", 240000),
    {Vm, call(Ns, ?MODULE, relay, [?CONTROL, 8079])}.

%% M:F(A...) in the machine of boot/3.
guest({Vm, Port}, Ns, {M, F}, A) ->
    _ = Vm,
    call(Ns, guest, call, [Port, M, F, A, ?LIMIT]).

load({_, Port}, {Ns, Module}) -> call(Ns, guest, load, [Port, Module]).

%% A port of loopback that leads to Address: what guest:call/5 expects.
relay(Address, To) ->
    Self = self(),
    Pid = spawn(fun() -> listen(Self, Address, To) end),
    receive {Pid, Port} -> Port end.

listen(Parent, Address, To) ->
    {ok, L} = gen_tcp:listen(0, [binary, {active, false}, {ip, {127, 0, 0, 1}}]),
    {ok, Port} = inet:port(L),
    Parent ! {self(), Port},
    accept(L, Address, To).

accept(L, Address, To) ->
    {ok, S} = gen_tcp:accept(L),
    Pid = spawn(fun() -> receive go -> forward(S, Address, To) end end),
    ok = gen_tcp:controlling_process(S, Pid),
    Pid ! go,
    accept(L, Address, To).

forward(A, Address, To) ->
    case gen_tcp:connect(Address, To, [binary, {active, true}], ?LIMIT) of
        {ok, B} ->
            inet:setopts(A, [{active, true}]),
            pass(A, B);
        {error, _} -> gen_tcp:close(A)
    end.

pass(A, B) ->
    receive
        {tcp, A, D} -> gen_tcp:send(B, D), pass(A, B);
        {tcp, B, D} -> gen_tcp:send(A, D), pass(A, B);
        {tcp_closed, _} -> gen_tcp:close(A), gen_tcp:close(B)
    end.
