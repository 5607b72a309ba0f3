#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# What a release lacks as a whole: run-time system, applications, a shell, and
# what known applications need.
. "$TESTS/lib.sh"
release rel
cp -a "$FIX/sysroot" sys
rel() { # APPLICATION...
	{
		printf '{release,{"shop","1.0"},{erts,"13.0"},[{kernel,"8.0"},{shop,"1.0"}'
		for a; do printf ',{%s,"1.0"}' "$a"; mkdir -p "rel/lib/$a-1.0/ebin"; done
		echo ']}.'
	} >rel/releases/1.0/shop.rel
}
look() { # STATUS OPTIONS...
	wanted_status=$1
	shift
	expect "$wanted_status" "$UNIBEAM" check rel --sysroot sys "$@"
}
# all applications that are missing, not only the first
rel a b
rmdir rel/lib/a-1.0/ebin rel/lib/a-1.0 rel/lib/b-1.0/ebin rel/lib/b-1.0
look 3
contains out "error: release 'rel' does not hold its application 'a-1.0'"
contains out "error: release 'rel' does not hold its application 'b-1.0'"
contains out '-> make it with its system libraries, or give --erts DIR'
contains out '2 errors, 0 warnings, 0 notes'
expect 1 build rel -o a.img
contains err "unibeam: release 'rel' does not hold its application 'a-1.0': make it with its system libraries, or give --erts DIR"
rel
# no run-time system; other things are looked at all the same
mv rel/erts-13.0 erts-13.0
cp "$TESTS/../corpus/beam/nif.beam" rel/lib/shop-1.0/ebin/
look 3
contains out "error: release 'rel' has no Erlang run-time system (erts-13.0)"
contains out '-> make it with include_erts, or give --erts DIR'
contains out "there is no NIF in 'shop-1.0'"
rm rel/lib/shop-1.0/ebin/nif.beam
mkdir -p root/lib && mv erts-13.0 root/
look 0 --erts root
look 0 --erts root/erts-13.0
mv root/erts-13.0 rel/
# permissions that a copy has lost
chmod -x rel/erts-13.0/bin/beam.smp
look 3
contains out 'error: programs may not be executed'
contains out '  in /app/erts-13.0/bin/beam.smp'
contains out '-> chmod +x, or make the release again'
chmod +x rel/erts-13.0/bin/beam.smp
mkdir rel/lib/shop-1.0/priv
cp rel/erts-13.0/bin/beam.smp rel/lib/shop-1.0/priv/port
look 0
chmod -x rel/lib/shop-1.0/priv/port
look 3
contains out 'warning: programs may not be executed'
contains out '  in /app/lib/shop-1.0/priv/port'
rm -r rel/lib/shop-1.0/priv
# versions
for v in 12.3:24 18.0:30; do
	cp -r rel other
	mv other/erts-13.0 "other/erts-${v%:*}"
	echo "${v%:*} 1.0" >other/releases/start_erl.data
	expect 3 "$UNIBEAM" check other --sysroot sys
	contains out "warning: OTP ${v#*:} (erts ${v%:*}) was not tried: 25 to 29 were"
	rm -r other
done
# a shell that is not to be had
rel os_mon
look 3
contains out 'error: no busybox in sys for /bin/sh (os_mon is in the release)'
contains out '-> install busybox-static, or pass --busybox FILE or --no-shell'
look 3 --busybox "$FIX/busybox"
contains out "warning: no df but busybox's: os_mon's disksup will report no disks"
cp "$FIX/beam.smp" sys/usr/bin/df
look 0 --busybox "$FIX/busybox"
look 3 --no-shell
contains out 'warning: no shell, although os_mon is in the release'
rm -r rel/lib/os_mon-1.0
# applications with known needs
rel ssl
look 0
rm sys/etc/ssl/certs/ca-certificates.crt
look 3
contains out 'warning: there are no CA certificates: servers cannot be verified'
contains out '  in ssl'
rel ssl castore
look 0
rel wx observer
look 0
contains out 'note: windows need a display, which a machine has not'
contains out '  in wx'
contains out '     observer'
rel erlexec mogrify tzdata
look 3
contains out 'warning: erlexec does not start as root'
contains out 'warning: mogrify runs ImageMagick, which is not in the image'
contains out 'note: tzdata updates itself in its own directory'
echo '[{erlexec, [{root, true}, {user, "root"}]}, {tzdata, [{data_dir, "/tmp"}]}].' \
	>rel/releases/1.0/sys.config
mkdir rel/lib/mogrify-1.0/priv
echo program >rel/lib/mogrify-1.0/priv/mogrify
look 0
