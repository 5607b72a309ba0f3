#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# What the network card is connected to, and who the guest is there.
. "$TESTS/lib.sh"
release rel
expect 0 build rel -o a.img --append 'loglevel=3'
run() { "$UNIBEAM" run a.img --qemu "$FIX/fake-qemu" --accel tcg "$@" </dev/null; }
dry() { expect 0 run --dry-run "$@"; }
# as the guest is told, after the image's words and before --append's
dry --append 'ip=none' --ip 10.0.0.2/24,10.0.0.1,1.1.1.1 --hostname shop-1 \
	--add-host db:10.0.0.7 --add-host db6.example.com:fe80::7
contains out ' hostname=shop-1 ip=10.0.0.2/24,,10.0.0.1,,1.1.1.1 host=db:10.0.0.7 host=db6.example.com:fe80::7 ip=none'
dry --ip 10.0.0.2/24,,1.1.1.1
dry --ip dhcp
dry --ip none
# the card: of the same address as always on a network of its own only
dry --network user -p 8080:80
contains out 'user,id=n0,hostfwd=tcp::8080-:80'
lacks out mac=
dry --mac 52:54:00:0A:0b:0c
contains out 'virtio-net-pci,netdev=n0,disable-legacy=on,romfile=,mac=52:54:00:0A:0b:0c'
dry --network tap=tap,0
contains out ' -netdev tap,id=n0,script=no,downscript=no,ifname=tap,,0 '
contains out ,romfile=,mac=52:54:00:
sed 's/.*,mac=\([^ ]*\).*/\1/' out >first
dry --network tap=tap,0
[ "$(cat first)" != "$(sed 's/.*,mac=\([^ ]*\).*/\1/' out)" ] || fail "the same address twice"
dry --network bridge=br0 --machine microvm --mac 02:00:00:00:00:01
contains out ' -netdev bridge,id=n0,br=br0 -device virtio-net-device,netdev=n0,mac=02:00:00:00:00:01 '
dry --network socket=/run/a,b
contains out ' -netdev stream,id=n0,server=off,addr.type=unix,addr.path=/run/a,,b '
# what is wrong with a value is said without the image
wrong() {
	expect 2 run "$@"
	contains err "unibeam: run: $1 '$2' is not "
}
for value in '' net tap tap= tap=0123456789abcdef tap=a/b bridge= socket= \
	"socket=/$(printf '%0120d' 0)" user=x; do wrong --network "$value"; done
for value in '' 5 52:54:00:12:34:5 52:54:00:12:34:5g 52:54:00:12:34:567 \
	52:5:400:12:34:56 01:00:00:00:00:01 00:00:00:00:00:00; do wrong --mac "$value"; done
for value in '' 10.0.0.1 10.0.0.1/0 10.0.0.1/33 10.0.0.1/+8 10.0.0.1/24, \
	10.0.0.1/24,x 10.0.0.1/24,10.0.0.2, 224.0.0.1/24 0.0.0.1/8 10.0.0/24 \
	10.0.0.1/24,,1.1.1.1,1.1.1.1,1.1.1.1,1.1.1.1,1.1.1.1; do
	case $value in
	*/24,) dry --ip "$value" ;; # no gateway
	*) wrong --ip "$value" ;;
	esac
done
for value in '' - -a a- a_b 'a b' "$(printf '%064d' 0)"; do wrong --hostname "$value"; done
for value in '' a a: :1.2.3.4 a:1.2.3 a:b a_b:1.2.3.4 'a:fe80::1%eth0'; do wrong --add-host "$value"; done
expect 2 run --network tap=tap0 -p 1:1
contains err '-p goes with --network user only'
# what the host lacks is said before QEMU starts
expect 1 run --network tap=none-such
contains err "unibeam: there is no interface 'none-such': make it with ip tuntap add none-such mode tap"
expect 1 run --network bridge=none-such
contains err "unibeam: there is no bridge 'none-such'"
expect 1 run --network bridge=lo
contains err "unibeam: the interface 'lo' is not a bridge"
expect 1 run --network socket=none
contains err "unibeam: cannot find the socket 'none'"
: >file
expect 1 run --network socket=file
contains err "unibeam: 'file' is not a socket"
# in a network namespace, where /sys still shows the other's interfaces
inside=
for how in -n -Urn; do
	unshare $how ip link add br9 type bridge 2>/dev/null && inside="unshare $how" && break
done
[ -z "$inside" ] || expect 0 $inside sh -eu -c "
	ip link add br9 type bridge
	'$UNIBEAM' run a.img --qemu '$FIX/fake-qemu' --accel tcg --network bridge=br9"
[ -z "$inside" ] || contains err "unibeam: note: the bridge 'br9' is down: ip link set br9 up"
