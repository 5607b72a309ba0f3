#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# --verbose says of every file of the system why it is there.
. "$TESTS/lib.sh"
release rel
mkdir rel/erts-13.0/include
echo x >rel/erts-13.0/include/erl_nif.h
expect 0 build rel -o a.img
lacks out 'files of the system'
expect 0 build rel -o a.img --verbose
root a.img
# what is listed is what is in it, beside the release
sed -n '/^files of the system$/,/^left out/s/^  \(\/.*\): .*/\1/p' out | sort >listed
files | grep -v '^/app/' >inside
cmp listed inside || { diff listed inside; fail "other files are listed"; }
grep -q '^  /.*ld-.*: .*beam.smp' out || { cat out; fail "no reason for the loader"; }
contains out '  /usr/sbin/init: process 1'
sed -n '/^left out of the release$/,/^run it/p' out >left
contains left '  erts-13.0/include: headers'
