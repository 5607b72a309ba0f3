%% SPDX-License-Identifier: Apache-2.0
%% Copyright the unibeam authors
%% runtime_nif - the Erlang side of native/runtime_nif.c.
-module(runtime_nif).
-export([load/1, version/0, counters/0, normal/0, dirty_cpu/1, dirty_io/1, pipe/0,
         pipe_select/1, pipe_stop/1, pipe_write/2, pipe_read/1, threads/0, crash/0]).
-nifs([version/0, counters/0, normal/0, dirty_cpu/1, dirty_io/1, pipe/0,
       pipe_select/1, pipe_stop/1, pipe_write/2, pipe_read/1, threads/0, crash/0]).

%% Path: the library, without .so.
load(Path) -> erlang:load_nif(Path, 0).

version() -> none().
counters() -> none().
normal() -> none().
dirty_cpu(_Ms) -> none().
dirty_io(_Ms) -> none().
pipe() -> none().
pipe_select(_) -> none().
pipe_stop(_) -> none().
pipe_write(_, _) -> none().
pipe_read(_) -> none().
threads() -> none().
crash() -> none().

none() -> erlang:nif_error(not_loaded).
