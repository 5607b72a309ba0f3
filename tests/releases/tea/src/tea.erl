%% SPDX-License-Identifier: Apache-2.0
%% Copyright the unibeam authors
%% What a program in Gleam is once it is compiled: a module with main/0.
-module(tea).
-export([main/0]).

main() ->
    io:format("TEA ~0p~n", [{init:get_plain_arguments(),
                            proplists:delete(home, init:get_arguments()),
                            application:which_applications() =/= [],
                            code:root_dir(), leaf:colour(), code:get_mode(),
                            binary:encode_hex(crypto:hash(md5, "tea")),
                            os:getenv("KIND"), os:getenv("ROOTDIR"),
                            [D || D <- code:get_path(), not is_otp(D)]}]).

is_otp(Dir) -> string:prefix(Dir, code:root_dir()) =/= nomatch orelse Dir =:= ".".
