%% SPDX-License-Identifier: Apache-2.0
%% Copyright the unibeam authors
%%
%% @doc Exit statuses besides rebar3's own, which are 0 and 1.
-module(rebar3_osv_status).
-export([leave/4]).

%% @doc Tell the error and end rebar3 with Status; where rebar3 is a library of
%% another program, which is not ours to end, return the error.
-spec leave(1..255, module(), term(), rebar3_osv:state()) ->
    {error, {module(), term()}}.
leave(Status, Module, Reason, State) ->
    case rebar_state:get(State, caller, command_line) of
        command_line ->
            rebar_api:error("~ts", [Module:format_error(Reason)]),
            erlang:halt(Status);
        _ ->
            {error, {Module, Reason}}
    end.
