%% SPDX-License-Identifier: Apache-2.0
%% Copyright the unibeam authors
%% like_screen - a release with its shell in two terminals of the same size, one
%% on this host's Linux, one in a machine. What is typed goes to both, and what
%% both show is compared.
-module(like_screen).
-include_lib("stdlib/include/assert.hrl").
-export([start/5, stop/1, linux/1, guest/1]).
-export([step/3, step/4, blank/2, paste/2, resize/2]).

-define(LIMIT, 60000).

-record(pair, {linux, guest}).

%% Linux and Guest: commands of the shell. Prompt shows that both are ready.
start(Tmux, Size, Linux, Guest, Prompt) ->
    Id = integer_to_list(erlang:unique_integer([positive])),
    Pair = #pair{guest = tmux:open(Tmux, "guest" ++ Id, Size, Guest),
                 linux = tmux:open(Tmux, "linux" ++ Id, Size, Linux)},
    [tmux:wait(P, Prompt, 2 * ?LIMIT) || P <- both(Pair)],
    Pair.

stop(Pair) -> [tmux:close(P) || P <- both(Pair)].

both(#pair{linux = L, guest = G}) -> [L, G].
linux(#pair{linux = L}) -> L.
guest(#pair{guest = G}) -> G.

%% Type Keys; on Linux that leads to Shown: what the regular expression matches,
%% or (other) to another screen than before. The machine shows the same, the
%% cursor included. With the screens passed through Normal first.
step(Pair, Keys, Shown) -> step(Pair, Keys, Shown, fun(S) -> S end).

step(Pair, Keys, Shown, Normal) ->
    Before = shows(linux(Pair), Normal),
    [tmux:type(P, Keys) || P <- both(Pair)],
    await(linux(Pair), Shown, Before, Normal, ?LIMIT),
    same(Pair, Normal, ?LIMIT, 0).

await(Pane, other, Before, Normal, Timeout) ->
    case shows(Pane, Normal) of
        Before when Timeout > 0 ->
            timer:sleep(50),
            await(Pane, other, Before, Normal, Timeout - 50);
        Before -> error({nothing_changed, Before});
        _ -> ok
    end;
await(Pane, Regexp, _, _, Timeout) -> tmux:wait(Pane, Regexp, Timeout).

%% Type Keys and forget all that is shown when nothing more comes.
blank(Pair, Keys) ->
    [tmux:type(P, Keys) || P <- both(Pair)],
    quiet(Pair, []),
    [tmux:blank(P) || P <- both(Pair)].

quiet(Pair, Before) ->
    timer:sleep(150),
    case [tmux:screen(P) || P <- both(Pair)] of
        Before -> ok;
        Now -> quiet(Pair, Now)
    end.

paste(Pair, Text) -> [tmux:paste(P, Text) || P <- both(Pair)].

%% The machine learns of it a little later.
resize(Pair, Size) ->
    [tmux:resize(P, Size) || P <- both(Pair)],
    timer:sleep(1000).

%% --- comparing -----------------------------------------------------------

%% Both show the same, and still do a little later.
same(Pair, Normal, Timeout, Times) ->
    case [shows(P, Normal) || P <- both(Pair)] of
        [Same, Same] when Times =:= 1 -> ct:log("~ts", [Same]);
        [Same, Same] -> again(Pair, Normal, Timeout, Times + 1);
        _ when Timeout > 0 -> again(Pair, Normal, Timeout, 0);
        [Linux, Guest] -> differ(Linux, Guest)
    end.

again(Pair, Normal, Timeout, Times) ->
    timer:sleep(100),
    same(Pair, Normal, Timeout - 100, Times).

differ(Linux, Guest) ->
    ct:pal("Linux:~n~ts~nguest:~n~ts", [Linux, Guest]),
    ?assertEqual(Linux, Guest).

%% Process identifiers are never the same.
shows(Pane, Normal) ->
    Normal(re:replace(tmux:screen(Pane), "<[0-9]+\\.[0-9.]+>", "<N>",
                      [global, unicode, {return, list}])).
