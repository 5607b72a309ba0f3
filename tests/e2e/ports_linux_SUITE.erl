%% SPDX-License-Identifier: Apache-2.0
%% Copyright the unibeam authors
%% ports_linux_SUITE - ports and os:cmd/1 in a machine and on this host's Linux:
%% each case calls one function in both and compares what it gives.
-module(ports_linux_SUITE).
-compile([export_all, nowarn_export_all]).

-define(MODULES, [ports_form_guest, ports_life_guest]).

suite() -> [{timetrap, {minutes, 4}}].

all() -> [{group, forms}, {group, life}, {group, commands}].

groups() ->
    [{forms, [packets, oversize, lines, streams, one_way, eof, other_descriptors,
              stderr, directories, environment, arguments, state, spawn_commands,
              statuses, signals, stopped, refused, bad_options, info, busy, limits,
              parallel]},
     {life, [closed, owner_killed, owner_ends, handed_on, links, background, daemon,
             one_group, orphans, at_once, killed_at_once, together, sequence]},
     {commands, [large, many_commands, caller_killed, command_input, max_size,
                 command_statuses, scripts]}].

init_per_suite(Config) -> vm:with_image("OTP_IMAGE", Config, fun start/2).

start(Image, Config) ->
    {Vm, Port} = guest:start(Image, #{memory => "512M"}),
    [ok = guest:load(Port, M) || M <- ?MODULES],
    Linux = like_linux:start(?MODULES),
    Base = "/tmp/unibeam-probe-" ++ os:getpid(),
    C = [{vm, Vm}, {port, Port}, {linux, Linux}, {base, Base} | Config],
    same(C, ports_form_guest, put_probe, [Base, probe(Config)]),
    C.

end_per_suite(C) ->
    file:delete(proplists:get_value(base, C)),
    like_linux:stop(proplists:get_value(linux, C)),
    vm:stop(proplists:get_value(vm, C)).

init_per_group(_, C) -> C.
end_per_group(_, _) -> ok.

%% The program port_probe.c.
probe(Config) ->
    This = proplists:get_value(source, ?MODULE:module_info(compile)),
    Source = filename:join(filename:dirname(This), "port_probe.c"),
    Out = filename:join(proplists:get_value(priv_dir, Config), "port_probe"),
    [] = os:cmd("${CC:-cc} -static -O1 -o " ++ Out ++ " " ++ Source),
    {ok, Bin} = file:read_file(Out),
    Bin.

same(C, M, F, A) ->
    like_linux:same(proplists:get_value(linux, C), proplists:get_value(port, C),
                    {M, F}, A).

form(C, F) -> form(C, F, []).
form(C, F, A) -> same(C, ports_form_guest, F, A).
life(C, F) -> life(C, F, []).
life(C, F, A) -> same(C, ports_life_guest, F, A).

base(C) -> proplists:get_value(base, C).

%% --- forms ----------------------------------------------------------------------------

packets(C) -> form(C, packets).
oversize(C) -> form(C, oversize).
lines(C) -> form(C, lines).
streams(C) -> form(C, streams).
one_way(C) -> form(C, one_way).
eof(C) -> form(C, eof).
other_descriptors(C) -> form(C, other_descriptors, [base(C)]).
stderr(C) -> form(C, stderr).
directories(C) -> form(C, directories, [base(C)]).
environment(C) -> form(C, environment).
arguments(C) -> form(C, arguments, [base(C)]).
state(C) -> form(C, state, [base(C)]).
spawn_commands(C) -> form(C, commands).
statuses(C) -> form(C, statuses).
signals(C) -> form(C, signals).
stopped(C) -> form(C, stopped).
refused(C) -> form(C, refused, [base(C)]).
bad_options(C) -> form(C, bad_options).
info(C) -> form(C, info).
busy(C) -> form(C, busy).
limits(C) -> form(C, limits).
parallel(C) -> form(C, parallel).

%% --- how they end ----------------------------------------------------------------------

closed(C) -> life(C, closed, [base(C)]).
owner_killed(C) -> life(C, owner_dies, [kill]).
owner_ends(C) -> life(C, owner_dies, [normal]).
handed_on(C) -> life(C, handed_on).
links(C) -> life(C, links).
background(C) -> life(C, background).
daemon(C) -> life(C, daemon).
one_group(C) -> life(C, group).
orphans(C) -> life(C, orphans).
at_once(C) -> life(C, at_once, [100]).
killed_at_once(C) -> life(C, killed_at_once, [100]).
together(C) -> life(C, together, [100]).
sequence(C) -> life(C, sequence, [100]).

%% --- os:cmd ----------------------------------------------------------------------------

large(C) -> life(C, large, [4]).
many_commands(C) -> life(C, many_commands, [50]).
caller_killed(C) -> life(C, caller_killed).
command_input(C) -> life(C, command_input).
max_size(C) -> life(C, max_size).
scripts(C) -> life(C, scripts).
command_statuses(C) -> life(C, command_statuses).
