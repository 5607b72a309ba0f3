%% SPDX-License-Identifier: Apache-2.0
%% Copyright the unibeam authors
%% vm - one virtual machine, started by `unibeam run`, watched by a process.
%%
%% start/2 gives a handle; every line of the console is kept. All waiting has a
%% time limit, and a failed wait reports the end of the console. The machine
%% dies with its handle's process, and so with the test case that started it.
-module(vm).
-export([start/2, wait/3, status/2, console/1, stop/1, signal/2, port/1]).
-export([os_pid/1]).
-export([image/2, with_image/3]).
-export([http/2, http/3, recv_all/3, free_port/0]).

-record(vm, {pid, port}).

%% For init_per_suite/1: the image that the environment's Variable names, or the
%% reason to skip.
image(Variable, Config) ->
    case os:getenv(Variable) of
        false -> {skip, Variable ++ " names no image"};
        Image -> [{image, Image} | Config]
    end.

%% The same, and Start(Image, Config) gives the configuration if there is one.
with_image(Variable, Config, Start) ->
    case image(Variable, Config) of
        [{image, Image} | _] -> Start(Image, Config);
        Skip -> Skip
    end.

%% Options: machine, cpus, memory, cpu, direct, append, env, args (extra words
%% of the command), qemu (words for QEMU), forward (default true: a free port to the guest's 8080),
%% keep (default false: the machine may outlive the process that started it),
%% under (words to run the command with, as of netns:enter/1).
start(Image, Opts) ->
    Port = free_port(),
    Exe = filename:join(os:getenv("UNIBEAM_BUILD", "build"), "unibeam"),
    Command = maps:get(under, Opts, []) ++ [Exe | run_args(Image, Port, Opts)],
    Self = self(),
    Init = fun() -> init(Self, Command) end,
    Pid = case Opts of #{keep := true} -> spawn(Init); _ -> spawn_link(Init) end,
    receive
        {Pid, ready} -> #vm{pid = Pid, port = Port}
    after 60000 -> error(vm_not_started)
    end.

run_args(Image, Port, Opts) ->
    O = fun(K, D) -> maps:get(K, Opts, D) end,
    lists:append(
      [["run", Image, "--accel", "tcg", "-m", O(memory, "256M"),
        "--smp", integer_to_list(O(cpus, 1)), "--machine", O(machine, "q35")],
       ["--direct" || O(direct, false)],
       case O(forward, true) of
           true -> ["-p", "127.0.0.1:" ++ integer_to_list(Port) ++ ":8080"];
           false -> []
       end,
       case O(append, "") of "" -> []; A -> ["--append", A] end,
       lists:append([["--env", E] || E <- O(env, [])]),
       O(args, []), qemu_args(O(cpu, ""), O(qemu, []))]).

qemu_args("", []) -> [];
qemu_args("", Words) -> ["--" | Words];
qemu_args(Cpu, Words) -> ["--", "-cpu", Cpu | Words].

port(#vm{port = P}) -> P.

%% Wait until the console holds Regexp; its captured groups as binaries.
wait(#vm{pid = P}, Regexp, Timeout) ->
    call(P, {wait, Regexp, Timeout}, Timeout + 5000).

%% Wait for the end; the exit status of `unibeam run`.
status(#vm{pid = P}, Timeout) ->
    call(P, {status, Timeout}, Timeout + 5000).

console(#vm{pid = P}) -> call(P, console, 5000).

signal(#vm{pid = P}, Name) -> call(P, {signal, Name}, 5000).

%% Of the command; the emulator is its child.
os_pid(#vm{pid = P}) -> call(P, os_pid, 5000).

%% End it without ceremony.
stop(#vm{pid = P}) ->
    unlink(P),
    Ref = monitor(process, P),
    P ! stop,
    receive {'DOWN', Ref, _, _, _} -> ok after 10000 -> exit(P, kill) end,
    ok.

call(P, Req, Timeout) ->
    Ref = monitor(process, P),
    P ! {call, self(), Ref, Req},
    receive
        {Ref, {error, Why, Console}} ->
            demonitor(Ref, [flush]),
            ct:pal("~ts", [Console]),
            error({vm, Why, Req});
        {Ref, Answer} -> demonitor(Ref, [flush]), Answer;
        {'DOWN', Ref, _, _, Why} -> error({vm_died, Why})
    after Timeout -> error({vm_timeout, Req})
    end.

%% --- the watching process ------------------------------------------------

-record(st, {port, os_pid, text = <<>>, status, waiting = []}).

init(Parent, [Exe | Args]) ->
    process_flag(trap_exit, true),
    %% so that no machine outlives this system, whatever ends it
    Port = open_port({spawn_executable, os:find_executable("setpriv")},
                     [{args, ["--pdeathsig", "KILL", Exe | Args]}, exit_status,
                      stderr_to_stdout, binary, use_stdio]),
    {os_pid, OsPid} = erlang:port_info(Port, os_pid),
    Parent ! {self(), ready},
    loop(#st{port = Port, os_pid = OsPid}).

loop(St = #st{port = Port}) ->
    receive
        {Port, {data, D}} ->
            loop(serve(St#st{text = <<(St#st.text)/binary, D/binary>>}));
        {Port, {exit_status, N}} ->
            loop(serve(St#st{status = N}));
        {call, From, Ref, Req} ->
            loop(request(Req, From, Ref, St));
        {expire, Ref} ->
            loop(expire(Ref, St));
        stop -> kill(St);
        {'EXIT', Port, _} -> loop(St);
        {'EXIT', _, _} -> kill(St)
    end.

kill(#st{status = undefined, os_pid = Pid}) ->
    %% a second SIGTERM ends QEMU at once
    os:cmd("kill " ++ integer_to_list(Pid)),
    timer:sleep(200),
    os:cmd("kill " ++ integer_to_list(Pid)),
    timer:sleep(300),
    os:cmd("kill -9 " ++ integer_to_list(Pid) ++ " 2>/dev/null");
kill(_) -> ok.

request(console, From, Ref, St) -> From ! {Ref, St#st.text}, St;
request(os_pid, From, Ref, St) -> From ! {Ref, St#st.os_pid}, St;
request({signal, Name}, From, Ref, St) ->
    os:cmd("kill -" ++ Name ++ " " ++ integer_to_list(St#st.os_pid)),
    From ! {Ref, ok},
    St;
request(Req, From, Ref, St) ->
    erlang:send_after(element(tuple_size(Req), Req), self(), {expire, Ref}),
    serve(St#st{waiting = [{Ref, From, Req} | St#st.waiting]}).

serve(St) ->
    Left = lists:filter(fun({Ref, From, Req}) ->
                                case answer(Req, St) of
                                    no -> true;
                                    A -> From ! {Ref, A}, false
                                end
                        end, St#st.waiting),
    St#st{waiting = Left}.

answer({status, _}, #st{status = undefined}) -> no;
answer({status, _}, #st{status = N}) -> N;
answer({wait, Re, _}, St = #st{text = T}) ->
    case re:run(T, Re, [{capture, all, binary}, multiline]) of
        {match, M} -> M;
        nomatch when St#st.status =/= undefined ->
            {error, {ended, St#st.status}, T};
        nomatch -> no
    end.

expire(Ref, St) ->
    case lists:keytake(Ref, 1, St#st.waiting) of
        {value, {Ref, From, _}, Left} ->
            From ! {Ref, {error, timeout, St#st.text}},
            St#st{waiting = Left};
        false -> St
    end.

%% --- HTTP, by hand: the referee must not share code with the guest --------

http(Vm, Path) -> http(Vm, Path, 20000).

%% {Status, Body} of a GET on a connection of its own.
http(#vm{port = Port}, Path, Timeout) ->
    {ok, S} = gen_tcp:connect({127, 0, 0, 1}, Port,
                              [binary, {active, false}, {packet, raw}], Timeout),
    ok = gen_tcp:send(S, ["GET ", Path, " HTTP/1.1\r\nHost: vm\r\n"
                          "Connection: close\r\n\r\n"]),
    Data = recv_all(S, <<>>, Timeout),
    gen_tcp:close(S),
    [Head, Body] = binary:split(Data, <<"\r\n\r\n">>),
    <<"HTTP/1.1 ", Code:3/binary, _/binary>> = Head,
    {binary_to_integer(Code), Body}.

recv_all(S, Acc, Timeout) ->
    case gen_tcp:recv(S, 0, Timeout) of
        {ok, D} -> recv_all(S, <<Acc/binary, D/binary>>, Timeout);
        {error, closed} -> Acc
    end.

%% A free port of this host, another one each time. Until the process that asks
%% ends, a socket of its own keeps it from all who connect, or ask for any port;
%% who asks for this one, with SO_REUSEADDR as QEMU and Erlang's distribution do,
%% gets it.
free_port() ->
    {ok, S} = socket:open(inet, stream, tcp),
    ok = socket:setopt(S, {socket, reuseaddr}, true),
    ok = socket:bind(S, #{family => inet, addr => {127, 0, 0, 1}, port => 0}),
    {ok, #{port := Port}} = socket:sockname(S),
    put({?MODULE, Port}, S),
    Port.
