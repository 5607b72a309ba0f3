%% SPDX-License-Identifier: Apache-2.0
%% Copyright the unibeam authors
%% The shell that came with OTP 26, which draws the line itself, on the console:
%% as term_SUITE, for a release of a newer OTP than this host's. TERM_NEW_GUEST is
%% the command that runs its image with --console, TERM_NEW_LINUX one that runs it
%% on Linux (in a root directory of its own, say).
-module(term_new_SUITE).
-compile([export_all, nowarn_export_all]).

-define(SIZE, {80, 24}).

suite() -> [{timetrap, {minutes, 10}}].

all() ->
    [editing, history, search, wrapping, completion, unicode, several_lines, reading,
     size, stop_and_go, paste, jobs, leave].

init_per_suite(Config) ->
    case {os:getenv("TERM_NEW_LINUX"), os:getenv("TERM_NEW_GUEST")} of
        {Linux, Guest} when is_list(Linux), is_list(Guest) ->
            Tmux = tmux:start(),
            Pair = like_screen:start(Tmux, ?SIZE, term_SUITE:status(Linux),
                                     term_SUITE:status(Guest ++ " -- -echr 29"), "^1>"),
            [{tmux, Tmux}, {pair, Pair} | Config];
        _ -> {skip, "TERM_NEW_LINUX and TERM_NEW_GUEST name no commands"}
    end.

end_per_suite(Config) -> tmux:stop(proplists:get_value(tmux, Config)).

init_per_testcase(_, Config) ->
    like_screen:blank(pair(Config), keys("C-e C-u Enter")),
    line(Config, ["ok."], "^ok$"),
    Config.

end_per_testcase(_, _) -> ok.

pair(Config) -> term_SUITE:pair(Config).
keys(Names) -> term_SUITE:keys(Names).
step(Config, Keys, Shown) -> term_SUITE:step(Config, Keys, Shown).
line(Config, Keys, Shown) -> term_SUITE:line(Config, Keys, Shown).
steps(Config, Steps) -> [step(Config, Keys, other) || Keys <- Steps].

editing(Config) ->
    steps(Config, [["bcd"], keys("C-a") ++ ["a"], keys("C-e") ++ ["ef"],
                   keys("Left Left C-b Right C-f BSpace"), keys("Home DC C-d"),
                   keys("End BSpace C-t"), keys("C-a C-k") ++ ["\"one two three\""],
                   keys("M-b M-b M-f M-d M-BSpace"), keys("C-e C-w C-w C-y"),
                   keys("C-a C-k C-y C-y")]),
    line(Config, keys("C-u") ++ ["edited."], "^edited$").

history(Config) ->
    line(Config, ["first."], "^first$"),
    line(Config, ["second_one."], "^second_one$"),
    steps(Config, [keys("Up"), keys("C-p"), keys("Down"), keys("C-p"), keys("C-n"),
                   keys("Left BSpace") ++ ["_new"]]),
    line(Config, [], "^second_on_new$").

search(Config) ->
    step(Config, keys("C-r") ++ ["rst"], other),
    line(Config, [], other),
    step(Config, keys("C-r") ++ ["second"], other),
    line(Config, [], other).

wrapping(Config) ->
    Word = lists:append(lists:duplicate(19, "0123456789")),
    steps(Config, [["\"" ++ Word ++ "end\""], keys("C-a C-f C-f BSpace"),
                   keys("Left Left") ++ ["{"] ++ keys("C-e Left Left BSpace"),
                   keys("C-a") ++ lists:duplicate(100, {key, "Right"}) ++ ["MIDDLE"],
                   keys("C-k"), keys("C-u"), ["z"]]),
    line(Config, ["."], "^z$").

completion(Config) ->
    steps(Config, [["erl_t" | keys("Tab Tab")], keys("C-u") ++ ["io:fo" | keys("Tab")],
                   ["\"~p~n\", [lists:dup" | keys("Tab")]]),
    line(Config, ["2, a)])."], "\\[a,a\\]"),
    steps(Config, [["lists:" | keys("Tab Tab")], keys("C-u") ++ ["gb_" | keys("Tab")]]).

unicode(Config) ->
    steps(Config, [["\"a\x{e5}b\x{e4}c\x{f6}\""],
                   keys("Left Left Left BSpace") ++ ["\x{fc}"]]),
    line(Config, keys("C-e") ++ ["."], other),
    steps(Config, [["<<\"\x{65e5}\x{672c}\x{8a9e}x\"/utf8>>"],
                   lists:duplicate(9, {key, "Left"}) ++ keys("BSpace Left BSpace") ++
                       ["\x{1f642}"]]),
    line(Config, keys("C-e") ++ ["."], "^<<"),
    line(Config, ["{file:native_name_encoding(), io:getopts()}."], "encoding").

several_lines(Config) ->
    steps(Config, [["lists:map(fun(X) ->" | keys("Enter")], ["X * 2 end," | keys("Enter")]]),
    line(Config, ["[1, 2, 3])."], "2,4,6"),
    steps(Config, [keys("Up"), keys("Up"), keys("Up"), keys("Down")]),
    steps(Config, [keys("C-c"), ["c" | keys("Enter")]]).

reading(Config) ->
    steps(Config, [["io:get_line(\"say: \")." | keys("Enter")],
                   ["somethin" | keys("BSpace BSpace")]]),
    line(Config, [], "\"someth"),
    steps(Config, [["io:get_password()." | keys("Enter")]]),
    line(Config, ["secret"], "secret").

size(Config) ->
    Pair = pair(Config),
    like_screen:resize(Pair, {100, 30}),
    line(Config, ["{io:columns(), io:rows()}."], "ok,100.*ok,30"),
    steps(Config, [["\"" ++ lists:duplicate(95, $x) ++ "end\""],
                   keys("C-a Right Right") ++ ["y"]]),
    like_screen:resize(Pair, {60, 24}), % it draws the line again
    steps(Config, [["n"], keys("C-k") ++ ["\"." | keys("Enter")]]),
    like_screen:resize(Pair, ?SIZE),
    line(Config, ["{io:columns(), io:rows()}."], "ok,80.*ok,24").

stop_and_go(Config) ->
    Pair = pair(Config),
    [tmux:type(P, keys("C-s") ++ ["stopped." | keys("Enter")])
     || P <- [like_screen:linux(Pair), like_screen:guest(Pair)]],
    timer:sleep(500),
    step(Config, keys("C-q"), "^stopped$").

paste(Config) -> term_SUITE:paste(Config).

jobs(Config) ->
    step(Config, keys("C-g"), other),
    [line(Config, [Command], other) || Command <- ["h", "j", "s", "j"]],
    step(Config, ["c" | keys("Enter")], "Eshell"),
    line(Config, ["new."], "new"),
    step(Config, keys("C-g"), other),
    [line(Config, [Command], other) || Command <- ["k 2", "j", "i", "x", "c 7"]],
    step(Config, ["c 1" | keys("Enter Enter")], other),
    line(Config, ["old."], other).

leave(Config) ->
    like_screen:step(pair(Config), ["q()." | keys("Enter")], "status 0$",
                     fun term_SUITE:last_line/1).
