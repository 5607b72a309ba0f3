#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# A machine in the background: begin, list, stop, log, status, forget.
. "$TESTS/lib.sh"
need python3
machines
# nothing yet
expect 0 "$UNIBEAM" ps
same "$(cat out)" 'NAME  IMAGE  STATE  SINCE  PORTS  MEMORY  CPUS  STATUS'
expect 0 "$UNIBEAM" ps --format json
same "$(cat out)" '[]'

export FAKE_WAIT=1
listen
free
FAKE_LOG='unibeam-exit 4' expect 0 start --name shop -m 1G --smp 2 -p 127.0.0.1:$port:80
same "$(cat out)" shop
contains err 'unibeam: using tcg'
lacks err 'shop'
is_state shop running
expect 0 "$UNIBEAM" ps
contains out 'shop  a.img  running'
contains out "127.0.0.1:$port:80  1G      2     -"
same "$(state shop image)" "$PWD/a.img"
same "$(state shop ports)" '["127.0.0.1:'$port':80"]'
same "$(state shop status)" null
same "$(state shop ended)" null
same "$(state shop foreground)" false
# nobody's child, with a session of its own, and no terminal
pid=$(state shop pid)
same "$(awk '{ print $4, $6 != $1 }' "/proc/$pid/stat" | sed 's/^[0-9]* //')" 1
same "$(readlink "/proc/$pid/fd/0")" /dev/null
# one of a name
expect 1 start --name shop
contains err "unibeam: a machine 'shop' runs already: choose another name with --name, or stop it"
expect 1 "$UNIBEAM" rm shop
contains err "unibeam: the machine 'shop' runs: stop it first, or give -f"

expect 0 "$UNIBEAM" stop shop
same "$(cat err)" ''
is_state shop ended
same "$(state shop status)" 4
expect 0 "$UNIBEAM" ps
lacks out shop
expect 0 "$UNIBEAM" ps -a
contains out 'shop  a.img  ended'
contains out '1G      2     4'
expect 0 "$UNIBEAM" ps -aq
same "$(cat out)" shop
expect 0 "$UNIBEAM" logs shop
contains out 'socket,id=con,fd='
contains out 'power button'
contains out 'unibeam: pressed the power button'
expect 0 "$UNIBEAM" logs --tail 0 shop
same "$(cat out)" ''
expect 0 "$UNIBEAM" logs -n 1 shop
same "$(wc -l <out)" 1
# it has ended: to stop it is done
expect 0 "$UNIBEAM" stop shop
# its name is free, and nothing of it is left
expect 0 start --name shop
expect 0 "$UNIBEAM" logs shop
lacks out 'power button'
same "$(state shop status)" null
expect 0 "$UNIBEAM" rm -f shop
expect 0 "$UNIBEAM" ps -a
lacks out shop
same "$(ls -A run/unibeam)" ''

# names that the image gives
expect 0 start
same "$(cat out)" a
expect 0 start
same "$(cat out)" a-2
cp a.img "./-x (1) ü.img"
expect 0 sh -c '"$UNIBEAM" run -d --qemu "$FIX/fake-qemu" --accel tcg "./-x (1) ü.img" </dev/null'
same "$(cat out)" machine
cp a.img 'b c$d.img'
expect 0 "$UNIBEAM" run -d --qemu "$FIX/fake-qemu" --accel tcg 'b c$d.img' </dev/null
same "$(cat out)" b-c-d
expect 0 "$UNIBEAM" stop a a-2
is_state a ended
is_state a-2 ended
is_state machine running
expect 0 "$UNIBEAM" stop --all
is_state machine ended
expect 0 "$UNIBEAM" rm --all
expect 0 "$UNIBEAM" ps -aq
same "$(cat out)" ''
