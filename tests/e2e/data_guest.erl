%% SPDX-License-Identifier: Apache-2.0
%% Copyright the unibeam authors
%% data_guest - dets, disk_log and mnesia on a tmpfs: what they keep, and find
%% again after a stop, a crash, a restore.
-module(data_guest).
-export([in/2, dets/0, dets_repair/0, log/0, log_repair/0, mnesia/0,
         mnesia_backup/0]).

in(Top, F) ->
    Dir = filename:join(Top, atom_to_list(F)),
    {ok, Old} = file:get_cwd(),
    ok = file:make_dir(Dir),
    ok = file:set_cwd(Dir),
    try ?MODULE:F() after
        ok = file:set_cwd(Old),
        _ = file:del_dir_r(Dir)
    end.

%% --- dets ------------------------------------------------------------------------------

dets() ->
    {ok, t} = dets:open_file(t, [{file, "t.dets"}, {type, set}]),
    ok = dets:insert(t, [{K, K * K} || K <- lists:seq(1, 5000)]),
    [ok = dets:delete(t, K) || K <- lists:seq(1, 5000, 3)],
    [dets:update_counter(t, K, 1) || K <- lists:seq(2, 5000, 3)],
    Synced = dets:sync(t),
    Before = sum(t),
    Closed = dets:close(t),
    {ok, t} = dets:open_file(t, [{file, "t.dets"}, {repair, false}]),
    R = [Synced, Before, Closed, sum(t), dets:lookup(t, 2), dets:lookup(t, 4),
         dets:member(t, 3), dets:select_delete(t, [{{'$1', '_'},
                                                    [{'>', '$1', 4000}], [true]}]),
         dets:info(t, size), dets:info(t, file_size),
         length(dets:match(t, {'$1', 9})), dets:is_dets_file("t.dets"),
         length(dets:traverse(t, fun(O) -> {continue, O} end)),
         dets:delete_all_objects(t), dets:info(t, size), dets:close(t)],
    {R, bags()}.

sum(T) -> dets:foldl(fun({K, V}, {N, S}) -> {N + 1, S + K + V} end, {0, 0}, T).

bags() ->
    [begin
         {ok, b} = dets:open_file(b, [{file, "b.dets"}, {type, Type},
                                      {auto_save, infinity}, {ram_file, Ram}]),
         ok = dets:insert(b, [{K rem 7, K rem 5} || K <- lists:seq(1, 100)]),
         ok = dets:close(b),
         {ok, b} = dets:open_file(b, [{file, "b.dets"}, {type, Type}]),
         N = {Type, Ram, dets:info(b, size), lists:sort(dets:lookup(b, 3))},
         ok = dets:close(b),
         ok = file:delete("b.dets"),
         N
     end || Type <- [set, bag, duplicate_bag], Ram <- [false, true]].

%% A copy made while the table is open is as a crash leaves it; one that ends in
%% the middle is broken.
dets_repair() ->
    {ok, t} = dets:open_file(t, [{file, "t.dets"}]),
    ok = dets:insert(t, [{K, lists:duplicate(K rem 50, K)} || K <- lists:seq(1, 2000)]),
    ok = dets:sync(t),
    {ok, _} = file:copy("t.dets", "crashed.dets"),
    ok = dets:close(t),
    {ok, Whole} = file:read_file("t.dets"),
    ok = file:write_file("half.dets", binary:part(Whole, 0, byte_size(Whole) div 2)),
    [begin
         R = dets:open_file(u, [{file, File}, {repair, Repair}]),
         {R, case R of
                 {ok, u} -> {dets:info(u, size), dets:close(u)};
                 _ -> none
             end}
     end || File <- ["crashed.dets", "half.dets"], Repair <- [false, true, force]].

%% --- disk_log --------------------------------------------------------------------------

log() ->
    {halts(), wraps(), blocked()}.

