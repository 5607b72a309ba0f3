%% SPDX-License-Identifier: Apache-2.0
%% Copyright the unibeam authors
%% An image that `unibeam set` changed boots with what was set, and an image for
%% Google Compute Engine boots from its larger disk.
-module(image_SUITE).
-include_lib("common_test/include/ct.hrl").
-include_lib("stdlib/include/assert.hrl").
-compile(export_all).
-compile(nowarn_export_all).

suite() -> [{timetrap, {minutes, 10}}].

all() -> [set_and_grown].

init_per_suite(Config) -> vm:image("HELLO_IMAGE", Config).

end_per_suite(_) -> ok.

%% From disk, so that the boot loader reads the changed command line.
set_and_grown(Config) ->
    Dir = ?config(priv_dir, Config),
    Print = "-eval 'io:format(\"GOT ~0p~n\","
            "[{os:getenv(\"WORD\"),os:getenv(\"LINE\"),inet:gethostname()}]),"
            "erlang:halt(7).'",
    unibeam(Dir, ["set", ?config(image, Config), "-o", "set.img",
                  "--env", "WORD=two words", "--env", "ERL_ZFLAGS=" ++ Print,
                  "--hostname", "set-host", "--append", "env.LINE=\"a \\\"b\\\"\""]),
    unibeam(Dir, ["convert", "set.img", "--to", "gce"]),
    {0, _} = host:run(Dir, [], "tar", ["-xzf", "set.tar.gz"]),
    Disk = filename:join(Dir, "disk.raw"),
    ?assertEqual(1 bsl 30, filelib:file_size(Disk)),
    Vm = vm:start(Disk, #{forward => false}),
    ?assertEqual(7, vm:status(Vm, 300000)),
    {match, [Got]} = re:run(vm:console(Vm), "GOT (.*)}",
                            [{capture, all_but_first, list}]),
    ?assertEqual("{\"two words\",\"a \\\"b\\\"\",{ok,\"set-host\"}", Got),
    file:delete(Disk).

unibeam(Dir, Args) ->
    Command = filename:join(os:getenv("UNIBEAM_BUILD", "build"), "unibeam"),
    {0, _} = host:run(Dir, [], Command, Args).
