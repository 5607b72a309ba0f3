#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# The whole way from rebar.config to an image of OSv, with what stands in for
# QEMU and OSv in tests/build.
. "$TESTS/lib.sh"
need python3
stand_in=$TESTS/../../build/fixture/osv
image() { python3 "$stand_in/image.py" "$@"; }
export UNIBEAM_QEMU="$stand_in/qemu.py" UNIBEAM_ACCEL=tcg FAKE_OSV_DIR="$PWD/said"
mkdir said
project umbrella p
image make p/usr.img 24
osv p '{osv_image, "usr.img"}, {verbose, true}, {command_line, "--env=A=1 "}'
rebar 0 p osv generate -n depot
made=p/_build/default/depot.img
image show $made >tree
contains tree 'otp/lib/kernel-'
contains tree 'file 755 start-otp.so'
contains tree 'link 777 otp/erts /otp/erts-'
version=$(cut -d' ' -f2 p/_build/default/rel/depot/releases/start_erl.data)
dir=/otp/releases/$version
same "$(image cmdline $made)" \
	"--env=A=1 --verbose /start-otp.so $dir/start $dir/vm.args $dir/sys.config"
# what goes wrong is said, and the image of before stays
cp $made kept
FAKE_OSV=cut=100000 rebar 1 p osv generate -n depot
contains out 'OSv broke off the upload'
contains out 'OSv said: Aborted'
cmp $made kept
