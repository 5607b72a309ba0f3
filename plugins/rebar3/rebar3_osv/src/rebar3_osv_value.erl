%% SPDX-License-Identifier: Apache-2.0
%% Copyright the unibeam authors
%%
%% @doc Values of keys in rebar.config, by their kind: whether one is right, and what
%% it is then. Text is UTF-8 from here on.
-module(rebar3_osv_value).
-export([check/2, wanted/1]).
-export_type([kind/0]).

-type kind() :: text | path | boolean | size | restart
              | {whole, integer(), integer()}
              | env | port | file | format | volume.

-spec check(kind(), term()) -> {ok, term()} | error.
check(Kind, Value) ->
    try {ok, checked(Kind, Value)}
    catch error:_ -> error
    end.

%% @doc What a value of this kind has to be, for "it has to be ...".
-spec wanted(kind()) -> string().
wanted(boolean) -> "true or false";
wanted({whole, Least, Most}) ->
    lists:flatten(io_lib:format("a whole number from ~b to ~b", [Least, Most]));
wanted(text) -> "text in quotes";
wanted(path) -> "a path in quotes";
wanted(size) -> "a size as \"512M\" or \"2G\", or a number of MiB";
wanted(restart) -> "no, always, on_failure or {on_failure, TIMES}";
wanted(env) -> "a list of {\"NAME\", \"VALUE\"} or \"NAME=VALUE\"";
wanted(port) ->
    "a list of PORT, {HOST_PORT, GUEST_PORT}, {HOST_PORT, GUEST_PORT, udp} "
    "or \"[ADDRESS:]HOST_PORT:GUEST_PORT[/udp]\"";
wanted(file) -> "a list of {\"FILE\", \"/PATH/IN/THE/IMAGE\"}";
wanted(volume) ->
    "a list of {\"DISK\", \"/PATH\"}, {tmpfs, \"/PATH\"} or "
    "{tmpfs, \"/PATH\", SIZE}";
wanted(format) -> "qcow2, vmdk, vhd, vhdx, vdi, gce or oci, or a list of them".

%% It fails for what is no such value.
checked(boolean, V) when is_boolean(V) -> V;
checked({whole, Least, Most}, V) when is_integer(V), V >= Least, V =< Most -> V;
checked(text, V) -> text(V);
checked(path, V) -> text(V);
checked(size, V) when is_integer(V), V > 0 ->
    <<(integer_to_binary(V))/binary, "M">>;
checked(size, V) when not is_integer(V) ->
    Size = text(V),
    match = re:run(Size, "^[0-9]{1,9}[kKmMgGtT]?$", [{capture, none}]),
    Size;
checked(restart, no) -> <<"no">>;
checked(restart, always) -> <<"always">>;
checked(restart, on_failure) -> <<"on-failure">>;
checked(restart, {on_failure, N}) when is_integer(N), N > 0 ->
    <<"on-failure:", (integer_to_binary(N))/binary>>;
checked(restart, V) when not is_atom(V) ->
    Policy = text(V),
    match = re:run(Policy, "^(no|always|on-failure(:[1-9][0-9]*)?)$",
                   [{capture, none}]),
    Policy;
checked(env, {Name, Value}) -> assignment(word(Name), env_value(Value));
checked(env, Text) ->
    [Name, Value] = binary:split(text(Text), <<"=">>),
    assignment(Name, Value);
checked(port, P) -> port(P);
checked(file, {From, To}) -> {text(From), text(To)};
checked(volume, {tmpfs, Path}) -> {tmpfs, guest_path(Path)};
checked(volume, {tmpfs, Path, Size}) ->
    {tmpfs, guest_path(Path), checked(size, Size)};
checked(volume, {File, Path}) ->
    {disk, text(File), serial(guest_path(Path)), guest_path(Path)};
checked(format, V) when is_atom(V) -> format(atom_to_binary(V, utf8));
checked(format, V) -> format(text(V)).

%% As UTF-8; of one line, and not empty.
text(V) when is_list(V); is_binary(V) ->
    B = <<_, _/binary>> = unicode:characters_to_binary(V),
    nomatch = re:run(B, "[\\x00-\\x08\\x0a-\\x1f\\x7f]", [{capture, none}]),
    B.

guest_path(V) ->
    <<"/", _, _/binary>> = text(V).

%% The serial number of a virtio disk has 20 bytes: the end of the path it is for.
serial(<<"/", Path/binary>>) ->
    Name = re:replace(Path, "[^A-Za-z0-9_.-]", "-", [global, {return, binary}]),
    binary:part(Name, byte_size(Name), -min(20, byte_size(Name))).

word(V) when is_atom(V) -> text(atom_to_list(V));
word(V) -> text(V).

env_value(V) when is_integer(V) -> integer_to_binary(V);
env_value(V) when is_atom(V) -> atom_to_binary(V, utf8);
env_value("") -> <<>>;
env_value(<<>>) -> <<>>;
env_value(V) -> text(V).

assignment(Name, Value) ->
    match = re:run(Name, "^[A-Za-z_][A-Za-z0-9_]*$", [{capture, none}]),
    <<Name/binary, "=", Value/binary>>.

port({Host, Guest}) -> port(Host, Guest, <<>>);
port({Host, Guest, tcp}) -> port(Host, Guest, <<>>);
port({Host, Guest, udp}) -> port(Host, Guest, <<"/udp">>);
port(Same) when is_integer(Same) -> port(Same, Same, <<>>);
port(Text) ->
    Port = text(Text),
    case re:run(Port, "^[0-9]+$", [{capture, none}]) of
        match -> port(binary_to_integer(Port));
        nomatch -> Port
    end.

port(Host, Guest, Protocol) ->
    iolist_to_binary([port_number(Host), $:, port_number(Guest), Protocol]).

port_number(N) when is_integer(N), N >= 1, N =< 65535 -> integer_to_binary(N).

format(B) ->
    true = lists:member(B, [<<"qcow2">>, <<"vmdk">>, <<"vhd">>, <<"vhdx">>,
                            <<"vdi">>, <<"gce">>, <<"oci">>, <<"raw">>]),
    B.
