%% SPDX-License-Identifier: Apache-2.0
%% Copyright the unibeam authors
%% The interactive shells on the console: the same keys typed in terminals of
%% the same size, to a release on this host's Linux and to its image, lead to
%% the same screens, cursor included (like_screen).
%%
%% Keys are as in tmux:type/2. A step names what they lead to on Linux: a regular
%% expression, or `other' for a screen unlike the one before.
-module(term_SUITE).
-compile([export_all, nowarn_export_all]).

-define(SIZE, {80, 24}).

suite() -> [{timetrap, {minutes, 10}}].

all() -> [{group, erl}, {group, iex}, {group, plain}, {group, flags}, unknown_size,
          slow_reader].

groups() ->
    [{erl, [], [editing, killing, history, search, wrapping, completion,
                unicode, several_lines, reading, password, settings, size,
                stop_and_go, suspend, long_output, paste, break_menu, jobs,
                remote_shell, leave]},
     {iex, [], [iex_editing, iex_completion, iex_unicode, iex_several_lines,
                iex_size, iex_jobs, iex_break, iex_quit]},
     {plain, [], [plain_lines, plain_end]},
     {flags, [], [quit, quit_old_shell, break_interrupts, break_kills, quit_kills,
                  break_ignored]}].

init_per_suite(Config) ->
    case os:find_executable("tmux") of
        false -> {skip, "no tmux"};
        _ -> [{tmux, tmux:start()} | Config]
    end.

end_per_suite(Config) -> tmux:stop(proplists:get_value(tmux, Config)).

init_per_group(erl, Config) ->
    start_otp(Config, "", "^1>", ["ok."]);
init_per_group(iex, Config) -> start_iex(Config);
init_per_group(flags, Config) -> start_shells(Config);
init_per_group(plain, Config) ->
    Started = start_otp(Config, "-noshell -eval '" ++ plain_program() ++ "'", "^line:", []),
    like_screen:blank(pair(Started), []),
    Started.

end_per_group(_, Config) -> like_screen:stop(pair(Config)).

build() -> os:getenv("UNIBEAM_BUILD").

release(Path) -> build() ++ "/releases/" ++ Path.

%% With the host's name, which node names show.
machine(Image) ->
    build() ++ "/unibeam run " ++ build() ++ "/" ++ Image ++ " --console --accel tcg"
        " --machine microvm --append hostname=$(hostname)".

%% The release with OTP, with more flags; the root file system is full by design,
%% and nobody shall hear of it.
start_otp(Config, Flags, Prompt, First) ->
    Env = "ERL_ZFLAGS=\"-os_mon start_disksup false " ++ Flags ++ "\"",
    start(Config, Env ++ " " ++ release("otp/_build/default/rel/otp/bin/otp") ++ " console",
          machine("otp.img") ++ " --env " ++ Env, Prompt, First).

start_iex(Config) ->
    Linux = "RELEASE_BOOT_SCRIPT=start_clean RELEASE_DISTRIBUTION=none "
        ++ release("iex/_build/prod/rel/cart/bin/cart") ++ " start_iex",
    start(Config, Linux, machine("iex.img"), "^iex.1.>", [":ok"]).

%% Ctrl-A is a key of the shell's, not QEMU's.
start(Config, Linux, Guest, Prompt, First) ->
    Tmux = proplists:get_value(tmux, Config),
    Home = "HOME=" ++ proplists:get_value(priv_dir, Config) ++ " LANG=C.UTF-8 ",
    Pair = like_screen:start(Tmux, ?SIZE, status(Home ++ Linux),
                             status(Guest ++ " -- -echr 29"), Prompt),
    [{pair, Pair}, {first, First} | Config].

status(Command) -> Command ++ "; echo status $?".

pair(Config) -> proplists:get_value(pair, Config).

%% An empty screen and line, whatever the last case left behind.
init_per_testcase(_, Config) ->
    case proplists:get_value(first, Config, []) of
        [] -> ok;
        First ->
            like_screen:blank(pair(Config), keys("C-u C-k Enter")),
            line(Config, First, "ok")
    end,
    Config.

end_per_testcase(_, _) -> ok.

%% --- typing --------------------------------------------------------------

step(Config, Keys, Shown) -> like_screen:step(pair(Config), Keys, Shown).

line(Config, Keys, Shown) -> step(Config, Keys ++ keys("Enter"), Shown).

keys(Names) -> [{key, N} || N <- string:lexemes(Names, " ")].

%% --- erl -----------------------------------------------------------------

editing(Config) ->
    step(Config, ["bcd"] ++ keys("C-a") ++ ["a"], "> abcd$"),
    step(Config, keys("C-e") ++ ["ef"], "> abcdef$"),
    step(Config, keys("Left Left C-b Right C-f BSpace"), "> abcdf$"),
    step(Config, keys("Home Delete C-d"), other),
    step(Config, keys("C-e BSpace C-t"), other),
    step(Config, keys("C-a C-k") ++ ["\"one two three\""], "> \"one two three\"$"),
    step(Config, keys("M-b M-b M-f M-d M-BSpace"), other),
    step(Config, keys("C-e C-h C-l"), other),
    line(Config, ["\"."], other).

killing(Config) ->
    step(Config, ["{a, b, c, d}"] ++ keys("C-w C-w"), "> .a, b,$"),
    step(Config, keys("C-y"), other),
    step(Config, keys("C-a C-k C-y C-y"), other),
    step(Config, keys("C-u"), other),
    line(Config, keys("C-e C-u") ++ ["killed."], "^killed$").

history(Config) ->
    line(Config, ["first."], "^first$"),
    line(Config, ["second_one."], "^second_one$"),
    step(Config, keys("Up"), "> second_one.$"),
    step(Config, keys("C-p"), "> first.$"),
    step(Config, keys("Down"), other),
    step(Config, keys("C-p"), "> first.$"),
    step(Config, keys("C-n"), other),
    step(Config, keys("Left BSpace") ++ ["_new"], "> second_on_new.$"),
    line(Config, [], "^second_on_new$").

search(Config) ->
    step(Config, keys("C-r") ++ ["rst"], "search.*first"),
    step(Config, keys("C-r"), other),
    line(Config, [], other),
    step(Config, keys("C-r") ++ ["second"], "second_on_new"),
    step(Config, keys("C-r"), "second_one"),
    line(Config, [], "^second_o").

%% Lines wider than the screen.
wrapping(Config) ->
    Word = lists:append(lists:duplicate(19, "0123456789")),
    step(Config, ["\"" ++ Word ++ "end\""], "end\"$"),
    step(Config, keys("C-a C-f C-f BSpace"), "> \"123"),
    step(Config, keys("Left Left") ++ ["{"] ++ keys("C-e Left Left BSpace"), "ed\"$"),
    step(Config, keys("C-a") ++ lists:duplicate(100, {key, "Right"}) ++ ["MIDDLE"],
         "MIDDLE"),
    step(Config, keys("C-k"), "MIDDLE$"),
    step(Config, keys("C-e C-u"), other).

completion(Config) ->
    step(Config, ["erl_t" | keys("Tab Tab")], other),
    step(Config, keys("C-u") ++ ["io:fo" | keys("Tab")], "io:format\\($"),
    step(Config, ["\"~p~n\", [lists:dup" | keys("Tab")], "lists:duplicate\\($"),
    line(Config, ["2, a)])."], "^\\[a,a\\]$"),
    step(Config, ["lists:" | keys("Tab")], "zipwith3"),
    step(Config, keys("C-u") ++ ["gb_" | keys("Tab")], "gb_trees"),
    step(Config, keys("C-u") ++ ["nosuchmodule:" | keys("Tab")], other).

%% Of two, three and four bytes, of two columns; edited in between.
unicode(Config) ->
    step(Config, ["\"a\x{e5}b\x{e4}c\x{f6}\""] ++ keys("Left Left Left BSpace") ++ ["\x{fc}"],
         "\x{fc}"),
    line(Config, keys("C-e") ++ ["."], "\\.$"),
    step(Config, ["<<\"\x{65e5}\x{672c}\x{8a9e}x\"/utf8>>"], "x\"/utf8"),
    step(Config, lists:duplicate(9, {key, "Left"}) ++ keys("BSpace Left BSpace") ++
             ["\x{1f642}"], "\x{1f642}"),
    line(Config, keys("C-e") ++ ["."], "^<<"),
    line(Config, ["io:format(\"~ts~n\", [[8364, 32, 26085, 26412, 32, 128578]])."],
         "^\x{20ac} \x{65e5}"),
    line(Config, ["{file:native_name_encoding(), io:getopts()}."], "encoding").

several_lines(Config) ->
    step(Config, ["lists:map(fun(X) ->" | keys("Enter")], "fun"),
    step(Config, ["X * 2 end," | keys("Enter")], "end,$"),
    line(Config, ["[1, 2, 3])."], "^\\[2,4,6\\]$"),
    step(Config, keys("Up Up"), "end,$").

reading(Config) ->
    step(Config, ["io:get_line(\"say: \")." | keys("Enter")], "^say:$"),
    step(Config, ["somethin" | keys("BSpace BSpace")], "someth$"),
    line(Config, [], "^\"someth\\\\n\"$"),
    step(Config, ["io:get_chars(\"three: \", 3)." | keys("Enter")], "^three:$"),
    line(Config, ["abc"], "^\"abc\"$"),
    step(Config, ["io:fread(\"two: \", \"~d ~s\")." | keys("Enter")], "two:$"),
    line(Config, ["42 words"], "^\\{ok,\\[42").

password(Config) ->
    step(Config, ["io:get_password()." | keys("Enter")], "get_password"),
    line(Config, ["secret"], "^\"secret\"$"),
    line(Config, ["io:setopts([{echo, false}])."], "^ok$"),
    line(Config, ["hidden."], other),
    line(Config, ["io:setopts([{echo, true}])."], other),
    line(Config, ["shown."], "^shown$").

%% The terminal is set as on Linux, but that a serial line can be hung up (HUPCL).
settings(Config) ->
    step(Config, ["Tty = \"/proc/\" ++ os:getpid() ++ \"/fd/0\"," | keys("Enter")], other),
    step(Config, ["Stty = os:cmd(\"busybox stty -g -F $(readlink \" ++ Tty ++ \")\"),"
                  | keys("Enter")], other),
    line(Config, ["re:replace(Stty, \":4bf:\", \":bf:\", [{return, list}])."],
         "^\"[0-9a-f:]+:bf:"),
    line(Config, ["os:cmd(\"echo $TERM\")."], "tmux-256color"),
    line(Config, ["group_leader() =:= whereis(user)."], "^false$").

size(Config) ->
    Pair = pair(Config),
    line(Config, ["{io:columns(), io:rows()}."], "^\\{\\{ok,80\\},\\{ok,24\\}\\}$"),
    like_screen:resize(Pair, {100, 30}),
    line(Config, [until_columns(100)], "^true$"),
    line(Config, ["{io:columns(), io:rows()}."], "^\\{\\{ok,100\\},\\{ok,30\\}\\}$"),
    step(Config, ["\"" ++ lists:duplicate(120, $x) ++ "end\""], "end\"$"),
    step(Config, keys("C-a Right Right") ++ ["y"], "xyx"),
    line(Config, keys("C-k") ++ ["\"."], "^\"xy\"$"),
    like_screen:resize(Pair, ?SIZE),
    line(Config, [until_columns(80)], "true$"),
    line(Config, ["{io:columns(), io:rows()}."], "^\\{\\{ok,80\\},\\{ok,24\\}\\}$").

%% The machine learns of another size a little later.
until_columns(N) ->
    "(fun W() -> io:columns() =:= {ok," ++ integer_to_list(N) ++ "} orelse W() end)().".

stop_and_go(Config) ->
    step(Config, keys("C-s") ++ ["stopped."] ++ keys("Enter"), ">$"),
    step(Config, keys("C-q"), "^stopped$").

%% Nobody could continue it: the shell is alone in its session.
suspend(Config) ->
    step(Config, keys("C-z"), ">"),
    line(Config, ["still_here."], "^still_here$").

%% Half a megabyte, and not a byte of it lost on the way.
long_output(Config) ->
    Pair = pair(Config),
    Dir = proplists:get_value(priv_dir, Config),
    Logs = [{like_screen:linux(Pair), Dir ++ "linux.out"},
            {like_screen:guest(Pair), Dir ++ "guest.out"}],
    [tmux:log(P, File) || {P, File} <- Logs],
    line(Config, ["[io:put_chars([integer_to_list(N), \" \", lists:duplicate(90, $.), 10])"
                  " || N <- lists:seq(1, 5000)], done."], "^done$"),
    [complete(File) || {_, File} <- Logs].

complete(File) ->
    {ok, Text} = file:read_file(File),
    {match, Lines} = re:run(Text, "^([0-9]+) [.]{90}\\r*$",
                            [global, multiline, {newline, anycrlf}, {capture, [1], list}]),
    true = [list_to_integer(N) || [N] <- Lines] =:= lists:seq(1, 5000).

%% 20 lines of 500 characters at once.
paste(Config) ->
    Line = fun(N) -> io_lib:format("P~p = \"~s\".~n", [N, lists:duplicate(490, $a + N)]) end,
    like_screen:paste(pair(Config), [Line(N) || N <- lists:seq(1, 20)]),
    All = lists:join(", ", ["P" ++ integer_to_list(N) || N <- lists:seq(1, 20)]),
    line(Config, ["erlang:phash2([" ++ All ++ "])."], "^[0-9]+$").

break_menu(Config) ->
    step(Config, keys("C-c"), "^BREAK: "),
    step(Config, ["v" | keys("Enter")], "version"),
    line(Config, [], other),
    step(Config, keys("C-c"), other),
    step(Config, ["d" | keys("Enter")], other),
    line(Config, [], other),
    step(Config, keys("C-c"), other),
    line(Config, ["c"], other),
    line(Config, ["broken."], "^broken$").

jobs(Config) ->
    step(Config, keys("C-g"), "^ -->$"),
    line(Config, ["h"], "quit erlang"),
    line(Config, ["j"], "1\\*"),
    line(Config, ["s"], other),
    line(Config, ["j"], "2\\*"),
    step(Config, ["c" | keys("Enter")], "Eshell"),
    line(Config, ["new."], "^new$"),
    step(Config, keys("C-g"), other),
    [line(Config, [Command], other) || Command <- ["k 2", "j", "i", "x", "c 7"]],
    step(Config, ["c 1" | keys("Enter Enter")], ">$"),
    line(Config, keys("C-u") ++ ["old."], "old").

%% A shell on another node.
remote_shell(Config) ->
    line(Config, ["os:cmd(os:getenv(\"BINDIR\") ++ \"/epmd -daemon\")."], "\\[\\]$"),
    line(Config, ["element(1, net_kernel:start([term, shortnames]))."], "^ok$"),
    line(Config, ["Root = os:getenv(\"ROOTDIR\"), ok."], "^ok$"),
    line(Config, ["Other = open_port({spawn_executable, os:getenv(\"BINDIR\") ++ "
                  "\"/erlexec\"}, [{args, [\"-noinput\", \"-sname\", \"other\", \"-boot\", "
                  "Root ++ \"/releases/1.0.0/start_clean\"]}]), ok."], "^ok$"),
    step(Config, ["F = fun F() -> net_adm:ping('other@" ++ host() ++ "') =:= pong "
                  "orelse F() end, F()." | keys("Enter")], "^true$"),
    step(Config, keys("C-g"), "-->$"),
    line(Config, ["r 'other@" ++ host() ++ "'"], other),
    line(Config, ["j"], other),
    line(Config, ["c"], "\\(other@.*\\)1>$"),
    line(Config, ["node()."], "^'?other@"),
    step(Config, keys("C-g"), other),
    step(Config, ["c 1" | keys("Enter Enter")], ">$"),
    line(Config, ["rpc:cast('other@" ++ host() ++ "', erlang, halt, [])."], "^true$").

host() -> hd(string:lexemes(net_adm:localhost(), ".")).

leave(Config) ->
    like_screen:step(pair(Config), ["q()." | keys("Enter")], "^status 0$", fun last_line/1).

%% What applications say when they stop comes in any order.
last_line(Screen) ->
    case re:run(Screen, "status [0-9]+$", [multiline, unicode, {capture, all, list}]) of
        {match, [Line]} -> Line;
        nomatch -> ""
    end.

%% --- iex -----------------------------------------------------------------

iex_editing(Config) ->
    step(Config, ["num.sum([1, 2, 3])"] ++ keys("C-a") ++ ["E"], "Enum.sum"),
    line(Config, keys("C-e"), "^6$"),
    step(Config, keys("Up"), "Enum.sum\\(.1, 2, 3.\\)$"),
    step(Config, keys("Left Left C-w"), "1, 2, \\]"),
    line(Config, ["4"], "^7$"),
    step(Config, keys("C-r") ++ ["3"], "search"),
    line(Config, [], "^6$").

iex_completion(Config) ->
    step(Config, ["Enu" | keys("Tab")], "Enum"),
    step(Config, [".map" | keys("Tab")], "map_join"),
    line(Config, ["([1], & &1)"], "^\\[1\\]$"),
    step(Config, ["String.up" | keys("Tab")], "String.upcase"),
    line(Config, ["(\"abc\")"], "^\"ABC\"$").

iex_unicode(Config) ->
    line(Config, ["\"h\x{e9}llo \x{65e5}\x{672c}\" <> \"\x{1f642}\""],
         "^\"h\x{e9}llo \x{65e5}"),
    line(Config, ["IO.puts(IO.ANSI.red() <> \"red\" <> IO.ANSI.reset())"], "^red$"),
    line(Config, ["IO.gets(\"say \")" | keys("Enter") ++ ["\x{e9}\x{e8}"]], "^\"\x{e9}\x{e8}"),
    line(Config, [":file.native_name_encoding()"], "^:utf8$").

iex_several_lines(Config) ->
    step(Config, ["Enum.map([1, 2], fn x ->" | keys("Enter")], "\\.\\.\\.\\(|fn x ->$"),
    step(Config, ["x * 2" | keys("Enter")], other),
    line(Config, ["end)"], "^\\[2, 4\\]$"),
    step(Config, ["{1," | keys("Enter")], other),
    line(Config, ["#iex:break"], "incomplete expression").

iex_size(Config) ->
    like_screen:resize(pair(Config), {90, 28}),
    iex_until_columns(Config, 90),
    line(Config, ["{:io.columns(), :io.rows()}"], "^\\{\\{:ok, 90\\}, \\{:ok, 28\\}\\}$"),
    like_screen:resize(pair(Config), ?SIZE),
    iex_until_columns(Config, 80),
    line(Config, ["{:io.columns(), :io.rows()}"], "^\\{\\{:ok, 80\\}, \\{:ok, 24\\}\\}$").

iex_until_columns(Config, N) ->
    Size = "{:ok, " ++ integer_to_list(N) ++ "}",
    line(Config, ["Stream.repeatedly(&:io.columns/0) |> Enum.find(& &1 == " ++ Size ++ ")"],
         "^\\" ++ Size ++ "$").

iex_jobs(Config) ->
    step(Config, keys("C-g"), "^ -->$"),
    line(Config, ["s 'Elixir.IEx'"], other),
    step(Config, ["c" | keys("Enter")], "Interactive Elixir"),
    line(Config, [":second"], "^:second$"),
    step(Config, keys("C-g"), other),
    step(Config, ["c 1" | keys("Enter Enter")], ">$").

%% Ctrl-C twice, as everybody leaves it.
iex_break(Config) ->
    step(Config, keys("C-c"), "BREAK: "),
    like_screen:step(pair(Config), keys("C-c"), "status", fun last_line/1).

%% The other way to leave it.
iex_quit(Config) ->
    Again = start_iex(Config),
    init_per_testcase(iex_quit, Again),
    step(Again, ["half a line"], "line$"),
    like_screen:step(pair(Again), keys("C-\\"), "status", fun last_line/1),
    like_screen:stop(pair(Again)).

%% --- a release without a shell reads the terminal ------------------------

%% Three lines, three characters, and what is read at the end of file. (Without
%% quotes, as the text goes through a shell and an environment variable.)
plain_program() ->
    lists:flatten(io_lib:format(
        "Say = fun(X) -> io:format(~w, [X]) end,"
        "[Say(io:get_line(user, ~w)) || _ <- [1, 2, 3]],"
        "Say(io:get_chars(user, ~w, 3)), Say(io:getopts(user)),"
        "Say(io:get_line(user, ~w)), Say(io:get_line(user, ~w)), halt(3).",
        ["~tp\n", "line: ", "three: ", "rest: ", "end: "])).

%% Edited by the kernel: a byte, a word, the line.
plain_lines(Config) ->
    step(Config, ["abcd"] ++ keys("BSpace C-v C-a"), "abc\\^A$"),
    line(Config, keys("BSpace") ++ ["\x{e9}\x{65e5}"] ++ keys("BSpace BSpace") ++ ["d"],
         "^\"abcd\\\\n\""),
    step(Config, ["one two"] ++ keys("C-w"), "one$"),
    line(Config, keys("C-u") ++ ["three\tfour"] ++ keys("BSpace BSpace BSpace BSpace BSpace"),
         "^\"three\\\\n\""),
    line(Config, ["\x{e9}\x{65e5}"], "^.195,169,"),
    line(Config, ["12345"], "^end:").

plain_end(Config) ->
    like_screen:step(pair(Config), keys("C-d"), "^status", fun last_line/1).

%% --- flags of the emulator, and keys that end it --------------------------

%% Emulators one after the other, started by a busybox shell with jobs.
start_shells(Config) ->
    Home = proplists:get_value(priv_dir, Config),
    Guest = build() ++ "/unibeam run " ++ build() ++ "/otp.img --accel tcg"
        " --machine microvm --append init=/bin/sh -- -echr 29",
    Pair = like_screen:start(proplists:get_value(tmux, Config), ?SIZE,
                             "cd " ++ Home ++ " && busybox sh", Guest, "[#$] *$"),
    tmux:type(like_screen:guest(Pair), ["busybox setsid -c sh" | keys("Enter")]),
    set_up(like_screen:guest(Pair), "/app", "/"),
    set_up(like_screen:linux(Pair), release("otp/_build/default/rel/otp"), Home),
    like_screen:blank(Pair, []),
    [{pair, Pair} | Config].

%% erl FLAG... starts an emulator of Root's release.
set_up(Pane, Root, Home) ->
    tmux:type(Pane, ["stty cols 80 rows 24; export PS1='$ ' TERM=tmux-256color LANG=C.UTF-8 HOME="
                     ++ Home ++ " EMU=beam ROOTDIR=" ++ Root ++ " BINDIR=$(echo " ++ Root
                     ++ "/erts-*/bin); erl() { $BINDIR/erlexec -boot "
                     "$ROOTDIR/releases/1.0.0/start_clean \"$@\"; echo status $?; }; echo se''t"
                     | keys("Enter")]),
    tmux:wait(Pane, "^set$", 60000).

%% With Flags, and the terminal set anew, as some die without setting it back. The
%% banner names the processors.
emulator(Config, Flags) ->
    Both = [like_screen:linux(pair(Config)), like_screen:guest(pair(Config))],
    [tmux:type(P, ["stty sane; erl " ++ Flags | keys("Enter")]) || P <- Both],
    [tmux:wait(P, "^1>", 120000) || P <- Both],
    like_screen:blank(pair(Config), keys("Enter")),
    line(Config, ["ok."], "^ok$").

quit(Config) ->
    emulator(Config, ""),
    step(Config, ["half a line"], "line$"),
    step(Config, keys("C-\\"), "status 0$").

quit_old_shell(Config) ->
    emulator(Config, "-oldshell"),
    step(Config, keys("C-c"), "^BREAK: "),
    line(Config, ["c"], other),
    line(Config, ["continued."], "^continued$"),
    step(Config, ["half a line"], "line$"),
    step(Config, keys("C-\\"), "status 0$").

break_interrupts(Config) ->
    emulator(Config, "+Bc"),
    step(Config, ["half a line"], "line$"),
    step(Config, keys("C-c"), "line.*exit: killed$"),
    step(Config, ["io:put_chars(\"on\\n\"), timer:sleep(infinity)." | keys("Enter")], "^on$"),
    step(Config, keys("C-c"), "^on\\n.. exception exit: killed$"),
    line(Config, ["lives."], "^lives$"),
    step(Config, keys("C-\\"), "status 0$").

%% The shell takes it as its own end of the line, too.
break_kills(Config) ->
    emulator(Config, "+Bd"),
    step(Config, keys("C-c"), "^ *\\$$"),
    line(Config, ["echo $?"], "^ *130$").

quit_kills(Config) ->
    emulator(Config, "+Bd"),
    step(Config, keys("C-\\"), "status 131$").

break_ignored(Config) ->
    emulator(Config, "+Bi"),
    step(Config, ["igno"], "igno$"),
    line(Config, keys("C-c C-\\") ++ ["red."], "^ignored$"),
    step(Config, ["q()." | keys("Enter")], "status 0$").

%% --- the size of the terminal --------------------------------------------

%% QEMU started by hand: process 1 asks the terminal, and takes changes from a
%% second serial line.
unknown_size(Config) ->
    Socket = "unibeam-size-" ++ os:getpid(),
    Pane = by_hand(Config, {93, 27}, " console.resize=/dev/ttyS1",
                   "-device isa-serial,index=1,chardev=size "
                   "-chardev socket,id=size,server=on,wait=off,abstract=on,path=" ++ Socket),
    shell_size(Pane, "93.*27"),
    {ok, S} = gen_tcp:connect({local, [0 | Socket]}, 0, [local]),
    ok = gen_tcp:send(S, "\nnonsense\n0x0\n70x20\n"),
    tmux:type(Pane, [until_columns(70) | keys("Enter")]),
    tmux:wait(Pane, "^true$", 60000),
    shell_size(Pane, "70.*20"),
    tmux:close(Pane).

by_hand(Config, Size, Words, Qemu) ->
    Kernel = build() ++ "/kernel.elf",
    Command = "qemu-system-x86_64 -M microvm,acpi=on,isa-serial=on -accel tcg -cpu max "
        "-m 256M -nodefaults -no-reboot -display none -serial stdio "
        "-global virtio-mmio.force-legacy=false -device virtio-blk-device,drive=hd0 "
        "-drive if=none,id=hd0,format=raw,read-only=on,file=" ++ build() ++ "/otp.img "
        "-kernel " ++ Kernel ++ " -append 'console.shell=yes" ++ Words ++ "' " ++ Qemu,
    Pane = tmux:open(proplists:get_value(tmux, Config), "by_hand", Size, Command),
    tmux:wait(Pane, "^1>", 120000),
    Pane.

shell_size(Pane, Regexp) ->
    tmux:type(Pane, ["{io:columns(), io:rows()}." | keys("Enter")]),
    tmux:wait(Pane, "ok," ++ Regexp, 60000).

%% --- more than the kernel can hold ---------------------------------------

%% Pasted while nobody reads: nothing of it is lost.
slow_reader(Config) ->
    Command = build() ++ "/unibeam run " ++ build() ++ "/otp.img --accel tcg"
        " --machine microvm --append init=/bin/sh",
    Pane = tmux:open(proplists:get_value(tmux, Config), "slow", ?SIZE, Command),
    tmux:wait(Pane, "# $|#$", 120000),
    tmux:type(Pane, ["stty -echo; echo go; sleep 4; md5sum" | keys("Enter")]),
    tmux:wait(Pane, "^go$", 60000),
    Text = [[lists:duplicate(500, $a + N rem 26), 10] || N <- lists:seq(1, 60)],
    tmux:paste(Pane, Text),
    tmux:type(Pane, keys("C-d")),
    Sum = lists:flatten([io_lib:format("~2.16.0b", [B]) || <<B>> <= erlang:md5(Text)]),
    tmux:wait(Pane, Sum, 60000),
    tmux:close(Pane).
