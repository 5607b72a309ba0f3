%% SPDX-License-Identifier: Apache-2.0
%% Copyright the unibeam authors
%% make_release - the example release, made by the very Erlang system that runs
%% this: main(Source, Release). Of OTP nothing is copied: `unibeam build --erts'
%% takes it from the same installation.
-module(make_release).
-export([main/1]).

-define(NAME, "hello").
-define(VSN, "1.0.0").
-define(APPS, [kernel, stdlib, sasl, crypto, asn1, public_key, ssl, inets, os_mon,
               mnesia, runtime_tools, tools]).

main([Source, Release]) ->
    Ebin = filename:join([Release, "lib", ?NAME "-" ?VSN, "ebin"]),
    Dir = filename:join([Release, "releases", ?VSN]),
    [ok = filelib:ensure_path(D) || D <- [Ebin, Dir]],
    Modules = compile_all(Source, Ebin),
    app_file(Source, Ebin, Modules),
    Rel = filename:join(Dir, ?NAME),
    write(Rel ++ ".rel",
          {release, {?NAME, ?VSN}, {erts, erlang:system_info(version)},
           [{A, version(A)} || A <- ?APPS] ++ [{list_to_atom(?NAME), ?VSN}]}),
    {ok, _, []} = systools:make_script(Rel, [silent, {path, [Ebin]}]),
    {ok, _} = file:copy(Rel ++ ".boot", filename:join(Dir, "start.boot")),
    [{ok, _} = file:copy(filename:join([Source, "config", F]),
                         filename:join(Dir, F)) || F <- ["sys.config", "vm.args"]],
    ok = file:write_file(filename:join([Release, "releases", "start_erl.data"]),
                         [erlang:system_info(version), " ", ?VSN, "\n"]),
    halt(0).

compile_all(Source, Ebin) ->
    [begin
         {ok, Module} = compile:file(File, [report, {outdir, Ebin}]),
         Module
     end || File <- filelib:wildcard(filename:join([Source, "src", "*.erl"]))].

app_file(Source, Ebin, Modules) ->
    {ok, [{application, Name, Keys}]} =
        file:consult(filename:join([Source, "src", ?NAME ".app.src"])),
    write(filename:join(Ebin, ?NAME ".app"),
          {application, Name, lists:keystore(modules, 1, Keys, {modules, Modules})}).

version(App) ->
    ok = case application:load(App) of
             {error, {already_loaded, _}} -> ok;
             Loaded -> Loaded
         end,
    {ok, Vsn} = application:get_key(App, vsn),
    Vsn.

write(File, Term) -> ok = file:write_file(File, io_lib:format("~tp.~n", [Term])).
