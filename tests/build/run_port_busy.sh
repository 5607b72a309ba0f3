#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# A port that is taken is named before QEMU starts.
. "$TESTS/lib.sh"
release rel
expect 0 build rel -o a.img
listen
run() { "$UNIBEAM" run a.img --qemu "$FIX/fake-qemu" --accel tcg "$@" </dev/null; }
expect 1 run -p 127.0.0.1:$port:80
contains err "unibeam: tcp port $port of the host is busy"
expect 1 run -p $port:80
contains err "unibeam: tcp port $port of the host is busy"
lacks out hostfwd
# UDP is another matter
expect 0 run -p 127.0.0.1:$port:80/udp
free
expect 0 run -p 127.0.0.1:$port:80
expect 1 run -p 127.0.0.1:$port:80 -p $port:81
contains err "port $port of the host is forwarded twice"
