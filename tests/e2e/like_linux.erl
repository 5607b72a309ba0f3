%% SPDX-License-Identifier: Apache-2.0
%% Copyright the unibeam authors
%% like_linux - runs the same Erlang function on this host's Linux and inside a
%% machine and compares what they give.
%%
%% A test module of this kind is named NAME_guest; its functions give terms that
%% Linux gives every time: no process identifiers, no times, no figures of the
%% machine. On the host they run in an emulator of their own, so that they may
%% change its directory, its environment and its processes.
-module(like_linux).
-include_lib("stdlib/include/assert.hrl").
-export([start/1, start/2, stop/1, same/4, linux/3, alike/3]).

-define(LIMIT, 120000).

%% An emulator of the host with Modules loaded: a handle for linux/3 and same/4.
%% It runs until stop/1, or this system's end.
start(Modules) -> start(Modules, []).

%% Args: words for the emulator.
start(Modules, Args) ->
    Self = self(),
    Keeper = spawn(fun() -> keep(Self, Args) end),
    receive {Keeper, Peer} -> ok end,
    [{module, M} = peer:call(Peer, code, load_binary, object(M)) || M <- Modules],
    {Keeper, Peer}.

object(M) ->
    {M, Beam, File} = code:get_object_code(M),
    [M, File, Beam].

%% A peer ends with the process that started it, and a suite's start is one.
keep(Parent, Args) ->
    {ok, Peer, _} = peer:start(#{connection => standard_io, args => Args}),
    Parent ! {self(), Peer},
    receive stop -> peer:stop(Peer) end.

stop({Keeper, _}) ->
    Ref = monitor(process, Keeper),
    Keeper ! stop,
    receive {'DOWN', Ref, _, _, _} -> ok after ?LIMIT -> error(no_end) end.

%% What M:F(A...) gives on Linux.
linux({_, Peer}, {M, F}, A) -> peer:call(Peer, M, F, A, ?LIMIT).

%% M:F(A...) gives the same in the machine that listens on Port (guest:start/2),
%% where M must have been loaded.
same(Host, Port, {M, F}, A) ->
    Wanted = linux(Host, {M, F}, A),
    ct:log("~p:~p ~tp~non Linux: ~tp", [M, F, A, Wanted]),
    alike({M, F, A}, Wanted, guest:call(Port, M, F, A, ?LIMIT)).

%% What Linux gave for What is what the machine gave. A difference is shown whole
%% on the terminal: Common Test cuts terms short there.
alike(What, Wanted, Got) ->
    Got =:= Wanted orelse
        io:format(user, "~tp~non Linux: ~tp~nin the machine: ~tp~n", [What, Wanted, Got]),
    ?assertEqual(Wanted, Got).
