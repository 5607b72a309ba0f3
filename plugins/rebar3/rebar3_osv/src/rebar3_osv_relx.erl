%% SPDX-License-Identifier: Apache-2.0
%% Copyright the unibeam authors
%%
%% @doc relx's configuration as rebar3_osv's users have it, made right for the relx
%% of today.
%%
%% They name an Erlang/OTP that was patched for OSv, by the directory that holds
%% it, in include_erts and in system_libs. Today's relx looks for applications in
%% system_libs itself and no deeper. And with unibeam's kernel no patched one is
%% needed: where it is not there any more, the Erlang/OTP of rebar3 does.
-module(rebar3_osv_relx).
-export([old_keys/1, adapt/3]).
-export_type([warning/0]).

-type warning() :: {no_otp, include_erts | system_libs, file:filename()}.

%% @doc What is meant for this plugin, and what for relx, which would warn of it.
-spec old_keys([term()]) -> {[term()], [term()]}.
old_keys(Relx) ->
    lists:partition(fun rebar3_osv_config:is_old/1, Relx).

%% @doc Relx with paths that relx finds something in; paths are below Root. Own:
%% unibeam's kernel is what the release runs on.
-spec adapt([term()], file:filename(), boolean()) -> {[term()], [warning()]}.
adapt(Relx, Root, Own) ->
    lists:mapfoldr(fun(T, Warnings) -> term(T, Root, Own, Warnings) end, [], Relx).

term({Key, [C | _] = Path} = Term, Root, Own, Warnings)
  when (Key =:= include_erts orelse Key =:= system_libs), is_integer(C) ->
    Dir = filename:absname(Path, Root),
    case {filelib:is_dir(Dir), place(Key, Dir)} of
        {true, [Place | _]} -> {{Key, Place}, Warnings};
        {false, _} when Own -> {{Key, true}, [{no_otp, Key, Path} | Warnings]};
        _ -> {Term, Warnings}
    end;
term(Term, _, _, Warnings) ->
    {Term, Warnings}.

%% Erlang may be installed below it in the usual ways.
place(include_erts, Dir) ->
    [D || Below <- below(), D <- [join(Dir, Below)], holds(D, "erts-*")];
place(system_libs, Dir) ->
    [D || Below <- below(), Lib <- ["", "lib"],
          D <- [join(join(Dir, Below), Lib)], holds(D, "kernel-*")].

below() ->
    ["", "lib/erlang", "lib64/erlang", "usr/lib/erlang", "usr/lib64/erlang"].

join(Dir, "") -> Dir;
join(Dir, Below) -> filename:join(Dir, Below).

holds(Dir, Pattern) ->
    filelib:wildcard(Pattern, Dir) =/= [].
