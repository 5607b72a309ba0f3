#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# The process that keeps a machine is killed: the machine goes with it, and is
# listed as lost, whatever process has its number by then.
. "$TESTS/lib.sh"
need python3
machines
FAKE_HANG=1 expect 0 start --name shop
pid=$(state shop pid)
qemu=$(cat "/proc/$pid/task/$pid/children")
kill -0 $qemu
kill -KILL "$pid"
eventually gone $qemu
eventually is_state shop lost
same "$(state shop ended)" null
same "$(state shop status)" null
expect 0 "$UNIBEAM" ps
lacks out shop
expect 0 "$UNIBEAM" logs shop
contains out id=qmp
expect 1 "$UNIBEAM" console shop
contains err "unibeam: the machine 'shop' does not run"
# its number is that of a process of ours now
sed -i "s/\"pid\": [0-9]*/\"pid\": $$/" run/unibeam/shop/machine.json
is_state shop lost
expect 0 "$UNIBEAM" stop shop
FAKE_WAIT=1 expect 0 start --name shop
is_state shop running
# a state that cannot be read is no reason to fail
for text in '' '{' '[1]' '{"image": 3, "ports": [3], "ended": "x"}'; do
	printf '%s' "$text" >run/unibeam/shop/machine.json
	expect 0 "$UNIBEAM" ps
	contains out 'shop'
done
expect 0 "$UNIBEAM" stop shop
