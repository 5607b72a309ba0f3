#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Killed half way: no image, no other file, no QEMU.
. "$TESTS/lib.sh"
. "$TESTS/fixture/osv/lib.sh"
need perl
osv_release rel
image make base.img
echo old >a.img
# half_way FORMAT SIGNAL: when some of the archive has come.
half_way() {
	rm -f "$FAKE_OSV_DIR"/*
	FAKE_OSV=halt=1 interrupt $2 "$FAKE_OSV_DIR" archive "$UNIBEAM" build rel \
		--base base.img --qemu "$OSV/qemu.py" --accel tcg --starter starter.so \
		--nameserver 192.0.2.1 --format "$1" -o a.img
	eventually gone "$(cat "$FAKE_OSV_DIR/pid")"
	same "$(cat a.img)" old
}
command -v qemu-img >/dev/null && both='raw qcow2' || both=raw
for format in $both; do
	[ $format = qcow2 ] || for signal in INT HUP; do
		half_way $format $signal
		same "$(ls -A | grep '^\.' || true)" ''
	done
	half_way $format TERM
	same "$(ls -A | grep '^\.' || true)" ''
	# nobody can clean up behind that, but what is left has no name of ours
	half_way $format KILL
	rm -f .a.img.*
	same "$(ls -A | grep '^\.' || true)" ''
done