halts() ->
    {ok, h} = disk_log:open([{name, h}, {file, "h.log"}, {size, 2000}]),
    Logged = [disk_log:log(h, {entry, K, "some text"}) || K <- lists:seq(1, 100)],
    Full = length([E || {error, {full, E}} <- Logged]),
    R = [Full, disk_log:sync(h), chunks(h, start, []), disk_log:truncate(h),
         disk_log:log_terms(h, [a, b, c]), chunks(h, start, []), disk_log:close(h),
         filelib:file_size("h.log")],
    {ok, h} = disk_log:open([{name, h}, {file, "h.log"}, {mode, read_only}]),
    R ++ [chunks(h, start, []), disk_log:log(h, d), disk_log:close(h)].

wraps() ->
    {ok, w} = disk_log:open([{name, w}, {file, "w.log"}, {type, wrap},
                             {size, {600, 3}}]),
    [ok = disk_log:log(w, {entry, K}) || K <- lists:seq(1, 100)],
    R = [chunks(w, start, []), disk_log:inc_wrap_file(w), disk_log:log(w, last),
         disk_log:change_size(w, {600, 5}), disk_log:close(w)],
    R ++ [lists:sort(filelib:wildcard("w.log*")),
          [filelib:file_size(F) || F <- lists:sort(filelib:wildcard("w.log*"))]].

chunks(Log, Cont, Acc) ->
    case disk_log:chunk(Log, Cont) of
        eof -> lists:append(lists:reverse(Acc));
        {Next, Terms} -> chunks(Log, Next, [Terms | Acc]);
        Other -> {Other, Acc}
    end.

blocked() ->
    {ok, b} = disk_log:open([{name, b}, {file, "b.log"}, {format, external}]),
    ok = disk_log:block(b, true),
    Self = self(),
    spawn_link(fun() -> Self ! {logged, disk_log:blog(b, <<"waits\n">>)} end),
    Early = receive {logged, _} -> early after 100 -> waits end,
    R = [Early, disk_log:blog(b, <<"mine\n">>), disk_log:unblock(b),
         receive {logged, L} -> L after 5000 -> never end,
         disk_log:balog(b, <<"later\n">>), disk_log:sync(b), disk_log:close(b)],
    R ++ [file:read_file("b.log")].

log_repair() ->
    {ok, l} = disk_log:open([{name, l}, {file, "l.log"}]),
    ok = disk_log:log_terms(l, [{K, lists:duplicate(20, K)} || K <- lists:seq(1, 300)]),
    ok = disk_log:sync(l),
    {ok, _} = file:copy("l.log", "crashed.log"),
    ok = disk_log:close(l),
    {ok, Whole} = file:read_file("crashed.log"),
    ok = file:write_file("half.log", binary:part(Whole, 0, byte_size(Whole) div 2)),
    [begin
         R = disk_log:open([{name, m}, {file, F}, {repair, How}]),
         {R, length(chunks(m, start, [])), disk_log:close(m)}
     end || F <- ["crashed.log", "half.log"], How <- [true, truncate]].

%% --- mnesia -----------------------------------------------------------------------------

-record(acc, {id, n}).
-record(log, {id, text}).

start() ->
    {ok, Dir} = file:get_cwd(),
    application:set_env(mnesia, dir, filename:join(Dir, "db")),
    ok = application:start(mnesia).

%% Each F() with a schema on disk and the tables, and without them afterwards.
with_tables(F) ->
    {ok, Dir} = file:get_cwd(),
    application:set_env(mnesia, dir, filename:join(Dir, "db")),
    stopped = mnesia:stop(), % the release has started it, without a directory
    ok = mnesia:create_schema([node()]),
    start(),
    [{atomic, ok} = mnesia:create_table(T, [{attributes, A}, {Copies, [node()]} | O])
     || {T, A, Copies, O} <- tables()],
    try F() after
        application:stop(mnesia),
        mnesia:delete_schema([node()])
    end.

tables() ->
    [{acc, record_info(fields, acc), disc_copies, []},
     {log, record_info(fields, log), disc_only_copies, [{type, bag}]},
     {ram, [id, n], ram_copies, [{index, [n]}]}].

