%% SPDX-License-Identifier: Apache-2.0
%% Copyright the unibeam authors
%% Where a shipment begins: the package's application, its main/0, the end.
-module('tea@@main').
-export([run/1]).

run(Package) ->
    io:setopts(standard_io, [binary, {encoding, utf8}]),
    {ok, _} = application:ensure_all_started(Package),
    try Package:main() of
        _ -> erlang:halt(0)
    catch
        _:Reason:Trace ->
            io:format(standard_error, "~p~n~p~n", [Reason, Trace]),
            erlang:halt(127)
    end.
