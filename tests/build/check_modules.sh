#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Compiled code: of a newer OTP, without its NIF, with commands that the image
# does not know; scripts without interpreter.
. "$TESTS/lib.sh"
need python3
release rel
cp -a "$FIX/sysroot" sys
cp "$FIX/busybox" sys/usr/bin/busybox # knows sh, cat, df, ls
beams=$TESTS/../corpus/beam
ebin=rel/lib/shop-1.0/ebin
look() { # STATUS OPTIONS...
	wanted_status=$1
	shift
	expect "$wanted_status" "$UNIBEAM" check rel --sysroot sys "$@"
}
code_of() { # FILE MAX: as if an instruction of that number were in it
	python3 - "$1" "$2" <<'P'
import struct, sys
data = bytearray(open(sys.argv[1], "rb").read())
at = data.index(b"Code") + 8
data[at + 8:at + 12] = struct.pack(">I", int(sys.argv[2]))
open(sys.argv[1], "wb").write(data)
P
}

# erts 13.0 is of OTP 25: 180 instructions; also in OTP's own applications
code_of $ebin/harmless.beam 180
look 0
code_of $ebin/harmless.beam 181
code_of rel/lib/kernel-8.0/ebin/os_cmd.beam 183
look 3
contains out "error: modules need OTP 26 or later, the release's is 25"
contains out '  in /app/lib/shop-1.0/ebin/harmless.beam'
contains out "error: modules need OTP 27 or later, the release's is 25"
contains out '  in /app/lib/kernel-8.0/ebin/os_cmd.beam'
code_of $ebin/harmless.beam 250
look 3
contains out "modules need a newer OTP than the release's, 25"
cp "$beams/harmless.beam" $ebin/
cp "$beams/os_cmd.beam" rel/lib/kernel-8.0/ebin/
echo junk >$ebin/junk.beam
expect 0 "$UNIBEAM" check rel --sysroot sys
contains out "junk.beam' is passed over: it is not a compiled"
same "$(wc -c <err)" 0
rm $ebin/junk.beam

# a NIF
cp "$beams/nif.beam" $ebin/
look 3
contains out "warning: there is no NIF in 'shop-1.0'"
contains out '  loaded by nif'
mkdir rel/lib/shop-1.0/priv
cp "$FIX/sysroot/opt/conf/libconf.so.3" rel/lib/shop-1.0/priv/shop_nif.so
look 0
rm -r rel/lib/shop-1.0/priv $ebin/nif.beam
cp "$beams/nif.beam" rel/lib/kernel-8.0/ebin/
look 0

# commands, with a shell ...
cp "$beams/commands.beam" "$beams/ex_commands.beam" $ebin/
look 3
contains out "warning: there is no program 'ffmpeg' in the image"
contains out '  run by commands: "ffmpeg -i x"'
contains out "warning: there is no program '/usr/bin/ntpd' in the image"
contains out "warning: there is no program 'git' in the image"
contains out "warning: there is no program 'uptime' in the image"
lacks out "'cat'"
lacks out "'df'"
contains out '0 errors, 4 warnings, 0 notes'
# ... that are there: in the release, or in the system
cat >sys/usr/bin/git <"$FIX/init"
look 3
contains out "'git'" # only what something asks for gets into an image
# ... and without
look 3 --no-shell
contains out "warning: no shell, although commands calls os:cmd, and 1 more"
contains out '-> build it without --no-shell'
contains out "warning: commands are run by open_port({spawn, ...}), without a shell"
contains out '  in commands'
rm $ebin/commands.beam $ebin/ex_commands.beam
# not Mix's tasks, not drivers
cp "$beams/driver.beam" $ebin/
look 0
lacks out x_drv
rm $ebin/driver.beam
# what may be a command is only noted, in the words of build
cp "$beams/port_spawn.beam" $ebin/
look 0
contains out "note: 'port_spawn' may run commands with open_port({spawn, ...})"
contains out '-> if so, it needs --shell'
look 0 --shell
contains out 'nothing found'
expect 0 build rel -o a.img
contains err "'port_spawn' may run commands with open_port({spawn, ...}): if so, it needs --shell"
rm $ebin/port_spawn.beam
# outside of lib/, where build does not look for reasons of a shell
mkdir -p rel/plugins/more-1/ebin
cp "$beams/os_cmd.beam" rel/plugins/more-1/ebin/
look 3
contains out 'warning: commands are run by os:cmd, without a shell'
contains out '  in os_cmd'
look 0 --shell
rm -r rel/plugins

