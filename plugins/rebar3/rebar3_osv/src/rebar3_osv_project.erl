%% SPDX-License-Identifier: Apache-2.0
%% Copyright the unibeam authors
%%
%% @doc What rebar3 knows of the project, read once for a command.
-module(rebar3_osv_project).
-export([read/1, adapt_relx/2, options/1]).
-export_type([project/0, release/0, reason/0]).

-type path() :: file:filename_all().
-type release() :: #{name := atom(),
                     dir := path(),    % where rebar3 release makes it
                     image := path(),  % the one to make
                     settings := rebar3_osv_config:settings()}.
-type project() :: #{root := path(), releases := [release(), ...]}.
-type reason() :: rebar3_osv_config:reason()
                | rebar3_osv_release:reason()
                | {relx_config, path(), term()}
                | {one_image, path(), [atom()]}.

%% @doc The project with the releases that the command line is about.
-spec read(rebar3_osv:state()) -> {ok, project()} | {error, reason()}.
read(State) ->
    try
        {Options, _} = options(State),
        Relx = relx(State, Options),
        Names = ok(rebar3_osv_release:chosen(
                       Options, rebar3_osv_release:configured(Relx))),
        Root = rebar_dir:root_dir(State),
        Default = filename:join(rebar_dir:base_dir(State), "rel"),
        Rel = filename:absname(rebar3_osv_release:dir(Options, Relx, Default),
                               Root),
        Osv = said(Options) ++ osv(State),
        Releases = [release(Name, Osv, Relx, Rel, State, Options)
                    || Name <- Names],
        {ok, #{root => Root, releases => one_image_each(Releases)}}
    catch
        throw:{?MODULE, Reason} -> {error, Reason}
    end.

ok({ok, Value}) -> Value;
ok({error, Reason}) -> throw({?MODULE, Reason}).

%% @doc The command's options, and what is none. A provider that is run by
%% another's hook gets that one's.
-spec options(rebar3_osv:state()) -> {[term()], [string()]}.
options(State) ->
    case rebar_state:command_parsed_args(State) of
        {Options, Rest} when is_list(Options), is_list(Rest) -> {Options, Rest};
        _ -> {[], []}
    end.

%% @doc Make the section `relx' one for relx: move what is rebar3_osv's to `osv', and
%% adapt what is left. Own: the image gets unibeam's kernel.
-spec adapt_relx(rebar3_osv:state(), boolean()) ->
    {rebar3_osv:state(), [rebar3_osv_relx:warning()]}.
adapt_relx(State, Own) ->
    {Old, Relx} = rebar3_osv_relx:old_keys(rebar_state:get(State, relx, [])),
    {Adapted, Warnings} =
        rebar3_osv_relx:adapt(Relx, rebar_dir:root_dir(State), Own),
    State1 = rebar_state:set(State, osv, osv(State) ++ Old),
    {rebar_state:set(State1, relx, Adapted), Warnings}.

osv(State) ->
    case rebar_state:get(State, osv, []) of
        Osv when is_list(Osv) -> Osv;
        Other -> throw({?MODULE, {bad_section, Other}})
    end.

%% relx's configuration, from where rebar3 takes it.
relx(State, Options) ->
    case {proplists:get_value(config, Options, ""),
          rebar_state:get(State, relx, [])} of
        {"", []} ->
            File = filename:join(rebar_dir:root_dir(State), "relx.config"),
            case filelib:is_regular(File) of
                true -> consult(File);
                false -> []
            end;
        {"", Relx} -> Relx;
        {File, _} -> consult(File)
    end.

consult(File) ->
    case file:consult(File) of
        {ok, Terms} -> Terms;
        {error, Reason} -> throw({?MODULE, {relx_config, File, Reason}})
    end.

%% What the command line says of keys of the section osv.
said(Options) ->
    [case T of
         {ports, Port} -> {ports, [unicode:characters_to_binary(Port)]};
         _ -> T
     end || {K, _} = T <- Options,
            lists:member(K, [verbose, memory, cpus, ports, console])].

release(Name, Osv, Relx, Rel, State, Options) ->
    Root = rebar_dir:root_dir(State),
    Settings = ok(rebar3_osv_config:parse(Osv, Relx, Name)),
    Image = case proplists:get_value(output, Options) of
                undefined -> image(Name, Settings, Root, rebar_dir:base_dir(State));
                Output -> filename:absname(Output)
            end,
    #{name => Name,
      dir => filename:join(Rel, atom_to_list(Name)),
      image => Image,
      settings => absolute(Settings, Root)}.

%% A name is one below _build/PROFILE.
image(Name, Settings, Root, Base) ->
    case Settings of
        #{image := Given} ->
            case binary:match(Given, <<"/">>) of
                nomatch -> filename:join(Base, Given);
                _ -> filename:absname(Given, Root)
            end;
        #{} -> filename:join(Base, atom_to_list(Name) ++ ".img")
    end.

absolute(Settings, Root) ->
    maps:map(fun(files, Files) ->
                    [{filename:absname(From, Root), To} || {From, To} <- Files];
                (volumes, Volumes) ->
                    [case V of
                         {disk, File, Serial, Path} ->
                             {disk, filename:absname(File, Root), Serial, Path};
                         _ -> V
                     end || V <- Volumes];
                (Key, Value) ->
                    case rebar3_osv_config:is_path(Key) of
                        true -> filename:absname(Value, Root);
                        false -> Value
                    end
             end, Settings).

one_image_each([#{image := Image} | More] = Releases) ->
    case [N || #{name := N, image := I} <- Releases, same(I, Image)] of
        [_, _ | _] = Names when More =/= [] ->
            throw({?MODULE, {one_image, Image, Names}});
        _ ->
            Releases
    end.

same(A, B) ->
    unicode:characters_to_binary(A) =:= unicode:characters_to_binary(B).
