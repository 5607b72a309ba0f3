#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# What is not an image, or no longer one.
. "$TESTS/lib.sh"
release rel
expect 0 build rel -o a.img
bad() {
	expect 1 "$UNIBEAM" run "$1" --qemu "$FIX/fake-qemu" --accel tcg
	contains err "unibeam: $2"
	same "$(wc -l <err)" 1
}
bad none "cannot open 'none': No such file"
bad . "'.' is not an image: it is not a regular file"
echo hello >text
bad text "'text' is not an image: it is too short"
truncate -s 4M zeros
bad zeros "'zeros' is not an image: it has no GUID partition table"
head -c 1900K a.img >cut
bad cut "'cut' is not an image: it is shorter than its partition table says"
poke() { # OFFSET: change a byte
	cp a.img bad.img
	printf '\377' | dd of=bad.img bs=1 seek="$1" conv=notrunc status=none
}
poke 520
bad bad.img "'bad.img' is not an image: its partition table is damaged"
poke 32768
bad bad.img "'bad.img' is not an image of unibeam's: its boot partition holds"
poke 32776
bad bad.img "'bad.img' is of version 255"
poke 32790
bad bad.img "'bad.img' is damaged: its boot header is wrong"
