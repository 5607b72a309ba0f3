#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# The host's own programs: the same libraries as ldd finds, and the loader of
# the image agrees.
. "$TESTS/lib.sh"
need ldd sgdisk debugfs
release rel
program=
for p in /usr/lib/erlang/erts-*/bin/beam.smp /bin/bash /bin/sh; do
	[ -z "$program" ] && [ -e "$p" ] && program=$p
done
ldd "$program" >libs || skip "no dynamic program"
cp "$program" rel/erts-13.0/bin/beam.smp
cp "$(command -v gdb || command -v openssl || echo /bin/ls)" rel/bin/other
expect 0 build rel -o a.img --sysroot / -q
root a.img
files >list
{
	ldd "$program"
	ldd rel/bin/other
} | awk '/=> \// { print $3 } $1 ~ /^\// { print $1 }' | sort -u |
while read -r lib; do
	[ -e "tree/$(readlink -f "$lib")" ] || fail "no $lib"
done
if command -v ldconfig >/dev/null; then
	show /etc/ld.so.cache >cache
	ldconfig -p -C cache >listing
	lacks listing unknown
	awk '/=>/ { print $NF }' listing | while read -r lib; do
		[ -e "tree/$(readlink -f "$lib")" ] || fail "no $lib"
	done
fi
# the image's loader, in the image: nothing may be missing
if [ "$(id -u)" = 0 ] && command -v unshare chroot >/dev/null; then
	interp=$(awk '/ld-linux/ { print $1 }' libs)
	for p in /app/erts-13.0/bin/beam.smp /app/bin/other; do
		chroot tree "$interp" --list $p >loader
		lacks loader 'not found'
	done
fi
# setlocale(3) gives C.UTF-8 there as it does here
for f in /usr/lib/locale/C.utf8/LC_* /usr/lib/locale/C.utf8/LC_MESSAGES/*; do
	[ ! -f "$f" ] || [ -e "tree$f" ] || fail "no $f"
done
