%% SPDX-License-Identifier: Apache-2.0
%% Copyright the unibeam authors
%%
%% @doc `rebar3 osv run': the release, its image, and a machine that runs it, on
%% this terminal.
-module(rebar3_osv_prv_run).
-export([about/0, do/1, format_error/1]).

-spec about() -> [{atom(), term()}].
about() ->
    [{name, run}, {namespace, osv}, {module, ?MODULE}, {bare, true},
     {deps, [{osv, generate}]},
     {example, "rebar3 osv run"},
     {short_desc, "Make a release and its image, and run that."},
     {desc, "Make the release and its image as 'rebar3 osv generate' does, and "
            "run that in a\nvirtual machine, with this terminal as its console: "
            "Ctrl-A X ends it.\nWhat follows -- goes to 'unibeam run' as it is.\n\n"
            "Exit status: that of the release.\n"},
     {opts, [{memory, undefined, "memory", string, "As 512M"},
             {cpus, undefined, "cpus", integer, "How many processors"},
             {ports, $p, "port", string,
              "[ADDRESS:]HOST_PORT:GUEST_PORT[/udp]; may be repeated"},
             {console, undefined, "console", boolean,
              "With the Erlang shell on the console"}
             | rebar3_osv_prv_generate:options()]}].

-spec do(rebar3_osv:state()) ->
    {ok, rebar3_osv:state()} | {error, {module(), term()}}.
do(State) ->
    case rebar3_osv_project:read(State) of
        {ok, #{root := Root, releases := [Release]}} ->
            run(Release, Root, State);
        {ok, #{releases := Releases}} ->
            Names = [N || #{name := N} <- Releases],
            {error, {?MODULE, {one_at_a_time, Names}}};
        {error, Reason} ->
            {error, {?MODULE, Reason}}
    end.

run(#{image := Image, settings := Settings}, Root, State) ->
    {_, More} = rebar3_osv_project:options(State),
    case rebar3_osv_command:find(Settings) of
        {ok, Unibeam} ->
            Args = rebar3_osv_args:run(Settings, Image) ++ More,
            ended(rebar3_osv_terminal:run(Unibeam, Args, Root), State);
        {error, Reason} ->
            {error, {?MODULE, Reason}}
    end.

ended({ok, 0}, State) ->
    {ok, State};
ended({ok, Status}, State) ->
    rebar3_osv_status:leave(Status, ?MODULE, {ended, Status}, State);
ended({error, Reason}, _) ->
    {error, {?MODULE, Reason}}.

-spec format_error(term()) -> iolist().
format_error(Reason) ->
    rebar3_osv_error:format(Reason).
