%% SPDX-License-Identifier: Apache-2.0
%% Copyright the unibeam authors
%% guest - calls functions inside the machine, so that a test needs no route of
%% its own in the example release.
%%
%% args/1 are words for vm:start/2's `args'. They make the release's own
%% emulator evaluate, at its start, a loop that takes {M, F, A} as external
%% terms on a port and answers with the result. load/2 sends a module that was
%% compiled on the host.
-module(guest).
-export([start/2, args/1, call/4, call/5, load/2]).

-define(PORT, "8079").
-define(LOOP,
        "spawn(fun()->"
        "{ok,L}=gen_tcp:listen(" ?PORT ",[binary,{packet,4},{active,false},"
        "{reuseaddr,true}]),"
        "F=fun(F)->{ok,S}=gen_tcp:accept(L),spawn(fun()->"
        "case gen_tcp:recv(S,0) of"
        " {ok,B}->{M,N,A}=binary_to_term(B),"
        "R=try {ok,apply(M,N,A)} catch C:E->{C,E} end,"
        "gen_tcp:send(S,term_to_binary(R)),gen_tcp:close(S);"
        " _->gen_tcp:close(S) end end),F(F)end,"
        "F(F)end).").

%% A machine that takes calls, up and running: {Vm, Port}. It runs until vm:stop/1,
%% so that the cases of a suite can share it. Opts as for vm:start/2; without more,
%% a microvm of two processors.
start(Image, Opts) ->
    Port = vm:free_port(),
    Base = #{machine => "microvm", direct => true, cpus => 2, forward => false},
    More = maps:get(args, Opts, []),
    Vm = vm:start(Image, maps:merge(Base, Opts#{keep => true,
                                                args => args(Port) ++ More})),
    vm:wait(Vm, "^READY", 240000),
    {Vm, Port}.

%% Port: a free one of the host.
args(Port) ->
    ["-p", "127.0.0.1:" ++ integer_to_list(Port) ++ ":" ++ ?PORT,
     "--arg", "-eval", "--arg", ?LOOP].

call(Port, M, F, A) -> call(Port, M, F, A, 60000).

%% The value of M:F(A...) in the guest; its exception is ours too. Port is one of
%% this host's that leads there, or {Address, Port}.
call(Port, M, F, A, Timeout) ->
    ask(Port, term_to_binary({M, F, A}), Timeout, 50, {M, F}).

%% The host's side of a forwarded port is open before the guest's is; an address
%% of the machine's own refuses until then.
ask(Port, Request, Timeout, Tries, What) ->
    case ask_once(address(Port), Request, Timeout) of
        {ok, B} ->
            case binary_to_term(B) of
                {ok, Value} -> Value;
                {Class, Reason} ->
                    %% ours: Common Test does not take an empty one
                    {_, Stack} = process_info(self(), current_stacktrace),
                    erlang:raise(Class, {guest, What, Reason}, Stack)
            end;
        {error, Why} when Tries > 0, Why =:= closed orelse Why =:= econnrefused ->
            timer:sleep(200),
            ask(Port, Request, Timeout, Tries - 1, What);
        {error, Why} -> error({guest, What, Why})
    end.

ask_once({Address, Port}, Request, Timeout) ->
    case gen_tcp:connect(Address, Port,
                         [binary, {packet, 4}, {active, false}], Timeout) of
        {ok, S} ->
            _ = gen_tcp:send(S, Request),
            Answer = gen_tcp:recv(S, 0, Timeout),
            gen_tcp:close(S),
            Answer;
        Error -> Error
    end.

address({Address, Port}) -> {Address, Port};
address(Port) -> {{127, 0, 0, 1}, Port}.

%% Module, of this directory's compiled ones, becomes callable in the guest.
load(Port, Module) ->
    {Module, Beam, File} = code:get_object_code(Module),
    {module, Module} =
        call(Port, code, load_binary, [Module, filename:basename(File), Beam]),
    ok.
