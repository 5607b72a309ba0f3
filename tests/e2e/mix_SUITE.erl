%% SPDX-License-Identifier: Apache-2.0
%% Copyright the unibeam authors
%% Releases that mix made (tests/releases/depot), started by bin/NAME here and
%% in machines: the same environment, arguments and configuration, the same
%% messages and statuses, and bin/NAME's commands from here into a machine.
%%
%% depot has an env.sh, a vm.args, an overlay, configuration providers and
%% restarts its emulator with what they gave; annex has nothing of the kind.
-module(mix_SUITE).
-include_lib("common_test/include/ct.hrl").
-include_lib("stdlib/include/assert.hrl").
-compile(export_all).
-compile(nowarn_export_all).

suite() -> [{timetrap, {minutes, 15}}].

all() ->
    [started_as_on_linux, remote_shell, restart_of_the_emulator,
     status_and_restart_policy, orderly_stop,
     variable_missing, compile_env_changed, eval,
     env_sh_fails, env_sh_hangs].

init_per_suite(Config) ->
    case [V || V <- ["DEPOT_IMAGE", "ANNEX_IMAGE", "MIX_RELEASES"],
               os:getenv(V) =:= false] of
        [] -> start_machine(Config);
        Missing -> {skip, {no, Missing}}
    end.

end_per_suite(Config) -> vm:stop(?config(vm, Config)).

-define(GUEST_PORT, 9100). % of the distribution, in the machine

%% One machine for the first cases, which leave it as they found it.
start_machine(Config) ->
    Port = vm:free_port(),
    Vm = depot(["CITY=Rome" | distribution(?GUEST_PORT)],
               #{keep => true,
                 args => ["-p", forward(Port), "--restart", "on-failure:1"]}),
    vm:wait(Vm, "^READY Rome", 300000),
    [{vm, Vm}, {port, Port} | Config].

forward(Port) ->
    lists:flatten(io_lib:format("127.0.0.1:~b:~b", [Port, ?GUEST_PORT])).

%% A node that is reached without epmd. Its name is the same everywhere.
distribution(Port) ->
    P = integer_to_list(Port),
    ["NO_COLOR=1", "DIST_PORT=" ++ P,
     "ELIXIR_ERL_OPTIONS=-erl_epmd_port " ++ P ++ " -start_epmd false"].

depot(Env, Opts) -> machine("DEPOT_IMAGE", Env, Opts).

machine(Image, Env, Opts) ->
    Base = #{machine => "microvm", direct => true, forward => false, env => Env},
    vm:start(os:getenv(Image), maps:merge(Base, Opts)).

%% --- bin/NAME on this system ---------------------------------------------------

linux(Name, Env, Args) -> host:run(root(Name), Env, "bin/" ++ Name, Args).

root(Name) -> filename:join(os:getenv("MIX_RELEASES"), Name).

%% A command of bin/depot for the node behind Port.
command(Port, Args) -> linux("depot", [caller(Port)], Args).

%% For a node that calls the one behind Port and is not called itself.
caller(Port) ->
    "ELIXIR_ERL_OPTIONS=-erl_epmd_port " ++ integer_to_list(Port)
        ++ " -start_epmd false -dist_listen false".

rpc(Port, Expression) ->
    case command(Port, ["rpc", Expression]) of
        {0, Out} -> Out;
        Other -> error({rpc, Expression, Other})
    end.

%% Until the node answers again.
rpc_soon(_, Expression, 0) -> error({no_answer, Expression});
rpc_soon(Port, Expression, Tries) ->
    case command(Port, ["rpc", Expression]) of
        {0, Out} -> Out;
        _ -> timer:sleep(500), rpc_soon(Port, Expression, Tries - 1)
    end.

dump(Port) ->
    Out = rpc_soon(Port, "Store.print_dump()", 300),
    {match, [Text]} = re:run(Out, "^DUMP (.*)$",
                             [multiline, {capture, all_but_first, binary}]),
    binary_to_term(base64:decode(Text)).

%% --- one machine --------------------------------------------------------------

%% What a shell and the machine set, and bin/depot does not: docs/using.md.
-define(OTHERS, [<<"HOME">>, <<"PATH">>, <<"PWD">>, <<"OLDPWD">>, <<"SHLVL">>,
                 <<"_">>, <<"ERL_CRASH_DUMP">>, <<"ERL_CRASH_DUMP_BYTES">>]).

started_as_on_linux(Config) ->
    Port = vm:free_port(),
    Host = host:open(root("depot"), ["CITY=Rome" | distribution(Port)],
                     "bin/depot", ["start"]),
    host:until(Host, "^READY Rome"),
    Wanted = dump(Port),
    Got = dump(?config(port, Config)),
    ?assertMatch({0, _}, command(Port, ["stop"])),
    ?assertMatch({0, _}, host:await(Host)),
    ct:log("~p", [Wanted]),
    #{env := HostEnv} = Wanted,
    #{env := GuestEnv} = Got,
    ?assertEqual(maps:without(?OTHERS, HostEnv), maps:without(?OTHERS, GuestEnv)),
    ?assertMatch(#{<<"FROM_ENV_SH">> := <<"depot 0.2.0, IN A PIPE\nsecond line">>,
                   <<"FROM_VM_ARGS">> := <<"0.2.0">>,
                   <<"RELEASE_COMMAND">> := <<"start">>}, GuestEnv),
    ?assertEqual(maps:remove(env, Wanted), maps:remove(env, Got)).

