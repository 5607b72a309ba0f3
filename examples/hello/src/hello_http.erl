%% SPDX-License-Identifier: Apache-2.0
%% Copyright the unibeam authors

%% @doc HTTP/1.1 on one connection (RFC 9112): keep-alive, pipelining, bodies by
%% Content-Length.
%%
%% The answers to requests that arrived together leave together: while the
%% buffer holds another complete request its answer is appended to Out, and Out
%% is sent in one call before the process waits for the network again.
-module(hello_http).

-export([serve/1]).
-export_type([request/0]).

-define(MAX_HEAD, 16384).
-define(MAX_BODY, 16777216).
-define(MAX_OUT, 65536).

-type request() :: #{
    method := binary(),
    path := binary(),
    query := binary(),
    body := binary()
}.

-record(head, {
    method :: atom() | binary(),
    target :: binary(),
    version :: {non_neg_integer(), non_neg_integer()},
    keep :: boolean(),
    length = 0 :: non_neg_integer(),
    seen_length = false :: boolean(),
    expect = false :: boolean(),
    host = false :: boolean()
}).

-spec serve(gen_tcp:socket()) -> ok.
serve(Socket) ->
    next(Socket, <<>>, [], 0).

%% Answers every complete request in Buf, then waits for more.
next(Socket, <<>>, Out, _Size) ->
    wait(Socket, <<>>, Out);
next(Socket, Buf, Out, Size) when Size > ?MAX_OUT ->
    case flush(Socket, Out) of
        ok -> next(Socket, Buf, [], 0);
        {error, _} -> gen_tcp:close(Socket)
    end;
next(Socket, Buf, Out, Size) ->
    case head(Buf) of
        {ok, Head, Rest} ->
            body(Socket, Head, Rest, Out, Size);
        more when byte_size(Buf) > ?MAX_HEAD ->
            refuse(Socket, Out, 431);
        more ->
            wait(Socket, Buf, Out);
        {error, Status} ->
            refuse(Socket, Out, Status)
    end.

wait(Socket, Buf, Out) ->
    case flush(Socket, Out) of
        ok ->
            case gen_tcp:recv(Socket, 0) of
                {ok, Data} when Buf =:= <<>> ->
                    next(Socket, Data, [], 0);
                {ok, Data} ->
                    next(Socket, <<Buf/binary, Data/binary>>, [], 0);
                {error, _} ->
                    gen_tcp:close(Socket)
            end;
        {error, _} ->
            gen_tcp:close(Socket)
    end.

