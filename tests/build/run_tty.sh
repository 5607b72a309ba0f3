#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# On a terminal Ctrl-A X ends QEMU. However it ends, the terminal is as before.
. "$TESTS/lib.sh"
need qemu-system-x86_64 script
release rel
expect 0 build rel -o a.img
cat >session <<'EOF'
before=$(stty -a)
"$UNIBEAM" run a.img --accel tcg --direct -- -S -pidfile qemu.pid && status=0 ||
	status=$?
[ "$before" = "$(stty -a)" ] && echo 'the same terminal'
exit $status
EOF
# on_terminal COMMAND...: a session in which the command runs and types.
on_terminal() {
	status=0
	rm -f typescript qemu.pid
	{
		n=0
		until [ -s qemu.pid ] || [ $n -gt 1000 ]; do
			n=$((n + 1))
			sleep 0.01
		done
		sleep 0.5
		"$@"
		sleep 0.5
	} | timeout 30 script -qefc "sh session" typescript >/dev/null || status=$?
	contains typescript 'the same terminal'
}
on_terminal printf '\001x'
same $status 130
contains typescript 'QEMU: Terminated'
# what nobody can foresee
kill_qemu() { kill -KILL "$(cat qemu.pid)"; }
on_terminal kill_qemu
same $status 1
contains typescript 'QEMU was killed by signal 9 (Killed)'
