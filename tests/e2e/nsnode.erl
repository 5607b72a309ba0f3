%% SPDX-License-Identifier: Apache-2.0
%% Copyright the unibeam authors
%% nsnode - an emulator in a network namespace of its own, and a machine on a tap
%% in there. Needs root. All of it ends with stop/1 or with this system.
-module(nsnode).
-export([available/0, start/1, stop/1, call/4, call/5, pid/1]).
%% called inside
-export([machine/3, sh/1, another/0]).

-define(LIMIT, 180000).

available() -> os:cmd("unshare -n true && echo yes") =:= "yes\n".

%% Commands: run by a shell there.
start(Commands) ->
    Self = self(),
    Keeper = spawn(fun() -> keep(Self) end),
    Peer = receive {Keeper, P} -> P after ?LIMIT -> error(no_namespace) end,
    Node = {Keeper, Peer},
    [call(Node, ?MODULE, sh, [C]) || C <- ["ip link set lo up" | Commands]],
    Node.

%% A peer ends with the process that started it.
keep(Parent) ->
    Erl = filename:join([code:root_dir(), "bin", "erl"]),
    Exec = {os:find_executable("unshare"),
            ["-n", "sh", "-c", "ulimit -n $(ulimit -Hn); exec \"$0\" \"$@\"", Erl]},
    {ok, Peer, _} = peer:start(#{connection => standard_io, exec => Exec,
                                 args => code_path()}),
    Parent ! {self(), Peer},
    receive stop -> peer:stop(Peer) end.

code_path() -> ["-pa", filename:dirname(code:which(?MODULE))].

stop({Keeper, _}) ->
    Ref = monitor(process, Keeper),
    Keeper ! stop,
    receive {'DOWN', Ref, _, _, _} -> ok after ?LIMIT -> error(no_end) end.

call(Node, M, F, A) -> call(Node, M, F, A, ?LIMIT).

call({_, Peer}, M, F, A, Timeout) -> peer:call(Peer, M, F, A, Timeout).

%% Of the emulator: what `ip link set ... netns' takes.
pid(Node) -> call(Node, os, getpid, []).

%% One more emulator in this one's namespace, for peer:call/5: each may have so
%% many files.
another() ->
    Self = self(),
    Pid = spawn(fun() ->
                        {ok, Peer, _} = peer:start(#{connection => standard_io,
                                                     args => code_path()}),
                        Self ! {self(), Peer},
                        receive never -> ok end
                end),
    receive {Pid, Peer} -> Peer after ?LIMIT -> error(no_emulator) end.

%% The output of a command, which must succeed.
sh(Command) ->
    Out = os:cmd(Command ++ " 2>&1 && echo :ok"),
    case string:split(Out, ":ok\n", trailing) of
        [Text, []] -> Text;
        _ -> error({Command, Out})
    end.

%% A machine on Tap, an interface of this namespace; Opts as for vm:start/2.
machine(Image, Tap, Opts) ->
    Self = self(),
    spawn(fun() ->
                  Self ! {vm, start(Image, Tap, Opts)},
                  receive stop -> ok end
          end),
    receive {vm, Vm} -> Vm after ?LIMIT -> error(no_machine) end.

start(Image, Tap, Opts) ->
    [_, _ | Loop] = guest:args(0), %% without the port of the host
    Base = #{machine => "microvm", direct => true, cpus => 2, forward => false,
             keep => true, args => ["--network", "tap=" ++ Tap | Loop]},
    Vm = vm:start(Image, maps:merge(Base, Opts)),
    vm:wait(Vm, "^READY", 170000),
    Vm.
