%% SPDX-License-Identifier: Apache-2.0
%% Copyright the unibeam authors
%%
%% @doc The section `osv' of rebar.config: which keys it has, what their values
%% have to be, and what they are once checked.
%%
%% rebar3 merges the sections of profiles: of a key that is there twice the
%% profile's stands first. So the first one counts; the values of a key that
%% takes a list add up, the profile's last (where unibeam lets the last win).
-module(rebar3_osv_config).
-export([parse/2, parse/3, keys/0, is_path/1, help/0, is_old/1]).
-export_type([settings/0, key/0, reason/0]).

-type key() :: atom().
-type settings() :: #{key() => term()}.
-type reason() ::
    {unknown_key, term(), {ok, string()} | none}
  | {bad_value, key(), string(), term()}
  | {bad_section, term()}.
-type kind() :: rebar3_osv_value:kind() | {list, rebar3_osv_value:kind()}.
-type group() :: old | plugin | image | run.

%% All keys: group, kind and meaning.
-spec table() -> [{key(), group(), kind(), string()}].
table() ->
    [{osv_image, old, path,
      "put the release in this image of OSv, if it is there"},
     {command_line, old, text, "options for OSv"},
     {verbose, old, boolean, "tell all that is done"},
     {base, plugin, path, "as osv_image, which has to be there"},
     {image, plugin, path, "name of the image, or path from here (NAME.img)"},
     {format, plugin, {list, format},
      "make these of it, too: qcow2, vmdk, vhd, vhdx, ..."},
     {unibeam, plugin, path, "the command ($UNIBEAM, or from $PATH)"},
     {env, image, {list, env}, "environment of the release"},
     {hostname, image, text, "name of the machine (made from the release's)"},
     {append, image, {list, text}, "words for the kernel's command line"},
     {shell, image, boolean, "put /bin/sh in, or not (if needed)"},
     {console, image, boolean, "start with the Erlang shell on the console"},
     {grace, image, {whole, 0, 999999}, "seconds to stop in (30)"},
     {restart, image, restart, "start again a release that ended (no)"},
     {erts, image, path,
      "run-time system for a release without (rebar3's own)"},
     {sysroot, image, path, "take libraries from there (this system)"},
     {allow_missing, image, boolean, "build although libraries are missing"},
     {files, image, {list, file}, "more files to put in"},
     {volumes, image, {list, volume}, "disks with data, and where they are mounted"},
     {build_options, image, {list, text}, "more options of 'unibeam build'"},
     {memory, run, size, "of the machine (256M)"},
     {cpus, run, {whole, 1, 999}, "processors (1)"},
     {ports, run, {list, port}, "ports of this host that lead into it"},
     {run_options, run, {list, text}, "more options of 'unibeam run'"}].

-spec keys() -> [key()].
keys() ->
    [K || {K, _, _, _} <- table()].

%% @doc Whether the key's value is a path, which is below the project's root. The
%% image's is another matter.
-spec is_path(key()) -> boolean().
is_path(Key) ->
    Key =/= image andalso lists:member(Key, [K || {K, _, path, _} <- table()]).

%% @doc Whether it is a term of rebar3_osv's, whose users wrote it into the section
%% `relx'. (verbose, too, is no word of relx's.)
-spec is_old(term()) -> boolean().
is_old({K, _}) -> lists:member(K, [X || {X, old, _, _} <- table()]);
is_old(_) -> false.

%% @doc For rebar3 help.
-spec help() -> string().
help() ->
    lists:flatten([io_lib:format("  ~-15s ~ts~n", [K, Meaning])
                   || {K, _, _, Meaning} <- table()]).

%% @doc The settings of the section Osv, with what Relx has for the old plugin.
-spec parse(term(), [term()]) -> {ok, settings()} | {error, reason()}.
parse(Osv, Relx) ->
    parse(Osv, Relx, undefined).

%% @doc The same, with the keys in `{release, Release, Keys}' first.
-spec parse(term(), [term()], atom()) -> {ok, settings()} | {error, reason()}.
parse(Osv, Relx, Release) when length(Osv) >= 0 ->
    try
        {Special, Common} = lists:partition(fun is_special/1, Osv),
        %% those of all releases, so that a mistake in any is told
        Checked = [{N, terms(Keys)} || {release, N, Keys} <- Special],
        Own = lists:append([Ts || {N, Ts} <- Checked, N =:= Release]),
        Old = [T || T <- Relx, is_old(T)],
        {ok, merge(Own ++ terms(Common) ++ terms(Old))}
    catch
        throw:{?MODULE, Reason} -> {error, Reason}
    end;
parse(Osv, _, _) ->
    {error, {bad_section, Osv}}.

is_special({release, Name, Keys}) when length(Keys) >= 0 -> is_atom(Name);
is_special(_) -> false.

terms(Section) ->
    [term(T) || T <- Section].

term(Key) when is_atom(Key) ->
    term({Key, true});
term({Key, Value}) ->
    case lists:keyfind(Key, 1, table()) of
        {Key, _, Kind, _} -> {Key, Kind, value(Key, Kind, Value)};
        false -> throw({?MODULE, {unknown_key, Key, nearest(Key)}})
    end;
term(Other) ->
    throw({?MODULE, {bad_section, Other}}).

nearest(Key) when is_atom(Key) ->
    rebar3_osv_nearest:find(atom_to_list(Key),
                            [atom_to_list(K) || K <- keys()]);
nearest(_) ->
    none.

merge(Terms) ->
    lists:foldl(fun({K, {list, _}, V}, M) ->
                        M#{K => V ++ maps:get(K, M, [])};
                   ({K, _, V}, M) ->
                        case M of #{K := _} -> M; #{} -> M#{K => V} end
                end, #{}, Terms).

value(Key, {list, Kind}, Value) ->
    Values = [value(Key, Kind, V) || V <- elements(Key, Kind, Value)],
    Serials = [S || {disk, _, S, _} <- Values],
    case lists:usort(Serials) of
        Unique when length(Unique) =:= length(Serials) ->
            Values;
        _ ->
            Wanted = "of paths that differ in their last 20 characters",
            throw({?MODULE, {bad_value, Key, Wanted, Value}})
    end;
value(Key, Kind, Value) ->
    case rebar3_osv_value:check(Kind, Value) of
        {ok, Checked} -> Checked;
        error -> bad(Key, Kind, Value)
    end.

-spec bad(key(), rebar3_osv_value:kind(), term()) -> no_return().
bad(Key, Kind, Value) ->
    throw({?MODULE, {bad_value, Key, rebar3_osv_value:wanted(Kind), Value}}).

%% The list may be left out around a single one.
elements(_, _, []) ->
    [];
elements(_, Kind, L) when length(L) > 0 ->
    case lists:all(fun is_integer/1, L) of
        true when Kind =/= port -> [L];
        true -> string_or_ports(L);
        false -> L
    end;
elements(Key, Kind, [_ | _] = Improper) ->
    bad(Key, Kind, Improper);
elements(_, _, One) ->
    [One].

%% "8080:80" and [8080, 80] are both lists of integers.
string_or_ports(L) ->
    Others = [C || C <- L, not lists:member(C, "0123456789abcdef.:[]/udptc")],
    case Others =:= [] andalso lists:member($:, tl(L)) of
        true -> [L];
        false -> L
    end.
