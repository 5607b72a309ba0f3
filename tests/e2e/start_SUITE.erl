%% SPDX-License-Identifier: Apache-2.0
%% Copyright the unibeam authors
%% How a release of relx's with hooks and templates, and a Gleam shipment, are
%% started: by their own scripts on this system and by process 1 in a machine.
%% (tests/releases/kiosk and tea; mix_SUITE has the same for mix.)
-module(start_SUITE).
-include_lib("common_test/include/ct.hrl").
-include_lib("stdlib/include/assert.hrl").
-compile(export_all).
-compile(nowarn_export_all).

suite() -> [{timetrap, {minutes, 15}}].

all() -> [relx_foreground, relx_hook_fails, gleam_shipment].

init_per_suite(Config) ->
    case [V || V <- ["KIOSK_IMAGE", "KIOSK_RELEASE", "TEA_IMAGE", "TEA_SHIPMENT"],
               os:getenv(V) =:= false] of
        [] -> Config;
        Missing -> {skip, {no, Missing}}
    end.

end_per_suite(_) -> ok.

machine(Image, Env, Opts) ->
    Base = #{machine => "microvm", direct => true, forward => false, env => Env},
    vm:start(os:getenv(Image), maps:merge(Base, Opts)).

%% {Status, Console}.
run(Vm) ->
    Status = vm:status(Vm, 600000),
    {Status, vm:console(Vm)}.

%% --- relx -------------------------------------------------------------------------

kiosk_env(Root, Port, Dir) ->
    ["PORT=8080", "COOKIE=biscuit", "NODE_NAME=till@127.0.0.1", "COLOUR=",
     "ERL_AFLAGS=-kiosk before 1", "ERL_ZFLAGS=-kiosk behind '{a, b}'",
     "ERL_INETRC=" ++ Root ++ "/inetrc", "EXTRA_ARGS=" ++ Root ++ "/more.args", "RELX_OUT_FILE_PATH=" ++ Dir,
     "ERL_DIST_PORT=" ++ integer_to_list(Port)].

%% hooks, vm.args.src with a file in it, sys.config.src, ERL_DIST_PORT: what a
%% release sees of them is the same, as is what it ends with.
relx_foreground(Config) ->
    Root = os:getenv("KIOSK_RELEASE"),
    Dir = string:trim(?config(priv_dir, Config), trailing, "/"),
    Port = vm:free_port(),
    {4, Out} = host:run(Root, kiosk_env(Root, Port, Dir),
                        Root ++ "/bin/kiosk", ["foreground"]),
    {4, Console} = run(machine("KIOSK_IMAGE", kiosk_env("/app", Port, "/tmp"), #{})),
    ?assertMatch({match, _}, re:run(Console, "^HOOK first", [multiline])),
    Wanted = relx_dump(Out, [{Root, "/app"}, {Dir, "/tmp"}]),
    Got = relx_dump(Console, []),
    ct:log("~tp", [Wanted]),
    ?assertMatch(#{files := 900, address := {ok, {10, 9, 8, 7}},
                   node := {'till@127.0.0.1', biscuit}}, Wanted),
    ?assertEqual("kiosk 1.0.0 releases/1.0.0 -name till@127.0.0.1 biscuit",
                 proplists:get_value("FROM_FIRST", maps:get(env, Wanted))),
    [?assertEqual({K, maps:get(K, Wanted)}, {K, maps:get(K, Got)})
     || K <- maps:keys(Wanted)].

%% What a shell, its script or the machine set by nature: docs/using.md.
-define(OTHERS, ["HOME", "PATH", "PWD", "OLDPWD", "SHLVL", "_", "PROGNAME",
                 "ERL_CRASH_DUMP", "ERL_CRASH_DUMP_BYTES", "LD_LIBRARY_PATH"]).

relx_dump(Out, Names) ->
    {match, [Text]} = re:run(Out, "DUMP ([A-Za-z0-9+/=]*)",
                             [{capture, all_but_first, binary}]),
    Dump = #{env := Env, arguments := Args} = binary_to_term(base64:decode(Text)),
    Same = [{K, V} || {K, V} <- lists:sort(Env), not lists:member(K, ?OTHERS)],
    Flags = [A || A = {K, V} <- Args, K =/= home, K =/= progname,
                  hd(V ++ [x]) =/= "ERTS_LIB_DIR"],
    renamed(Dump#{env := Same, arguments := Flags}, Names).

%% Every text with the paths of one system made those of the other.
renamed(Text, Names) when is_list(Text), Text =/= [], is_integer(hd(Text)) ->
    lists:foldl(fun({From, To}, T) ->
                        lists:flatten(string:replace(T, From, To, all))
                end, Text, Names);
renamed(L, Names) when is_list(L) -> [renamed(X, Names) || X <- L];
renamed(T, Names) when is_tuple(T) ->
    list_to_tuple(renamed(tuple_to_list(T), Names));
renamed(M, Names) when is_map(M) -> maps:map(fun(_, V) -> renamed(V, Names) end, M);
renamed(X, _) -> X.

relx_hook_fails(_) ->
    {126, Console} = run(machine("KIOSK_IMAGE", ["HOOK_FAILS=1" |
                                                 kiosk_env("/app", 9100, "/tmp")], #{})),
    ?assertMatch({match, _}, re:run(Console, "/app/bin/hooks/second ended with status 1: "
                                    "the release is not started")).

%% --- gleam ------------------------------------------------------------------------

gleam_shipment(_) ->
    {0, Out} = host:run(os:getenv("TEA_SHIPMENT"), ["KIND=green"],
                        os:getenv("TEA_SHIPMENT") ++ "/entrypoint.sh", ["run"]),
    {0, Console} = run(machine("TEA_IMAGE", ["KIND=green"], #{})),
    Wanted = string:replace(tea(Out), os:getenv("TEA_SHIPMENT"), "/app", all),
    ?assertEqual(lists:flatten(Wanted), tea(Console)).

tea(Out) ->
    {match, [Text]} = re:run(Out, "TEA ([^\r\n]*)",
                             [{capture, all_but_first, list}]),
    Text.
