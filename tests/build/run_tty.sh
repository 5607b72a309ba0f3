#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# On a terminal Ctrl-A X ends QEMU. However it ends, the terminal is as before. The
# guest is told what terminal it is, and output goes there as it comes.
. "$TESTS/lib.sh"
need qemu-system-x86_64 script setsid
release rel
expect 0 build rel -o a.img
cat >session <<'EOF'
stty rows 30 columns 100
before=$(stty -a)
"$UNIBEAM" run a.img --accel tcg --direct -- -S -pidfile qemu.pid && status=0 ||
	status=$?
[ "$before" = "$(stty -a)" ] && echo 'the same terminal'
exit $status
EOF
# QEMU has the terminal: it has changed its modes.
has_terminal() {
	[ -s qemu.pid ] && stty -a <"/proc/$(cat qemu.pid)/fd/0" | grep -q -e ' -icanon '
}
# on_terminal COMMAND...: a session in which the command runs and types.
on_terminal() {
	status=0
	rm -f typescript qemu.pid
	{
		eventually has_terminal
		"$@"
		eventually grep -q 'the same terminal' typescript
	} | timeout 300 script -qefc "sh session" typescript >/dev/null || status=$?
	contains typescript 'the same terminal'
}
export TERM=vt220
on_terminal printf '\001x'
same $status 130
contains typescript 'QEMU: Terminated'
# what nobody can foresee
kill_qemu() {
	pid=$(cat qemu.pid)
	tr '\0' ' ' <"/proc/$pid/cmdline" >words
	stty -a <"$(readlink "/proc/$pid/fd/0")" >modes
	kill -KILL "$pid"
}
on_terminal kill_qemu
same $status 1
contains typescript 'QEMU was killed by signal 9 (Killed)'
contains words ' env.TERM=vt220 console.size=100x30 console.resize=/dev/ttyS1'
contains words 'isa-serial,index=1,chardev=size'
contains modes ' -onlcr '
contains modes ' -icanon '
# the size reaches the guest when it changes, also where the command is in a
# session that is not the terminal's, as a port of an emulator is
cat >sized <<'EOF'
stty rows 30 columns 100
{
	until grep -qF qmp,mode=control typescript; do sleep 0.05; done
	stty columns 77
} </dev/tty &
FAKE_ECHO=1 $SESSION "$UNIBEAM" run a.img --qemu "$FIX/fake-qemu" --accel tcg
EOF
for SESSION in '' 'setsid -w'; do
	export SESSION
	rm -f typescript
	{
		eventually grep -qF 77x30 typescript
		echo quit
	} | timeout 100 script -qfc 'sh sized' typescript >/dev/null
	contains typescript console.size=100x30
	contains typescript 77x30
done
# nothing of all that without a terminal
expect 0 "$UNIBEAM" run a.img --accel tcg --dry-run </dev/null
lacks out console.
lacks out TERM