restart() ->
    stopped = mnesia:stop(),
    start(),
    ok = mnesia:wait_for_tables([acc, log, ram], 60000).

%% Its end leaves the log as it is; the next start makes it good.
crash() ->
    ok = mnesia:dirty_write(#acc{id = 2001, n = 1}),
    ok = mnesia:sync_log(),
    Ref = monitor(process, mnesia_sup),
    exit(whereis(mnesia_sup), kill),
    receive {'DOWN', Ref, _, _, Why} -> ok end,
    _ = [timer:sleep(20) || _ <- lists:seq(1, 500),
                            lists:keymember(mnesia, 1, application:which_applications())],
    start(),
    {Why, mnesia:wait_for_tables([acc, log, ram], 60000)}.

mnesia() -> with_tables(fun used/0).

used() ->
    {atomic, _} = fill(500),
    [{atomic, _} = mnesia:transaction(fun move/2, [K, K + 1])
     || K <- lists:seq(1, 499)],
    Aborted = mnesia:transaction(fun() -> mnesia:delete({acc, 1}),
                                          mnesia:abort(no) end),
    Dirty = [mnesia:dirty_write(#acc{id = K, n = K}) || K <- [1001, 1002]],
    A = [Aborted, Dirty, state(), mnesia:dump_log(), restart(), state()],
    {atomic, ok} = mnesia:change_table_copy_type(log, node(), disc_copies),
    {atomic, ok} = mnesia:add_table_index(acc, n),
    B = [restart(), state(), length(mnesia:dirty_index_read(acc, 1001, #acc.n)),
         mnesia:table_info(log, storage_type),
         mnesia:change_table_copy_type(log, node(), disc_only_copies),
         mnesia:dirty_write({ram, 7, 1}), mnesia:dump_tables([ram]), restart(),
         state(), crash(), state(),
         lists:sort(filelib:wildcard("db/*"))],
    {A, B}.

fill(N) ->
    mnesia:transaction(
      fun() ->
              [begin
                   mnesia:write(#acc{id = K, n = K}),
                   mnesia:write(#log{id = K rem 10, text = K}),
                   mnesia:write({ram, K, K rem 3})
               end || K <- lists:seq(1, N)]
      end).

move(A, B) ->
    [#acc{n = N}] = mnesia:read(acc, A, write),
    [#acc{n = M}] = mnesia:wread({acc, B}),
    ok = mnesia:write(#acc{id = A, n = N - 1}),
    ok = mnesia:write(#acc{id = B, n = M + 1}).

%% Of each table: how many there are, and what they add up to.
state() ->
    [{T, mnesia:table_info(T, size),
      erlang:phash2(lists:sort(mnesia:dirty_select(T, [{'_', [], ['$_']}])))}
     || T <- [acc, log, ram]].

mnesia_backup() -> with_tables(fun saved/0).

saved() ->
    {atomic, _} = fill(300),
    Before = state(),
    ok = mnesia:backup("all.bup"),
    {ok, Name, _} = mnesia:activate_checkpoint([{name, point}, {max, [acc]}]),
    {atomic, ok} = mnesia:clear_table(acc),
    ok = mnesia:backup_checkpoint(Name, "acc.bup"),
    ok = mnesia:deactivate_checkpoint(Name),
    {atomic, ok} = mnesia:clear_table(log),
    A = [state(), mnesia:restore("acc.bup", [{default_op, skip_tables},
                                             {clear_tables, [acc]}]), state()],
    R = mnesia:restore("all.bup", [{default_op, clear_tables}]),
    B = [R, Before, state()],
    ok = mnesia:dump_to_textfile("dump.txt"),
    ok = mnesia:install_fallback("all.bup"),
    {atomic, ok} = mnesia:clear_table(acc),
    C = [restart(), state(), filelib:file_size("dump.txt")],
    {A, B, C}.
