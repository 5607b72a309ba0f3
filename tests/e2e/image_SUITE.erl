%% SPDX-License-Identifier: Apache-2.0
%% Copyright the unibeam authors
%% An image that `unibeam set` changed boots with what was set.
-module(image_SUITE).
-include_lib("common_test/include/ct.hrl").
-include_lib("stdlib/include/assert.hrl").
-compile(export_all).
-compile(nowarn_export_all).

suite() -> [{timetrap, {minutes, 10}}].

all() -> [set_counts].

init_per_suite(Config) -> vm:image("HELLO_IMAGE", Config).

end_per_suite(_) -> ok.

%% From disk, so that the boot loader reads the changed command line.
set_counts(Config) ->
    Image = filename:join(?config(priv_dir, Config), "set.img"),
    Command = filename:join(os:getenv("UNIBEAM_BUILD", "build"), "unibeam"),
    Print = "-eval 'io:format(\"GOT ~0p~n\","
            "[{os:getenv(\"WORD\"),os:getenv(\"LINE\"),inet:gethostname()}]),"
            "erlang:halt(7).'",
    {0, _} = host:run(".", [], Command,
                      ["set", ?config(image, Config), "-o", Image,
                       "--env", "WORD=two words", "--env", "ERL_ZFLAGS=" ++ Print,
                       "--hostname", "set-host", "--append", "env.LINE=\"a \\\"b\\\"\""]),
    Vm = vm:start(Image, #{forward => false}),
    ?assertEqual(7, vm:status(Vm, 300000)),
    {match, [Got]} = re:run(vm:console(Vm), "GOT (.*)}",
                            [{capture, all_but_first, list}]),
    ?assertEqual("{\"two words\",\"a \\\"b\\\"\",{ok,\"set-host\"}", Got).
