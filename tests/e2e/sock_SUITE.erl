%% SPDX-License-Identifier: Apache-2.0
%% Copyright the unibeam authors
%% sock_SUITE - sockets through Erlang, both back ends of gen_tcp and gen_udp and
%% the socket module, compared with Linux. All cases share one machine.
-module(sock_SUITE).
-include_lib("stdlib/include/assert.hrl").
-compile([export_all, nowarn_export_all]).

suite() -> [{timetrap, {minutes, 5}}].

all() ->
    [options, ioctls, messages, error_queue, datagrams, local_sockets, ends,
     files, names, backlog].

init_per_suite(Config) ->
    case vm:image("OTP_IMAGE", Config) of
        [{image, Image} | _] ->
            {Vm, Port} = guest:start(Image, #{}),
            ok = guest:load(Port, sock_guest),
            [{vm, Vm}, {port, Port}, {linux, like_linux:start([sock_guest])}
             | Config];
        Skip -> Skip
    end.

end_per_suite(C) ->
    like_linux:stop(proplists:get_value(linux, C)),
    vm:stop(proplists:get_value(vm, C)).

same(C, F, A) ->
    like_linux:same(proplists:get_value(linux, C), proplists:get_value(port, C),
                    {sock_guest, F}, A).

both(C, F, A) -> [same(C, F, [B | A]) || B <- [inet, socket]].

%% --- the cases ----------------------------------------------------------------------

options(C) ->
    [same(C, options, [D, T, P])
     || {D, T, P} <- [{inet, stream, tcp}, {inet, dgram, udp},
                      {local, stream, default}, {local, dgram, default},
                      {local, seqpacket, default}]].

ioctls(C) -> same(C, ioctls, []).

messages(C) -> same(C, messages, []).

error_queue(C) -> same(C, error_queue, []).

datagrams(C) ->
    [both(C, F, []) || F <- [udp, udp_refused, multicast, ancillary]].

local_sockets(C) ->
    both(C, local_stream, []),
    [same(C, F, []) || F <- [local_datagrams, local_packets, abstract_name]].

ends(C) ->
    [both(C, F, []) || F <- [half_close, active, resets, lingering, refused,
                             shared_port]].

files(C) -> [both(C, sendfile, [N]) || N <- [0, 1, 5000000]].

names(C) -> same(C, names, []).

backlog(C) -> same(C, backlog, [2000]).
