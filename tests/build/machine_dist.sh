#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# What a node in a machine is told: name, port and cookie, and that nobody else
# sees them.
. "$TESTS/lib.sh"
need python3 debugfs
machines
export FAKE_WAIT=1 FAKE_WORDS="$PWD/words"
get() { # IMAGE [ARGUMENTS]: a machine "x" of it
	"$UNIBEAM" rm -f x 2>/dev/null || true
	image=$1
	shift
	expect 0 "$UNIBEAM" run -d --dist --name x --qemu "$FIX/fake-qemu" --accel tcg \
		"$image" "$@" </dev/null
	port=$(sed 's/.*-erl_epmd_port \([0-9]*\).*/\1/' words)
	cookie=$(cat run/unibeam/x/cookie)
	same "$(stat -c %a run/unibeam/x/cookie)" 600
	expect 0 "$UNIBEAM" logs x
	lacks out "$cookie"
	contains out "hostfwd=tcp:127.0.0.1:$port-:$port"
	same "$(state x ports)" "[\"127.0.0.1:$port:$port\"]"
}
# vm.args: -name x, which comes behind
get a.img
same "$(state x node)" x@127.0.0.1
contains words "env.ERL_AFLAGS=\"-start_epmd false -erl_epmd_port $port -name x@127.0.0.1 -setcookie $cookie\""
contains words 'exit.port=0x501'
same "${#cookie}" 40
first=$cookie
get a.img
[ "$first" != "$cookie" ] || fail "the same cookie twice"
# the kernel's own line has no secrets
get a.img --direct --append last
same "$(cut -d' ' -f1 words)" 'env.ERL_AFLAGS="-start_epmd'
expect 0 "$UNIBEAM" logs x
contains out 'console.resize=/dev/ttyS1 last'
# flags there already
expect 0 build rel -o b.img --env 'ERL_AFLAGS=+S 1'
get b.img
contains words "-setcookie $cookie +S 1\""
get b.img --env 'ERL_AFLAGS=+S 2'
contains words "-setcookie $cookie +S 2\""
# a cookie of its own; comments, quotes
printf '## -setcookie no\n-setcookie "it is"\n-sname shop\n' >rel/releases/1.0/vm.args
expect 0 build rel -o b.img
get b.img
same "$cookie" 'it is'
same "$(state x node)" x@localhost
contains words ' -sname x@localhost"'
lacks words setcookie
get b.img --arg -setcookie --arg mine
same "$cookie" mine
# from the environment
printf -- '-name x\n-setcookie ${THE_COOKIE}\n' >rel/releases/1.0/vm.args
expect 0 build rel -o b.img
expect 1 "$UNIBEAM" run -d --dist --name y --qemu "$FIX/fake-qemu" --accel tcg b.img </dev/null
contains err "unibeam: cannot know the cookie: vm.args takes it from THE_COOKIE: give --env THE_COOKIE=VALUE"
[ ! -e run/unibeam/y ]
get b.img --env THE_COOKIE=given
same "$cookie" given
mv rel/releases/1.0/vm.args rel/releases/1.0/vm.args.src
expect 0 build rel -o b.img --env THE_COOKIE=baked
get b.img
same "$cookie" baked
# mix: by what its script takes
release mix cart
printf '%s' sweet >mix/releases/COOKIE
printf '#!/bin/sh\n# by mix\n' >mix/releases/1.0/env.sh
printf '#!/bin/sh\n' >mix/releases/1.0/elixir
echo '+S 1' >mix/releases/1.0/vm.args
expect 0 build mix -o m.img
get m.img
if grep -q RELEASE_NODE words; then
	same "$cookie" sweet
	contains words "env.ERL_AFLAGS=\"-start_epmd false -erl_epmd_port $port\" env.RELEASE_DISTRIBUTION=name env.RELEASE_NODE=x@127.0.0.1"
	lacks words sweet
	get m.img --env RELEASE_COOKIE=other
	same "$cookie" other
	# what may set a name of its own: ours comes first
	echo 'export RELEASE_NODE=y' >>mix/releases/1.0/env.sh
	expect 0 build mix -o m.img --busybox "$FIX/busybox"
	get m.img
	contains words "-erl_epmd_port $port -name x@127.0.0.1\" env.RELEASE_DISTRIBUTION=none"
else
	fail "the builder did not take it for mix's"
fi
# to see, and no more
expect 0 "$UNIBEAM" run --dist --dry-run --name z --qemu "$FIX/fake-qemu" --accel tcg a.img </dev/null
contains out ' -name z@127.0.0.1 -setcookie '
contains out ',hostfwd=tcp:127.0.0.1:'
[ ! -e run/unibeam/z ]
expect 2 "$UNIBEAM" run --dist --network tap=x a.img
contains err "unibeam: run: --dist goes with --network user only"
# dots are for hosts
expect 0 "$UNIBEAM" run --dist --dry-run --name shop-1.0.2 --qemu "$FIX/fake-qemu" --accel tcg a.img </dev/null
contains out ' -name shop-1_0_2@127.0.0.1 '
# in the foreground it has a name too
"$UNIBEAM" run --dist --qemu "$FIX/fake-qemu" --accel tcg a.img </dev/null >front 2>&1 &
eventually is_state a running
same "$(state a node)" a@127.0.0.1
contains front 'unibeam: the machine is called a'
expect 0 "$UNIBEAM" stop a
wait $!
