#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Releases as they come: which erts, which names, links; and what cannot be
# started on OSv.
. "$TESTS/lib.sh"
. "$TESTS/fixture/osv/lib.sh"
image make base.img
# the directory is not named like the application, and there are two of erts:
# start_erl.data says which one counts
osv_release 'some where' shop
mkdir -p 'some where/erts-12.9/bin' 'some where/erts-99/bin'
echo old >'some where/erts-12.9/bin/erlexec'
expect 0 osv 'some where' --base base.img
image show shop.img >tree
contains tree 'link 777 otp/erts /otp/erts-13.0'
contains tree 'file 644 otp/erts-12.9/bin/erlexec'
# relx up to version 3: the boot file has the name of the release
osv_release rel
cp rel/releases/1.0/start.boot rel/releases/1.0/shop.boot
expect 0 osv rel --base base.img
contains out 'command  /start-otp.so /otp/releases/1.0/shop /otp/releases/1.0/vm.args'

# without vm.args and sys.config there are empty ones
rm rel/releases/1.0/vm.args rel/releases/1.0/sys.config
expect 0 osv rel --base base.img
image show shop.img >tree
contains tree 'file 644 otp/releases/1.0/vm.args 0 '
contains tree "file 644 otp/releases/1.0/sys.config 4 $(echo '[].' | sha256sum | cut -d' ' -f1)"
rm -r rel
osv_release rel

# links stay links inside the release, are replaced where they lead out of it,
# and no name is sent twice
mkdir -p build/lib other
mv rel/lib/shop-1.0 build/lib/shop
ln -s "$(pwd)/build/lib/shop" rel/lib/shop-1.0
echo data >other/data
ln -s ../../../other build/lib/shop/priv
ln -s ../shop/ebin build/lib/shop/round
ln -s "$(pwd)/rel/bin/shop" build/lib/shop/back
ln -s shop rel/bin/alias
ln -s /no/where rel/bin/dangling
ln -s /app/no/where rel/bin/ours
ln -s b rel/lib/a
ln -s a rel/lib/b
ln rel/bin/shop rel/bin/hard
ln -s erts-13.0 rel/erts
expect 0 osv rel --base base.img
image show shop.img >tree
contains tree 'dir 755 otp/lib/shop-1.0'
contains tree 'file 644 otp/lib/shop-1.0/priv/data 5 '
contains tree 'link 777 otp/lib/shop-1.0/round /otp/lib/shop-1.0/ebin'
contains tree 'link 777 otp/lib/shop-1.0/back /otp/bin/shop'
contains tree 'link 777 otp/bin/alias shop'
contains tree 'link 777 otp/bin/dangling /no/where'
contains tree 'link 777 otp/bin/ours /app/no/where'
contains tree 'link 777 otp/lib/a b'
contains tree 'link 777 otp/erts erts-13.0'
same "$(grep 'otp/bin/shop ' tree | cut -d' ' -f5)" \
	"$(grep 'otp/bin/hard ' tree | cut -d' ' -f5)"
ln -s .. build/lib/shop/up
fails "'rel/lib/shop-1.0/up' leads to '" osv rel --base base.img
rm build/lib/shop/up rel/erts

# what cannot be
try() { # TEXT
	fails "$1" osv rel --base base.img -o a.img
	[ ! -e a.img ] || fail "there is an image"
	rm -rf rel
	osv_release rel
}
rm -rf rel "$FAKE_OSV_DIR/args"
osv_release rel
mkdir rel/erts
try "release 'rel' has an 'erts' of its own, where OSv is to find erts-13.0"
ln -s erts-12 rel/erts
try "release 'rel' has an 'erts' of its own"
rm rel/erts-13.0/bin/erlexec
try "release 'rel' has no 'erts-13.0/bin/erlexec': let it include an Erlang"
rm -r rel/erts-13.0
try "release 'rel' has no Erlang of its own (erts-13.0): let it include one"
mv rel/releases/1.0/vm.args rel/releases/1.0/vm.args.src
try "release 'rel' has a 'vm.args.src': nobody fills in its variables on OSv"
mv rel/releases/1.0/sys.config rel/releases/1.0/sys.config.src
try "release 'rel' has a 'sys.config.src': nobody fills in its variables on OSv"
mv rel/releases/1.0 'rel/releases/1 0$x'
printf '13.0 1;0' >rel/releases/start_erl.data
mv rel/releases/1* 'rel/releases/1;0'
try "release 'rel' cannot be started on OSv: its version '1;0' cannot be part"
echo secret >rel/releases/COOKIE
echo '1' >rel/releases/1.0/runtime.exs
try "release 'rel' has a runtime.exs: nobody evaluates that on OSv"
rm -r rel/releases
try "'rel' is not a release"
mkdir rel/lib/odd
printf x >"rel/lib/odd/$(printf 'a\ncpiod finished\nb')"
try "cannot send 'rel/lib/odd/a\\x0acpiod finished\\x0ab' to OSv: there is a control character in the name"
mkdir "rel/lib/$(printf 'a\tb')"
try "cannot send 'lib/a\\x09b' to OSv: there is a control character in the name"
truncate -s 4294967295 rel/lib/kernel-8.0/large # sparse, and would fit
truncate -s 4294967296 rel/lib/kernel-8.0/larger
try "cannot send 'rel/lib/kernel-8.0/larger' to OSv: files of 4 GiB and more do not fit"
mkdir gleam && echo >gleam/entrypoint.sh
fails "'gleam' is a shipment of Gleam's: OSv is for releases, with their own Erlang" \
	osv gleam --base base.img
[ ! -e "$FAKE_OSV_DIR/args" ] || fail "QEMU was started"
chmod 0 rel/bin/shop
fails "cannot read 'rel/bin/shop': Permission denied" \
	osv_weak rel --base base.img -o a.img
rm -f rel/bin/shop
mkfifo rel/bin/pipe
expect 0 osv rel --base base.img -o a.img
contains err 'note: left out: bin/pipe: a socket, pipe or device'
# a release of mix's, whose env.sh is for a shell
echo secret >rel/releases/COOKIE
echo 'export A=1' >rel/releases/1.0/env.sh
expect 0 osv rel --base base.img -o a.img
contains err "note: 'env.sh' of the release is not run: OSv has no shell"
# an archive of a release
rm -rf rel
osv_release rel
tar -czf shop.tar.gz -C rel .
expect 0 osv shop.tar.gz --base base.img -o b.img
image show b.img >got
expect 0 osv rel --base base.img -o a.img
image show a.img >tree
diff tree got
