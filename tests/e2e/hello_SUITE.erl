%% SPDX-License-Identifier: Apache-2.0
%% Copyright the unibeam authors
%% hello_SUITE - the example release in a machine: it boots everywhere, answers,
%% runs programs, and ends with the right status.
-module(hello_SUITE).
-include_lib("stdlib/include/assert.hrl").
-compile([export_all, nowarn_export_all]).

-define(BOOT, 90000).

suite() -> [{timetrap, {minutes, 4}}].

all() ->
    [boots_q35, boots_pc, boots_direct_q35, boots_direct_pc, boots_microvm,
     cpu_qemu64, cpu_nehalem, cpu_epyc, four_cpus, small_memory,
     os_cmd, port_exit_status, commands_do_not_leak, halt_status,
     power_button, echo_large_body, no_network, out_of_memory,
     missing_init, unknown_option].

init_per_suite(Config) -> vm:image("HELLO_IMAGE", Config).
end_per_suite(_) -> ok.

%% --- boots ----------------------------------------------------------------

boots_q35(C) -> answers(C, #{machine => "q35", cpus => 2}).
boots_pc(C) -> answers(C, #{machine => "pc", cpus => 2}).
boots_direct_q35(C) -> answers(C, #{machine => "q35", direct => true}).
boots_direct_pc(C) -> answers(C, #{machine => "pc", direct => true}).
boots_microvm(C) -> answers(C, #{machine => "microvm", cpus => 2}).
cpu_qemu64(C) -> answers(C, #{cpu => "qemu64"}).
cpu_nehalem(C) -> answers(C, #{cpu => "Nehalem", cpus => 2}).
cpu_epyc(C) -> answers(C, #{cpu => "EPYC", cpus => 2}).
four_cpus(C) -> answers(C, #{cpus => 4}).
small_memory(C) -> answers(C, #{memory => "96M"}).

answers(C, Opts) ->
    Vm = boot(C, Opts),
    ?assertMatch({200, <<"hello", _/binary>>}, vm:http(Vm, "/")),
    Cpus = integer_to_binary(maps:get(cpus, Opts, 1)),
    {200, Stats} = vm:http(Vm, "/stats"),
    ?assertMatch({match, _}, re:run(Stats, ["schedulers[^0-9]*", Cpus])),
    vm:stop(Vm).

boot(C, Opts) ->
    Vm = vm:start(proplists:get_value(image, C), Opts),
    vm:wait(Vm, "^READY", ?BOOT),
    Vm.

%% --- programs -------------------------------------------------------------

os_cmd(C) ->
    Vm = boot(C, #{cpus => 2}),
    ?assertMatch({200, <<"hi", _/binary>>}, vm:http(Vm, "/cmd")),
    vm:stop(Vm).

port_exit_status(C) ->
    Vm = boot(C, #{cpus => 2}),
    {200, B} = vm:http(Vm, "/port"),
    ?assertMatch({match, _}, re:run(B, "exit_status[^0-9]*3")),
    vm:stop(Vm).

commands_do_not_leak(C) ->
    Vm = boot(C, #{cpus => 2}),
    [?assertMatch({200, <<"hi", _/binary>>}, vm:http(Vm, "/cmd"))
     || _ <- lists:seq(1, 40)],
    vm:stop(Vm).

echo_large_body(C) ->
    Vm = boot(C, #{cpus => 2}),
    Body = binary:copy(<<"0123456789abcdef">>, 16384),
    {ok, S} = gen_tcp:connect({127, 0, 0, 1}, vm:port(Vm),
                              [binary, {active, false}]),
    ok = gen_tcp:send(S, ["POST /echo HTTP/1.1\r\nHost: vm\r\nConnection: close"
                          "\r\nContent-Length: ",
                          integer_to_list(byte_size(Body)), "\r\n\r\n", Body]),
    All = vm:recv_all(S, <<>>, 30000),
    [_, Got] = binary:split(All, <<"\r\n\r\n">>),
    ?assertEqual(erlang:md5(Body), erlang:md5(Got)),
    vm:stop(Vm).

%% --- endings --------------------------------------------------------------

halt_status(C) ->
    Vm = boot(C, #{}),
    catch vm:http(Vm, "/halt?3", 5000),
    ?assertEqual(3, vm:status(Vm, 20000)).

power_button(C) ->
    Vm = boot(C, #{}),
    vm:signal(Vm, "TERM"),
    vm:wait(Vm, "STOPPED", 30000),
    ?assertEqual(0, vm:status(Vm, 20000)).

no_network(C) ->
    Vm = boot(C, #{append => "ip=none", forward => false}),
    vm:stop(Vm).

out_of_memory(C) ->
    Vm = boot(C, #{memory => "128M"}),
    catch vm:http(Vm, "/alloc", 60000),
    vm:wait(Vm, "out of memory", 60000),
    ?assertNotEqual(0, vm:status(Vm, 60000)).

missing_init(C) ->
    Vm = vm:start(proplists:get_value(image, C),
                  #{append => "init=/no/such", forward => false}),
    vm:wait(Vm, "/no/such.*ENOENT", ?BOOT),
    ?assertEqual(125, vm:status(Vm, 20000)).

unknown_option(C) ->
    Vm = boot(C, #{append => "no.such.option=1"}),
    vm:wait(Vm, "no\\.such\\.option", 5000),
    vm:stop(Vm).
