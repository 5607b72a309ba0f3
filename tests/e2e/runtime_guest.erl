%% SPDX-License-Identifier: Apache-2.0
%% Copyright the unibeam authors
%% runtime_guest - runs in the machine (and on Linux): what an operator does with
%% the run-time system itself.
%%
%% Many of these functions start a second emulator beside the one that they run
%% in, with flags of its own: eval/2. That is a process as any other.
-module(runtime_guest).
-export([tls/0, warnings/0, keep/2]).
-export([nif/0, nif_upgrade/0, nif_crash/0, driver/0]).
-export([eval/2, refused/1, memory_kinds/1, perf/0, bindings/1, topology/0]).
-export([crash_dump/1, signals/0, catch_signals/1, stepped_clock/1]).
-export([hot_code/0, prim_loader/0, system_flags/0, seq_trace/0, trace_file/0,
         trace_tcp/0, tools/0]).
-export([loop/1]).

-define(LIMIT, 120000).
-define(DIR, "/tmp/unibeam-runtime").

%% Files (modules, libraries) that the functions here need.
keep(Name, Data) ->
    File = filename:join(?DIR, Name),
    ok = filelib:ensure_dir(File),
    ok = file:write_file(File, Data).

%% --- TLS ------------------------------------------------------------------------

%% A server and a client over the loopback: the version they agree on, and what
%% came back of 100 KB. Once for each version.
tls() ->
    {ok, _} = application:ensure_all_started(ssl),
    #{server_config := Server, client_config := Client} =
        public_key:pkix_test_data(
          #{server_chain => chain(), client_chain => chain()}),
    [tls(V, Server, Client) || V <- ['tlsv1.2', 'tlsv1.3']].

%% TLS 1.3 has no SHA-1, which is the default here.
chain() ->
    Options = [{digest, sha256}, {key, {namedCurve, secp256r1}}],
    #{root => Options, intermediates => [], peer => Options}.

tls(Version, Server, Client) ->
    Common = [{versions, [Version]}, binary, {active, false}],
    {ok, L} = ssl:listen(0, Server ++ Common),
    {ok, {_, Port}} = ssl:sockname(L),
    Data = binary:copy(<<"unibeam ">>, 12500),
    spawn_link(fun() -> send_tls(L, Data) end),
    {ok, S} = ssl:connect({127, 0, 0, 1}, Port,
                          [{server_name_indication, disable}, {verify, verify_peer}
                           | Client ++ Common], ?LIMIT),
    {ok, [{protocol, Agreed}]} = ssl:connection_information(S, [protocol]),
    Got = ssl:recv(S, byte_size(Data), ?LIMIT),
    ssl:close(S),
    ssl:close(L),
    {Agreed, Got =:= {ok, Data}}.

send_tls(L, Data) ->
    {ok, T} = ssl:transport_accept(L, ?LIMIT),
    {ok, S} = ssl:handshake(T, ?LIMIT),
    ok = ssl:send(S, Data),
    ssl:recv(S, 1, ?LIMIT).

%% What the kernel has to warn of: lines of its log.
warnings() ->
    [Line || Line = [$<, L, $> | _] <- string:lexemes(os:cmd("busybox dmesg -r"),
                                                      "\r\n"),
             L =< $4].

%% --- native code ------------------------------------------------------------------

nif() ->
    load_nif(1),
    Self = self(),
    Dirty = [spawn_link(fun() -> Self ! {dirty, runtime_nif:dirty_io(50)} end)
             || _ <- lists:seq(1, 20)],
    Threads = runtime_nif:threads(),
    {runtime_nif:version(), runtime_nif:normal(), runtime_nif:dirty_cpu(1),
     [receive {dirty, T} -> T after ?LIMIT -> none end || _ <- Dirty],
     Threads, [receive {thread, N} -> N after ?LIMIT -> none end
               || N <- lists:seq(0, Threads - 1)],
     nif_pipe(), nif_owner()}.

load_nif(Version) ->
    File = filename:join(?DIR, "runtime_nif" ++ integer_to_list(Version)),
    {ok, Beam} = file:read_file(filename:join(?DIR, "runtime_nif.beam")),
    {module, _} = code:load_binary(runtime_nif, "runtime_nif.erl", Beam),
    ok = runtime_nif:load(File).

%% A descriptor that the run-time system polls for a NIF.
nif_pipe() ->
    P = runtime_nif:pipe(),
    Selected = runtime_nif:pipe_select(P),
    Early = receive {select, P, _, _} -> early after 50 -> quiet end,
    Written = runtime_nif:pipe_write(P, <<"through">>),
    Ready = receive {select, P, undefined, What} -> What after ?LIMIT -> none end,
    {Selected, Early, Written, Ready, runtime_nif:pipe_read(P),
     runtime_nif:pipe_stop(P)}.

%% The owner's death is noticed, and the resource collected.
nif_owner() ->
    {Pid, Ref} = spawn_monitor(fun() -> _ = runtime_nif:pipe() end),
    receive {'DOWN', Ref, _, Pid, Why} -> Why end,
    erlang:garbage_collect(),
    until(fun() -> element(3, runtime_nif:counters()) >= 1
                       andalso element(2, runtime_nif:counters()) >= 1 end),
    Why.

nif_upgrade() ->
    load_nif(1),
    Pipe = runtime_nif:pipe(),
    code:purge(runtime_nif),
    load_nif(2),
    1 = runtime_nif:pipe_write(Pipe, <<"x">>), % of the old library, still good
    Upgrades = element(1, runtime_nif:counters()),
    Read = runtime_nif:pipe_read(Pipe),
    code:purge(runtime_nif),
    {runtime_nif:version(), Upgrades, Read}.

nif_crash() ->
    load_nif(1),
    runtime_nif:crash().

driver() ->
    ok = erl_ddll:load(?DIR, "runtime_drv"),
    Port = open_port({spawn_driver, "runtime_drv"}, [binary]),
    port_command(Port, <<"shout">>),
    Upper = data(Port),
    Reversed = port_control(Port, 1, <<"abc">>),
    [begin port_control(Port, C, D), ok end || {C, D} <- [{2, <<>>}]],
    Tick = data(Port),
    port_control(Port, 3, <<"pipe">>),
    Piped = data(Port),
    Async = [begin port_control(Port, 4, <<>>), data(Port) end
             || _ <- lists:seq(1, 10)],
    process_flag(trap_exit, true),
    port_control(Port, 5, <<>>),
    Failed = receive {'EXIT', Port, Reason} -> Reason after ?LIMIT -> none end,
    process_flag(trap_exit, false),
    {Upper, Reversed, Tick, Piped, Async, Failed, erl_ddll:unload("runtime_drv")}.

data(Port) -> receive {Port, {data, D}} -> D after ?LIMIT -> none end.

until(F) -> until(F, 600).
until(F, N) when N > 0 ->
    case F() of
        true -> ok;
        false -> timer:sleep(100), until(F, N - 1)
    end.

%% --- a second emulator --------------------------------------------------------

%% The value of Text, an expression, in an emulator with the flags.
eval(Flags, Text) ->
    {ok, Tokens, _} = erl_scan:string(Text ++ "."),
    {ok, Exprs} = erl_parse:parse_exprs(Tokens),
    with_emulator(Flags, fun(Peer) ->
        {value, V, _} = peer:call(Peer, erl_eval, exprs, [Exprs, []], ?LIMIT),
        V
    end).

with_emulator(Flags, F) ->
    {ok, Peer, _} = peer:start(#{exec => {exe(), []}, env => env(),
                                 connection => standard_io, wait_boot => ?LIMIT,
                                 args => boot() ++ ["-pa", ?DIR | Flags]}),
    try F(Peer) after peer:stop(Peer) end.

