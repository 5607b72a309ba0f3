%% SPDX-License-Identifier: Apache-2.0
%% Copyright the unibeam authors
%% netns - a network of a test's own: a namespace with a bridge, an address of
%% the host's on it, and taps for machines. Needs root.
%%
%% The namespace lives as long as a process that this one watches over, and so
%% ends with the test whatever happens.
-module(netns).
-export([start/2, stop/1, enter/1, run/2]).

%% Address: the host's on the bridge br0, with its prefix; Taps: interfaces in
%% the bridge. A handle, or {skip, Why}.
start(Address, Taps) ->
    Self = self(),
    Pid = spawn(fun() -> keep(Self, script(Address, Taps)) end),
    receive {Pid, Answer} -> Answer after 120000 -> error(no_namespace) end.

script(Address, Taps) ->
    ["set -e; ip link set lo up; ip link add br0 type bridge; "
     "ip addr add ", Address, " dev br0; ip link set br0 up; ",
     [["ip tuntap add ", T, " mode tap; ip link set ", T, " master br0 up; "]
      || T <- Taps],
     "echo ready; read end"].

%% The shell ends with its standard input, which is ours, and what else runs in
%% there at stop/1.
keep(Parent, Script) ->
    Port = open_port({spawn_executable, os:find_executable("unshare")},
                     [{args, ["-n", "sh", "-c", lists:flatten(Script)]}, {line, 200},
                      exit_status, stderr_to_stdout]),
    {os_pid, Os} = erlang:port_info(Port, os_pid),
    Ns = {netns, self(), integer_to_list(Os)},
    receive
        {Port, {data, {eol, "ready"}}} ->
            Parent ! {self(), Ns},
            receive stop -> [os:cmd("kill -9 " ++ P) || P <- inside(Os)] end;
        {Port, {data, {_, Why}}} ->
            Parent ! {self(), {skip, "no network namespace: " ++ Why}}
    end.

%% What runs in there, daemons (epmd) too.
inside(Os) ->
    {ok, Ns} = file:read_link(lists:concat(["/proc/", Os, "/ns/net"])),
    {ok, Ours} = file:read_link("/proc/self/ns/net"),
    true = Ns =/= Ours,
    [filename:basename(Dir) || Dir <- filelib:wildcard("/proc/[0-9]*"),
                               {ok, Ns} =:= file:read_link(Dir ++ "/ns/net")].

stop({netns, Pid, _}) ->
    Ref = monitor(process, Pid),
    Pid ! stop,
    receive {'DOWN', Ref, _, _, _} -> ok after 120000 -> error(no_end) end.

%% The words before a command that make it run in there.
enter({netns, _, Os}) ->
    [os:find_executable("nsenter"), "-t", Os, "-n"].

%% The output of a command in there.
run(Ns, Command) ->
    os:cmd(lists:join(" ", enter(Ns)) ++ " " ++ Command).
