#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# mix.sh BUILD - the Mix tasks of plugins/mix, used as in a project of its user's.
set -eu
build=$(realpath "$1")
here=$(cd "$(dirname "$0")" && pwd)
work=$build/plugins/mix
rm -rf "$work"
mkdir -p "$work/home"
cp -r "$here/../../plugins/mix" "$work/plugin"
cp -r "$here/mix" "$work/stall"
cp -r "$here/../releases/depot" "$work/depot"
rm -rf "$work/plugin/_build"
export HOME="$work/home" LANG=C.UTF-8 UNIBEAM="$build/unibeam" MIX_ENV=prod
export UNIBEAM_PLUGIN="$work/plugin" PATH="$PATH:/usr/sbin:/sbin"
runner=
trap '[ -z "$runner" ] || kill "$runner" 2>/dev/null || :' EXIT

fail() {
	echo "failed: $*" >&2
	exit 1
}

# expect STATUS COMMAND...: output and messages go to "out".
expect() {
	wanted=$1
	shift
	status=0
	"$@" >out 2>&1 </dev/null || status=$?
	[ $status = "$wanted" ] || {
		cat out
		fail "status $status, not $wanted: $*"
	}
}

says() {
	grep -qF -e "$1" out || {
		cat out
		fail "it did not say '$1'"
	}
}

# what IMAGE PATH: a file in its root file system
what() {
	set -- "$1" "$2" "$(sgdisk -i 2 "$1" | awk '/^First sector/ { print $3 }')"
	debugfs -R "cat $2" "$1?offset=$(($3 * 512))" 2>/dev/null
}

echo "units"
cd "$work/plugin"
MIX_ENV=test expect 0 mix test
says ' 0 failures'
expect 0 mix format --check-formatted

echo "a project"
cd "$work/stall"
PORT=$("$here/../free-port")
export PORT
expect 0 mix unibeam.build
says 'run it with'
says 'unibeam run _build/prod/stall.img'
[ "$(what _build/prod/stall.img /etc/hostname)" = stand ] || fail "its hostname"

echo "boots and answers"
mix unibeam.run --no-build -- --accel tcg --env GREETING=boot \
	</dev/null >run.out 2>&1 &
runner=$!
n=0
until answer=$(python3 - <<P
import socket
s = socket.create_connection(("127.0.0.1", $PORT), 5)
s.settimeout(60)
print(s.makefile().readline(), end="")
P
) 2>/dev/null && [ -n "$answer" ]; do
	n=$((n + 1))
	[ $n -lt 300 ] && kill -0 $runner || { cat run.out; fail "no answer"; }
	sleep 1
done
[ "$answer" = "boot 1 stand $(stat -c %s mix.exs)" ] || fail "answer '$answer'"
# what ends mix presses the power button
kill -TERM $runner
n=0
while kill -0 $runner 2>/dev/null; do
	n=$((n + 1))
	[ $n -lt 120 ] || fail "it does not end"
	sleep 1
done
runner=
grep -q 'stall exited with status 0' run.out || { cat run.out; fail "no end"; }

echo "the exit status is the release's"
mix unibeam.run --no-build -- --accel tcg --eval 'System.halt(7)' \
	</dev/null >out 2>&1 && fail "status 0" || [ $? = 7 ] || { cat out; fail "status $?"; }

echo "as a step of mix release, and from its archive"
EXTRA='[hostname: "booth", image: "here/booth.img"]' expect 0 mix release booth
says 'here/booth.img: '
[ "$(what here/booth.img /etc/hostname)" = booth ] || fail "its hostname"
expect 0 "$UNIBEAM" build _build/prod/booth-0.1.0.tar.gz --env GREETING=baked \
	--env OTHER=1 --hostname booth -q -o tar.img
[ -s tar.img ] || fail "no image of the archive"

echo "an umbrella with two releases"
cd "$work/depot"
sed -i "s|deps: \[\]|deps: [{:unibeam, path: \"$work/plugin\", runtime: false}],\n      unibeam: [env: %{\"A\" => 1}]|" mix.exs
expect 0 mix unibeam.build
expect 0 mix unibeam.build annex --quiet
[ ! -s out ] || { cat out; fail "--quiet says something"; }
for name in depot annex; do
	what _build/prod/$name.img /etc/unibeam/init.conf >conf
	grep -qx "release=$name" conf && grep -qx 'env.A=1' conf ||
		fail "the image of $name"
done

echo "mistakes"
cd "$work/stall"
expect 1 mix unibeam.build both
says "there is no release 'both': did you mean 'booth'?"
expect 1 mix unibeam.build --relase
says "unknown option '--relase'"
EXTRA='[memroy: "1G"]' expect 1 mix unibeam.build booth
says "mix.exs: unknown key 'memroy' in unibeam of release booth: did you mean 'memory'?"
EXTRA='[cpus: "many"]' expect 1 mix unibeam.run booth
says 'mix.exs: cpus in unibeam of release booth is "many", and not a whole number'
UNIBEAM=/none/unibeam expect 1 mix unibeam.build
says "'/none/unibeam', which UNIBEAM names, is no command"
expect 1 mix unibeam.run -o none.img --no-build
says "there is no image 'none.img': leave --no-build away"
expect 2 mix unibeam.build --no-release -- --nonsense
says "unibeam: build: unknown option '--nonsense'"
expect 1 mix unibeam.build --no-release -- --sysroot /none
says "unibeam: cannot use sysroot '/none'"
rm -rf _build/prod/rel/stall
expect 1 mix unibeam.build --no-release
says "there is no release in '_build/prod/rel/stall': leave --no-release away"

echo "check"
expect 0 mix unibeam.check

echo "help"
for task in build run check; do
	expect 0 mix help unibeam.$task
	says "mix unibeam.$task [NAME] [OPTIONS] [-- OPTIONS OF unibeam $task]"
done
