#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Killed half way: no image, no other file, no QEMU.
. "$TESTS/lib.sh"
. "$TESTS/fixture/osv/lib.sh"
osv_release rel
image make base.img
echo old >a.img
ready=$(cat <<'PY'
import os, signal, sys
signal.signal(signal.SIGINT, signal.SIG_DFL)  # the shell ignores it for us
os.execv(sys.argv[1], sys.argv[1:])
PY
)
# half_way FORMAT FAULTS SIGNAL
half_way() {
	rm -f "$FAKE_OSV_DIR"/*
	FAKE_OSV=$2 python3 -c "$ready" "$UNIBEAM" build rel --base base.img \
		--qemu "$OSV/qemu.py" --accel tcg --starter starter.so \
		--nameserver 192.0.2.1 --format "$1" -o a.img >out 2>err &
	pid=$!
	until [ -s "$FAKE_OSV_DIR/pid" ]; do
		kill -0 $pid || fail "it has ended: $(cat err)"
		sleep 0.02
	done
	eventually [ -e "$FAKE_OSV_DIR/archive" ]
	kill -$3 $pid
	status=0
	wait $pid || status=$?
	[ $status -gt 128 ] || fail "status $status after SIG$3"
	eventually gone "$(cat "$FAKE_OSV_DIR/pid")"
	same "$(cat a.img)" old
}
command -v qemu-img >/dev/null && both='raw qcow2' || both=raw
for format in $both; do
	[ $format = qcow2 ] || for signal in INT HUP; do
		half_way $format halt=1 $signal
		same "$(ls -A | grep '^\.' || true)" ''
	done
	half_way $format halt=1 TERM
	same "$(ls -A | grep '^\.' || true)" ''
	# nobody can clean up behind that, but what is left has no name of ours
	half_way $format halt=1 KILL
	rm -f .a.img.*
	same "$(ls -A | grep '^\.' || true)" ''
done
