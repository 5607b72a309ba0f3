%% SPDX-License-Identifier: Apache-2.0
%% Copyright the unibeam authors

%% @doc What the server answers.  Besides a page there are routes that show, or
%% test, what a unikernel usually cannot do: commands, port programs, an orderly
%% stop, an exit status.
-module(hello_routes).

-export([handle/1]).

-define(TEXT, <<"text/plain">>).
-define(JSON, <<"application/json">>).

%% Longest time a port program may take.
-define(PORT_TIMEOUT_MS, 30000).

%% Returns {Status, ContentType, Body, After}; After is `none', or a function
%% called when the answer has been sent and the connection closed.
-spec handle(map()) -> {100..599, binary(), iodata(), none | fun(() -> any())}.
handle(#{method := Method, path := <<"/echo">>, body := Body}) when
    Method =:= 'POST'; Method =:= 'PUT'
->
    {200, <<"application/octet-stream">>, Body, none};
handle(#{method := Method, path := Path, query := Query}) when
    Method =:= 'GET'; Method =:= 'HEAD'
->
    get(Path, Query);
handle(_Request) ->
    {405, ?TEXT, <<"method not allowed\n">>, none}.

get(<<"/">>, _) ->
    text(<<"hello from unibeam\n">>);
get(<<"/cmd">>, _) ->
    text(os:cmd("echo hi"));
get(<<"/port">>, Query) ->
    text(port_program(number(Query, 3)));
get(<<"/stats">>, _) ->
    {200, ?JSON, stats(), none};
get(<<"/proc/", _/binary>> = Path, _) ->
    kernel_figures(Path);
get(<<"/halt">>, Query) ->
    Status = number(Query, 0),
    text(<<"halting\n">>, fun() -> erlang:halt(Status) end);
get(<<"/stop">>, Query) ->
    Status = number(Query, 0),
    text(<<"stopping\n">>, fun() -> init:stop(Status) end);
get(<<"/alloc">>, _) ->
    text(<<"allocating\n">>, fun() -> allocate([]) end);
get(<<"/crash">>, _) ->
    error(crash_requested);
get(_, _) ->
    {404, ?TEXT, <<"not found\n">>, none}.

text(Body) ->
    text(Body, none).

text(Body, After) ->
    {200, ?TEXT, Body, After}.

%% What the kernel says of its memory, for tests that look for leaks.
kernel_figures(Path) ->
    Known = [<<"/proc/meminfo">>, <<"/proc/slabinfo">>, <<"/proc/net/sockstat">>],
    case lists:member(Path, Known) andalso file:read_file(Path) of
        {ok, Text} -> text(Text);
        _ -> {404, ?TEXT, <<"not found\n">>, none}
    end.

%% An exit status from the query, e.g. "/halt?3".
number(Query, Default) ->
    try binary_to_integer(Query) of
        N when N >= 0, N =< 255 -> N;
        _ -> Default
    catch
        error:badarg -> Default
    end.

%% A port program: a line goes in, a line comes out, then its exit status.
port_program(Status) ->
    Script = "read word; echo \"got $word\"; exit " ++ integer_to_list(Status),
    Port = open_port(
        {spawn_executable, "/bin/sh"},
        [{args, ["-c", Script]}, exit_status, use_stdio, binary]
    ),
    port_command(Port, <<"hi\n">>),
    collect(Port, []).

collect(Port, Output) ->
    receive
        {Port, {data, Data}} ->
            collect(Port, [Output, Data]);
        {Port, {exit_status, Status}} ->
            [Output, "exit_status ", integer_to_list(Status), $\n]
    after ?PORT_TIMEOUT_MS ->
        catch port_close(Port),
        [Output, "timeout\n"]
    end.

stats() ->
    {UptimeMs, _} = erlang:statistics(wall_clock),
    Fields = [
        {"uptime_ms", UptimeMs},
        {"memory", erlang:memory(total)},
        {"memory_processes", erlang:memory(processes)},
        {"memory_binary", erlang:memory(binary)},
        {"processes", erlang:system_info(process_count)},
        {"ports", erlang:system_info(port_count)},
        {"schedulers", erlang:system_info(schedulers_online)},
        {"otp_release", list_to_integer(erlang:system_info(otp_release))}
    ],
    Pairs = [[$", Key, "\": ", integer_to_list(Value)] || {Key, Value} <- Fields],
    [${, lists:join(", ", Pairs), "}\n"].

%% Takes memory until there is none; every page is written.
allocate(Taken) ->
    allocate([binary:copy(<<16#a5>>, 1048576) | Taken]).
