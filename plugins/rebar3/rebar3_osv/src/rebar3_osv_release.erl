%% SPDX-License-Identifier: Apache-2.0
%% Copyright the unibeam authors
%%
%% @doc Which of a project's releases are meant, and where relx makes them.
-module(rebar3_osv_release).
-export([options/0, configured/1, chosen/2, dir/3, check_dir/1, with_erts/2]).
-export_type([reason/0]).

-type path() :: file:filename_all().
-type settings() :: rebar3_osv_config:settings().
-type reason() ::
    no_release
  | {which_release, [atom()]}
  | {unknown_release, string(), [atom()]}.

%% @doc The options of rebar3 release. Its -o is the image's here, its help rebar3's.
%% A comma that stands in a word of its own, as after -m, is to rebar3 the end of a
%% command in a namespace; in a word that begins with -- it is not.
-spec options() -> [tuple()].
options() ->
    [case O of
         {output_dir, _, Long, Type, Help} ->
             {output_dir, undefined, Long, Type, Help};
         {relnames, _, Long, Type, _} ->
             {relnames, undefined, Long, Type,
              "Several releases, with an equals sign: --relnames=A,B"};
         _ -> O
     end || O <- rebar_relx:opt_spec_list(),
            not lists:member(element(1, O), [help, version, upfrom])].

%% @doc The names of the releases in relx's configuration, each once.
-spec configured([term()]) -> [atom()].
configured(Relx) ->
    lists:usort([Name || T <- Relx, is_tuple(T), tuple_size(T) >= 3,
                         element(1, T) =:= release,
                         {Name, _} <- [element(2, T)], is_atom(Name)]).

%% @doc The releases that the command line asks for, or the only one. relnames is
%% an option of rebar3 release, whose hook this may be.
-spec chosen([term()], [atom()]) -> {ok, [atom()]} | {error, reason()}.
chosen(_, []) ->
    {error, no_release};
chosen(Options, Names) ->
    case [proplists:get_value(K, Options) || K <- [all, relnames, relname]] of
        [true | _] -> {ok, Names};
        [_, List, _] when is_list(List) ->
            known(string:split(List, ",", all), Names);
        [_, _, Name] when is_list(Name) -> known([Name], Names);
        _ when tl(Names) =:= [] -> {ok, Names};
        _ -> {error, {which_release, Names}}
    end.

known(Wanted, Names) ->
    case [W || W <- Wanted, not lists:member(W, texts(Names))] of
        [] -> {ok, [list_to_existing_atom(W) || W <- Wanted]};
        [First | _] -> {error, {unknown_release, First, Names}}
    end.

texts(Names) ->
    [atom_to_list(N) || N <- Names].

%% @doc The directory that holds the releases' own: the default, or what the
%% command line says, or what relx's configuration does, which relx lets win.
-spec dir([term()], [term()], file:filename_all()) -> file:filename_all().
dir(Options, Relx, Default) ->
    Given = [D || {output_dir, D} <- Options] ++ [D || {output_dir, D} <- Relx],
    lists:last([Default | Given]).

%% @doc Whether rebar3 release made one there.
-spec check_dir(path()) -> ok | {error, {no_release_dir, path()}}.
check_dir(Dir) ->
    case filelib:is_dir(filename:join(Dir, "releases")) of
        true -> ok;
        false -> {error, {no_release_dir, Dir}}
    end.

%% @doc The settings with the run-time system that rebar3 itself runs in, if the
%% release has none and the project names none: relx made the release for it. OSv
%% needs another.
-spec with_erts(settings(), path()) -> settings().
with_erts(#{erts := _} = Settings, _) ->
    Settings;
with_erts(#{base := _} = Settings, _) ->
    Settings;
with_erts(Settings, Dir) ->
    case filelib:wildcard("erts-*", unicode:characters_to_list(Dir)) of
        [] -> Settings#{erts => code:root_dir()};
        _ -> Settings
    end.
