%% SPDX-License-Identifier: Apache-2.0
%% Copyright the unibeam authors
%%
%% @doc A program in the foreground: it gets rebar3's standard input, output and
%% error, a terminal or not.
%%
%% What reads standard input here has to stop that, or it would take part of what
%% is typed; it starts again afterwards. The program is in a session of its own,
%% as all that the emulator starts: it can use the terminal, but the terminal's
%% signals do not reach it, so SIGTERM and SIGHUP are handed on, and the end of
%% this process is SIGTERM for it too.
-module(rebar3_osv_terminal).
-behaviour(gen_event).
-export([run/3]).
-export([init/1, handle_event/2, handle_call/2]). % of gen_event

-type path() :: file:filename_all().

-spec run(path(), [path()], path()) ->
    {ok, non_neg_integer()} | {error, rebar3_osv_command:reason()}.
run(Program, Args, Dir) ->
    {Starter, All} = with_parent(Program, Args, Dir),
    ok = let_go(),
    ok = catch_signals(),
    try open_port({spawn_executable, Starter},
                  [{args, All}, {cd, Dir}, nouse_stdio, exit_status]) of
        Port -> {ok, wait(Port)}
    catch
        error:Reason -> {error, {cannot_run, Program, Reason}}
    after
        ok = release_signals(),
        ok = take_back()
    end.

%% setpriv makes the program get a signal when its parent, which is the emulator's,
%% ends. busybox's cannot.
with_parent(Program, Args, Dir) ->
    Before = ["--pdeathsig", "TERM", "--"],
    Ignore = fun(_) -> ok end,
    case os:find_executable("setpriv") of
        false ->
            {Program, Args};
        Setpriv ->
            case rebar3_osv_command:run(Setpriv, Before ++ ["true"], Dir, Ignore) of
                ok -> {Setpriv, Before ++ [Program | Args]};
                {error, _} -> {Program, Args}
            end
    end.

wait(Port) ->
    receive
        {Port, {exit_status, Status}} ->
            Status;
        {?MODULE, Signal} ->
            ok = send(Signal, erlang:port_info(Port, os_pid)),
            wait(Port)
    end.

send(Signal, {os_pid, Pid}) ->
    Args = ["-c", "kill -s \"$0\" \"$1\"", Signal, integer_to_list(Pid)],
    Kill = open_port({spawn_executable, "/bin/sh"}, [{args, Args}, exit_status]),
    receive {Kill, {exit_status, _}} -> ok end;
send(_, undefined) ->
    ok.

%%% ---- signals ----

catch_signals() ->
    ok = os:set_signal(sighup, handle),
    gen_event:swap_handler(erl_signal_server, {erl_signal_handler, []},
                           {?MODULE, self()}).

release_signals() ->
    ok = os:set_signal(sighup, default),
    gen_event:swap_handler(erl_signal_server, {?MODULE, []},
                           {erl_signal_handler, []}).

-spec init({pid(), term()}) -> {ok, pid()}.
init({Pid, _}) ->
    {ok, Pid}.

-spec handle_event(term(), pid()) -> {ok, pid()}.
handle_event(sigterm, Pid) ->
    Pid ! {?MODULE, "TERM"},
    {ok, Pid};
handle_event(sighup, Pid) ->
    Pid ! {?MODULE, "HUP"},
    {ok, Pid};
handle_event(_, Pid) ->
    {ok, Pid}.

-spec handle_call(term(), pid()) -> {ok, ok, pid()}.
handle_call(_, Pid) ->
    {ok, ok, Pid}.

%%% ---- standard input ----

%% Up to OTP 25 the process `user' reads it by a port, later a driver below
%% kernel's supervisor does.
let_go() ->
    User = whereis(user),
    {links, Links} = process_info(User, links),
    case [P || P <- Links, is_port(P)] of
        [Port] ->
            Ref = monitor(process, User),
            User ! {'EXIT', Port, normal}, % it ends before it knows
            true = exit(Port, kill),
            gone(Port, Ref);
        [] ->
            _ = supervisor:terminate_child(kernel_sup, user),
            ok
    end.

gone(Port, Ref) ->
    receive {'DOWN', Ref, process, _, _} -> ok after 2000 -> ok end,
    case erlang:port_info(Port) of
        undefined -> ok;
        _ -> timer:sleep(10), gone(Port, Ref)
    end.

take_back() ->
    _ = case code:ensure_loaded(user) of
            {module, user} -> user:start();
            {error, _} -> supervisor:restart_child(kernel_sup, user)
        end,
    true = group_leader(whereis(user), self()),
    ok.
