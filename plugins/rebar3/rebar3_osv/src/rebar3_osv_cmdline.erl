%% SPDX-License-Identifier: Apache-2.0
%% Copyright the unibeam authors
%%
%% @doc A command line for OSv (the key command_line), said in unibeam's words:
%% for an image with unibeam's own kernel.
%%
%% OSv's options stand first, then commands, each up to a `;' or `&'. What has no
%% meaning here is given back by name, for a warning, unless it only says how OSv
%% goes about its own business.
-module(rebar3_osv_cmdline).
-export([translate/1]).
-export_type([words/0]).

-type words() :: #{env := [binary()],    % NAME=VALUE
                   append := [binary()], % words for the kernel's command line
                   left := [binary()]}.  % what has no counterpart

-spec translate(unicode:chardata()) -> words().
translate(Text) ->
    Words = split(unicode:characters_to_list(Text), none, [], []),
    {Options, Commands} = lists:splitwith(fun is_option/1, Words),
    Said = lists:foldl(fun option/2, #{env => [], net => [], append => [],
                                       left => []}, Options),
    #{env := Env, net := Net, append := Append, left := Left} = Said,
    {Address, Unused} = address(Net),
    #{env => binaries(lists:reverse(Env)),
      append => binaries(Address ++ lists:reverse(Append)),
      left => binaries(lists:reverse(Left) ++ Unused ++ Commands)}.

binaries(Texts) ->
    [unicode:characters_to_binary(T) || T <- Texts].

is_option("--" ++ _) -> true;
is_option(_) -> false.

%% Words between blanks; a quote keeps blanks together.
split([], _, [], Done) -> lists:reverse(Done);
split([], _, Word, Done) -> split([], none, [], [lists:reverse(Word) | Done]);
split([$" | T], none, Word, Done) -> split(T, quoted, Word, Done);
split([$" | T], quoted, Word, Done) -> split(T, none, Word, Done);
split([C | T], none, [], Done) when C =:= $\s; C =:= $\t ->
    split(T, none, [], Done);
split([C | T], none, Word, Done) when C =:= $\s; C =:= $\t ->
    split(T, none, [], [lists:reverse(Word) | Done]);
split([C | T], Quoted, Word, Done) -> split(T, Quoted, [C | Word], Done).

option(Word, Said) ->
    {Name, Value} = case string:split(Word, "=") of
                        [N, V] -> {N, V};
                        [N] -> {N, ""}
                    end,
    case Name of
        "--env" -> add(env, Value, Said);
        "--verbose" -> add(append, "loglevel=7", Said);
        "--ip" -> add(net, {ip, Value, Word}, Said);
        "--defaultgw" -> add(net, {gateway, Value, Word}, Said);
        "--nameserver" -> add(net, {server, Value, Word}, Said);
        _ ->
            case lists:member(Name, of_no_concern()) of
                true -> Said;
                false -> add(left, Word, Said)
            end
    end.

add(Key, Value, Said) ->
    maps:update_with(Key, fun(L) -> [Value | L] end, Said).

%% How OSv starts, ends and finds its disk.
of_no_concern() ->
    ["--bootchart", "--console", "--mount-fs", "--nomount", "--noinit",
     "--nopivot", "--norandom", "--noshutdown", "--power-off-on-abort",
     "--preload-zfs-library", "--rootfs"].

%% ip=ADDRESS/PREFIX[,GATEWAY[,SERVER...]], and what could not be said so. Of
%% several interfaces the first is ours.
address(Net) ->
    Ips = [{V, W} || {ip, V, W} <- lists:reverse(Net)],
    Others = [W || {K, _, W} <- lists:reverse(Net), K =/= ip],
    case Ips of
        [] ->
            {[], Others};
        [{First, Word} | More] ->
            Rest = [W || {_, W} <- More],
            case cidr(string:split(First, ",", all)) of
                {ok, Cidr} -> {["ip=" ++ Cidr ++ hops(Net)], Rest};
                error -> {[], [Word | Rest] ++ Others}
            end
    end.

hops(Net) ->
    Gateways = [G || {gateway, G, _} <- Net],
    Servers = [S || {server, S, _} <- lists:reverse(Net)],
    case {Gateways, Servers} of
        {[], []} -> "";
        {[], _} -> [",", lists:join(",", ["" | Servers])];
        {[G | _], _} -> [[",", X] || X <- [G | Servers]]
    end.

cidr([_Interface, Address, Mask]) ->
    case [inet:parse_ipv4strict_address(A) || A <- [Address, Mask]] of
        [{ok, _}, {ok, {A, B, C, D}}] ->
            <<Bits:32>> = <<A, B, C, D>>,
            prefix(Address, Bits, 32);
        _ -> error
    end;
cidr(_) -> error.

prefix(Address, Bits, N) when N >= 0 ->
    case Bits =:= (16#ffffffff bsl (32 - N)) band 16#ffffffff of
        true -> {ok, Address ++ "/" ++ integer_to_list(N)};
        false -> prefix(Address, Bits, N - 1)
    end;
prefix(_, _, _) -> error.
