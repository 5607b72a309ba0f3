%% SPDX-License-Identifier: Apache-2.0
%% Copyright the unibeam authors
%% machine_SUITE - machines in the background and their nodes, as docs/using.md
%% has it: one of a relx release, started directly, and one of a mix release from
%% its disk, with IEx on the console.
-module(machine_SUITE).
-include_lib("stdlib/include/assert.hrl").
-compile([export_all, nowarn_export_all]).

-define(SECONDS, "240"). % until a node answers; this is no place to be strict

suite() -> [{timetrap, {minutes, 10}}].

all() ->
    [listed, answers, eval, output, disk, elixir, console, remote, remote_iex,
     secret, log, stopped, killed].

init_per_suite(Config) -> vm:with_image("OTP_IMAGE", Config, fun start/2).

start(Image, Config) ->
    Dir = proplists:get_value(priv_dir, Config),
    State = filename:join(Dir, "state"),
    Disk = filename:join(Dir, "data"),
    ok = file:make_dir(State),
    ok = file:change_mode(State, 8#700),
    ok = file:write_file(Disk, [<<"first">>, binary:copy(<<0>>, 1 bsl 20)]),
    C = [{dir, Dir}, {state, State}, {disk, Disk} | Config],
    Mix = filename:join(os:getenv("UNIBEAM_BUILD"), "iex.img"),
    ?assertEqual({0, <<"otp\n">>},
                 run(C, [Image, "--name", "otp", "--machine", "microvm",
                         "--disk", Disk ++ ",serial=data"])),
    ?assertEqual({0, <<"cart\n">>}, run(C, [Mix, "--name", "cart"])),
    C.

end_per_suite(C) -> unibeam(C, ["stop", "--all", "-t", "0"]).

run(C, Args) -> unibeam(C, ["run", "-d", "--dist", "--accel", "tcg" | Args]).

%% {Status, What it prints}; what it says of accelerators and the like is not in
%% it, as standard error has no place here.
unibeam(C, Args) ->
    host:run(dir(C), env(C), "sh", ["-c", "exec \"$0\" \"$@\" 2>err", exe() | Args]).

err(C) ->
    {ok, Text} = file:read_file(filename:join(dir(C), "err")),
    Text.

exe() -> filename:join(os:getenv("UNIBEAM_BUILD"), "unibeam").

env(C) ->
    ["XDG_RUNTIME_DIR=" ++ proplists:get_value(state, C), "HOME=" ++ dir(C)].

dir(C) -> proplists:get_value(dir, C).

ok(C, Args) ->
    {Status, Text} = unibeam(C, Args),
    ?assertEqual({0, Text}, {Status, <<Text/binary, (failed(Status, C))/binary>>}),
    string:trim(Text).

failed(0, _) -> <<>>;
failed(_, C) -> err(C).

%% --- cases ------------------------------------------------------------------------

listed(C) ->
    ?assertEqual(<<"cart\notp">>, ok(C, ["ps", "-q"])),
    ?assertMatch({match, _}, re:run(ok(C, ["ps"]), "otp +otp.img +running ")).

answers(C) ->
    ?assertEqual(<<"pong">>, ok(C, ["ping", "otp", "-t", ?SECONDS])),
    ?assertEqual(<<"pong">>, ok(C, ["ping", "cart", "-t", ?SECONDS])).

eval(C) ->
    ?assertEqual(<<"'otp@127.0.0.1'">>, ok(C, ["eval", "otp", "node()"])),
    ?assertEqual(<<"{unix,linux}">>, ok(C, ["rpc", "otp", "os", "type"])),
    ?assertEqual(<<"{ok,<<\"otp\\n\">>}">>,
                 ok(C, ["rpc", "otp", "file", "read_file",
                        "[\"/proc/sys/kernel/hostname\"]"])),
    ?assertMatch({1, <<>>}, unibeam(C, ["eval", "otp", "error(bad)"])),
    ?assertEqual(<<"unibeam: exception error: bad\n">>, err(C)),
    %% more than a buffer or a window of TCP
    Big = "binary:copy(<<\"0123456789\">>, 300000)",
    ?assertEqual(3000000, digits(ok(C, ["eval", "otp", "io:put_chars(" ++ Big ++ ")"]))),
    %% a value's text takes far more than the value: it must not be made whole
    Cut = digits(ok(C, ["eval", "otp", Big])),
    ?assert(Cut > 10000 andalso Cut < 20000),
    ?assertMatch({match, _}, re:run(err(C), "note: that is not all")),
    ?assertEqual(<<"{unix,linux}">>, ok(C, ["rpc", "otp", "os", "type"])).

digits(Text) -> length([X || <<X>> <= Text, X >= $0, X =< $9]).

output(C) ->
    ?assertEqual(<<"one\ntwo\nok">>,
                 ok(C, ["eval", "otp", "io:format(\"one~ntwo~n\")"])),
    ?assertEqual(nomatch, re:run(ok(C, ["logs", "otp"]), "^two", [multiline])).

disk(C) ->
    Path = "/dev/disk/by-id/virtio-data",
    Open = "{ok, F} = file:open(\"" ++ Path ++ "\", [read, write, raw, binary]), ",
    ?assertEqual(<<"{ok,<<\"first\">>}">>,
                 ok(C, ["eval", "otp", Open ++ "file:pread(F, 0, 5)"])),
    ?assertEqual(<<"ok">>,
                 ok(C, ["eval", "otp", Open ++ "ok = file:pwrite(F, 0, <<\"after\">>), "
                        "file:sync(F)"])),
    {ok, F} = file:open(proplists:get_value(disk, C), [read, raw, binary]),
    ?assertEqual({ok, <<"after">>}, file:pread(F, 0, 5)).

elixir(C) ->
    ?assertEqual(<<":\"cart@127.0.0.1\"">>, ok(C, ["eval", "cart", "node()"])),
    ?assertEqual(<<"%{a: \"b\"}">>, ok(C, ["eval", "cart", "Map.new(a: \"b\")"])),
    ?assertEqual(<<"out">>, ok(C, ["rpc", "cart", "IO.puts(\"out\")"])),
    ?assertEqual(<<"3">>, ok(C, ["rpc", "cart", "Enum", "sum", "[[1, 2]]"])),
    ?assertEqual(<<"3">>, ok(C, ["eval", "cart", "--erlang", "lists:sum([1, 2]).",
                                 "-t", "120"])),
    ?assertMatch({1, <<>>}, unibeam(C, ["eval", "cart", "raise \"bad\""])),
    ?assertMatch({match, _}, re:run(err(C), "^unibeam: \\*\\* \\(RuntimeError\\) bad")).

%% IEx, which edits the line: what it answers is not what was typed.
console(C) ->
    {Port, Pid} = terminal(C, ["console", "cart"]),
    host:until(Port, "Ctrl-A D leaves the console"),
    type(Port, "\r", "iex\\([^)]*\\)[^>]*1>|iex"),
    type(Port, "IO.puts(\"sum:#{6 * 7}\")\r", "sum:42"),
    type(Port, "\001d", "left the console; the machine runs"),
    ended(Port, Pid).

remote(C) ->
    {Port, Pid} = terminal(C, ["remote", "otp"]),
    host:until(Port, "\\(otp@127.0.0.1\\)1> "),
    type(Port, "{os:type(), 6 * 7}.\r", "\\{\\{unix,linux\\},42\\}"),
    type(Port, "\007", "User switch command(.|\\n)* --> "),
    type(Port, "q\r", "."),
    ended(Port, Pid).

remote_iex(C) ->
    {Port, _} = terminal(C, ["remote", "cart"]),
    host:until(Port, "iex\\(cart@127.0.0.1\\)1>"),
    type(Port, "IO.puts(\"sum:#{6 * 7}\")\r", "sum:42"),
    type(Port, "\003", "BREAK"),
    port_command(Port, "a\r"),
    %% an abort: whichever status the emulator has for that
    receive {Port, {exit_status, _}} -> ok after 60000 -> error(stays) end.

terminal(C, Args) ->
    Command = lists:join(" ", [exe() | Args]),
    Port = host:open(dir(C), env(C), "script",
                     ["-qec", lists:flatten(Command), "/dev/null"]),
    {os_pid, Pid} = erlang:port_info(Port, os_pid),
    {Port, Pid}.

type(Port, Text, Answer) ->
    port_command(Port, Text),
    host:until(Port, Answer).

ended(Port, _) ->
    receive {Port, {exit_status, Status}} -> ?assertEqual(0, Status)
    after 60000 -> error(stays)
    end.

%% The cookie is in no command line of this system.
secret(C) ->
    {ok, Cookie} = file:read_file(filename:join(proplists:get_value(state, C),
                                                "unibeam/otp/cookie")),
    ?assertEqual(40, byte_size(Cookie)),
    Lines = [element(2, file:read_file(F)) || F <- filelib:wildcard("/proc/[0-9]*/cmdline")],
    ?assertMatch([_ | _], [L || L <- Lines, is_binary(L),
                                string:find(L, "hostfwd=tcp:127.0.0.1") =/= nomatch]),
    ?assertEqual([], [L || L <- Lines, is_binary(L),
                           string:find(L, Cookie) =/= nomatch]).

log(C) ->
    ?assertMatch({match, _}, re:run(ok(C, ["logs", "otp"]), "READY")),
    ?assertNotMatch({match, _}, re:run(ok(C, ["logs", "otp", "-n", "1"]), "\n")).

%% In order, by init:stop().
stopped(C) ->
    ok(C, ["stop", "otp", "-t", ?SECONDS]),
    ?assertEqual(<<"0">>, status(C, "otp")),
    ?assertMatch({1, <<>>}, unibeam(C, ["ping", "otp"])),
    ?assertEqual(<<"unibeam: the machine 'otp' does not run\n">>, err(C)).

status(C, Name) ->
    {match, [Status]} = re:run(ok(C, ["ps", "-a"]), Name ++ " .*? ended .* (\\d+)(\n|$)",
                               [{capture, [1], binary}, dotall]),
    Status.

%% The one that keeps it goes; so does QEMU.
killed(C) ->
    Json = ok(C, ["ps", "--format", "json"]),
    {match, [Pid]} = re:run(Json, "\"pid\": (\\d+)", [{capture, [1], list}]),
    {ok, Children} = file:read_file("/proc/" ++ Pid ++ "/task/" ++ Pid ++ "/children"),
    Qemu = string:trim(Children),
    os:cmd("kill -KILL " ++ Pid),
    gone(binary_to_list(Qemu), 600),
    ?assertMatch({match, _}, re:run(ok(C, ["ps", "-a"]), "cart +iex.img +lost ")),
    ok(C, ["rm", "cart", "otp"]),
    ?assertEqual(<<>>, ok(C, ["ps", "-aq"])).

gone(Pid, Tries) ->
    case file:read_file_info("/proc/" ++ Pid) of
        {error, enoent} -> ok;
        _ when Tries > 0 -> timer:sleep(100), gone(Pid, Tries - 1)
    end.
