%% SPDX-License-Identifier: Apache-2.0
%% Copyright the unibeam authors
%%
%% @doc Whether a release goes into an image of OSv's, or one with unibeam's own
%% kernel.
-module(rebar3_osv_base).
-export([settle/1]).
-export_type([warning/0]).

-type settings() :: rebar3_osv_config:settings().
-type path() :: file:filename_all().
-type warning() :: {no_osv_image, path()} | {not_for_us, [binary()]}.

%% @doc The settings without osv_image: with base if there is one, and otherwise
%% with what OSv's command_line means for unibeam's kernel. An osv_image that is
%% not there was meant for another machine than this one: the project builds all
%% the same.
-spec settle(settings()) ->
    {ok, settings(), [warning()]} | {error, {no_base, path()}}.
settle(#{base := Base} = Settings) ->
    case filelib:is_regular(Base) of
        true -> {ok, maps:remove(osv_image, Settings), []};
        false -> {error, {no_base, Base}}
    end;
settle(#{osv_image := Base} = Settings) ->
    Rest = maps:remove(osv_image, Settings),
    case filelib:is_regular(Base) of
        true ->
            {ok, Rest#{base => Base}, []};
        false ->
            {ok, Own, Warnings} = settle(Rest),
            {ok, Own, [{no_osv_image, Base} | Warnings]}
    end;
settle(#{command_line := Line} = Settings) ->
    #{env := Env, append := Append, left := Left} =
        rebar3_osv_cmdline:translate(Line),
    %% what the project says in unibeam's words comes after, and wins
    Own = before(env, Env, before(append, Append, Settings)),
    {ok, maps:remove(command_line, Own),
     [{not_for_us, Left} || Left =/= []]};
settle(Settings) ->
    {ok, Settings, []}.

before(_, [], Settings) ->
    Settings;
before(Key, Values, Settings) ->
    Settings#{Key => Values ++ maps:get(Key, Settings, [])}.