bindir() ->
    filename:join([code:root_dir(), "erts-" ++ erlang:system_info(version), "bin"]).
exe() -> filename:join(bindir(), "erlexec").
boot() -> ["-boot", filename:join([code:root_dir(), "bin", "no_dot_erlang"])].
env() -> [{"BINDIR", bindir()}, {"ROOTDIR", code:root_dir()}, {"EMU", "beam"},
          {"PROGNAME", "erl"}, {"HOME", "/tmp"}].

%% An emulator as a port program: a function for what it says, its status.
emulator(Flags, Env) ->
    open_port({spawn_executable, exe()},
              [{args, boot() ++ ["-noinput", "-pa", ?DIR | Flags]},
               {env, env() ++ Env}, {cd, "/tmp"}, exit_status, stderr_to_stdout,
               binary]).

finish(Port) -> finish(Port, <<>>).
finish(Port, Text) ->
    receive
        {Port, {data, D}} -> finish(Port, <<Text/binary, D/binary>>);
        {Port, {exit_status, S}} -> {S, Text}
    after ?LIMIT ->
        {os_pid, Pid} = erlang:port_info(Port, os_pid),
        os:cmd("kill -9 " ++ integer_to_list(Pid)),
        {running, Text}
    end.

%% Flags that cannot be: the status, and what is said about them.
refused(Flags) ->
    {Status, Text} = finish(emulator(Flags, [])),
    {Status, hd(binary:split(Text, <<"\n">>))}.

