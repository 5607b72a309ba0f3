%% SPDX-License-Identifier: Apache-2.0
%% Copyright the unibeam authors
%%
%% @doc `rebar3 osv generate': the release, and an image of it.
-module(rebar3_osv_prv_generate).
-export([about/0, options/0, do/1, format_error/1]).

-spec about() -> [{atom(), term()}].
about() ->
    [{name, generate}, {namespace, osv}, {module, ?MODULE}, {bare, true},
     {deps, [{osv, settings}, {default, release}]},
     {example, "rebar3 osv generate"},
     {short_desc, "Make a release and a bootable image of it."},
     {desc, "Make the release, and of it a disk image that boots on a kernel of "
            "its own:\n_build/PROFILE/NAME.img. unibeam does the work.\n\n"
            "Keys of {osv, [...]} in rebar.config (what holds without them):\n"
            ++ rebar3_osv_config:help() ++
            "  {release, NAME, [...]} has keys for one of several releases.\n"},
     {opts, options()}].

%% @doc Those of rebar3 release, but its -o, and the image's.
-spec options() -> [tuple()].
options() ->
    [{output, $o, "output", string, "The image to write"},
     {verbose, undefined, "verbose", boolean, "Tell all that is done"}
     | rebar3_osv_release:options()].

-spec do(rebar3_osv:state()) ->
    {ok, rebar3_osv:state()} | {error, {module(), term()}}.
do(State) ->
    try
        #{root := Root, releases := Releases} = ok(rebar3_osv_project:read(State)),
        lists:foreach(fun(R) -> make(R, Root) end, Releases),
        {ok, State}
    catch
        throw:{?MODULE, Reason} -> {error, {?MODULE, Reason}}
    end.

ok(ok) -> ok;
ok({ok, Value}) -> Value;
ok({error, Reason}) -> throw({?MODULE, Reason}).

make(#{dir := Dir, image := Image, settings := Given}, Root) ->
    Unibeam = ok(rebar3_osv_command:find(Given)),
    Settings = rebar3_osv_release:with_erts(settled(Given), Dir),
    _ = ok(rebar3_osv_release:check_dir(Dir)),
    _ = ok(filelib_ensure(Image)),
    Tell = teller(maps:get(verbose, Settings, false)),
    Run = fun(Args) ->
              rebar_api:debug("~ts ~tp", [Unibeam, Args]),
              ok(rebar3_osv_command:run(Unibeam, Args, Root, Tell))
          end,
    ok = Run(rebar3_osv_args:build(Settings, #{dir => Dir, image => Image})),
    rebar_api:info("Image built: ~ts", [Image]),
    lists:foreach(fun(F) -> convert(Run, Image, F) end, formats(Settings)).

%% The image is raw already; one of OSv's is made in the format that is wanted.
formats(#{base := _}) -> [];
formats(#{format := Formats}) -> Formats -- [<<"raw">>];
formats(#{}) -> [].

settled(Given) ->
    case rebar3_osv_base:settle(Given) of
        {ok, Settings, Warnings} ->
            _ = [rebar_api:warn("~ts", [rebar3_osv_error:warning(W)])
                 || W <- Warnings],
            Settings;
        {error, Reason} ->
            throw({?MODULE, Reason})
    end.

convert(Run, Image, Format) ->
    Output = rebar3_osv_args:converted(Image, Format),
    ok = Run(rebar3_osv_args:convert(Image, Format, Output)),
    rebar_api:info("Image built: ~ts", [Output]).

filelib_ensure(Image) ->
    case filelib:ensure_dir(Image) of
        ok -> ok;
        {error, Reason} -> {error, {cannot_make, filename:dirname(Image), Reason}}
    end.

%% Notes are for the user's attention; the summary is for those who ask; errors
%% are told in the end.
teller(Verbose) ->
    fun({note, Text}) -> rebar_api:warn("~ts", [Text]);
       ({text, Text}) when Verbose -> rebar_api:info("~ts", [Text]);
       ({_, Text}) -> rebar_api:debug("~ts", [Text])
    end.

-spec format_error(term()) -> iolist().
format_error(Reason) ->
    rebar3_osv_error:format(Reason).
