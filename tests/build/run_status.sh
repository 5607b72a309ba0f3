#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# The exit status is the guest's own.
. "$TESTS/lib.sh"
release rel
expect 0 build rel -o a.img
run() { "$UNIBEAM" run a.img --qemu "$FIX/fake-qemu" --accel tcg "$@" </dev/null; }
FAKE_LOG='unibeam-exit 3' FAKE_EXIT=7 expect 3 run
contains out 'socket,id=log,fd='
contains err 'unibeam: using tcg'
FAKE_LOG='unibeam-exit 0' FAKE_EXIT=1 expect 0 run
FAKE_LOG='unibeam-exit 200' FAKE_EXIT=145 expect 200 run
FAKE_LOG='unibeam-exit 125' FAKE_EXIT=251 expect 125 run
# no log: from QEMU's own status
FAKE_EXIT=7 expect 3 run
FAKE_EXIT=1 expect 1 run
contains err 'unibeam: QEMU failed with status 1'
# the guest turned itself off, or fell over
FAKE_EVENT=guest-shutdown expect 0 run
FAKE_EVENT=guest-reset expect 125 run
contains err 'unibeam: the guest crashed without a word'
# options that cannot be
bad() {
	expect 2 "$UNIBEAM" run "$@"
	contains err "unibeam: run: "
}
bad
bad a.img b.img
bad a.img -m lots
for m in 0 15 16K 16383k 1M 15M; do
	bad a.img -m $m
	contains err "-m '$m' is too little: at least 16M"
done
for m in 16 16M 16m 16384K 1G 1t; do FAKE_EXIT=7 expect 3 run -m $m; done
bad a.img --smp 0
bad a.img -p 80
bad a.img --accel fast
bad a.img --machine vax
bad a.img --env x
expect 1 "$UNIBEAM" run a.img --qemu none
contains err "cannot find 'none': install QEMU"
expect 1 env PATH=/nowhere "$UNIBEAM" run a.img --accel tcg
contains err "cannot find 'qemu-system-x86_64': install QEMU"
# words the kernel could not take in
bad a.img --append 'a="b'
contains err "--append: a quote is not closed: a=\"b"
bad a.img --append "$(printf 'a=\001')"
contains err "--append has a control character in it"
bad a.img --env "A=$(head -c 4000 /dev/zero | tr '\0' x)"
contains err "the words for the kernel are too long: 40"
bad a.img --env "A=$(printf 'x\033')"
