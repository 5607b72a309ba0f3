%% SPDX-License-Identifier: Apache-2.0
%% Copyright the unibeam authors
%%
%% @doc The word that somebody may have meant.
-module(rebar3_osv_nearest).
-export([find/2, distance/2]).

%% @doc The one of Words nearest to Word; none if all are far from it: a third of
%% the letters, and at least two, may be wrong.
-spec find(string(), [string()]) -> {ok, string()} | none.
find(_, []) ->
    none;
find(Word, Words) ->
    %% of two the one that has but the order of its letters wrong
    Sorted = lists:sort(Word),
    {D, _, Best} = lists:min([{distance(Word, W), lists:sort(W) =/= Sorted, W}
                              || W <- Words]),
    case D =< max(2, length(Word) div 3) of
        true -> {ok, Best};
        false -> none
    end.

%% @doc How many letters have to be put in, taken out or replaced to make B of A.
-spec distance(string(), string()) -> non_neg_integer().
distance(A, B) ->
    lists:last(lists:foldl(fun next_row/2, lists:seq(0, length(B)),
                           [{C, B} || C <- A])).

%% Row I+1 of the table from row I: element J is the distance of A's first I
%% letters and B's first J.
next_row({C, B}, [First | Rest] = Row) ->
    next_row(C, B, Row, Rest, [First + 1]).

next_row(_, [], _, _, Done) ->
    lists:reverse(Done);
next_row(C, [D | B], [Before | Row], [Above | Rest], [Left | _] = Done) ->
    Same = case C of D -> Before; _ -> Before + 1 end,
    next_row(C, B, Row, Rest, [lists:min([Same, Above + 1, Left + 1]) | Done]).
