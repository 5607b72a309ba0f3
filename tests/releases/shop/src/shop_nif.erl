%% SPDX-License-Identifier: Apache-2.0
%% Copyright the unibeam authors
-module(shop_nif).
-export([load/0, crc/1]).

load() ->
    erlang:load_nif(filename:join(code:priv_dir(shop), "shop_nif"), 0).

crc(_Data) ->
    erlang:nif_error(not_loaded).
