#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Ten at once, of which two want one name.
. "$TESTS/lib.sh"
need python3
machines
export FAKE_WAIT=1
pids=
for i in 0 1 2 3 4 5 6 7 8 8; do
	start --name m$i >>names 2>>errors &
	pids="$pids $!"
done
failed=0
for pid in $pids; do
	wait $pid || failed=$((failed + 1))
done
same $failed 1
contains errors "a machine 'm8' runs already"
same "$(sort names | tr '\n' ' ')" 'm0 m1 m2 m3 m4 m5 m6 m7 m8 '
expect 0 "$UNIBEAM" ps -q
same "$(wc -l <out)" 9
expect 0 "$UNIBEAM" stop --all
expect 0 "$UNIBEAM" ps -q
same "$(cat out)" ''
# the same name for all, again and again
unset FAKE_WAIT
export FAKE_EVENT=guest-shutdown
for i in 0 1 2 3 4 5 6 7 8 9; do
	start --name one >/dev/null 2>&1 && "$UNIBEAM" rm one -f >/dev/null 2>&1 &
	pids="$pids $!"
done
wait
"$UNIBEAM" rm one -f 2>/dev/null || true
unset FAKE_EVENT
FAKE_WAIT=1 expect 0 start --name one
expect 0 "$UNIBEAM" rm -f one
expect 0 "$UNIBEAM" rm --all
same "$(ls -A run/unibeam)" ''