%% An IEx of this system in the node, driven on a pty.
remote_shell(Config) ->
    Shell = host:open(root("depot"), [caller(?config(port, Config))],
                      "script", ["-qec", "bin/depot remote", "/dev/null"]),
    host:until(Shell, "iex\\(depot@127.0.0.1\\)1> "),
    port_command(Shell, "IO.puts(node())\n"),
    host:until(Shell, "^depot@127.0.0.1\r?$"),
    port_command(Shell, "\007"),
    host:until(Shell, "User switch command(.|\\n)* --> "),
    port_command(Shell, "q\n"),
    ?assertMatch({0, _}, host:await(Shell)).

%% System.restart() stops the applications and starts them in the same emulator.
restart_of_the_emulator(Config) ->
    Port = ?config(port, Config),
    Pid = rpc(Port, "IO.puts(System.pid())"),
    rpc(Port, "Application.put_env(:store, :mark, 1)"),
    ?assertMatch({0, _}, command(Port, ["restart"])),
    vm:wait(?config(vm, Config), "READY Rome(.|\\n)*READY Rome", 300000),
    ?assertEqual(<<"nil\n">>,
                 rpc_soon(Port, "IO.inspect(Application.get_env(:store, :mark))", 300)),
    ?assertEqual(Pid, rpc(Port, "IO.puts(System.pid())")).

%% A status is the machine's, unless its policy is to start the release again.
status_and_restart_policy(Config) ->
    {Vm, Port} = {?config(vm, Config), ?config(port, Config)},
    rpc(Port, "System.stop(3)"),
    vm:wait(Vm, "depot exited with status 3 ", 300000),
    vm:wait(Vm, "starting it again in 0.1 s(.|\\n)*^READY Rome", 300000),
    ?assertMatch(#{files := <<"1000">>}, dump(Port)).

%% bin/depot stop is no failure: it ends the machine.
orderly_stop(Config) ->
    {Vm, Port} = {?config(vm, Config), ?config(port, Config)},
    ?assertMatch({0, _}, command(Port, ["stop"])),
    ?assertEqual(0, vm:status(Vm, 300000)).

%% --- starts that fail ------------------------------------------------------------

%% What of a line of Text matches, up to its end.
line(Text, Pattern) ->
    {match, [Line]} = re:run(Text, Pattern ++ "[^\r\n]*",
                             [{capture, first, binary}]),
    Line.

%% Ended with the same status, saying the same.
same_end(Env, Pattern) ->
    {Status, Out} = linux("annex", ["NO_COLOR=1" | Env], ["start"]),
    Vm = machine("ANNEX_IMAGE", ["NO_COLOR=1" | Env], #{}),
    ?assertEqual(Status, vm:status(Vm, 300000)),
    ?assertEqual(line(Out, Pattern), line(vm:console(Vm), Pattern)),
    Status.

variable_missing(_) ->
    ?assertEqual(1, same_end(["RELEASE_DISTRIBUTION=none"],
                             "environment variable \"CITY\"")).

compile_env_changed(_) ->
    Env = ["RELEASE_DISTRIBUTION=none", "CITY=Oslo", "COMPILED=no"],
    ?assertEqual(1, same_end(Env, "different value set for key :compiled")).

%% A command that is not "start", with the same output and status.
eval(_) ->
    Code = "IO.puts(\"GOT #{System.get_env(\"RELEASE_COMMAND\")} "
        "#{inspect(Application.started_applications() |> length)} #{node()} "
        "#{Application.get_env(:store, :city)} #{inspect(System.argv())}\"); "
        "System.halt(9)",
    {9, Out} = linux("annex", ["CITY=Oslo", "NO_COLOR=1"], ["eval", Code]),
    Vm = machine("ANNEX_IMAGE", ["CITY=Oslo", "NO_COLOR=1"],
                 #{args => ["--eval", Code, "--restart", "always"]}),
    ?assertEqual(9, vm:status(Vm, 300000)),
    ?assertEqual(line(Out, "GOT "), line(vm:console(Vm), "GOT ")).

%% --- env.sh ------------------------------------------------------------------------

env_sh_fails(_) ->
    Vm = depot(["CITY=Rome", "FAIL=status"], #{}),
    ?assertEqual(126, vm:status(Vm, 300000)),
    line(vm:console(Vm), "can't open '/app/nothing'"),
    line(vm:console(Vm), "releases/0.2.0/env.sh ended with status 1: the release is not").

env_sh_hangs(_) ->
    Vm = depot(["CITY=Rome", "FAIL=hang"], #{}),
    vm:wait(Vm, "^env.sh sleeps", 300000),
    vm:signal(Vm, "TERM"),
    ?assertEqual(128 + 15, vm:status(Vm, 300000)).
