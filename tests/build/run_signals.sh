#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# The first signal presses the power button, the second kills QEMU.
. "$TESTS/lib.sh"
release rel
expect 0 build rel -o a.img
begin() {
	rm -f out # what an earlier one said
	"$UNIBEAM" run a.img --qemu "$FIX/fake-qemu" --accel tcg </dev/null \
		>out 2>err &
	pid=$!
	eventually grep -q id=qmp out
}
end() {
	status=0
	wait $pid || status=$?
	same $status "$1"
}
export FAKE_WAIT=1
for signal in TERM HUP; do
	FAKE_LOG='unibeam-exit 4' begin
	kill -$signal $pid
	end 4
	contains out 'power button'
	contains err 'pressed the power button; once more to stop at once'
done
# one that does not hear the first press is pressed again, whatever it writes
FAKE_DEAF=1 FAKE_LOG='unibeam-exit 5' begin
kill -TERM $pid
end 5
contains out 'power button'
FAKE_HANG=1 begin
kill -TERM $pid
eventually grep -q 'power button' out
kill -TERM $pid
end 143
# QEMU does not outlive us
FAKE_HANG=1 begin
qemu=$(cat /proc/$pid/task/$pid/children)
kill -KILL $pid
wait $pid || true
eventually gone $qemu
