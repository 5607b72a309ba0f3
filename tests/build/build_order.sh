#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# The order in which the host lists a directory, the umask, the time zone and
# the language are not part of the input.
. "$TESTS/lib.sh"
need perl
if [ ! -d /dev/shm ] || [ ! -w /dev/shm ]; then skip "no tmpfs"; fi
# tmpfs lists the newest name first: two copies made in opposite orders
tmpfs=$(mktemp -d /dev/shm/unibeam-test.XXXXXX)
trap 'rm -rf "$tmpfs"' EXIT
release rel
for n in a b c d e f; do echo $n >rel/lib/shop-1.0/$n; done
cp -a rel "$tmpfs/one"
mkdir "$tmpfs/two"
(cd rel && find . -depth | sort -r) | while read -r f; do
	[ -d "rel/$f" ] && mkdir -p "$tmpfs/two/$f" && continue
	mkdir -p "$tmpfs/two/$(dirname "$f")"
	cp -p "rel/$f" "$tmpfs/two/$f"
done
# a file with several names, first one and then the other made first
for n in z y x; do echo linked >"$tmpfs/one/lib/shop-1.0/$n"; done
cp -p "$tmpfs"/one/lib/shop-1.0/[xyz] "$tmpfs/two/lib/shop-1.0/"
ln -f "$tmpfs/one/lib/shop-1.0/x" "$tmpfs/one/lib/shop-1.0/z"
ln -f "$tmpfs/two/lib/shop-1.0/z" "$tmpfs/two/lib/shop-1.0/x"
touch -r rel/bin/shop "$tmpfs"/*/lib/shop-1.0/[xyz]
list='opendir D, shift; print join " ", readdir D'
[ "$(perl -e "$list" "$tmpfs/one/lib/shop-1.0")" != \
	"$(perl -e "$list" "$tmpfs/two/lib/shop-1.0")" ] ||
	fail "the directories are listed in the same order"
export SOURCE_DATE_EPOCH=1700000000
expect 0 build "$tmpfs/one" -o a.img
expect 0 build "$tmpfs/two" -o b.img
cmp a.img b.img
(
	umask 077
	export TZ=Asia/Kathmandu LC_ALL=tr_TR.UTF-8 LANG=tr_TR.UTF-8
	expect 0 build "$tmpfs/one" -o c.img
)
cmp a.img c.img
same "$(stat -c %a c.img)" 600
