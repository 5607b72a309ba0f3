# SPDX-License-Identifier: Apache-2.0
# Sourced by every test.  The working directory is empty and the test's own.

boot_files="--kernel $FIX/kernel.elf --init $FIX/init
	--boot-sector $FIX/boot.bin --loader $FIX/loader.bin"

fail() {
	echo "failed: $*" >&2
	exit 1
}

skip() {
	echo "$*"
	exit 77
}

need() {
	for tool; do
		command -v "$tool" >/dev/null || skip "no $tool"
	done
}

# The command with the fixture's boot files and sysroot.
build() {
	"$UNIBEAM" build $boot_files --sysroot "$FIX/sysroot" "$@"
}

check() {
	"$UNIBEAM" check --sysroot "$FIX/sysroot" "$@"
}

# expect STATUS COMMAND...: output goes to "out", messages to "err".
expect() {
	wanted=$1
	shift
	status=0
	"$@" >out 2>err || status=$?
	[ $status = "$wanted" ] || {
		cat out err >&2
		fail "status $status, not $wanted: $*"
	}
}

# contains FILE TEXT
contains() {
	grep -qF -e "$2" "$1" || {
		cat "$1" >&2
		fail "'$2' is not in $1"
	}
}

lacks() {
	! grep -qF -e "$2" "$1" || fail "'$2' is in $1"
}

same() {
	[ "$1" = "$2" ] || fail "'$1' is not '$2'"
}

# release DIR [NAME]: a relx release with the fixture's emulator.
release() {
	name=${2:-shop}
	mkdir -p "$1/releases/1.0" "$1/erts-13.0/bin" "$1/lib/kernel-8.0/ebin" \
		"$1/lib/$name-1.0/ebin" "$1/bin"
	printf '13.0 1.0' >"$1/releases/start_erl.data"
	printf '{release,{"%s","1.0"},{erts,"13.0"},[{kernel,"8.0"},{%s,"1.0"}]}.\n' \
		"$name" "$name" >"$1/releases/1.0/$name.rel"
	echo boot >"$1/releases/1.0/start.boot"
	echo '[].' >"$1/releases/1.0/sys.config"
	echo '-name x' >"$1/releases/1.0/vm.args"
	echo start >"$1/bin/$name"
	cp "$FIX/beam.smp" "$1/erts-13.0/bin/beam.smp"
	cp "$TESTS/../corpus/beam/harmless.beam" "$1/lib/$name-1.0/ebin/"
	cp "$TESTS/../corpus/beam/os_cmd.beam" "$1/lib/kernel-8.0/ebin/"
}

# root IMAGE: the root file system, to the file "root.ext4".
root() {
	set -- "$1" $(sgdisk -i 2 "$1" | awk '
		/^First sector/ { first = $3 }
		/^Last sector/ { print first, $3 - first + 1 }')
	rm -f root.ext4
	dd if="$1" of=root.ext4 bs=512 skip="$2" count="$3" conv=sparse status=none
}

# files: every path in root.ext4, one a line, sorted, without directories.
files() {
	rm -rf tree && mkdir tree
	debugfs -R 'rdump / tree' root.ext4 2>/dev/null >/dev/null
	(cd tree && find . ! -type d | sed 's/^\.//' | sort)
}

# show PATH: a file in root.ext4.
show() {
	debugfs -R "cat $1" root.ext4 2>/dev/null
}

# eventually COMMAND...: it succeeds within a minute.
eventually() {
	tries=0
	until "$@" 2>/dev/null; do
		tries=$((tries + 1))
		[ $tries -lt 1200 ] || fail "not even after a minute: $*"
		sleep 0.05
	done
}

# gone PID: that process has ended, though perhaps nobody has waited for it.
gone() {
	! kill -0 "$1" || grep -qs '^State:.Z' "/proc/$1/status"
}

# interrupt SIGNAL DIR PREFIX COMMAND...: COMMAND ends by SIGNAL, which comes as
# soon as a name that begins with PREFIX is in DIR.
interrupt() {
	signal=$1 dir=$2 prefix=$3
	shift 3
	status=0
	perl "$TESTS/fixture/pause.pl" "$dir" "$prefix" "kill -$signal \$PID" "$@" \
		>/dev/null 2>&1 || status=$?
	same "$status $(kill -l $status 2>/dev/null || true)" "$status $signal"
}

# An image to convert, "a.img" of $size bytes: not small, with a hole, the same
# each time.
image_to_convert() {
	release rel
	dd if=/dev/urandom of=rel/lib/shop-1.0/big bs=1M count=2 status=none
	truncate -s 30M rel/lib/shop-1.0/sparse
	export SOURCE_DATE_EPOCH=1700000000
	expect 0 build rel -o a.img
	size=$(stat -c %s a.img)
}

convert() {
	expect 0 "$UNIBEAM" convert "$@"
}

# sound DISK: sgdisk finds nothing to say about its partition table.
sound() {
	sgdisk -v "$1" >log 2>&1 || fail "$(cat log)"
	contains log 'No problems found'
	! grep -qi 'alternate\|backup' log || fail "$(cat log)"
}

# listen: somebody has $port; free: it is ours from then on, to our end.
listen() {
	mkfifo listener.in
	"$FIX/listen" <listener.in >listener &
	exec 3>listener.in
	eventually grep -q . listener
	port=$(sed -n 1p listener)
}

free() {
	echo >&3
	eventually grep -q free listener
}

# At the end, however it comes, no machine is left.
stop_machines() {
	trap '"$UNIBEAM" stop --all -t 0 2>/dev/null || true' EXIT
	trap 'exit 1' INT TERM HUP
}

# machines: what tests of machines in the background begin with.
machines() {
	export XDG_RUNTIME_DIR="$PWD/run"
	mkdir -m 700 run
	stop_machines
	release rel
	expect 0 build rel -o a.img
}

# start [ARGUMENTS]: a.img in the background, on the fixture's QEMU.
start() {
	"$UNIBEAM" run -d --qemu "$FIX/fake-qemu" --accel tcg a.img "$@" </dev/null
}

# state NAME KEY: as unibeam ps has it.
state() {
	"$UNIBEAM" ps -a --format json | python3 -c '
import json, sys
for m in json.load(sys.stdin):
    if m["name"] == sys.argv[1]:
        print(json.dumps(m[sys.argv[2]]).strip("\""))' "$1" "$2"
}

is_state() { # NAME STATE
	[ "$(state "$1" state)" = "$2" ]
}
