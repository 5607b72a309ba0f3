%% SPDX-License-Identifier: Apache-2.0
%% Copyright the unibeam authors

-module(hello_sup).

-behaviour(supervisor).

-export([start_link/1]).
-export([init/1]).

start_link(Port) ->
    supervisor:start_link({local, ?MODULE}, ?MODULE, Port).

init(Port) ->
    Listener = #{id => hello_listener, start => {hello_listener, start_link, [Port]}},
    {ok, {#{strategy => one_for_one}, [Listener]}}.
