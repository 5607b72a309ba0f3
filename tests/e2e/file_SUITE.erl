%% SPDX-License-Identifier: Apache-2.0
%% Copyright the unibeam authors
%% file_SUITE - files, and what keeps data in them, do in the machine what they do
%% on this host's Linux: both on a tmpfs.
-module(file_SUITE).
-include_lib("stdlib/include/assert.hrl").
-compile([export_all, nowarn_export_all]).

-define(TOP, "/dev/shm/unibeam-file-" ++ os:getpid()).

suite() -> [{timetrap, {minutes, 6}}].

all() ->
    alike() ++ [large, descriptors, full, read_only].

alike() ->
    [modes, raw_modes, positions, sizes, sparse, links, renames, times, rights,
     names, unlinked, users, buffers, copies, wildcards, archives, terms, fixed,
     trees, loaded, logs, dets, dets_repair, log, log_repair, mnesia,
     mnesia_backup].

init_per_suite(Config) -> vm:with_image("OTP_IMAGE", Config, fun start/2).

start(Image, Config) ->
    {Vm, Port} = guest:start(Image, #{memory => "512M",
                                      args => ["--arg", "+fnu"]}),
    [ok = guest:load(Port, M) || M <- [file_guest, data_guest]],
    C = [{vm, Vm}, {port, Port}, {linux, like_linux:start([file_guest, data_guest])} | Config],
    same(C, {file, make_dir}, [?TOP]),
    C.

end_per_suite(C) ->
    _ = file:del_dir_r(?TOP),
    like_linux:stop(proplists:get_value(linux, C)),
    vm:stop(proplists:get_value(vm, C)).

same(C, MF, A) ->
    like_linux:same(proplists:get_value(linux, C), proplists:get_value(port, C), MF, A).

%% The function of the same name gives the same here and there.
alike(C, F) -> same(C, {file_guest, in}, [?TOP, F]).

modes(C) -> alike(C, modes).
raw_modes(C) -> alike(C, raw_modes).
positions(C) -> alike(C, positions).
sizes(C) -> alike(C, sizes).
sparse(C) -> alike(C, sparse).
links(C) -> alike(C, links).
renames(C) -> alike(C, renames).
times(C) -> alike(C, times).
rights(C) -> alike(C, rights).
names(C) -> alike(C, names).
unlinked(C) -> alike(C, unlinked).
users(C) -> alike(C, users).
buffers(C) -> alike(C, buffers).
copies(C) -> alike(C, copies).
wildcards(C) -> alike(C, wildcards).
archives(C) -> alike(C, archives).
terms(C) -> alike(C, terms).
fixed(C) -> alike(C, fixed).
trees(C) -> alike(C, trees).
loaded(C) -> alike(C, loaded).
logs(C) -> alike(C, logs).

dets(C) -> kept(C, dets).
dets_repair(C) -> kept(C, dets_repair).
log(C) -> kept(C, log).
log_repair(C) -> kept(C, log_repair).
mnesia(C) -> kept(C, mnesia).
mnesia_backup(C) -> kept(C, mnesia_backup).

kept(C, F) -> same(C, {data_guest, in}, [?TOP, F]).

large(C) ->
    [same(C, {file_guest, in}, [?TOP, F, [3000]]) || F <- [listing, emptied]].

%% Past the descriptors that a select(2) set has room for.
descriptors(C) -> same(C, {file_guest, in}, [?TOP, many, [3000]]).

%% A full file system loses nothing.
full(C) ->
    ?assertMatch({N, {error, enospc}, true, _, {error, enospc}, ok} when N > 50,
                 guest(C, full, ["/dev/shm"])).

read_only(C) ->
    ?assertEqual([{error, erofs} || _ <- lists:seq(1, 10)] -- [{error, erofs}],
                 lists:delete(ok, guest(C, root_fs, []))).

guest(C, F, A) ->
    guest:call(proplists:get_value(port, C), file_guest, F, A, 120000).
