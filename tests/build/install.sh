#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# The installed command finds its parts, wherever it is put.
. "$TESTS/lib.sh"
need make sgdisk
built=$(dirname "$UNIBEAM")
top=$(realpath "$TESTS/../..")
[ -e "$built/kernel.stripped.elf" ] || skip "not in a build directory"
make -s -C "$top" install B="$(realpath --relative-to="$top" "$built")" \
	DESTDIR="$(pwd)/inst" PREFIX=/usr/local >log 2>&1 || fail "$(cat log)"
lib=inst/usr/local/lib/unibeam
for f in kernel.elf kernel.stripped.elf boot.bin loader.bin init; do
	cmp "$lib/$f" "$built/$f"
done
share=inst/usr/local/share
for f in man/man1/unibeam.1 man/man1/unibeam-build.1 man/man5/unibeam.json.5 \
	bash-completion/completions/unibeam zsh/site-functions/_unibeam \
	fish/vendor_completions.d/unibeam.fish; do
	cmp "$share/$f" "$built/share/$f"
done
mv inst moved
mkdir bin
ln -s ../moved/usr/local/bin/unibeam bin/
release rel
for command in moved/usr/local/bin/unibeam bin/unibeam; do
	expect 0 $command build rel --sysroot "$FIX/sysroot" -o a.img
	expect 0 $command run a.img --dry-run --accel tcg
	contains out a.img
done
PATH=$(pwd)/bin:$PATH
expect 0 unibeam build rel --sysroot "$FIX/sysroot" -o b.img
cmp a.img b.img
# without its parts it says which one it misses
rm moved/usr/local/lib/unibeam/loader.bin
expect 1 unibeam build rel --sysroot "$FIX/sysroot" -o c.img
contains err loader.bin
[ ! -e c.img ] || fail "there is an image"