%% How the code that the JIT makes is mapped, with such flags.
memory_kinds(Flags) ->
    with_emulator(Flags, fun(Peer) ->
        executable(peer:call(Peer, file, read_file, ["/proc/self/maps"]))
    end).

%% The kinds of memory in such a list that may be executed and is no file of a
%% disk, and those of a memfd.
executable({ok, Text}) ->
    lists:usort([{Access, Name}
                 || Line <- string:lexemes(binary_to_list(Text), "\n"),
                    [_, Access, _, _, _ | Names] <- [string:lexemes(Line, " ")],
                    Name <- [hd(Names ++ ["anonymous"])],
                    lists:prefix("/memfd", Name) orelse
                        Name =:= "anonymous" andalso lists:nth(3, Access) =:= $x]).

%% With +JPperf true: how code is mapped, and whether the two files for perf name
%% a function.
perf() ->
    with_emulator(["+JPperf", "true"], fun(Peer) ->
        Pid = peer:call(Peer, os, getpid, []),
        Files = ["/tmp/perf-" ++ Pid ++ ".map", "/tmp/jit-" ++ Pid ++ ".dump"],
        Texts = [file:read_file(F) || F <- Files],
        [file:delete(F) || F <- Files],
        {executable(peer:call(Peer, file, read_file, ["/proc/self/maps"])),
         [binary:match(T, <<"lists:reverse/1">>) =/= nomatch || {ok, T} <- Texts]}
    end).

topology() -> erlang:system_info(cpu_topology).

%% With +sbt Type: what the run-time system says, and on how many processors each
%% of its threads may run by /proc, if on one.
bindings(Type) ->
    eval(["+sbt", Type],
         "begin timer:sleep(200), {ok, Ts} = file:list_dir(\"/proc/self/task\"),"
         " {erlang:system_info(scheduler_bind_type),"
         "  lists:sort([B || B <- tuple_to_list(erlang:system_info("
         "scheduler_bindings)), B =/= unbound]),"
         "  lists:sort([L || T <- Ts, {ok, S} <- [file:read_file("
         "\"/proc/self/task/\" ++ T ++ \"/status\")],"
         "  {match, [L]} <- [re:run(S, \"Cpus_allowed_list:\\t([0-9]+)\\n\","
         " [{capture, all_but_first, list}])]])} end").

%% --- crash dumps --------------------------------------------------------------

%% {Status, Slogan, Whole}: whether the dump begins and ends as one.
crash_dump(How) ->
    File = filename:join(?DIR, "dump"),
    _ = file:delete(File),
    {Flags, Env} = crash(How),
    Port = emulator(Flags, [{"ERL_CRASH_DUMP", File} | Env]),
    _ = How =:= sigusr1 andalso send_signal(Port, "USR1"),
    {Status, _} = finish(Port),
    case file:read_file(File) of
        {ok, <<"=erl_crash_dump:0.5\n", Rest/binary>>} ->
            [_, <<"Slogan: ", Slogan/binary>> | _] =
                binary:split(Rest, <<"\n">>, [global]),
            {Status, Slogan, binary:longest_common_suffix([Rest, <<"\n=end\n">>])};
        {error, Why} -> {Status, Why}
    end.

crash(halt) -> {["-eval", "erlang:halt(\"the end\")."], []};
crash(no_memory) -> {["-eval", "binary:copy(<<0>>, 1 bsl 46)."], []};
crash(sigusr1) -> {["-eval", "io:put_chars(\"up\")."], []};
crash(boot) -> {["-s", "no_such_module"], []};
crash(limited) ->
    {["-eval", "erlang:halt(\"the end\")."], [{"ERL_CRASH_DUMP_BYTES", "20000"}]};
