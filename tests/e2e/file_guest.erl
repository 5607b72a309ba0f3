%% SPDX-License-Identifier: Apache-2.0
%% Copyright the unibeam authors
%% file_guest - what file, prim_file and their users do on a tmpfs. Each function
%% works in an empty directory of its own (in/2) and gives the expressions it
%% tried with what they gave.
-module(file_guest).
-include_lib("kernel/include/file.hrl").
-export([in/2, in/3, modes/0, raw_modes/0, positions/0, sizes/0, sparse/0, links/0,
         renames/0, times/0, rights/0, names/0, unlinked/0, listing/1, emptied/1,
         users/0, buffers/0, copies/0, wildcards/0, archives/0, terms/0, fixed/0,
         trees/0, many/1, loaded/0, logs/0]).
-export([full/1, root_fs/0]).

-define(R(E), {??E, result(fun() -> E end)}).

%% F(Args...) in an empty directory below Top, which is the emulator's directory then.
in(Top, F) -> in(Top, F, []).
in(Top, F, Args) ->
    Dir = filename:join(Top, atom_to_list(F)),
    {ok, Old} = file:get_cwd(),
    ok = file:make_dir(Dir),
    ok = file:set_cwd(Dir),
    try apply(?MODULE, F, Args) after
        ok = file:set_cwd(Old),
        _ = file:del_dir_r(Dir)
    end.

%% Processes, ports and file handles are not the same anywhere.
result(F) ->
    try strip(F()) catch C:{badmatch, V} -> {C, {badmatch, strip(V)}};
                         C:E -> {C, E} end.

