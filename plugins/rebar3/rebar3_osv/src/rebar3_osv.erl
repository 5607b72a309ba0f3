%% SPDX-License-Identifier: Apache-2.0
%% Copyright the unibeam authors
%%
%% @doc The plugin: what rebar3 calls first. It makes the commands of the
%% namespace `osv' known: generate, run and check, and settings, which is hidden
%% and goes before all of them.
-module(rebar3_osv).
-export([init/1]).
-export_type([state/0]).

%% What rebar3 hands from provider to provider.
-type state() :: term().

-spec init(state()) -> {ok, state()}.
init(State) ->
    {ok, lists:foldl(fun(M, S) ->
                         rebar_state:add_provider(S, providers:create(M:about()))
                     end,
                     State,
                     [rebar3_osv_prv_settings, rebar3_osv_prv_generate,
                      rebar3_osv_prv_run, rebar3_osv_prv_check])}.
