#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# No port of the host is fixed: builds run side by side, port 10000 may be
# taken, and one that somebody else takes in the meantime is no error.
. "$TESTS/lib.sh"
. "$TESTS/fixture/osv/lib.sh"
osv_release rel
image make base.img
FAKE_OSV=busy expect 0 osv rel --base base.img -o a.img
[ -e "$FAKE_OSV_DIR/busy" ] || fail "the port was not taken"
image show a.img >tree
contains tree 'link 777 otp/erts'
# the words that tell it are QEMU's
if command -v qemu-system-x86_64 >/dev/null; then
	listen
	qemu-system-x86_64 -M none -display none -monitor none -S -netdev \
		user,id=un0,hostfwd=tcp:127.0.0.1:$port-:10000 2>err && fail "started"
	contains err 'set up host forwarding rule'
	exec 3>&-
fi
# port 10000 is taken, as by the other builds of old
python3 - >listening <<'PY' &
import os, socket, time
s = socket.socket()
s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
try:
    s.bind(("127.0.0.1", 10000))
    s.listen()
except OSError:
    pass # somebody else has it: as good
print("yes", flush=True)
time.sleep(600)
PY
holder=$!
eventually [ -s listening ]
expect 0 osv rel --base base.img -o a.img
kill $holder
# side by side, with a common base and the same output among them
for i in 1 2 3 4 5; do
	(
		FAKE_OSV_DIR="$(pwd)/said.$i"
		export FAKE_OSV_DIR
		mkdir "$FAKE_OSV_DIR"
		osv_release rel.$i shop$i
		status=0
		osv rel.$i --base base.img -o $((i < 4 ? i : 4)).img >out.$i 2>&1 ||
			status=$?
		echo $status >status.$i
	) &
done
wait
for i in 1 2 3 4 5; do
	same "$(cat status.$i)" 0
	[ $i -lt 5 ] || break
	image show $i.img >tree
	[ $i = 4 ] || contains tree "otp/bin/shop$i"
done
same "$(ls -A | grep '^\.' || true)" ''
