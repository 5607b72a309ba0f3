%% SPDX-License-Identifier: Apache-2.0
%% Copyright the unibeam authors
-module(cowboy_example_app).
-behaviour(application).
-export([start/2, stop/1]).

start(_, _) ->
    {ok, L} = gen_tcp:listen(8080, [binary, {packet, http_bin}, {active, false},
                                    {reuseaddr, true}]),
    {ok, spawn_link(fun() -> serve(L) end)}.

stop(_) -> ok.

serve(L) ->
    {ok, S} = gen_tcp:accept(L),
    {ok, {http_request, 'GET', {abs_path, Path}, _}} = gen_tcp:recv(S, 0),
    ok = inet:setopts(S, [{packet, raw}]),
    {Status, Body} = answer(Path),
    ok = gen_tcp:send(S, ["HTTP/1.0 ", Status, "\r\nContent-Length: ",
                          integer_to_list(iolist_size(Body)), "\r\n\r\n", Body]),
    ok = gen_tcp:close(S),
    serve(L).

answer(<<"/">>) -> {"200 OK", "Hello from OTP " ++ erlang:system_info(otp_release)};
answer(<<"/resolv">>) ->
    {ok, Conf} = file:read_file("/etc/resolv.conf"),
    {"200 OK", Conf};
answer(_) -> {"404 Not Found", ""}.
