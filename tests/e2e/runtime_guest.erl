%% SPDX-License-Identifier: Apache-2.0
%% Copyright the unibeam authors
%% runtime_guest - runs in the machine (and on Linux): what an operator does with
%% the run-time system itself.
-module(runtime_guest).
-export([tls/0, warnings/0]).

-define(LIMIT, 60000).

%% A server and a client over the loopback: the version they agree on, and what
%% came back of 100 KB. Once for each version.
tls() ->
    {ok, _} = application:ensure_all_started(ssl),
    #{server_config := Server, client_config := Client} =
        public_key:pkix_test_data(
          #{server_chain => chain(), client_chain => chain()}),
    [tls(V, Server, Client) || V <- ['tlsv1.2', 'tlsv1.3']].

%% TLS 1.3 has no SHA-1, which is the default here.
chain() ->
    Options = [{digest, sha256}, {key, {namedCurve, secp256r1}}],
    #{root => Options, intermediates => [], peer => Options}.

tls(Version, Server, Client) ->
    Common = [{versions, [Version]}, binary, {active, false}],
    {ok, L} = ssl:listen(0, Server ++ Common),
    {ok, {_, Port}} = ssl:sockname(L),
    Data = binary:copy(<<"unibeam ">>, 12500),
    spawn_link(fun() -> send_tls(L, Data) end),
    {ok, S} = ssl:connect({127, 0, 0, 1}, Port,
                          [{server_name_indication, disable}, {verify, verify_peer}
                           | Client ++ Common], ?LIMIT),
    {ok, [{protocol, Agreed}]} = ssl:connection_information(S, [protocol]),
    Got = ssl:recv(S, byte_size(Data), ?LIMIT),
    ssl:close(S),
    ssl:close(L),
    {Agreed, Got =:= {ok, Data}}.

send_tls(L, Data) ->
    {ok, T} = ssl:transport_accept(L, ?LIMIT),
    {ok, S} = ssl:handshake(T, ?LIMIT),
    ok = ssl:send(S, Data),
    ssl:recv(S, 1, ?LIMIT).

%% What the kernel has to warn of: lines of its log.
warnings() ->
    [Line || Line = [$<, L, $> | _] <- string:lexemes(os:cmd("busybox dmesg -r"),
                                                      "\r\n"),
             L =< $4].
