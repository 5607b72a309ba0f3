#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# /bin/sh is added only where the release needs it, or when told to.
. "$TESTS/lib.sh"
need sgdisk debugfs
cp -a "$FIX/sysroot" sys
has_sh() { root a.img && files >list && grep -q '^/usr/bin/sh$' list; }
release rel
# os:cmd in OTP's own applications does not count
expect 0 build rel -o a.img --sysroot sys
contains out 'shell    no'
! has_sh || fail "a shell that nobody needs"
# asked for, and not to be had
expect 1 build rel -o b.img --sysroot sys --shell
contains err "no busybox in sys for /bin/sh (asked for with --shell): install"
[ ! -e b.img ] || fail "there is an image"
cp "$FIX/busybox" sys/usr/bin/busybox
expect 0 build rel -o a.img --sysroot sys --shell
contains out 'shell    yes: asked for with --shell'
has_sh || fail "no shell"
same "$(readlink tree/usr/bin/sh)" busybox
contains list /usr/bin/df
lacks list /usr/bin/wget
# a module of the release's own calls os:cmd
cp "$TESTS/../corpus/beam/os_cmd.beam" rel/lib/shop-1.0/ebin/
expect 0 build rel -o a.img --sysroot sys
contains out 'shell    yes: os_cmd calls os:cmd'
has_sh || fail "no shell"
expect 0 build rel -o a.img --sysroot sys --no-shell
contains out 'shell    no'
contains err 'no shell, although os_cmd calls os:cmd'
! has_sh || fail "a shell in spite of --no-shell"
rm rel/lib/shop-1.0/ebin/os_cmd.beam
# heart runs its command with it
printf '# -heart is not\n-sname x -heart\n' >rel/releases/1.0/vm.args
expect 0 build rel -o a.img --sysroot sys
contains out 'shell    yes: vm.args says -heart'
printf '# -heart is not\n-sname heart\n' >rel/releases/1.0/vm.args
expect 0 build rel -o a.img --sysroot sys
contains out 'shell    no'
# one that may start commands as ports gets a hint
cp "$TESTS/../corpus/beam/port_literal.beam" rel/lib/shop-1.0/ebin/
expect 0 build rel -o a.img --sysroot sys
contains err "'port_literal' may run commands with open_port({spawn, ...})"
! has_sh || fail "a shell for a port"
# so does one that has a script
mkdir rel/lib/shop-1.0/priv
printf '#! /bin/sh -e\necho\n' >rel/lib/shop-1.0/priv/run
chmod +x rel/lib/shop-1.0/priv/run
expect 0 build rel -o a.img --sysroot sys
contains err "'/app/lib/shop-1.0/priv/run' is a script for '/bin/sh': to run it"
# os_mon wants df as well: the system's, because of its options
mkdir -p rel/lib/os_mon-2.0/ebin
cp "$FIX/beam.smp" sys/usr/bin/df
expect 0 build rel -o a.img --sysroot sys
contains out 'shell    yes: os_mon is in the release'
has_sh || fail "no shell"
[ ! -L tree/usr/bin/df ] && cmp tree/usr/bin/df sys/usr/bin/df
rm sys/usr/bin/df
expect 0 build rel -o a.img --sysroot sys
contains err "no df but busybox's"
expect 1 build rel -o b.img --sysroot sys --busybox "$FIX/init"
contains err 'is not a busybox with a shell'
