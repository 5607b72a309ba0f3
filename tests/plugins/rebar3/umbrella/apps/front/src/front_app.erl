%% SPDX-License-Identifier: Apache-2.0
%% Copyright the unibeam authors
-module(front_app).
-behaviour(application).
-export([start/2, stop/1]).

start(_, _) -> {ok, spawn_link(fun() -> timer:sleep(infinity) end)}.

stop(_) -> ok.
