%% SPDX-License-Identifier: Apache-2.0
%% Copyright the unibeam authors
%% tmux - terminals that programs run in, to type in and to look at.
%%
%% start/0 starts a tmux of its own; open/4 runs a command of the shell in a
%% terminal of it. Keys are strings, typed as they are, and {key, Name} with
%% tmux's names of keys ("C-a", "Up", "M-b").
-module(tmux).
-export([start/0, stop/1, open/4, close/1, type/2, paste/2, resize/2]).
-export([blank/1, screen/1, wait/3, log/2]).

-record(tmux, {socket}).
-record(pane, {tmux, name}).

start() ->
    #tmux{socket = "unibeam-" ++ os:getpid()}.

stop(Tmux) ->
    command(Tmux, ["kill-server"]).

%% Size: {Columns, Rows}.
open(Tmux, Name, {Columns, Rows}, Command) ->
    "" = command(Tmux, ["-f", "/dev/null", "-u", "new-session", "-d", "-s", Name,
                        "-x", Columns, "-y", Rows, Command ++ "; sleep 600"]),
    #pane{tmux = Tmux, name = Name}.

close(Pane) -> pane(Pane, "kill-session", []).

type(_, []) -> ok;
type(#pane{tmux = Tmux, name = Name}, Keys) ->
    "" = command(Tmux, lists:append([send(Name, Key) || Key <- Keys])).

send(Pane, {key, Name}) -> ["send-keys", "-t", Pane, Name, ";"];
send(Pane, Text) -> ["send-keys", "-t", Pane, "-l", "--", Text, ";"].

%% All of Text at once, as from another window.
paste(Pane = #pane{tmux = Tmux}, Text) ->
    File = filename:join("/tmp", "unibeam-paste-" ++ os:getpid()),
    ok = file:write_file(File, Text),
    "" = command(Tmux, ["load-buffer", File]),
    ok = file:delete(File),
    "" = pane(Pane, "paste-buffer", ["-r"]).

resize(Pane, {Columns, Rows}) ->
    "" = pane(Pane, "resize-window", ["-x", Columns, "-y", Rows]).

%% Forget what is shown; the program does not learn of it.
blank(Pane) ->
    "" = pane(Pane, "send-keys", ["-R"]),
    "" = pane(Pane, "clear-history", []).

%% What is shown, blanks at the ends of lines left out; the last line tells where
%% the cursor is.
screen(Pane = #pane{name = Name}) ->
    pane(Pane, "capture-pane",
         ["-p", ";", "display-message", "-t", Name, "-p", "cursor #{cursor_x},#{cursor_y}"]).

%% All that the program writes from now on goes to File, too.
log(Pane, File) ->
    "" = pane(Pane, "pipe-pane", ["cat >" ++ File]).

%% Until the screen matches Regexp: the screen.
wait(Pane, Regexp, Timeout) ->
    Screen = screen(Pane),
    case re:run(Screen, Regexp, [multiline, unicode]) of
        {match, _} -> Screen;
        nomatch when Timeout > 0 ->
            timer:sleep(50),
            wait(Pane, Regexp, Timeout - 50);
        nomatch ->
            ct:pal("~ts", [Screen]),
            error({not_shown, Pane#pane.name, Regexp})
    end.

%% --- the command ---------------------------------------------------------

pane(#pane{tmux = Tmux, name = Name}, Command, Words) ->
    command(Tmux, [Command, "-t", Name | Words]).

%% What it says; words are bytes in UTF-8 whatever our own locale is.
command(#tmux{socket = Socket}, Words) ->
    Port = open_port({spawn_executable, os:find_executable("tmux")},
                     [{args, [word(W) || W <- ["-L", Socket | Words]]},
                      {env, [{"LC_ALL", "C.UTF-8"}]},
                      binary, exit_status, stderr_to_stdout, hide]),
    unicode:characters_to_list(said(Port, [])).

said(Port, Said) ->
    receive
        {Port, {data, More}} -> said(Port, [Said | More]);
        {Port, {exit_status, _}} -> iolist_to_binary(Said)
    end.

word(N) when is_integer(N) -> integer_to_binary(N);
word(Word) -> unicode:characters_to_binary(Word).
