%% SPDX-License-Identifier: Apache-2.0
%% Copyright the unibeam authors
-module(leaf).
-export([colour/0]).

%% From a file of the package.
colour() ->
    {ok, Text} = file:read_file(filename:join(code:priv_dir(leaf), "colour")),
    string:trim(Text).
