#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# A library that is nowhere: named, with who needs it; no image is left.
. "$TESTS/lib.sh"
release rel
cp -a "$FIX/sysroot" sys
rm sys/usr/lib/x86_64-linux-gnu/libextra.so.1
expect 1 build rel -o a.img --sysroot sys
same "$(wc -l <err)" 1
contains err "unibeam: cannot find library 'libextra.so.1' in sys, needed by '/app/erts-13.0/bin/beam.smp': install it there (Debian's package should be libextra1), name"
[ ! -e a.img ] || fail "there is an image"
expect 0 build rel -o a.img --sysroot sys --allow-missing
contains err "note: cannot find library 'libextra.so.1' in sys, needed by '/app/erts-13.0/bin/beam.smp'"
rm sys/usr/lib64/ld-linux-x86-64.so.2
expect 1 build rel -o b.img --sysroot sys
contains err "cannot find program interpreter '/lib64/ld-linux-x86-64.so.2' in sys, needed by"
