#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# A terminal as the console of a machine in the background.
. "$TESTS/lib.sh"
need python3 script
machines
FAKE_ECHO=1 expect 0 start --name shop --console
expect 0 "$UNIBEAM" logs shop
contains out 'console.shell=yes console.size=80x24 console.resize=/dev/ttyS1'
contains out 'isa-serial,index=1,chardev=size'
lacks out TERM
cat >session <<'END'
stty rows 30 columns 100
before=$(stty -a)
"$UNIBEAM" console shop && status=0 || status=$?
[ "$before" = "$(stty -a)" ] && echo 'the same terminal'
exit $status
END
# on_terminal COMMAND...: a session in which the command types.
on_terminal() {
	status=0
	: >typescript
	"$@" | timeout 300 script -qefc "sh session" typescript >/dev/null || status=$?
	contains typescript 'the same terminal'
	same $status 0
}
seen() { eventually grep -qaF "$1" typescript; }
# PID has the console: it waits for signals from then on
has() { ls -l "/proc/$1/fd" | grep -q signalfd; }
# Ctrl-C, Ctrl-Z and Ctrl-\ are the guest's, Ctrl-A twice is one
keys() {
	seen '[Ctrl-A D leaves the console]'
	printf 'hello'
	seen 'typed:hello:'
	printf '\003\032\034\001\001'
	seen "typed:$(printf '\003\032\034\001'):"
	# another is told who has it
	expect 1 "$UNIBEAM" console shop 1>&2
	contains err "unibeam: cannot have the console of 'shop': process "
	printf '\001d'
}
on_terminal keys
contains typescript 'size:'
contains typescript '100x30'
contains typescript 'unibeam: left the console; the machine runs'
is_state shop running
# it is free again; Ctrl-D does as well as D
keys() {
	seen '[Ctrl-A D'
	printf '\001\004'
}
on_terminal keys
# a terminal that changes
cat >session <<'END'
stty rows 30 columns 100
tty >name
before=$(stty -a)
"$UNIBEAM" console shop
stty rows 30 columns 100
[ "$before" = "$(stty -a)" ] && echo 'the same terminal'
END
keys() {
	seen '[Ctrl-A D'
	stty rows 50 columns 132 <"$(cat name)"
	seen 132x50
	printf '\001D'
}
on_terminal keys
# what is no terminal: all of it is for the guest
printf '\001d' | timeout 300 "$UNIBEAM" console shop >seen 2>err &
eventually grep -qa "typed:$(printf '\001')d" seen
# a killed one leaves it too
kill $!
wait $! || true
contains err 'left the console'
# it ends meanwhile
keys() {
	seen '[Ctrl-A D'
	printf quit
	seen 'the same terminal'
}
on_terminal keys
contains typescript "unibeam: the machine's console was closed"
eventually is_state shop ended
expect 1 "$UNIBEAM" console shop
contains err "unibeam: the machine 'shop' does not run: unibeam logs shop shows what it wrote"
expect 0 "$UNIBEAM" logs shop
contains out 'typed:hello:'
# one that is stopped: it is not lost, and its terminal comes back to us
FAKE_WAIT=1 expect 0 start --name shop
"$UNIBEAM" console shop >seen 2>err </dev/null &
eventually has $!
expect 0 "$UNIBEAM" stop shop
wait $!
# a terminal that does not read: the machine does not wait for it
FAKE_ECHO=1 expect 0 start --name shop
mkfifo stuck
"$UNIBEAM" console shop >stuck 2>/dev/null </dev/null &
stuck=$!
exec 4<stuck
eventually has $stuck
expect 1 "$UNIBEAM" console shop </dev/null
contains err "unibeam: cannot have the console of 'shop': process $stuck"
expect 0 "$UNIBEAM" stop shop -t 0
exec 4<&-
wait $stuck || true
