%% SPDX-License-Identifier: Apache-2.0
%% Copyright the unibeam authors
%%
%% @doc `rebar3 osv check': the release, and whether an image of it would run.
-module(rebar3_osv_prv_check).
-export([about/0, do/1, format_error/1]).

%% Status of unibeam check when it found something.
-define(FINDINGS, 3).

-spec about() -> [{atom(), term()}].
about() ->
    [{name, check}, {namespace, osv}, {module, ?MODULE}, {bare, true},
     {deps, [{osv, settings}, {default, release}]},
     {example, "rebar3 osv check"},
     {short_desc, "Tell what in a release would not run in an image."},
     {desc, "Make the release, and tell what would not run in an image of it: "
            "missing libraries,\nscripts without an interpreter, and so on, each "
            "with its remedy.\n\nExit status: 0, 3 if something was found, 1 for "
            "an error.\n"},
     {opts, rebar3_osv_release:options()}].

-spec do(rebar3_osv:state()) ->
    {ok, rebar3_osv:state()} | {error, {module(), term()}}.
do(State) ->
    case rebar3_osv_project:read(State) of
        {ok, #{root := Root, releases := Releases}} ->
            result([check(R, Root) || R <- Releases], State);
        {error, Reason} ->
            {error, {?MODULE, Reason}}
    end.

check(#{name := Name, dir := Dir, settings := Given}, Root) ->
    case {rebar3_osv_command:find(Given), rebar3_osv_release:check_dir(Dir)} of
        {{ok, Unibeam}, ok} ->
            Settings = rebar3_osv_release:with_erts(Given, Dir),
            R = rebar3_osv_command:run(Unibeam,
                                       rebar3_osv_args:check(Settings, Dir),
                                       Root, fun show/1),
            {Name, R};
        {{error, _} = E, _} -> {Name, E};
        {_, E} -> {Name, E}
    end.

show({note, Text}) -> rebar_api:warn("~ts", [Text]);
show({text, Text}) -> rebar_api:console("~ts", [Text]);
show({message, Text}) -> rebar_api:debug("~ts", [Text]).

%% An error is worse than a finding.
result(Results, State) ->
    Errors = [E || {_, {error, E}} <- Results],
    Found = [N || {N, {error, {failed, _, ?FINDINGS, _}}} <- Results],
    case [E || E <- Errors, not is_finding(E)] of
        [First | _] ->
            {error, {?MODULE, First}};
        [] when Found =/= [] ->
            rebar3_osv_status:leave(?FINDINGS, ?MODULE, {found, Found}, State);
        [] ->
            {ok, State}
    end.

is_finding({failed, _, ?FINDINGS, _}) -> true;
is_finding(_) -> false.

-spec format_error(term()) -> iolist().
format_error(Reason) ->
    rebar3_osv_error:format(Reason).
