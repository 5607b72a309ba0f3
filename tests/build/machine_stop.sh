#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Machines that do not want to, that end meanwhile, and that begin.
. "$TESTS/lib.sh"
need python3
machines
FAKE_WAIT=1 FAKE_HANG=1 expect 0 start --name stubborn
expect 0 "$UNIBEAM" stop stubborn -t 1
contains err "unibeam: note: 'stubborn' had to be killed"
is_state stubborn ended
same "$(state stubborn status)" 137
expect 0 "$UNIBEAM" logs stubborn
contains out 'power button'
# the power button, while one waits, and another kills it
FAKE_WAIT=1 FAKE_HANG=1 expect 0 start --name stubborn
"$UNIBEAM" stop stubborn -t 100 2>first.err &
first=$!
eventually is_state stubborn stopping
expect 0 "$UNIBEAM" stop stubborn -t 0
wait $first
# at once after the start, and again and again
for i in 1 2 3; do
	FAKE_WAIT=1 expect 0 start --name quick
	expect 0 "$UNIBEAM" stop quick
	expect 0 "$UNIBEAM" rm quick
done
# while it starts: QEMU does not answer
cat >slow <<'END'
#!/bin/sh
exec sleep 60
END
chmod +x slow
"$UNIBEAM" run -d --qemu ./slow --accel tcg --name slow a.img </dev/null >out2 2>err2 &
start=$!
eventually is_state slow starting
expect 0 "$UNIBEAM" stop slow -t 0
status=0
wait $start || status=$?
same $status 137
expect 0 "$UNIBEAM" ps -aq
lacks out slow
# who starts it is interrupted: then it is not wanted
"$UNIBEAM" run -d --qemu ./slow --accel tcg --name slow a.img </dev/null >out2 2>err2 &
eventually is_state slow starting
kill -KILL $!
wait $! || true
expect 0 "$UNIBEAM" stop slow -t 0
# a signal is the power button too
FAKE_WAIT=1 FAKE_LOG='unibeam-exit 7' expect 0 start --name shop
kill -TERM "$(state shop pid)"
eventually is_state shop ended
same "$(state shop status)" 7
# one that runs in the foreground
FAKE_WAIT=1 "$UNIBEAM" run --name front --qemu "$FIX/fake-qemu" --accel tcg a.img \
	</dev/null >front.out 2>front.err &
front=$!
eventually is_state front running
same "$(state front foreground)" true
expect 1 "$UNIBEAM" logs front
contains err "unibeam: there is no log of 'front': it was started in the foreground"
expect 1 "$UNIBEAM" console front
contains err "unibeam: cannot have the console of 'front': it runs in the foreground, where its console is"
expect 1 start --name front
contains err "a machine 'front' runs already"
expect 0 "$UNIBEAM" stop front
wait $front
contains front.out 'power button'
contains front.err 'pressed the power button'
is_state front ended
