%% SPDX-License-Identifier: Apache-2.0
%% Copyright the unibeam authors
%% dist_SUITE - distribution inside one machine, case by case as on Linux
%% (dist_guest.erl).
-module(dist_SUITE).
-include_lib("stdlib/include/assert.hrl").
-compile([export_all, nowarn_export_all]).

-define(LIMIT, 240000).

suite() -> [{timetrap, {minutes, 5}}].

%% The last one kills one of the nodes that the others share.
all() ->
    [cookies, hidden, no_epmd, not_listening, names, epmd_again, short_names,
     disconnected, stopped, tick, backpressure, messages, global_names, tls,
     killed].

init_per_suite(Config) -> vm:with_image("OTP_IMAGE", Config, fun start/2).

start(Image, Config) ->
    {Vm, Port} = guest:start(Image, #{memory => "1G"}),
    ok = guest:load(Port, dist_guest),
    Linux = like_linux:start([dist_guest]),
    {_, Beam, _} = code:get_object_code(dist_guest),
    like_linux:linux(Linux, {dist_guest, install}, [Beam]),
    guest:call(Port, dist_guest, install, [Beam]),
    [{vm, Vm}, {port, Port}, {linux, Linux} | Config].

end_per_suite(C) ->
    like_linux:linux(proplists:get_value(linux, C), {dist_guest, uninstall}, []),
    like_linux:stop(proplists:get_value(linux, C)),
    vm:stop(proplists:get_value(vm, C)).

%% Both at the same time: nodes wait for each other more than they work.
same(C, F) ->
    Self = self(),
    Linux = proplists:get_value(linux, C),
    spawn_link(fun() -> Self ! {linux, like_linux:linux(Linux, {dist_guest, F}, [])} end),
    Given = guest:call(proplists:get_value(port, C), dist_guest, F, [], ?LIMIT),
    receive {linux, Wanted} -> ?assertEqual(Wanted, Given) end.

cookies(C) -> same(C, cookies).
hidden(C) -> same(C, hidden).
no_epmd(C) -> same(C, no_epmd).
not_listening(C) -> same(C, not_listening).
names(C) -> same(C, names).
epmd_again(C) -> same(C, epmd_again).
short_names(C) -> same(C, short_names).
disconnected(C) -> same(C, disconnected).
stopped(C) -> same(C, stopped).
tick(C) -> same(C, tick).
backpressure(C) -> same(C, backpressure).
messages(C) -> same(C, messages).
global_names(C) -> same(C, global_names).
tls(C) -> same(C, tls).
killed(C) -> same(C, killed).
