#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# ping, rpc, eval and remote with a node of this system's own Erlang: as that of
# a machine, told what the guest would be, and by its name.
. "$TESTS/lib.sh"
need python3 erl script
machines
FAKE_WAIT=1 FAKE_WORDS="$PWD/words" expect 0 start --name shop --dist
flags=$(sed 's/.*env.ERL_AFLAGS="\([^"]*\)".*/\1/' words)
port=$(echo "$flags" | sed 's/.*-erl_epmd_port \([0-9]*\).*/\1/')
cookie=$(cat run/unibeam/shop/cookie)
export HOME="$PWD"
expect 1 "$UNIBEAM" ping shop
contains err "unibeam: nothing listens for the node 'shop@127.0.0.1' at port $port"
ERL_AFLAGS="$flags" erl -noinput >node.log 2>&1 &
node=$!
trap 'kill $node 2>/dev/null || true; "$UNIBEAM" stop --all -t 0 || true' EXIT
expect 0 "$UNIBEAM" ping shop -t 300
same "$(cat out)" pong
u() { # COMMAND ...: "NAME" stands for the node
	command=$1
	shift
	"$UNIBEAM" $command shop "$@"
}
is() { # OUTPUT COMMAND...
	text=$1
	shift
	expect 0 "$@"
	same "$(cat out)" "$text"
	same "$(cat err)" ''
}
not() { # MESSAGE COMMAND...
	text=$1
	shift
	expect 1 "$@"
	contains err "unibeam: $text"
}
# eval: the value, as Erlang writes it; with a dot and without
is 3 u eval '1 + 2'
is 3 u eval '1 + 2.'
is '{a,<<"b">>,"ü",#{c => 1.5}}' u eval '{a, <<"b">>, "ü", #{c => 1.5}}'
is '{1,2}' u eval 'X = 1, Y = X + 1, {X, Y}'
is "'shop@127.0.0.1'" u eval 'node()'
is -1 u eval -- -1
# what is large is cut, and its text never takes the node much memory
u eval 'lists:seq(1, 2500)' | tr -d ' \n' >long
same "$(tail -c 11 long)" ',2499,2500]'
peak() { awk '/^VmHWM/ { print int($2 / 1024) }' /proc/$node/status; }
cut() { # END COMMAND...
	end=$1
	shift
	expect 0 "$@"
	same "$(cat err)" "unibeam: note: that is not all: it was cut at about 16384 characters, and '...' stands for the rest"
	same "$(tail -c $((${#end} + 1)) out)" "$end"
	[ "$(wc -c <out)" -lt 20000 ] || fail "$(wc -c <out) bytes of output"
	[ "$(peak)" -lt 320 ] || fail "the node had $(peak) MiB"
}
cut '"...>>' u eval 'binary:copy(<<"abc">>, 1000000)'
cut '"...>>' u eval 'binary:copy(<<"abc">>, 10000000)'
cut ',...>>' u eval 'binary:copy(<<0, 255>>, 1500000)'
cut '|...]' u rpc lists seq '[1, 1000000]'
cut ']]' u eval 'lists:foldl(fun(_, A) -> [A, A] end, [a], lists:seq(1, 200))'
is '{"...",<<"a...">>}' u eval '{"...", <<"a...">>}'
u eval 'lists:duplicate(1500, "...")' | tr -dc . >long
same "$(wc -c <long)" 4500
u eval 'io:put_chars(binary:copy(<<"abc">>, 100000))' | wc -c >long
same "$(cat long)" 300003
# what it prints comes here, from processes it starts too
is "$(printf 'hello ü\nok')" u eval 'io:format("hello ~ts~n", ["ü"])'
is "$(printf 'one\ntwo')" u eval 'S = self(), spawn(fun() -> io:format("one~n"), S ! go end), receive go -> two end'
lacks node.log hello
not 'there is nothing to evaluate' u eval ''
not "syntax error before: '.'" u eval 'foo('
not 'unterminated string' u eval '"a'
not 'exception error: bad' u eval 'error(bad)'
not 'exception error: an error occurred when evaluating an arithmetic expression' u eval '1 / 0'
not 'exception exit: shutdown' u eval 'exit(shutdown)'
not 'exception throw: ball' u eval 'throw(ball)'
not 'exception error: <<"abcabc' u eval 'error(binary:copy(<<"abc">>, 10000000))'
[ "$(wc -c <err)" -lt 20000 ] || fail "$(wc -c <err) bytes of errors"
not 'its process there was killed: what it returns may be too large' u eval 'exit(self(), kill)'
same "$(cat out)" ''
not "the node 'shop@127.0.0.1' has not answered in time" u eval -t 1 'timer:sleep(60000)'
not 'this node has no Elixir: give --erlang' u eval --elixir '1 + 2'
is 3 u eval --erlang '1 + 2'
# rpc: as relx's script, and as mix's
is '[1,2,3]' u rpc lists seq '[1, 3]'
is "'shop@127.0.0.1'" u rpc erlang node
is 6 u rpc lists sum '[[1, 2, 3]]'
is "$(printf 'out\nok')" u rpc io format '["out~n"]'
is out u rpc 'io:format("out")'
not 'exception error: undefined function lists:seq/1' u rpc lists seq '[1]'
not "exception error: undefined function 'Elixir.Shop':start/0" u rpc Shop start
not 'the arguments are not a list' u rpc lists seq 1
not 'syntax error before' u rpc lists seq '[1'
# another node, and no machine
n() {
	command=$1
	shift
	"$UNIBEAM" $command --node shop@127.0.0.1 --port $port "$@"
}
is pong n ping --cookie "$cookie"
UNIBEAM_COOKIE=$cookie is 3 n eval '1 + 2'
not "which cookie? cannot read '$PWD/.erlang.cookie': No such file or directory: give --cookie" n ping
printf '%s\n' "$cookie" >.erlang.cookie
is pong n ping
is 3 n rpc erlang length '[[1, 2, 3]]'
not "the node 'shop@127.0.0.1' does not answer, or has another cookie" n ping --cookie other
not "nothing listens for the node 'shop@127.0.0.1' at port 1" "$UNIBEAM" ping --node shop@127.0.0.1 --port 1
not "the cookie of 'shop@127.0.0.1' is not 1 to 511 bytes long" n ping --cookie ''
not "the cookie of 'shop@127.0.0.1' is not 1 to 511 bytes long" n ping --cookie "$(printf '%0512d' 0)"
ERL_EPMD_PORT=1 not "the node 'shop@127.0.0.1' does not answer, or has another cookie; or epmd" \
	"$UNIBEAM" ping --node shop@127.0.0.1
