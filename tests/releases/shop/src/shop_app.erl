%% SPDX-License-Identifier: Apache-2.0
%% Copyright the unibeam authors

%% @doc Uses each part once, says what came of it and ends with status 7.
-module(shop_app).
-behaviour(application).
-export([start/2, stop/1]).

start(_Type, _Args) ->
    ok = shop_nif:load(),
    io:format("nif ~B~n", [shop_nif:crc(<<"123456789">>)]),
    <<Sum:64, _/binary>> = crypto:hash(sha256, <<"x">>),
    io:format("crypto ~.16b~n", [Sum]),
    io:format("certificates ~p~n", [length(public_key:cacerts_get()) > 10]),
    io:format("tls ~s~n", [tls()]),
    io:format("disk ~s~n", [element(1, hd(disksup:get_disk_data()))]),
    io:format("memory ~p~n", [
        proplists:get_value(total_memory, memsup:get_system_memory_data()) > 0
    ]),
    spawn(fun() -> init:stop(7) end),
    {ok, spawn_link(fun() -> receive stop -> ok end end)}.

stop(_State) ->
    ok.

%% A connection with ourselves.
tls() ->
    Key = [{key, {namedCurve, secp256r1}}, {digest, sha256}],
    Chain = #{root => Key, intermediates => [], peer => Key},
    #{server_config := Server, client_config := Client} =
        public_key:pkix_test_data(#{server_chain => Chain, client_chain => Chain}),
    {ok, Listen} = ssl:listen(0, [{ip, {127, 0, 0, 1}}, {active, false} | Server]),
    {ok, {_, Port}} = ssl:sockname(Listen),
    Self = self(),
    spawn_link(fun() ->
        {ok, S} = ssl:transport_accept(Listen),
        {ok, T} = ssl:handshake(S),
        Self ! ssl:recv(T, 5)
    end),
    {ok, C} = ssl:connect({127, 0, 0, 1}, Port, [
        {verify, verify_peer}, {server_name_indication, disable} | Client
    ]),
    ok = ssl:send(C, <<"hello">>),
    receive
        {ok, Data} -> Data
    end.
