#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# A release on an OSv image: what is uploaded, and what the image says then.
. "$TESTS/lib.sh"
. "$TESTS/fixture/osv/lib.sh"
need cpio
osv_release rel
chmod 600 rel/releases/1.0/vm.args
chmod 555 rel/lib/shop-1.0/ebin/harmless.beam
mkdir -p rel/lib/shop-1.0/priv/empty rel/lib/shop-1.0/priv/closed
echo '#!/bin/sh' >rel/lib/shop-1.0/priv/'odd name; ü'
: >rel/lib/shop-1.0/priv/nothing
printf x >rel/lib/shop-1.0/priv/closed/one
chmod 550 rel/lib/shop-1.0/priv/closed
image make base.img
cp base.img kept
expect 0 osv rel --base base.img -o shop.img
contains out 'shop.img: 8.0 MiB (raw)'
contains out 'release  shop 1.0 (relx, erts 13.0)'
cmp base.img kept
chmod 755 rel/lib/shop-1.0/priv/closed # to compare and remove it

# the command line, and nothing of the longer one before
same "$(image cmdline shop.img)" \
	'/start-otp.so /otp/releases/1.0/start /otp/releases/1.0/vm.args /otp/releases/1.0/sys.config'
same "$(image rest shop.img)" 0
# the rest of the disk is as it was, apart from what OSv wrote
cmp -n 512 shop.img base.img
dd if=shop.img bs=64k skip=1 count=31 status=none >kernel
dd if=base.img bs=64k skip=1 count=31 status=none | cmp - kernel
same "$(tail -c 16 shop.img)" 'end of the disk'

# what OSv got, by its own account
image show shop.img >tree
contains tree 'dir 755 otp/lib/shop-1.0/priv/empty'
contains tree 'dir 550 otp/lib/shop-1.0/priv/closed'
contains tree 'file 600 otp/releases/1.0/vm.args'
contains tree 'file 555 otp/lib/shop-1.0/ebin/harmless.beam'
contains tree 'file 755 start-otp.so 12 '
contains tree 'link 777 otp/erts /otp/erts-13.0'
contains tree 'file 644 etc/default/erlang/inetrc'
# and as GNU cpio unpacks it: byte for byte, with permissions
(mkdir cpio && cd cpio && cpio --quiet -idm <"$FAKE_OSV_DIR/archive")
[ "$(cpio --quiet -it <"$FAKE_OSV_DIR/archive" | sort | uniq -d)" = '' ]
rm cpio/otp/erts
diff -r cpio/otp rel
list() { (cd "$1" && find . -printf '%y %m %p\n' | sort); }
chmod 550 rel/lib/shop-1.0/priv/closed
list rel >wanted
list cpio/otp >got
chmod 755 rel/lib/shop-1.0/priv/closed cpio/otp/lib/shop-1.0/priv/closed
diff wanted got
cmp cpio/start-otp.so starter.so
same "$(cat cpio/etc/resolv.conf)" 'nameserver 192.0.2.1'
# no -q: a summary; with it: none.  Its own name: that of the release
expect 0 osv rel --base base.img -q
same "$(cat out err)" ''
# the words of the old plugin's configuration
for options in '--env=A=b' '--env=A=b '; do
	expect 0 osv rel --base base.img --command-line "$options" --verbose
	same "$(image cmdline shop.img)" \
		'--env=A=b --verbose /start-otp.so /otp/releases/1.0/start /otp/releases/1.0/vm.args /otp/releases/1.0/sys.config'
done
# how far it is, for programs
dd if=/dev/urandom of=rel/lib/shop-1.0/big bs=1M count=2 status=none
expect 0 osv rel --base base.img --progress numeric
same "$(sort -n out | uniq | tr '\n' ' ')" "$(seq -s ' ' 0 100) "
same "$(head -n 1 out) $(tail -n 1 out)" '0 100'
# the base image's starter
expect 0 osv rel --base base.img --starter none
contains out "starter  the base image's"
image show shop.img >tree
lacks tree start-otp.so