# by another way than its name has it
printf '%s' "$cookie" >.erlang.cookie
for a in 127.0.0.1 localhost; do
	is 7 "$UNIBEAM" eval --node shop@nowhere.invalid --port $a:$port '3 + 4'
done
not "nothing listens for the node 'shop@nowhere.invalid' at port $port" \
	"$UNIBEAM" ping --node shop@nowhere.invalid --port $port
wrong() { # TEXT COMMAND...
	text=$1
	shift
	expect 2 "$UNIBEAM" "$@"
	contains err "unibeam: $text"
}
for c in ping rpc eval remote; do
	wrong "$c: which machine?" $c
	wrong "$c: --port goes with --node" $c shop --port 1
	for name in '' a @b a@ a@b@c; do wrong "$c: --node '$name' is not NAME@HOST" $c --node "$name"; done
	wrong "$c: --port 'x' is not a number" $c --node a@b --port x
	wrong "$c: --port '65536' is not a number" $c --node a@b --port 65536
	wrong "$c: --port ':1' is not [ADDR:]N" $c --node a@b --port :1
	wrong "$c: --port '' is not a number" $c --node a@b --port x:
	case $c in rpc | eval) more=1+1 ;; *) more= ;; esac
	expect 1 "$UNIBEAM" $c sho $more
	contains err "unibeam: there is no machine 'sho': did you mean 'shop'?"
done
wrong "ping: only one node at a time: 'a'" ping shop a
wrong "remote: only one node at a time: 'a'" remote shop a
wrong "remote: the emulator goes to the HOST of --node: --port without" remote --node a@b --port a:1
wrong "eval: what is to be evaluated?" eval shop
wrong "eval: one expression only, quoted for the shell: '2'" eval shop 1 2
wrong "eval: -t 'x' is not a number" eval shop 1 -t x
wrong "rpc: which function?" rpc shop
wrong "rpc: the arguments are one list, quoted for the shell: '2'" rpc shop a b 1 2
wrong "rpc: '' is no name of a module or function" rpc shop '' b
# Elixir's values, where it is
elixir=$(readlink -f "$(command -v elixir || echo none)")
elixir=${elixir%/bin/elixir}/lib/elixir/ebin
if [ -e "$elixir/elixir.app" ]; then
	expect 0 u eval "code:add_path(\"$elixir\")"
	is '%{a: "x...", b: [1]}' u eval --elixir '%{a: "x...", b: [1]}'
	cut ' <> ...' u eval --elixir 'String.duplicate("abc", 1000000)'
	cut ', ...]' u eval --elixir 'Enum.to_list(1..1000000)'
fi
# a shell, on a terminal; the cookie in nobody's sight
cat >session <<'END'
"$UNIBEAM" remote shop
END
rm .erlang.cookie
keys() {
	eventually grep -qaF '(shop@127.0.0.1)1>' typescript
	ps -ww -o args -u "$(id -u)" >args
	printf '{nodes(hidden), 6 * 7}.\r'
	eventually grep -qaF ",42}" typescript
	printf '\007'
	eventually grep -qaF ' --> ' typescript
	printf 'q\r'
}
{ keys | timeout 300 script -qefc "sh session" typescript >/dev/null; } || { cat -v typescript >&2; fail session; }
contains args '-remsh shop@127.0.0.1'
! grep -- -remsh args | grep -F -e "$cookie"
contains typescript "{['unibeam-"
same "$(stat -c %a run/unibeam/shop/home/.erlang.cookie)" 400
[ ! -e .erlang.cookie ]
not "cannot start './none': No such file or directory: install Erlang, or give --program" u remote --program ./none
not "cannot start 'iex': No such file or directory: install Elixir" env PATH=/nowhere "$UNIBEAM" remote shop --elixir
# it goes in the middle of it
not "the node 'shop@127.0.0.1' has gone without an answer" u eval 'erlang:halt(0)'
wait $node || true
expect 0 "$UNIBEAM" stop shop
not "the machine 'shop' does not run" u ping
FAKE_WAIT=1 expect 0 start --name plain
not "the machine 'plain' has no node that can be reached: start it with --dist" "$UNIBEAM" ping plain
