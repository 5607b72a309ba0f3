%% SPDX-License-Identifier: Apache-2.0
%% Copyright the unibeam authors
%%
%% @doc Settings as arguments of unibeam's commands.
-module(rebar3_osv_args).
-export([build/2, check/2, run/2, convert/3, converted/2]).

-type settings() :: rebar3_osv_config:settings().
-type path() :: file:filename_all().
-type args() :: [file:filename_all()].

%% @doc build: the release's place and the image's besides the settings.
%% `base' and `command_line' are there for OSv alone, the caller sees to that.
-spec build(settings(), #{dir := path(), image := path()}) -> args().
build(Settings, #{dir := Dir, image := Image}) ->
    ["build", Dir, "-o", Image]
        ++ of_base(Settings)
        ++ places(Settings)
        ++ each("--env", env, Settings)
        ++ given("--hostname", hostname, Settings)
        ++ words("--append", append, Settings)
        ++ switch("--shell", "--no-shell", shell, Settings)
        ++ switch("--console", console, Settings)
        ++ given("--grace", grace, Settings)
        ++ given("--restart", restart, Settings)
        ++ switch("--allow-missing", allow_missing, Settings)
        ++ [pair("--file", F) || F <- get(files, Settings)]
        ++ lists:append([["--mount", mount(V)] || V <- get(volumes, Settings)])
        ++ get(build_options, Settings).

of_base(#{base := Base} = S) ->
    ["--base", Base]
        ++ given("--command-line", command_line, S)
        ++ each("--format", format, S)
        ++ switch("--verbose", verbose, S);
of_base(_) ->
    [].

places(S) ->
    given("--erts", erts, S) ++ given("--sysroot", sysroot, S).

-spec check(settings(), path()) -> args().
check(Settings, Dir) ->
    ["check", Dir]
        ++ places(Settings)
        ++ switch("--shell", "--no-shell", shell, Settings)
        ++ switch("--allow-missing", allow_missing, Settings)
        ++ switch("--verbose", verbose, Settings).

%% @doc run: the words that the user added on rebar3's command line come last.
-spec run(settings(), path()) -> args().
run(Settings, Image) ->
    ["run", Image]
        ++ given("--memory", memory, Settings)
        ++ given("--smp", cpus, Settings)
        ++ each("--publish", ports, Settings)
        ++ lists:append([["--disk", disk(V)]
                         || {disk, _, _, _} = V <- get(volumes, Settings)])
        ++ get(run_options, Settings).

-spec convert(path(), binary(), path()) -> args().
convert(Image, Format, Output) ->
    ["convert", Image, "--to", Format, "-o", Output].

%% @doc The name of an image in another format: NAME.qcow2 for NAME.img.
-spec converted(path(), binary()) -> path().
converted(Image, Format) when is_list(Image) ->
    filename:rootname(Image, ".img") ++ binary_to_list(ending(Format));
converted(Image, Format) ->
    <<(filename:rootname(Image, <<".img">>))/binary, (ending(Format))/binary>>.

ending(<<"gce">>) -> <<".tar.gz">>;
ending(Format) -> <<".", Format/binary>>.

%% A disk is known to the machine by its serial number.
mount({disk, _, Serial, Path}) -> <<Serial/binary, ":", Path/binary>>;
mount({tmpfs, Path}) -> <<"tmpfs:", Path/binary>>;
mount({tmpfs, Path, Size}) -> <<"tmpfs:", Path/binary, ":", Size/binary>>.

disk({disk, File, Serial, _}) ->
    <<File/binary, ",serial=", Serial/binary, ",ro">>.

%%% ---- parts ----

get(Key, Settings) ->
    maps:get(Key, Settings, []).

given(Option, Key, Settings) ->
    case Settings of
        #{Key := N} when is_integer(N) -> [Option, integer_to_list(N)];
        #{Key := Text} -> [Option, Text];
        #{} -> []
    end.

each(Option, Key, Settings) ->
    lists:append([[Option, V] || V <- get(Key, Settings)]).

%% An option that is given once, for words that add up.
words(Option, Key, Settings) ->
    case get(Key, Settings) of
        [] -> [];
        Words -> [Option, iolist_to_binary(lists:join(" ", Words))]
    end.

switch(Option, Key, Settings) ->
    switch(Option, none, Key, Settings).

switch(On, Off, Key, Settings) ->
    case Settings of
        #{Key := true} -> [On];
        #{Key := false} when Off =/= none -> [Off];
        #{} -> []
    end.

pair(Option, {From, To}) ->
    <<(list_to_binary(Option))/binary, "=", From/binary, ":", To/binary>>.
