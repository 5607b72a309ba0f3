#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# What was wrong in rebar3_osv, as far as the plugin can do it wrong.
. "$TESTS/lib.sh"
need sgdisk debugfs python3
real=$UNIBEAM

# It gave up after 20 seconds. This one takes longer, while the rest is tested.
project umbrella slow
mkdir wait
(
	cd wait
	fake_unibeam
	sed -i '2i sleep 22' fake
	rebar 0 ../slow osv generate -n shop
) >slow.log 2>&1 &
slow=$!

# It used the host's port 10000, and qemu-nbd. Somebody else has that port, and
# programs of that name are not to be run.
python3 -c 'import socket, time
s = socket.socket()
s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
try:
    s.bind(("127.0.0.1", 10000))
    s.listen()
except OSError:
    pass # somebody has it
time.sleep(600)' &
holder=$!
trap 'kill $holder 2>/dev/null || true' EXIT
mkdir bin
for name in qemu-nbd qemu-img qemu-system-x86_64; do
	printf '#!/bin/sh\necho %s >>"%s/called"\nexit 1\n' $name "$PWD" >bin/$name
	chmod +x bin/$name
done
export PATH="$PWD/bin:$PATH"

# Two builds at a time collided.
project umbrella a
project umbrella b
# Links made it crash; every file got all rights.
mkdir a/apps/front/priv
echo text >a/apps/front/priv/text
chmod 640 a/apps/front/priv/text
echo program >a/apps/front/priv/program
chmod 755 a/apps/front/priv/program
sed -i 's|{vm_args, false}|{vm_args, false}, {overlay, [{link, "rebar.config", "share/link"}]}|' \
	a/rebar.config
(
	cd b
	rebar3 osv generate -n depot >../b.log 2>&1 </dev/null
) &
second=$!
rebar 0 a osv generate -n shop
wait $second || fail "$(cat b.log)"
[ -s b/_build/default/depot.img ] || fail 'no second image'
[ ! -e called ] || fail "$(cat called)"
root a/_build/default/shop.img
files >list
[ -L tree/app/share/link ] || [ -s tree/app/share/link ] || fail 'no link'
debugfs -R 'stat /app/lib/front-1/priv/program' root.ext4 >stat 2>&1
contains stat 'Mode:  0755'
debugfs -R 'stat /app/lib/front-1/priv/text' root.ext4 >stat 2>&1
grep -q 'Mode:  06[04]0' stat || grep -q 'Mode:  0644' stat || fail "$(cat stat)"

# It took the first erts it saw. One is left there from before.
mkdir -p a/_build/default/rel/shop/erts-0.1/bin
rebar 0 a osv generate -n shop
root a/_build/default/shop.img
show /etc/unibeam/init.conf >conf
contains conf "erts=/app/erts-$(erl -noshell -eval 'io:put_chars(erlang:system_info(version)), halt().')"

# A release had to be called as the application: shop is of front.
contains conf 'release=shop'

# Every machine asked 8.8.8.8 for names.
files >list
(cd tree && grep -r -l -F '8.8.8.8' etc) && fail 'a fixed name server'

# A build that failed left half an image.
rm a/_build/default/shop.img
osv a '{build_options, ["--kernel", "/dev/null"]}'
rebar 1 a osv generate -n shop
[ ! -e a/_build/default/shop.img ] || fail 'half an image'

wait $slow || fail "$(cat slow.log)"
[ -s slow/_build/default/shop.img ] || fail 'the slow one made no image'
