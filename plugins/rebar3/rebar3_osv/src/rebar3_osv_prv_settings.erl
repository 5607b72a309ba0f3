%% SPDX-License-Identifier: Apache-2.0
%% Copyright the unibeam authors
%%
%% @doc `settings', which goes before the others, and before anything is compiled:
%% a mistake in rebar.config is told at once.
-module(rebar3_osv_prv_settings).
-export([about/0, do/1, format_error/1]).

-spec about() -> [{atom(), term()}].
about() ->
    [{name, settings}, {namespace, osv}, {module, ?MODULE},
     {bare, false}, % not in the list of commands
     {deps, []},
     {example, "rebar3 osv settings"},
     {short_desc, "Check {osv, [...]} in rebar.config"},
     {desc, "Check {osv, [...]} in rebar.config."},
     {opts, []}].

-spec do(rebar3_osv:state()) ->
    {ok, rebar3_osv:state()} | {error, {module(), term()}}.
do(State) ->
    case rebar3_osv_project:read(State) of
        {ok, #{releases := Releases}} -> check(Releases, true, State);
        {error, Reason} -> {error, {?MODULE, Reason}}
    end.

%% Own: none so far goes into an image of OSv's.
check([], Own, State) ->
    {State1, Warnings} = rebar3_osv_project:adapt_relx(State, Own),
    _ = [rebar_api:warn("~ts", [rebar3_osv_error:warning(W)]) || W <- Warnings],
    {ok, State1};
check([#{settings := Settings} | More], Own, State) ->
    case {rebar3_osv_command:find(Settings), rebar3_osv_base:settle(Settings)} of
        {{ok, _}, {ok, Settled, _}} ->
            check(More, Own andalso not maps:is_key(base, Settled), State);
        {{error, Reason}, _} -> {error, {?MODULE, Reason}};
        {_, {error, Reason}} -> {error, {?MODULE, Reason}}
    end.

-spec format_error(term()) -> iolist().
format_error(Reason) ->
    rebar3_osv_error:format(Reason).
