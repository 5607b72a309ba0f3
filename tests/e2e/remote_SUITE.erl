%% SPDX-License-Identifier: Apache-2.0
%% Copyright the unibeam authors
%% remote_SUITE - the host's tools reach a node in a machine on user-mode
%% networking through published ports, as docs/using.md has it: with one port and
%% no epmd, and with the guest's epmd, which process 1 starts where there is no
%% shell.
-module(remote_SUITE).
-include_lib("stdlib/include/assert.hrl").
-compile([export_all, nowarn_export_all]).

-define(BOOT, 120000).
-define(COOKIE, "remote").

suite() -> [{timetrap, {minutes, 4}}].

all() ->
    [rpc, refused, erl_call, remote_shell, release_script, by_epmd, registered].

init_per_suite(Config) -> vm:with_image("OTP_IMAGE", Config, fun start/2).

start(Image, Config) ->
    [Port, Dist, Epmd] = [vm:free_port() || _ <- lists:seq(1, 3)],
    One = machine(Image, ["-p", publish(Port, Port),
                          "--env", "ERL_DIST_PORT=" ++ integer_to_list(Port)], []),
    Two = machine(filename:join(os:getenv("UNIBEAM_BUILD"), "noshell.img"),
                  ["-p", publish(Epmd, 4369), "-p", publish(Dist, Dist)],
                  ["-kernel", "inet_dist_listen_min", integer_to_list(Dist),
                   "-kernel", "inet_dist_listen_max", integer_to_list(Dist)]),
    [vm:wait(Vm, "^READY", ?BOOT) || Vm <- [One, Two]],
    [{vms, [One, Two]}, {dist, Port}, {epmd, Epmd} | Config].

machine(Image, Args, Words) ->
    vm:start(Image, #{machine => "microvm", direct => true, forward => false,
                      keep => true,
                      args => Args ++ words(["-name", "shop@127.0.0.1",
                                             "-setcookie", ?COOKIE | Words])}).

words(Words) -> lists:append([["--arg", W] || W <- Words]).

publish(Host, Guest) ->
    lists:concat(["127.0.0.1:", Host, ":", Guest]).

end_per_suite(C) -> [vm:stop(Vm) || Vm <- proplists:get_value(vms, C)].

%% --- without epmd -----------------------------------------------------------------

dist(C) -> integer_to_list(proplists:get_value(dist, C)).

no_epmd(C) ->
    ["-start_epmd", "false", "-erl_epmd_port", dist(C), "-dist_listen", "false"].

%% A node of the host's with Args, for as long as F.
with_node(Args, Env, F) ->
    {ok, Peer, _} =
        peer:start(#{connection => standard_io, env => Env, wait_boot => 30000,
                     args => ["-name", "me@127.0.0.1" | Args]}),
    try F(fun(M, Fun, A) -> peer:call(Peer, M, Fun, A, 60000) end)
    after peer:stop(Peer) end.

node_name() -> 'shop@127.0.0.1'.

rpc(C) ->
    with_node(["-setcookie", ?COOKIE | no_epmd(C)], [],
              fun(Do) ->
                      ?assertEqual(pong, Do(net_adm, ping, [node_name()])),
                      ?assertEqual({ok, <<"otp\n">>},
                                   Do(rpc, call, [node_name(), file, read_file,
                                                  ["/proc/sys/kernel/hostname"]])),
                      Big = rand:bytes(3 bsl 20),
                      ?assertEqual(Big, Do(erpc, call, [node_name(), erlang,
                                                        hd, [[Big]]]))
              end).

refused(C) ->
    with_node(["-setcookie", "another" | no_epmd(C)], [],
              fun(Do) -> ?assertEqual(pang, Do(net_adm, ping, [node_name()])) end).