crash(off) ->
    {["-eval", "erlang:halt(\"the end\")."], [{"ERL_CRASH_DUMP_SECONDS", "0"}]}.

send_signal(Port, Name) ->
    receive {Port, {data, <<"up">>}} -> ok after ?LIMIT -> error(not_up) end,
    {os_pid, Pid} = erlang:port_info(Port, os_pid),
    os:cmd("kill -" ++ Name ++ " " ++ integer_to_list(Pid)).

%% --- signals ------------------------------------------------------------------

%% Each signal that erl_signal_server can be told of, sent to an emulator: what
%% it was told.
signals() ->
    with_emulator([], fun(Peer) ->
        peer:call(Peer, ?MODULE, catch_signals,
                  [[{sighup, "HUP"}, {sigquit, "QUIT"}, {sigabrt, "ABRT"},
                    {sigalrm, "ALRM"}, {sigterm, "TERM"}, {sigusr1, "USR1"},
                    {sigusr2, "USR2"}, {sigchld, "CHLD"}, {sigtstp, "TSTP"}]], ?LIMIT)
    end).

catch_signals(Signals) ->
    Self = self(),
    %% a handler that is a process: what comes goes there
    ok = gen_event:delete_handler(erl_signal_server, erl_signal_handler, []),
    Keeper = spawn_link(fun() -> loop(Self) end),
    erlang:unregister(erl_signal_server),
    register(erl_signal_server, Keeper),
    [begin
         ok = os:set_signal(S, handle),
         os:cmd("kill -" ++ Name ++ " " ++ os:getpid()),
         R = receive {signal, S} -> caught after 5000 -> lost end,
         ok = os:set_signal(S, ignore),
         os:cmd("kill -" ++ Name ++ " " ++ os:getpid()),
         {S, R, receive {signal, S} -> caught after 20 -> ignored end}
     end || {S, Name} <- Signals].

loop(To) ->
    receive
        {notify, Signal} -> To ! {signal, Signal};
        _ -> ok
    end,
    loop(To).

%% --- time ---------------------------------------------------------------------

%% The machine's clock is set Seconds forward and back: the steps that an
%% emulator in this mode sees, whether its monotonic time stood firm, and a
%% timer set between the steps.
stepped_clock(Mode) ->
    eval(["+C", Mode],
         "begin Now = fun() -> {os:system_time(second),"
         " erlang:monotonic_time(millisecond)} end,"
         " Set = fun(S) -> os:cmd(\"busybox date -s @\" ++ integer_to_list(S)) end,"
         " {S0, M0} = Now(), Set(S0 + 3600), {S1, M1} = Now(),"
         " erlang:send_after(300, self(), timer), Set(S0), {S2, M2} = Now(),"
         " T = receive timer -> fired after 20000 -> lost end, {_, M3} = Now(),"
         " {S1 - S0 >= 3600, S2 - S0 < 600, M0 =< M1, M1 =< M2, M2 =< M3,"
         "  M3 - M0 < 600000, T, erlang:system_info(time_warp_mode)} end").

%% --- code, loading, tracing -----------------------------------------------------

%% A module's second version beside the first, and the purge of that.
hot_code() ->
    load_counter(1),
    Old = spawn(runtime_counter, loop, []),
    load_counter(2),
    Both = {ask(Old), runtime_counter:version(), code:soft_purge(runtime_counter)},
    Ref = monitor(process, Old),
    Old ! upgrade,
    New = ask(Old),
    Soft = code:soft_purge(runtime_counter),
    load_counter(3),
    Killed = code:purge(runtime_counter),
    Down = receive {'DOWN', Ref, _, _, Why} -> Why after ?LIMIT -> alive end,
    true = code:delete(runtime_counter),
    {Both, New, Soft, Killed, Down, code:purge(runtime_counter),
     code:is_loaded(runtime_counter)}.

load_counter(Version) ->
    Forms = [form(T) || T <- [
        "-module(runtime_counter).", "-export([version/0, loop/0]).",
        "version() -> " ++ integer_to_list(Version) ++ ".",
        "loop() -> receive {ask, P} -> P ! {version, version()}, loop();"
        " upgrade -> runtime_counter:loop() end."]],
    {ok, Module, Beam} = compile:forms(Forms),
    {module, Module} = code:load_binary(Module, "nowhere", Beam).

