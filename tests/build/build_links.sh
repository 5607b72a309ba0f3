#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Links: a relx release in dev_mode is made of them; loops do not hang.
. "$TESTS/lib.sh"
need sgdisk debugfs
# lib/APP leads to the build directory, whose parts lead to the sources
release rel
mkdir -p build/lib apps/shop/priv other
mv rel/lib/shop-1.0 build/lib/shop
echo data >apps/shop/priv/data
ln -s ../../../apps/shop/priv build/lib/shop/priv
ln -s "$(pwd)/build/lib/shop" rel/lib/shop-1.0
mv rel/releases/1.0/sys.config apps/sys.config
ln -s ../../../apps/sys.config rel/releases/1.0/sys.config
expect 0 build rel -o a.img
root a.img
files >list
contains list /app/lib/shop-1.0/ebin/harmless.beam
same "$(cat tree/app/lib/shop-1.0/priv/data)" data
[ ! -L tree/app/lib/shop-1.0 ] || fail "a link to where the image has nothing"
same "$(cat tree/app/releases/1.0/sys.config)" "$(cat apps/sys.config)"
# loops: of links, and of a directory that leads to where it came from
ln -s b rel/lib/a
ln -s a rel/lib/b
ln -s self rel/lib/self
ln -s . rel/lib/here
expect 0 build rel -o a.img
root a.img
files >list
same "$(readlink tree/app/lib/a)" b
same "$(readlink tree/app/lib/here)" .
rm rel/lib/here
for up in ../../.. "$(pwd)" /; do
	ln -sfn "$up" build/lib/shop/up
	expect 1 build rel -o b.img
	contains err "'rel/lib/shop-1.0/up' leads to '"
	contains err "', which holds what is being copied"
	same "$(wc -l <err)" 1
done
[ ! -e b.img ] || fail "there is an image"
# inside what a link leads to, links are links
ln -sfn . build/lib/shop/up
ln -s ../shop/ebin build/lib/shop/round
ln -s "$(pwd)/rel/bin/shop" build/lib/shop/back
ln -s "$(pwd)/other" build/lib/shop/other
ln -s "$(pwd)/build/lib/shop" other/again
expect 0 build rel -o a.img
root a.img
files >list
d=tree/app/lib/shop-1.0
same "$(readlink $d/up)" .
same "$(readlink $d/round)" /app/lib/shop-1.0/ebin
same "$(readlink $d/back)" /app/bin/shop
same "$(readlink $d/other/again)" /app/lib/shop-1.0
# a link of the release that leaves it and comes back
ln -s ../rel/bin/shop rel/outside-and-in
expect 0 build rel -o a.img
root a.img
files >list
same "$(readlink tree/app/outside-and-in)" /app/bin/shop