erl_call(C) ->
    Call = fun(Cookie) ->
                   os:cmd("erl_call -r -address 127.0.0.1:" ++ dist(C) ++ " -c " ++
                              Cookie ++ " -a 'erlang node'; echo $?")
           end,
    ?assertEqual("'shop@127.0.0.1'0\n", Call(?COOKIE)),
    ?assertNotMatch({match, _}, re:run(Call("another"), "\n0\n|^0\n|shop@")).

%% On a terminal, as a person has it.
remote_shell(C) ->
    typed("erl -name me@127.0.0.1 -setcookie " ?COOKIE " -remsh shop@127.0.0.1 " ++
              lists:join(" ", no_epmd(C)), []).

typed(Command, Env) ->
    Port = open_port({spawn_executable, os:find_executable("script")},
                     [{args, ["-qec", lists:flatten(Command), "/dev/null"]},
                      {env, Env}, exit_status, stderr_to_stdout, binary]),
    expect(Port, "\\(shop@127.0.0.1\\)1> ", <<>>),
    port_command(Port, "{ok, H} = inet:gethostname(), {H, 6 * 7}.\r"),
    expect(Port, "\\{\"[a-z]+\",42\\}", <<>>),
    %% Ctrl-G, and the emulator here ends; that of the node does not
    port_command(Port, [7]),
    expect(Port, "-->", <<>>),
    port_command(Port, "q\r"),
    ended(Port).

ended(Port) ->
    receive
        {Port, {data, _}} -> ended(Port);
        {Port, {exit_status, Status}} -> ?assertEqual(0, Status)
    after 60000 -> error(still_there)
    end.

expect(Port, Regexp, Text) ->
    case re:run(Text, Regexp) of
        {match, _} -> ok;
        nomatch ->
            receive
                {Port, {data, D}} -> expect(Port, Regexp, <<Text/binary, D/binary>>);
                {Port, {exit_status, N}} -> error({ended, N, Text})
            after 60000 -> error({missing, Regexp, Text})
            end
    end.

%% The script that relx makes, of the very release that is in the image.
release_script(C) ->
    Dir = proplists:get_value(priv_dir, C),
    Args = filename:join(Dir, "vm.args"),
    ok = file:write_file(Args, "-name shop@127.0.0.1\n-setcookie " ?COOKIE "\n"),
    Env = [{"VMARGS_PATH", Args}, {"ERL_DIST_PORT", dist(C)},
           {"RELX_OUT_FILE_PATH", Dir}],
    Script = filename:join(os:getenv("UNIBEAM_BUILD"),
                           "releases/otp/_build/default/rel/otp/bin/otp"),
    ?assertEqual("pong\n", command(Script ++ " ping", Env)),
    ?assertEqual("'shop@127.0.0.1'\n", command(Script ++ " rpc erlang node", Env)),
    ?assertEqual("42\n", command(Script ++ " eval '6*7.'", Env)),
    typed(Script ++ " remote_console", Env).

command(Command, Env) ->
    Set = [[N, "='", V, "' "] || {N, V} <- Env],
    os:cmd(lists:flatten([Set, Command])).

%% --- with the guest's epmd --------------------------------------------------------

epmd(C) -> [{"ERL_EPMD_PORT", integer_to_list(proplists:get_value(epmd, C))}].

by_epmd(C) ->
    with_node(["-setcookie", ?COOKIE, "-dist_listen", "false"], epmd(C),
              fun(Do) ->
                      ?assertEqual(pong, Do(net_adm, ping, [node_name()])),
                      %% no shell: it was not the emulator that started epmd
                      ?assertEqual({error, enoent},
                                   Do(rpc, call, [node_name(), file, read_file_info,
                                                  ["/bin/sh"]]))
              end),
    ?assertEqual("'shop@127.0.0.1'0\n",
                 command("erl_call -r -n shop@127.0.0.1 -c " ?COOKIE
                         " -a 'erlang node'; echo $?", epmd(C))).

registered(C) ->
    Names = command("epmd -names", epmd(C)),
    ?assertMatch({match, _}, re:run(Names, "name shop at port [0-9]+")).