strip(#file_descriptor{module = M}) -> {fd, M};
strip({ok, #file_descriptor{module = M}}) -> {ok, {fd, M}};
strip({ok, #file_descriptor{module = M}, Name}) -> {ok, {fd, M}, Name};
strip({ok, P}) when is_pid(P) -> {ok, pid};
strip({error, {Line, M, {C, Reason, Stack}}}) when is_list(Stack) ->
    {error, {Line, M, {C, Reason}}};
strip(V) -> V.

save(Name, Data) -> ok = file:write_file(Name, Data).
text(Name) -> file:read_file(Name).

with(Name, Modes, F) ->
    {ok, D} = file:open(Name, Modes),
    try F(D) after file:close(D) end.

%% What does not depend on the machine.
info({ok, I}) ->
    {I#file_info.size, I#file_info.type, I#file_info.access,
     I#file_info.mode, I#file_info.links, I#file_info.uid, I#file_info.gid};
info(E) -> E.

info_of(Name) -> info(file:read_file_info(Name)).
link_info(Name) -> info(file:read_link_info(Name)).

%% --- opening --------------------------------------------------------------------

modes() -> opened([]).
raw_modes() -> opened([raw, binary]).

opened(More) ->
    save("old", "0123456789"),
    ok = file:make_dir("dir"),
    ok = file:make_symlink("old", "link"),
    ok = file:make_symlink("nowhere", "dangling"),
    [{N, M, do_open(N, M ++ More)}
     || M <- [[read], [write], [read, write], [append], [read, append],
              [exclusive], [write, exclusive], [directory], [read, directory],
              [write, sync], [write, read, exclusive], [bad]],
        N <- ["old", "new", "dir", "link", "dangling", "old/x", "dir/", "",
              "missing/x"]].

%% Opened, written, read, closed; what is left of the file.
do_open(Name, Modes) ->
    R = case file:open(Name, Modes) of
            {ok, D} ->
                X = [result(fun() -> file:write(D, "ab") end),
                     result(fun() -> file:position(D, {bof, 1}) end),
                     result(fun() -> file:read(D, 3) end),
                     result(fun() -> file:write(D, "c") end),
                     result(fun() -> file:close(D) end)],
                {X, link_info(Name), text(Name)};
            E -> E
        end,
    save("old", "0123456789"),
    [file:delete(N) || N <- ["new", "nowhere"]],
    R.

positions() ->
    save("f", lists:seq($a, $z)),
    with("f", [read, write, raw, binary], fun(D) ->
        [?R(file:position(D, 5)), ?R(file:read(D, 3)), ?R(file:position(D, cur)),
         ?R(file:position(D, {cur, -2})), ?R(file:read(D, 2)),
         ?R(file:position(D, {eof, -3})), ?R(file:read(D, 10)),
         ?R(file:read(D, 1)), ?R(file:position(D, {bof, -1})),
         ?R(file:position(D, {eof, 100})), ?R(file:read(D, 1)),
         ?R(file:write(D, <<"!">>)), ?R(file:position(D, eof)),
         ?R(file:position(D, bof)), ?R(file:position(D, -5)),
         ?R(file:position(D, 1 bsl 63)), ?R(file:position(D, 1 bsl 62)),
         ?R(file:pread(D, 0, 3)), ?R(file:pread(D, 1000, 3)),
         ?R(file:pread(D, -1, 3)),
         ?R(file:pread(D, [{0, 2}, {4, 2}, {200, 2}, {24, 5}])),
         ?R(file:pwrite(D, [{0, <<"A">>}, {25, <<"Z">>}, {30, []}])),
         ?R(file:pwrite(D, -1, <<"x">>)),
         ?R(file:pwrite(D, 1 bsl 63, <<"x">>)),
         ?R(file:position(D, cur)), ?R(file:pread(D, 0, 200))]
    end).

%% --- size -----------------------------------------------------------------------

sizes() ->
    save("f", "0123456789"),
    with("f", [read, write, raw, binary], fun(D) ->
        [?R(begin {ok, 4} = file:position(D, 4), file:truncate(D) end),
         ?R(info_of("f")), ?R(text("f")),
         ?R(begin {ok, 9} = file:position(D, 9), file:truncate(D) end),
         ?R(text("f")),
         ?R(file:allocate(D, 0, 20)), ?R(info_of("f")),
         ?R(file:allocate(D, 100, 0)), ?R(file:allocate(D, -1, 5)),
         ?R(file:allocate(D, 10000, 5000)), ?R(info_of("f")),
         [?R(file:advise(D, 0, 100, A))
          || A <- [normal, sequential, random, no_reuse, will_need, dont_need,
                   nonsense]],
         ?R(file:advise(D, -1, 100, normal)),
         ?R(file:datasync(D)), ?R(file:sync(D)),
         ?R(text("f"))]
    end) ++
    with("f", [append, raw, binary], fun(D) ->
        [?R(file:write(D, "end")), ?R(file:position(D, bof)),
         ?R(file:write(D, "more")), ?R(info_of("f")),
         ?R(file:pwrite(D, 0, "front")), ?R(info_of("f")),
         ?R(file:read(D, 1)), ?R(file:pread(D, 0, 3)),
         ?R(file:truncate(D))]
    end) ++
    with("f", [read, raw, binary], fun(D) ->
        [?R(file:write(D, "x")), ?R(file:truncate(D)), ?R(file:sync(D)),
         ?R(file:allocate(D, 0, 10))]
    end) ++
    [?R(file:write_file("f", "abc", [append])), ?R(info_of("f")),
     ?R(file:write_file("f", "abc", [exclusive])),
     ?R(file:write_file("d/f", "abc")), ?R(file:read_file("missing")),
     ?R(file:read_file("."))].

%% Beyond 2 and 4 GiB, most of it holes.
sparse() ->
    R = with("f", [read, write, raw, binary], fun(D) ->
        Written = [[?R(file:pwrite(D, At, <<"here">>)), ?R(info_of("f")),
                    ?R(file:pread(D, At - 2, 8)), ?R(file:position(D, eof))]
                   || At <- [1 bsl 31 - 2, 1 bsl 32 - 2, 1 bsl 40]],
        Written ++
        [?R(file:pread(D, 1 bsl 31, 4)), ?R(file:pread(D, 1 bsl 33, 100)),
         ?R(begin {ok, _} = file:position(D, 1 bsl 32), file:truncate(D) end),
         ?R(info_of("f")), ?R(file:pread(D, 1 bsl 31 - 2, 8)),
         ?R(file:pread(D, 1 bsl 32 - 3, 8))]
    end),
    [R, ?R(os:cmd("stat -c %b f")), ?R(file:delete("f"))].

%% --- names that point to something ---------------------------------------------------

links() ->
    save("f", "abc"),
    ok = file:make_dir("d"),
    save("d/in", "inside"),
    [?R(file:make_link("f", "hard")), ?R(info_of("f")), ?R(info_of("hard")),
     ?R(file:make_link("f", "hard")), ?R(file:make_link("d", "hard2")),
     ?R(file:make_link("missing", "hard2")), ?R(file:make_link("f", "x/y")),
     ?R(file:delete("f")), ?R(text("hard")), ?R(info_of("hard")),
     ?R(file:make_symlink("hard", "soft")), ?R(file:read_link("soft")),
     ?R(file:read_link_all("soft")), ?R(link_info("soft")),
     ?R(info_of("soft")), ?R(file:read_link("hard")),
     ?R(file:read_link("missing")), ?R(file:make_symlink("x", "soft")),
     ?R(file:make_symlink("", "empty")),
     ?R(file:make_symlink("loop2", "loop1")),
     ?R(file:make_symlink("loop1", "loop2")), ?R(text("loop1")),
     ?R(info_of("loop1")), ?R(link_info("loop1")),
     ?R(file:open("loop1", [write])), ?R(file:list_dir("loop1")),
     ?R(file:make_symlink("d", "dl")), ?R(text("dl/in")),
     ?R(file:list_dir("dl")), ?R(file:del_dir("dl")), ?R(file:delete("dl")),
     ?R(file:list_dir("d")), ?R(chain(39)), ?R(text("c39")), ?R(chain(40)),
     ?R(text("c40")), ?R(chain(41)), ?R(text("c41"))].

%% c0 is a file, c1 a link to it, c2 a link to that.
chain(N) ->
    save("c0", "end of the chain"),
    [file:make_symlink("c" ++ integer_to_list(K - 1), "c" ++ integer_to_list(K))
     || K <- lists:seq(1, N)],
    ok.

renames() ->
    [{A, B, rename(A, B)} || A <- things(), B <- things() ++ ["new", "m/x", "."]].

things() -> ["f", "f2", "hard", "e", "e2", "full", "full/sub", "l", "ld", "full/f",
             "missing"].

rename(A, B) ->
    [file:del_dir_r(T) || T <- ["new" | things()], T =/= "full/f"],
    save("f", "f"), save("f2", "f2"), ok = file:make_link("f", "hard"),
    [ok = file:make_dir(D) || D <- ["e", "e2", "full", "full/sub"]],
    save("full/f", "full/f"),
    ok = file:make_symlink("f", "l"),
    ok = file:make_symlink("full", "ld"),
    R = file:rename(A, B),
    {R, [{T, link_info(T)} || T <- ["new" | things()]]}.

%% --- attributes ---------------------------------------------------------------------

times() ->
    save("f", "abc"),
    ok = file:make_dir("d"),
    Universal = {{2001, 9, 9}, {1, 46, 40}},
    [?R(set_times("f", Universal, {{2010, 1, 2}, {3, 4, 5}}, [{time, universal}])),
     ?R(times_of("f", [{time, posix}])), ?R(times_of("f", [{time, universal}])),
     ?R(set_times("f", 1, 2, [{time, posix}])), ?R(times_of("f", [{time, posix}])),
     ?R(set_times("f", -100, -1, [{time, posix}])),
     ?R(times_of("f", [{time, posix}])),
     ?R(set_times("f", 1 bsl 32, 1 bsl 33, [{time, posix}])),
     ?R(times_of("f", [{time, posix}])),
     ?R(set_times("d", 1000, 2000, [{time, posix}])),
     ?R(times_of("d", [raw, {time, posix}])),
     ?R(begin save("d/x", "x"), {_, M} = times_of("d", [{time, posix}]), M > 2000 end),
     ?R(file:change_time("f", Universal)),
     ?R(element(2, times_of("f", [{time, universal}]))),
     ?R(file:change_time("missing", Universal)),
     ?R(file:change_time("f", {{2020, 2, 3}, {1, 1, 1}}, Universal)),
     ?R(times_of("f", [{time, local}])),
     ?R(file:write_file_info("f", #file_info{})),
     ?R(now_is_later("f")),
     ?R(read_changes_nothing("f"))].

set_times(Name, A, M, Opts) ->
    file:write_file_info(Name, #file_info{atime = A, mtime = M}, Opts).

times_of(Name, Opts) ->
    {ok, I} = file:read_file_info(Name, Opts),
    {I#file_info.atime, I#file_info.mtime}.

%% A write moves mtime and ctime to the system's time.
now_is_later(Name) ->
    Before = os:system_time(second) - 1,
    save(Name, "x"),
    {ok, I} = file:read_file_info(Name, [{time, posix}]),
    After = os:system_time(second) + 1,
    [T >= Before andalso T =< After || T <- [I#file_info.mtime, I#file_info.ctime]].

read_changes_nothing(Name) ->
    {_, M} = times_of(Name, [{time, posix}]),
    _ = text(Name),
    {_, M2} = times_of(Name, [{time, posix}]),
    M =:= M2.

rights() ->
    save("f", "abc"),
    ok = file:make_dir("d"),
    Modes = [8#644, 8#000, 8#777, 8#4755, 8#2711, 8#1777, 8#200, 8#400, 8#7777],
    Changed = [[?R(file:change_mode(N, M)), ?R(info_of(N)), ?R(text(N))]
               || N <- ["f", "d"], M <- Modes],
    Changed ++
    [?R(file:change_owner("f", 12)), ?R(file:change_group("f", 34)),
     ?R(info_of("f")), ?R(file:change_owner("f", 1, 2)), ?R(info_of("f")),
     ?R(file:change_mode("f", 8#6755)), ?R(file:change_owner("f", 5)),
     ?R(info_of("f")), ?R(file:change_mode("f", 8#6755)), ?R(save("f", "new")),
     ?R(info_of("f")),
     ?R(file:change_owner("missing", 1)), ?R(file:change_mode("missing", 1)),
     ?R(file:write_file_info("f", #file_info{mode = 8#640, uid = 7})),
     ?R(info_of("f"))].

%% --- names ---------------------------------------------------------------------------

names() ->
    Names = ["plain", "sp ace", "né", [1087, 1088, 1080], [16#1F600], "a\nb", "-x",
             "..a", "...", lists:duplicate(255, $n), lists:duplicate(256, $n),
             lists:duplicate(127, 233), lists:duplicate(128, 233),
             lists:append(lists:duplicate(2047, "./")) ++ "x",
             lists:append(lists:duplicate(2048, "./")) ++ "x",
             <<"bin">>, <<255, 254>>, <<"caf", 233>>, "nul\0l", [$a, -1], [16#D800],
             ".", "plain/", "plain/."],
    Tried = [{N, result(fun() -> file:write_file(N, "x") end),
              result(fun() -> text(N) end),
              result(fun() -> info_of(N) end)} || N <- Names],
    Tried ++
    [?R(sorted(file:list_dir("."))), ?R(sorted(file:list_dir_all("."))),
     ?R(file:list_dir("plain")), ?R(file:list_dir("missing")),
     [?R(file:delete(N)) || N <- [<<255, 254>>, "plain/", "plain", ".", ""]],
     [?R(file:make_dir(N)) || N <- ["m", "m", "m/", "m/a/b", "", ".", "sp ace"]],
     [?R(file:del_dir(N)) || N <- ["m/.", "m/..", "m/", "m", "sp ace", "."]]].

sorted({ok, L}) -> {ok, lists:sort(L)};
sorted(E) -> E.

%% --- directories --------------------------------------------------------------------

unlinked() ->
    save("f", "abc"),
    {ok, D} = file:open("f", [read, write, raw, binary]),
    Gone = [?R(file:delete("f")), ?R(text("f")), ?R(file:pread(D, 0, 3)),
            ?R(file:pwrite(D, 3, "def")), ?R(file:pread(D, 0, 9)),
            ?R(info(file:read_file_info(D))),
            ?R(file:truncate(D)), ?R(save("f", "new one")),
            ?R(file:pread(D, 0, 9)), ?R(text("f")), ?R(file:close(D)),
            ?R(file:close(D))],
    ok = file:make_dir("d"),
    {ok, E} = file:open("d", [directory, raw]),
    Gone ++ [?R(file:del_dir("d")), ?R(file:close(E)), ?R(info_of("d"))].

%% N entries: all are listed, also while they are deleted.
listing(N) ->
    ok = file:make_dir("large"),
    Names = ["entry-" ++ integer_to_list(K) || K <- lists:seq(1, N)],
    [save(filename:join("large", F), "") || F <- Names],
    {ok, All} = file:list_dir("large"),
    [ok = file:delete(filename:join("large", F)) || F <- All],
    [lists:sort(All) =:= lists:sort(Names), file:list_dir("large"),
     file:del_dir("large")].

%% `rm -r' lists and deletes by turns.
emptied(N) ->
    ok = file:make_dir("large"),
    [save("large/entry-" ++ integer_to_list(K), "") || K <- lists:seq(1, N)],
    [os:cmd("rm -r large"), info_of("large")].

trees() ->
    ok = filelib:ensure_dir("t/a/b/c/x"),
    [save(filename:join("t", F), F) || F <- ["1", "a/2", "a/b/3", "a/b/c/4"]],
    ok = file:make_symlink("../t", "t/up"),
    [?R(filelib:ensure_path("t/p/q")), ?R(filelib:is_dir("t/p/q")),
     ?R(filelib:file_size("t/a/2")), ?R(filelib:is_file("t/up")),
     ?R(filelib:is_regular("t/1")), ?R(filelib:last_modified("t/none")),
     ?R(filelib:fold_files("t/a", ".*", true, fun(F, A) -> [F | A] end, [])
        =/= []),
     ?R(file:del_dir("t")), ?R(file:del_dir_r("t")), ?R(file:list_dir(".")),
     ?R(file:del_dir_r("t"))].

%% --- io servers -------------------------------------------------------------------------

users() ->
    save("lines", ["one\n", "two\r\n", "three"]),
    save("utf8", <<"gr\x{c3}\x{bc}n\n"/utf8>>),
    with("lines", [read], fun(D) ->
        [?R(io:get_line(D, "")), ?R(file:read_line(D)), ?R(io:get_chars(D, "", 2)),
         ?R(io:get_line(D, "")), ?R(io:get_line(D, "")),
         ?R(file:position(D, bof)), ?R(io:fread(D, "", "~a")),
         ?R(file:pread(D, 1, 3)), ?R(io:format(D, "x", []))]
    end) ++
    with("utf8", [read, {encoding, utf8}], fun(D) -> [?R(io:get_line(D, ""))] end) ++
    with("out", [write, {encoding, utf16}], fun(D) ->
        [?R(io:put_chars(D, [252, 8364]))] end) ++ [?R(text("out"))] ++
    with(<<"in memory">>, [ram, read, write, binary], fun(D) ->
        [?R(file:read(D, 3)), ?R(file:write(D, "IN")), ?R(file:position(D, bof)),
         ?R(file:read(D, 100)), ?R(file:truncate(D))] end).

buffers() ->
    with("w", [write, raw, binary, {delayed_write, 1000, 60000}], fun(D) ->
        [?R(file:write(D, "abc")), ?R(info_of("w")), ?R(file:sync(D)),
         ?R(info_of("w")),
         ?R(file:write(D, lists:duplicate(1500, $x))), ?R(info_of("w")),
         ?R(file:write(D, "tail")), ?R(file:pwrite(D, 0, "A")),
         ?R(file:close(D)), ?R(info_of("w"))] end) ++
    with("w", [read, raw, binary, {read_ahead, 100}], fun(D) ->
        [?R(file:read_line(D)), ?R(file:position(D, 2)), ?R(file:read(D, 3)),
         ?R(file:pread(D, 1500, 100))] end) ++
    [?R(squeeze()), ?R(text("z")),
     ?R(with("z", [read, compressed, raw, binary], fun(D) -> file:read(D, 9) end)),
     ?R(with("w", [read, compressed_one, raw], fun(D) -> file:read(D, 9) end))].

squeeze() ->
    with("z", [write, compressed, raw], fun(D) ->
        file:write(D, lists:duplicate(3000, "again ")) end).

copies() ->
    Data = binary:copy(<<"0123456789abcdef">>, 20000),
    save("a", Data),
    [?R(file:copy("a", "b")), ?R(text("b") =:= {ok, Data}),
     ?R(file:copy("a", "c", 1000)), ?R(info_of("c")),
     ?R(file:copy({"a", [compressed]}, "d")), ?R(info_of("d")),
     ?R(file:copy("a", {"e", [compressed]})), ?R(info_of("e")),
     ?R(file:copy("missing", "x")), ?R(file:copy("a", "m/x")),
     ?R(file:copy("a", ".")), ?R(os:cmd("cmp a b; cmp a d; echo $?"))].

wildcards() ->
    [ok = filelib:ensure_dir(filename:join(D, "x")) || D <- ["a", "a/b", ".h"]],
    [save(F, "") || F <- ["1.erl", "2.erl", "a/3.erl", "a/b/4.erl", ".h/5.erl",
                         ".dot", "[x]", "a/b/{y}"]],
    [{P, result(fun() -> filelib:wildcard(P) end)}
     || P <- ["*", "*.erl", "*/*.erl", "**", "**/*.erl", "?.erl", "[12].erl",
              "[!1].erl", "{1,2}.erl", "a/../*.erl", ".*", "\\[x\\]", "a/b/\\{y\\}",
              "none*", "", "a/*/"]].

archives() ->
    Data = binary:copy(<<"data ">>, 5000),
    ok = filelib:ensure_dir("src/sub/x"),
    save("src/one", Data), save("src/sub/two", "2"),
    ok = file:change_mode("src/one", 8#751),
    ok = file:make_symlink("one", "src/link"),
    [?R(zip:create("a.zip", ["src/one", "src/sub/two"])), ?R(zip_names("a.zip")),
     ?R(zip:extract("a.zip", [{cwd, "unzipped"}])), ?R(text("unzipped/src/sub/two")),
     ?R(erl_tar:create("a.tgz", ["src"], [compressed])),
     ?R(tar_names("a.tgz")),
     ?R(erl_tar:extract("a.tgz", [compressed, {cwd, "untarred"}])),
     ?R(text("untarred/src/one") =:= {ok, Data}), ?R(info_of("untarred/src/one")),
     ?R(file:read_link("untarred/src/link")),
     ?R(erl_tar:extract("a.tgz", [compressed, {cwd, "untarred"}, keep_old_files])),
     ?R(os:cmd("tar xzf a.tgz -C unzipped && cmp src/one unzipped/src/one && "
               "readlink unzipped/src/link"))].

zip_names(File) ->
    {ok, [_ | L]} = zip:list_dir(File),
    [element(2, F) || F <- L].

tar_names(File) ->
    {ok, L} = erl_tar:table(File, [compressed]),
    lists:sort(L).

terms() ->
    save("t", "{a, 1}.\n[b].\n\"c\".\n"),
    save("bad", "{a, 1}.\n{b\n."),
    save("s", "X = 1,\nY = X + 1,\n{X, Y, Bound}.\n"),
    [?R(file:consult("t")), ?R(file:consult("bad")), ?R(file:consult("missing")),
     ?R(file:script("s", [{'Bound', 7}])), ?R(file:script("s")),
     ?R(file:eval("s", [{'Bound', 7}])),
     ?R(file:path_open(["x", "."], "t", [read, raw])),
     ?R(file:path_open(["x", "y"], "t", [read, raw]))].

%% --- descriptors -----------------------------------------------------------------------

%% As many files at once as the emulator gets, up to N; what the next one says
%% if that is fewer. All are usable.
many(N) ->
    save("f", "abc"),
    Open = open_many(N, []),
    Read = lists:usort([file:pread(D, 0, 3) || D <- Open]),
    Closed = lists:usort([file:close(D) || D <- Open]),
    [length(Open), Read, Closed, text("f")].

open_many(0, Acc) -> Acc;
open_many(N, Acc) ->
    {ok, D} = file:open("f", [read, raw, binary]),
    open_many(N - 1, [D | Acc]).

%% A program limited to few descriptors.
fixed() ->
    [?R(os:cmd("ulimit -n 8; for i in 3 4 5 6 7 8 9; do eval \"exec $i>f$i\" "
               "2>/dev/null || { echo at $i; break; }; done")),
     ?R(os:cmd("ulimit -f 4; dd if=/dev/zero of=big bs=1024 count=9 2>/dev/null; "
               "echo $?; stat -c %s big"))].

%% --- what uses files -----------------------------------------------------------------

%% A module from an archive, from a directory, deleted and loaded again.
loaded() ->
    Forms = [{attribute, 1, module, boxed}, {attribute, 1, export, [{v, 0}]},
             {function, 1, v, 0, [{clause, 1, [], [], [{integer, 1, 42}]}]}],
    {ok, boxed, Beam} = compile:forms(Forms, [deterministic]),
    ok = filelib:ensure_dir("boxed-1/ebin/x"),
    save("boxed-1/ebin/boxed.beam", Beam),
    save("boxed-1/ebin/boxed.app", "{application,boxed,[{vsn,\"1\"}]}."),
    {ok, _} = zip:create("boxed-1.ez", ["boxed-1/ebin/boxed.beam",
                                        "boxed-1/ebin/boxed.app"]),
    {ok, Dir} = file:get_cwd(),
    In = filename:join(Dir, "boxed-1.ez/boxed-1/ebin"),
    Plain = filename:join(Dir, "boxed-1/ebin"),
    Is = fun(P) -> lists:prefix(P, code:which(boxed)) end,
    Forget = fun() -> code:purge(boxed), code:delete(boxed), code:purge(boxed) end,
    R = [?R(code:add_patha(In)), ?R(code:load_file(boxed)), ?R(boxed:v()),
         ?R(Is(In)), ?R(erl_prim_loader:list_dir(In)),
         ?R(element(1, erl_prim_loader:get_file(In ++ "/boxed.beam"))),
         ?R(code:del_path(In)), ?R(Forget()), ?R(code:add_pathz(Plain)),
         ?R(code:load_file(boxed)), ?R(boxed:v()), ?R(Is(Plain)),
         ?R(code:where_is_file("boxed.app") =:= filename:join(Plain, "boxed.app")),
         ?R(file:delete(filename:join(Plain, "boxed.beam"))), ?R(Forget()),
         ?R(code:load_file(boxed)), ?R(code:load_binary(boxed, "boxed", Beam)),
         ?R(boxed:v())],
    Forget(),
    code:del_path(Plain),
    R.

%% The standard handler that rotates, and the one on disk_log.
logs() ->
    [{H, logged(H)} || H <- [logger_std_h, logger_disk_log_h]].

logged(Handler) ->
    File = atom_to_list(Handler) ++ ".log",
    Type = case Handler of
               logger_std_h -> #{file => File, max_no_bytes => 1000,
                                 max_no_files => 3, compress_on_rotate => true};
               _ -> #{file => File, type => wrap, max_no_bytes => 1000,
                      max_no_files => 3}
           end,
    Only = {fun logger_filters:domain/2, {log, equal, [file_guest]}},
    ok = logger:add_handler(Handler, Handler,
                            #{config => Type, level => all,
                              filter_default => stop, filters => [{only, Only}],
                              formatter => {logger_formatter,
                                            #{template => [msg, "\n"],
                                              single_line => true}}}),
    #{level := Level} = logger:get_primary_config(),
    ok = logger:set_primary_config(level, all),
    [logger:log(notice, "line ~4..0b, and some more text", [K],
                #{domain => [file_guest]}) || K <- lists:seq(1, 150)],
    Handler:filesync(Handler),
    ok = logger:set_primary_config(level, Level),
    R = [{F, log_text(F)} || F <- filelib:wildcard(File ++ "*")],
    [?R(logger:remove_handler(Handler)) | R].

log_text(F) ->
    case {text(F), filename:extension(F)} of
        {{ok, B}, ".gz"} -> zlib:gunzip(B);
        {{ok, B}, ".siz"} -> byte_size(B);
        {{ok, B}, ".idx"} -> B;
        {{ok, B}, _} -> B
    end.

%% --- only in the machine ----------------------------------------------------------------

%% Fill the file system Dir is on, in files of Step bytes: what the failing write
%% said; whether all that was written is still there; whether it can be used
%% again when the files are gone.
full(Dir) ->
    Chunk = rand:bytes(1 bsl 20),
    Name = fun(K) -> filename:join(Dir, "fill" ++ integer_to_list(K)) end,
    Fill = fun Fill(K) ->
                   case file:write_file(Name(K), Chunk) of
                       ok -> Fill(K + 1);
                       E -> {K, E}
                   end
           end,
    {N, Error} = Fill(1),
    Whole = lists:all(fun(K) -> text(Name(K)) =:= {ok, Chunk} end,
                      lists:seq(1, N - 1)),
    Dir2 = file:make_dir(filename:join(Dir, "d")),
    Append = file:write_file(Name(1), Chunk, [append]),
    [file:delete(Name(K)) || K <- lists:seq(1, N)],
    Again = file:write_file(Name(1), Chunk),
    file:delete(Name(1)),
    file:del_dir(filename:join(Dir, "d")),
    {N, Error, Whole, Dir2, Append, Again}.

%% The root is read-only.
root_fs() ->
    {ok, [[Root]]} = init:get_argument(root),
    [file:write_file("/x", ""), file:make_dir("/x"), file:delete(Root ++ "/bin/start"),
     file:rename("/bin", "/bin2"), file:make_symlink("x", "/y"),
     file:change_mode("/bin", 8#700), file:make_link("/bin/sh", "/sh2"),
     element(1, file:open("/bin/sh", [read, raw])),
     file:open("/bin/sh", [read, write, raw]),
     file:write_file_info("/bin", #file_info{mtime = {{2020,1,1},{1,1,1}}})].
