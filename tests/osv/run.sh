#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Copyright the unibeam authors
#
# run.sh BUILD RELEASE - upload RELEASE with `unibeam build --base` through the
# real QEMU and its network to a machine that plays OSv's service, and look
# whether the same archive came as at the strict stand-in of tests/build.
set -eu
build=$(realpath "$1")
release=$(realpath "$2")
here=$(dirname "$(realpath "$0")")
stand_in=$here/../build/fixture/osv
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
trap 'exit 1' INT TERM HUP
cd "$work"

fail() {
	echo "failed: $*" >&2
	cat out console >&2 2>/dev/null || true
	exit 1
}

osv() { # QEMU OUTPUT
	"$build/unibeam" build "$release" --base base.img -o "$2" --qemu "$1" \
		--accel tcg --base-timeout 300 --nameserver 192.0.2.1 >out 2>&1 ||
		fail "build with $1"
}

python3 "$stand_in/image.py" make base.img
FAKE_OSV_DIR=$work osv "$stand_in/qemu.py" wanted.img

export CONSOLE=$work/console GUEST=$build/osv/guest.img
export KERNEL=$build/kernel.elf
osv "$here/qemu.py" got.img
[ "$(python3 "$stand_in/image.py" cmdline got.img)" = \
	"$(python3 "$stand_in/image.py" cmdline wanted.img)" ] || fail "command line"
python3 - archive >sum <<'PY'
import sys
data, total = open(sys.argv[1], "rb").read(), 14695981039346656037
for byte in data:
    total = (total ^ byte) * 1099511628211 & 0xffffffffffffffff
print("archive of %d bytes, sum %016x" % (len(data), total))
PY
tr -d '\r' <console | grep -qxF "$(cat sum)" || fail "not $(cat sum)"
echo "ok  $(cat sum)"