form(Text) ->
    {ok, Tokens, _} = erl_scan:string(Text),
    {ok, Form} = erl_parse:parse_form(Tokens),
    Form.

ask(Pid) ->
    Pid ! {ask, self()},
    receive {version, V} -> V after ?LIMIT -> none end.

prim_loader() ->
    Ebin = filename:dirname(code:where_is_file("lists.beam")),
    {ok, Names} = erl_prim_loader:list_dir(Ebin),
    {ok, Beam, _} = erl_prim_loader:get_file(filename:join(Ebin, "lists.beam")),
    {lists:member("lists.beam", Names), is_binary(Beam),
     erl_prim_loader:get_file("/no/such/file"),
     erl_prim_loader:read_file_info("/no/such/file")}.

system_flags() ->
    [begin
         Old = erlang:system_flag(Flag, Value),
         New = erlang:system_flag(Flag, Old),
         {Flag, New}
     end || {Flag, Value} <- [{backtrace_depth, 20}, {min_heap_size, 610},
                              {fullsweep_after, 20}, {max_heap_size, 0},
                              {multi_scheduling, block_normal},
                              {schedulers_online, 1},
                              {dirty_cpu_schedulers_online, 1}],
        Flag =/= multi_scheduling] ++
        [erlang:system_flag(multi_scheduling, S) || S <- [block, unblock]].

seq_trace() ->
    Self = self(),
    seq_trace:set_system_tracer(Self),
    Echo = spawn_link(fun() -> receive {From, X} -> From ! {self(), X} end end),
    seq_trace:set_token(label, 17),
    [seq_trace:set_token(F, true) || F <- [send, 'receive']],
    Echo ! {Self, hello},
    receive {Echo, hello} -> ok end,
    seq_trace:set_token([]),
    seq_trace:set_system_tracer(false),
    [Kind || _ <- lists:seq(1, 2),
             Kind <- [receive {seq_trace, 17, T} -> element(1, T)
                      after 2000 -> none end]].

calls() -> [lists:reverse([N]) || N <- lists:seq(1, 50)].

trace_file() ->
    File = filename:join(?DIR, "trace"),
    {ok, _} = dbg:tracer(port, dbg:trace_port(file, File)),
    trace_calls(),
    ok = dbg:flush_trace_port(),
    stop_tracer(),
    Self = self(),
    Ref = make_ref(),
    dbg:trace_client(file, File, {fun(end_of_trace, N) -> Self ! {Ref, N};
                                     (_, N) -> N + 1 end, 0}),
    receive {Ref, N} -> N after ?LIMIT -> none end.

trace_tcp() ->
    {ok, _} = dbg:tracer(port, dbg:trace_port(ip, 0)),
    {ok, Port} = dbg:trace_port_control(get_listen_port),
    Self = self(),
    dbg:trace_client(ip, {"localhost", Port},
                     {fun(end_of_trace, _) -> ok; (T, _) -> Self ! {traced, T} end,
                      ok}),
    timer:sleep(500),
    trace_calls(),
    Got = [receive {traced, T} -> element(3, T) after ?LIMIT -> none end
           || _ <- lists:seq(1, 50)],
    stop_tracer(),
    lists:usort(Got).

trace_calls() ->
    {ok, _} = dbg:p(self(), [call]),
    {ok, _} = dbg:tp(lists, reverse, 1, []),
    calls(),
    dbg:p(self(), clear).

stop_tracer() ->
    dbg:ctp(),
    dbg:stop_clear().

%% What the profilers and etop find, as far as it is the same everywhere.
tools() ->
    Profile = filename:join(?DIR, "profile"),
    [_ | _] = fprof:apply(fun calls/0, [], [{file, Profile}]),
    ok = fprof:profile([{file, Profile}]),
    ok = fprof:analyse([{dest, Profile ++ ".txt"}]),
    {ok, Text} = file:read_file(Profile ++ ".txt"),
    fprof:stop(),
    {ok, [_ | _]} = eprof:profile(fun() -> [_ | _] = calls() end),
    stopped = eprof:stop(),
    cprof:start(lists, reverse, 1),
    calls(),
    Counted = cprof:analyse(lists),
    cprof:stop(),
    {ok, {_, Carriers}} = instrument:carriers(),
    {binary:match(Text, <<"lists,reverse,1">>) =/= nomatch, Counted,
     length(Carriers) > 0}.
