#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# The real QEMU: from the disk and directly, on every machine.
. "$TESTS/lib.sh"
need qemu-system-x86_64
release rel
expect 0 build rel -o a.img --append 'baked=1'
run() { timeout 60 "$UNIBEAM" run a.img --accel tcg "$@" </dev/null; }
for machine in q35 pc microvm; do
	expect 3 run --direct --machine $machine --append "on=$machine" --env 'A=b c'
	contains out \
		"baked=1 exit.port=0x501 exit.log=0xe9 env.A=\"b c\" on=$machine"
done
for machine in q35 pc; do
	expect 5 run --machine $machine
	contains out B
done
# the real boot sector and loader, where they are built already
own=$(dirname "$UNIBEAM")
if [ -e "$own/boot.bin" ] && [ -e "$own/loader.bin" ]; then
	expect 0 build rel -o b.img --append 'baked=2' \
		--boot-sector "$own/boot.bin" --loader "$own/loader.bin"
	for machine in q35 pc; do
		expect 3 timeout 60 "$UNIBEAM" run b.img --accel tcg \
			--machine $machine </dev/null
		contains out 'baked=2'
	done
fi
# whichever accelerator it chooses, it must work, and must be said
"$UNIBEAM" run a.img --direct </dev/null >out 2>err || status=$?
same $status 3
contains err 'unibeam: using '
# two at a time from one image
run --direct >/dev/null 2>&1 &
expect 3 run --direct
wait $! || true
# QEMU's own complaints come through
expect 1 run -- -device nonsense
contains err nonsense
contains err 'unibeam: QEMU failed with status 1'
