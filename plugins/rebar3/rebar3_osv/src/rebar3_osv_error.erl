%% SPDX-License-Identifier: Apache-2.0
%% Copyright the unibeam authors
%%
%% @doc What is said to the user: errors of all providers, and warnings.
-module(rebar3_osv_error).
-export([format/1, warning/1]).

-type reason() :: rebar3_osv_project:reason()
                | rebar3_osv_command:reason()
                | {no_base | no_release_dir, file:filename_all()}
                | {ended, non_neg_integer()}
                | {one_at_a_time, [atom()]}
                | {operands, [string()]}.

-spec format(reason() | term()) -> iolist().
format({unknown_key, Key, {ok, Near}}) ->
    f("{osv, [...]} in rebar.config: there is no key '~ts': did you mean '~ts'?",
      [shown(Key), Near]);
format({unknown_key, Key, none}) ->
    f("{osv, [...]} in rebar.config: there is no key '~ts': "
      "'rebar3 help osv generate' lists them", [shown(Key)]);
format({bad_value, Key, Wanted, Value}) ->
    f("osv: '~ts' has to be ~ts: it is ~ts", [Key, Wanted, value(Value)]);
format({bad_section, What}) ->
    f("{osv, [...]} in rebar.config has to be a list of {KEY, VALUE}: "
      "~ts is none", [value(What)]);
format(no_release) ->
    "no release to make an image of: rebar.config has no "
    "{relx, [{release, {NAME, VERSION}, [APPLICATION...]}]}";
format({which_release, Names}) ->
    f("which release: ~ts? Say -n NAME, or --all for an image of each",
      [names(Names)]);
format({unknown_release, Name, Names}) ->
    f("there is no release '~ts' in the configuration: there is ~ts",
      [Name, names(Names)]);
format({relx_config, File, Reason}) ->
    f("cannot read '~ts': ~ts", [File, file:format_error(Reason)]);
format({one_image, Image, Names}) ->
    f("'~ts' would be the image of ~ts: name one of them with -n, or give "
      "each its image in {osv, [{release, NAME, [{image, FILE}]}]}",
      [Image, names(Names)]);
format({no_base, File}) ->
    f("the image 'base' names, '~ts', is not there", [File]);
format({no_release_dir, Dir}) ->
    f("there is no release in '~ts': 'rebar3 release' made none there", [Dir]);
format({no_unibeam, nowhere}) ->
    "cannot find unibeam, which makes the images: install it where $PATH leads, "
    "or say where it is: UNIBEAM=/path/to/unibeam in the environment, or "
    "{osv, [{unibeam, \"/path/to/unibeam\"}]} in rebar.config";
format({no_unibeam, {environment, Path}}) ->
    f("UNIBEAM is '~ts' in the environment: that is no program", [Path]);
format({no_unibeam, {key, Path}}) ->
    f("osv: 'unibeam' is '~ts': that is no program", [Path]);
format({cannot_make, Dir, Reason}) ->
    f("cannot make the directory '~ts': ~ts", [Dir, file:format_error(Reason)]);
format({found, Names}) ->
    f("unibeam check found something in ~ts: see above", [names(Names)]);
format({cannot_run, Path, Reason}) ->
    f("cannot run '~ts': ~ts", [Path, reason(Reason)]);
format({failed, Command, Status, []}) ->
    f("unibeam ~ts ~ts", [Command, ended(Status)]);
format({failed, Command, Status, Messages}) ->
    f("unibeam ~ts ~ts: ~ts",
      [Command, ended(Status), lists:join("\n  ", Messages)]);
format({ended, Status}) ->
    f("unibeam run ended with status ~b", [Status]);
format({one_at_a_time, Names}) ->
    f("only one release runs at a time, not ~ts: say -n NAME", [names(Names)]);
format({operands, Words}) ->
    f("no such option or argument here: ~ts", [lists:join(" ", Words)]);
format(Other) ->
    f("~tp", [Other]).

-spec warning(rebar3_osv_base:warning() | rebar3_osv_relx:warning()) -> iolist().
warning({no_osv_image, File}) ->
    f("osv_image '~ts' is not there: the image gets unibeam's own kernel "
      "(to insist on OSv, call the key 'base')", [File]);
warning({no_otp, Key, Dir}) ->
    f("~ts '~ts' is not there: the release gets the Erlang/OTP of this rebar3, "
      "which unibeam's kernel runs as it is", [Key, Dir]);
warning({not_for_us, Words}) ->
    f("command_line has words for OSv that mean nothing to unibeam's kernel, "
      "left out: ~ts", [lists:join(" ", Words)]).

ended(Status) when Status > 128 ->
    f("was ended by signal ~b", [Status - 128]);
ended(Status) ->
    f("failed with status ~b", [Status]).

reason(Atom) when is_atom(Atom) -> file:format_error(Atom);
reason(Other) -> f("~tp", [Other]).

names(Names) ->
    lists:join(", ", [atom_to_list(N) || N <- Names]).

shown(Key) when is_atom(Key) -> atom_to_list(Key);
shown(Key) -> value(Key).

%% As it stands in a file; not all of it when it is long.
value(Value) ->
    f("~tP", [Value, 20]).

f(Format, Args) ->
    io_lib:format(Format, Args).