body(Socket, #head{length = Length}, _Rest, Out, _Size) when Length > ?MAX_BODY ->
    refuse(Socket, Out, 413);
body(Socket, #head{length = Length} = Head, Rest, Out, Size) ->
    case Rest of
        <<Body:Length/binary, Next/binary>> ->
            answer(Socket, Head, Body, Next, Out, Size);
        _ ->
            %% What we owe goes first: the peer may wait for it before it
            %% sends the body.
            Interim = [<<"HTTP/1.1 100 Continue\r\n\r\n">> || Head#head.expect],
            case flush(Socket, [Out, Interim]) of
                ok ->
                    case gen_tcp:recv(Socket, Length - byte_size(Rest)) of
                        {ok, Tail} ->
                            Body = <<Rest/binary, Tail/binary>>,
                            answer(Socket, Head, Body, <<>>, [], 0);
                        {error, _} ->
                            gen_tcp:close(Socket)
                    end;
                {error, _} ->
                    gen_tcp:close(Socket)
            end
    end.

answer(Socket, #head{keep = Keep} = Head, Body, Next, Out, Size) ->
    {Path, Query} = split(Head#head.target),
    Request = #{
        method => Head#head.method,
        path => Path,
        query => Query,
        body => Body
    },
    {Status, Type, Content, After} = hello_routes:handle(Request),
    Answer = response(Status, Type, Content, Head),
    case {Keep, After} of
        {true, none} ->
            next(Socket, Next, [Out, Answer], Size + iolist_size(Answer));
        _ ->
            _ = flush(Socket, [Out, Answer]),
            gen_tcp:close(Socket),
            after_close(After)
    end.

after_close(none) -> ok;
after_close(Fun) -> Fun().

%% --- requests ---------------------------------------------------------------

%% Reads the request line and the header fields at the start of Buf.
head(Buf) ->
    case erlang:decode_packet(http_bin, Buf, []) of
        {ok, {http_request, Method, {abs_path, Target}, Version}, Rest} ->
            start(Method, Target, Version, Rest);
        {ok, {http_request, 'OPTIONS', '*', Version}, Rest} ->
            start('OPTIONS', <<"*">>, Version, Rest);
        {ok, {http_request, Method, {absoluteURI, _, _, _, Target}, Version}, Rest} ->
            start(Method, Target, Version, Rest);
        {ok, {http_error, <<"\r\n">>}, Rest} ->
            %% RFC 9112 2.2: ignore an empty line before the request line.
            head_after_blank(Rest);
        {ok, _, _} ->
            {error, 400};
        {more, _} ->
            more;
        {error, _} ->
            {error, 400}
    end.

head_after_blank(<<>>) -> more;
head_after_blank(Rest) -> head(Rest).

start(Method, Target, {1, Minor} = Version, Rest) ->
    Head = #head{
        method = Method,
        target = Target,
        version = Version,
        keep = Minor >= 1
    },
    fields(Rest, Head);
start(_Method, _Target, _Version, _Rest) ->
    {error, 505}.

fields(Buf, Head) ->
    case erlang:decode_packet(httph_bin, Buf, []) of
        {ok, {http_header, _, Name, _, Value}, Rest} ->
            case field(Name, Value, Head) of
                #head{} = Head1 -> fields(Rest, Head1);
                {error, _} = Error -> Error
            end;
        {ok, http_eoh, _Rest} when Head#head.version >= {1, 1}, not Head#head.host ->
            {error, 400};
        {ok, http_eoh, Rest} ->
            {ok, Head, Rest};
        {ok, {http_error, _}, _} ->
            {error, 400};
        {more, _} ->
            more;
        {error, _} ->
            {error, 400}
    end.

field('Host', _Value, Head) ->
    Head#head{host = true};
field('Connection', Value, Head) ->
    case string:lowercase(Value) of
        <<"keep-alive">> -> Head#head{keep = true};
        <<"close">> -> Head#head{keep = false};
        Other -> connection(Other, Head)
    end;
field('Content-Length', Value, #head{seen_length = Seen, length = Old} = Head) ->
    case content_length(Value) of
        %% RFC 9112 6.3: differing lengths cannot be trusted.
        {ok, Length} when not Seen; Length =:= Old ->
            Head#head{length = Length, seen_length = true};
        _ ->
            {error, 400}
    end;
field('Transfer-Encoding', _Value, _Head) ->
    {error, 501};
field(<<"Expect">>, Value, Head) ->
    case string:lowercase(Value) of
        <<"100-continue">> when Head#head.version >= {1, 1} ->
            Head#head{expect = true};
        _ ->
            {error, 417}
    end;
field(_Name, _Value, Head) ->
    Head.

%% A list of connection options, e.g. "close, te".
connection(Value, Head) ->
    Options = [string:trim(O) || O <- binary:split(Value, <<",">>, [global])],
    case lists:member(<<"close">>, Options) of
        true -> Head#head{keep = false};
        false -> Head
    end.

content_length(Value) ->
    Digits = Value =/= <<>> andalso byte_size(Value) =< 15 andalso
        lists:all(fun(C) -> C >= $0 andalso C =< $9 end, binary_to_list(Value)),
    case Digits of
        true -> {ok, binary_to_integer(Value)};
        false -> error
    end.

split(Target) ->
    case binary:split(Target, <<"?">>) of
        [Path] -> {Path, <<>>};
        [Path, Query] -> {Path, Query}
    end.

%% --- answers ----------------------------------------------------------------

flush(_Socket, []) ->
    ok;
flush(Socket, Out) ->
    gen_tcp:send(Socket, Out).

response(Status, Type, Content, #head{method = Method, keep = Keep, version = Version}) ->
    Length = integer_to_binary(iolist_size(Content)),
    [
        status(Status),
        <<"Content-Type: ">>,
        Type,
        <<"\r\nContent-Length: ">>,
        Length,
        connection_field(Keep, Version),
        <<"\r\n\r\n">>
        | case Method of
            'HEAD' -> [];
            _ -> Content
        end
    ].

connection_field(false, _) -> <<"\r\nConnection: close">>;
connection_field(true, {1, 0}) -> <<"\r\nConnection: keep-alive">>;
connection_field(true, _) -> <<>>.

%% A request that cannot be understood ends the connection: where the next one
%% would start is unknown.
refuse(Socket, Out, Status) ->
    Answer = [
        status(Status), <<"Content-Length: 0\r\nConnection: close\r\n\r\n">>
    ],
    _ = flush(Socket, [Out, Answer]),
    %% Unread input makes close() send a reset, which may overtake the answer.
    _ = gen_tcp:shutdown(Socket, write),
    _ = drain(Socket, ?MAX_BODY),
    gen_tcp:close(Socket).

drain(_Socket, Left) when Left =< 0 ->
    ok;
drain(Socket, Left) ->
    case gen_tcp:recv(Socket, 0, 1000) of
        {ok, Data} -> drain(Socket, Left - byte_size(Data));
        {error, _} -> ok
    end.

status(200) -> <<"HTTP/1.1 200 OK\r\n">>;
status(400) -> <<"HTTP/1.1 400 Bad Request\r\n">>;
status(404) -> <<"HTTP/1.1 404 Not Found\r\n">>;
status(405) -> <<"HTTP/1.1 405 Method Not Allowed\r\nAllow: GET, HEAD, POST\r\n">>;
status(413) -> <<"HTTP/1.1 413 Content Too Large\r\n">>;
status(417) -> <<"HTTP/1.1 417 Expectation Failed\r\n">>;
status(431) -> <<"HTTP/1.1 431 Request Header Fields Too Large\r\n">>;
status(501) -> <<"HTTP/1.1 501 Not Implemented\r\n">>;
status(505) -> <<"HTTP/1.1 505 HTTP Version Not Supported\r\n">>;
status(_) -> <<"HTTP/1.1 500 Internal Server Error\r\n">>.
