%% SPDX-License-Identifier: Apache-2.0
%% Copyright the unibeam authors
%% idle_guest - what wakes the processors of a machine that has nothing to do, by
%% the kernel's own counts.
-module(idle_guest).
-export([for/1, rate/1]).

%% In Ms milliseconds without work: of each kind in /proc/interrupts how many, all
%% processors together; context switches; milliseconds that they were busy.
for(Ms) ->
    A = counts(),
    timer:sleep(Ms),
    B = counts(),
    maps:map(fun(K, V) -> V - maps:get(K, A) end, B).

%% Wake-ups a second.
rate(Ms) -> 1000 * maps:get("HLT", for(Ms)) / Ms.

counts() ->
    [_ | Rows] = lines("/proc/interrupts"),
    Kinds = [{K, lists:sum(numbers(Row))}
             || Row <- Rows, [K, _] <- [string:split(Row, ":")]],
    maps:from_list([{"busy", busy()}, {"ctxt", stat("ctxt")} | Kinds]).

numbers(Row) ->
    [N || F <- string:lexemes(Row, " "), {N, ""} <- [string:to_integer(F)]].

%% /proc/stat counts in hundredths of a second.
busy() ->
    [User, Nice, System, _, _, Irq, Soft | _] = numbers(hd(lines("/proc/stat"))),
    10 * (User + Nice + System + Irq + Soft).

stat(Key) ->
    [N] = [hd(numbers(L)) || L <- lines("/proc/stat"), lists:prefix(Key ++ " ", L)],
    N.

lines(File) ->
    {ok, B} = file:read_file(File),
    string:lexemes(binary_to_list(B), "\n").
