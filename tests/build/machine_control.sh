#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Whoever talks to the one that keeps a machine, and whatever is said: the
# machine runs on, and others are heard.
. "$TESTS/lib.sh"
need python3
machines
FAKE_ECHO=1 expect 0 start --name shop
python3 - <<'END'
import os, random, socket

def connect():
    s = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    s.connect("run/unibeam/shop/control")
    return s

def answer(s):
    s.settimeout(100)
    return s.recv(5000)

rng = random.Random(1)
for i in range(300):
    s = connect()
    for k in range(rng.randrange(5)):
        data = rng.randbytes(rng.choice([0, 1, 2, 100, 4096, 4097, 20000]))
        # these would do what they say
        if data[:1] in (b"S", b"K"):
            data = b"x" + data[1:]
        try:
            s.send(data)
        except (BrokenPipeError, ConnectionResetError):
            break
    s.close()
# input and sizes are for who has the console, and sizes are not to be long
s = connect()
s.send(b"iquit")
s.send(b"w" + b"9" * 4000)
s.send(b"C")
assert answer(s) == b"a"
s.send(b"w" + b"9" * 4000)
s.send(b"w")
t = connect()
t.send(b"C")
assert answer(t) == b"eprocess %d has it" % os.getpid(), answer(t)
s.send(b"iabc")
got = b""
while b"typed:abc:" not in got:
    got += answer(s)[1:]
# the console is free when its owner has gone
s.close()
t.close()
# more than there are places
many = [connect() for i in range(70)]
got = [answer(s) for s in many[64:]]
assert got == [b"etoo many commands talk to it already"] * 6, got
for s in many: s.close()
END
is_state shop running
printf quit | timeout 300 "$UNIBEAM" console shop >seen 2>err
contains seen typed:quit
eventually is_state shop ended
# nowhere to write down that there is one
space=
for how in -m -Urm; do
	unshare $how mount -t tmpfs none run 2>/dev/null && space="unshare $how" && break
done
[ -z "$space" ] || expect 0 $space sh -eu -c '
	. "$TESTS/lib.sh"
	mount -t tmpfs -o size=64k,mode=700 none run
	stop_machines
	mkdir -m 700 run/unibeam
	head -c 100000 /dev/zero >run/filler 2>/dev/null || true
	expect 1 start --name full
	contains err "No space left on device"
	rm run/filler
	[ ! -e run/unibeam/full ] || fail "it is half there"'
