%% SPDX-License-Identifier: Apache-2.0
%% Copyright the unibeam authors
%% disk - copies of an image with something wrong in them, and stand-ins for
%% QEMU that attach the disk in another way.
%%
%% Layouts: include/abi/image.h; Linux's Documentation/filesystems/ext4.
-module(disk).
-export([copy/2, poke/3, peek/3, root/1, debugfs/2, debugfs_write/2]).
-export([blocks/2, inode_at/2, block_size/1, table/1, zero_blocks/2]).
-export([qemu/3]).

-define(ROOT, 2048 * 512). % where the builder puts the root file system

copy(Image, To) ->
    {ok, _} = file:copy(Image, To),
    To.

root(Offset) -> ?ROOT + Offset.

poke(Image, At, Bytes) ->
    {ok, F} = file:open(Image, [read, write, raw, binary]),
    ok = file:pwrite(F, At, Bytes),
    ok = file:close(F).

peek(Image, At, N) ->
    {ok, F} = file:open(Image, [read, raw, binary]),
    {ok, B} = file:pread(F, At, N),
    ok = file:close(F),
    B.

%% --- the root file system ----------------------------------------------------

debugfs(Image, Command) -> run("debugfs", Image, Command).
debugfs_write(Image, Command) -> run("debugfs -w", Image, Command).

run(Tool, Image, Command) ->
    os:cmd(Tool ++ " -R '" ++ Command ++ "' '" ++ Image ++ "?offset=" ++
               integer_to_list(?ROOT) ++ "' 2>/dev/null").

blocks(Image, Path) ->
    [list_to_integer(B) || B <- string:tokens(debugfs(Image, "blocks " ++ Path),
                                              " \n")].

block_size(Image) ->
    <<Log:32/little>> = peek(Image, root(1024 + 16#18), 4),
    1024 bsl Log.

%% Byte offset in the image of group 0's inode table.
table(Image) ->
    Size = block_size(Image),
    Descriptors = case Size of 1024 -> 2048; _ -> Size end,
    <<Block:32/little>> = peek(Image, root(Descriptors + 8), 4),
    root(Block * Size).

%% Byte offset in the image of the inode that Path, or a number, has.
inode_at(Image, Nr) when is_integer(Nr) ->
    <<Size:16/little>> = peek(Image, root(1024 + 16#58), 2),
    table(Image) + (Nr - 1) * Size;
inode_at(Image, Path) ->
    {match, [Nr]} = re:run(debugfs(Image, "stat " ++ Path), "Inode: (\\d+)",
                           [{capture, all_but_first, list}]),
    inode_at(Image, list_to_integer(Nr)).

zero_blocks(Image, Blocks) ->
    Size = block_size(Image),
    [poke(Image, root(B * Size), <<0:Size/unit:8>>) || B <- Blocks],
    ok.

%% --- QEMU ---------------------------------------------------------------------

%% A script at Path that runs QEMU with each argument that matches the shell
%% pattern replaced: [{Pattern, Shell}], where Shell may use $a, the argument.
qemu(Dir, Name, Changes) ->
    Path = filename:join(Dir, Name ++ ".sh"),
    Cases = [["    ", P, ") a=", New, " ;;\n"] || {P, New} <- Changes],
    Text = ["#!/bin/sh\nfor a; do\n    shift\n    case $a in\n", Cases,
            "    esac\n    set -- \"$@\" \"$a\"\ndone\n",
            "exec qemu-system-x86_64 \"$@\"\n"],
    ok = file:write_file(Path, Text),
    ok = file:change_mode(Path, 8#755),
    Path.
