#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# On a terminal Ctrl-A X ends QEMU.
. "$TESTS/lib.sh"
need qemu-system-x86_64 script
release rel
expect 0 build rel -o a.img
status=0
{
	n=0
	until grep -q 'using tcg' typescript 2>/dev/null || [ $n -gt 500 ]; do
		n=$((n + 1))
		sleep 0.01
	done
	sleep 0.5
	printf '\001x'
	sleep 0.5
} | timeout 20 script -qefc "$UNIBEAM run a.img --accel tcg --direct -- -S" \
	typescript >/dev/null || status=$?
same $status 130
contains typescript 'QEMU: Terminated'
