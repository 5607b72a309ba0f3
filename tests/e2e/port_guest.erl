%% SPDX-License-Identifier: Apache-2.0
%% Copyright the unibeam authors
%% port_guest - runs in the machine: many commands, many port programs, and the
%% kernel's own account of its memory.
-module(port_guest).
-export([commands/1, statuses/1, at_once/1, echo/2, killed/0, meminfo/0, slabs/0,
         pids/0, descriptors/0]).

-define(LIMIT, 60000).

%% N commands one after the other: what differs from the expected, if anything.
commands(N) ->
    [{K, R} || K <- lists:seq(1, N),
               R <- [os:cmd("echo hi")], R =/= "hi\n"].

%% N ports one after the other, each with a status of its own.
statuses(N) ->
    [{K, R} || K <- lists:seq(1, N),
               R <- [status(sh("exit " ++ integer_to_list(K rem 256)))],
               R =/= {K rem 256, <<>>}].

%% N ports that all run before the first is allowed to end.
at_once(N) ->
    Ports = [{K rem 256, sh("echo up; read x; exit " ++
                                integer_to_list(K rem 256))}
             || K <- lists:seq(1, N)],
    [receive {P, {data, <<"up\n">>}} -> ok after ?LIMIT -> error(no_port) end
     || {_, P} <- Ports],
    Running = length(pids()),
    [port_command(P, "go\n") || {_, P} <- Ports],
    {Running, [{K, R} || {K, P} <- Ports, R <- [status(P)], R =/= {K, <<>>}]}.

%% Bytes bytes through `cat' in N ports at once; how many came back right.
echo(N, Bytes) ->
    Data = rand:bytes(Bytes),
    Self = self(),
    [spawn_link(fun() -> Self ! {echo, cat(Data) =:= Data} end)
     || _ <- lists:seq(1, N)],
    length([ok || _ <- lists:seq(1, N),
                  receive {echo, Ok} -> Ok after ?LIMIT -> false end]).

cat(Data) ->
    Port = open_port({spawn_executable, "/bin/cat"}, [binary, stream]),
    %% more than the pipes hold: somebody else has to write
    spawn_link(fun() -> port_command(Port, Data) end),
    Back = take(Port, byte_size(Data), []),
    catch port_close(Port),
    Back.

take(_, 0, Acc) -> iolist_to_binary(lists:reverse(Acc));
take(Port, Left, Acc) ->
    receive {Port, {data, D}} -> take(Port, Left - byte_size(D), [D | Acc])
    after ?LIMIT -> {missing, Left}
    end.

%% A program ended by a signal: 128 + its number, as a shell has it.
killed() ->
    [status(sh("kill -" ++ integer_to_list(S) ++ " $$")) || S <- [9, 15]].

sh(Script) ->
    open_port({spawn_executable, "/bin/sh"},
              [{args, ["-c", Script]}, exit_status, binary, stream]).

status(Port) -> status(Port, <<>>).
status(Port, Out) ->
    receive
        {Port, {data, D}} -> status(Port, <<Out/binary, D/binary>>);
        {Port, {exit_status, S}} -> {S, Out}
    after ?LIMIT -> {timeout, Out}
    end.

%% --- the kernel's account -------------------------------------------------------

%% KiB of each kind of memory.
meminfo() ->
    {ok, Text} = file:read_file("/proc/meminfo"),
    maps:from_list(
      [{Key, binary_to_integer(hd(binary:split(string:trim(V), <<" ">>)))}
       || Line <- binary:split(Text, <<"\n">>, [global, trim]),
          [Key, V] <- [binary:split(Line, <<":">>)]]).

%% Objects in use of each kind the kernel allocates.
slabs() ->
    {ok, Text} = file:read_file("/proc/slabinfo"),
    maps:from_list([{Name, binary_to_integer(Used)}
                    || Line <- binary:split(Text, <<"\n">>, [global, trim]),
                       [Name, Used | _] <- [words(Line)],
                       re:run(Used, "^[0-9]+$") =/= nomatch]).

words(Line) -> re:split(Line, " +", [trim]).

pids() ->
    {ok, Names} = file:list_dir("/proc"),
    [N || N = [C | _] <- Names, C >= $0, C =< $9].

descriptors() ->
    {ok, Names} = file:list_dir("/proc/self/fd"),
    length(Names).