# archives of applications: as if their modules lay there
archive() { # NAME-VSN MODULE...
	app=$1
	shift
	mkdir -p "zip/$app/ebin"
	for m; do cp "$beams/$m.beam" "zip/$app/ebin/"; done
	rm -f "rel/lib/$app.ez"
	python3 - "zip/$app" "rel/lib/$app.ez" <<'P'
import os, sys, zipfile
root, to = sys.argv[1:]
with zipfile.ZipFile(to, "w", zipfile.ZIP_DEFLATED) as z:
    for d, _, files in sorted(os.walk(root)):
        for f in sorted(files):
            path = os.path.join(d, f)
            z.write(path, os.path.relpath(path, "zip"))
P
}
archive more-1 harmless
look 0
contains out 'nothing found'
code_of zip/more-1/ebin/harmless.beam 181
mv zip/more-1/ebin/harmless.beam zip/more-1/ebin/newer.beam
archive more-1 commands nif
look 3
contains out 'error: modules need OTP 26 or later'
contains out '  in /app/lib/more-1.ez/more-1/ebin/newer.beam'
contains out "warning: there is no NIF in 'more-1'"
contains out 'warning: commands are run by os:cmd, without a shell'
contains out '  in commands'
look 3 --shell
contains out "warning: there is no program 'ffmpeg' in the image"
mkdir -p rel/lib/more-1/priv
cp "$FIX/sysroot/opt/conf/libconf.so.3" rel/lib/more-1/priv/more_nif.so
look 3
lacks out 'no NIF'
rm -r rel/lib/more-1 rel/lib/more-1.ez zip
archive kernel-8.0 nif
look 0
rm rel/lib/kernel-8.0.ez
# damaged ones: the end is missing, a module is changed, a module is huge
archive more-1 harmless
size=$(wc -c <rel/lib/more-1.ez)
cp rel/lib/more-1.ez whole.ez
damaged() { # WHY
	look 3
	tr -s ' \n' ' ' <out >flat # long ones are wrapped
	contains flat "warning: an archive of code cannot be read: $1"
	contains out '  in /app/lib/more-1.ez'
	contains out '0 errors, 1 warning'
}
head -c $((size - 30)) whole.ez >rel/lib/more-1.ez
damaged 'Unrecognized archive format'
head -c 100 whole.ez >rel/lib/more-1.ez
damaged 'Unrecognized archive format'
: >rel/lib/more-1.ez
damaged 'Unrecognized archive format'
cp whole.ez rel/lib/more-1.ez
printf '\377\377\377' | dd of=rel/lib/more-1.ez bs=1 seek=$((size / 3)) conv=notrunc status=none
look 3
contains out 'warning: an archive of code cannot be read'
mkdir -p zip/more-1/ebin
truncate -s 40M zip/more-1/ebin/huge.beam
archive more-1
damaged 'more-1/ebin/huge.beam in it is too large'
rm -r rel/lib/more-1.ez zip

# scripts
script() { # FIRST-LINE
	mkdir -p rel/lib/shop-1.0/priv
	printf '%s\necho\n' "$1" >rel/lib/shop-1.0/priv/run
	chmod +x rel/lib/shop-1.0/priv/run
}
script '#!/bin/sh'
look 3
contains out "warning: '/app/lib/shop-1.0/priv/run' is a script for '/bin/sh'"
contains out '-> to run it takes --shell'
look 0 --shell
script '#! /usr/bin/env -S A=1 python3 -u'
look 3 --shell
contains out "/priv/run' is a script for 'python3'"
contains out '-> to run it takes that program in the image'
script '#!/usr/bin/env cat'
look 0 --shell
script '#!/usr/bin/env'
look 3
contains out "is a script for '/usr/bin/env'"
script '#!'
look 0
chmod -x rel/lib/shop-1.0/priv/run
script '#!/bin/perl'
chmod -x rel/lib/shop-1.0/priv/run
look 0
