#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# The options of --base: their values, and which of the others go with it.
. "$TESTS/lib.sh"
. "$TESTS/fixture/osv/lib.sh"
osv_release rel
image make base.img
usage() { # TEXT OPTIONS...
	message=$1
	shift
	expect 2 "$UNIBEAM" build rel -o a.img "$@"
	contains err "unibeam: build: $message"
}
usage "--command-line makes no sense without --base" --command-line x
usage "--format makes no sense without --base" --format raw
usage "--starter makes no sense without --base" --starter none
usage "--nameserver makes no sense without --base" --nameserver 192.0.2.1
usage "--base-timeout makes no sense without --base" --base-timeout 3
for option in --sysroot=/ --erts=/ --shell --no-shell --env=A=b --hostname=a \
	--append=x --grace=3 --console --restart=no --allow-missing --kernel=x \
	--init=x --boot-sector=x --loader=x --busybox=x; do
	usage "${option%%=*} makes no sense with --base: OSv has its own kernel" \
		--base base.img $option
done
usage "--format 'vmdk' is none of qcow2, raw" --base base.img --format vmdk
usage "--accel 'xen' is none of auto, kvm, tcg" --base base.img --accel xen
for seconds in '' 0 -1 1.5 x 1000000 10s; do
	usage "--base-timeout '$seconds' is not a number of seconds" \
		--base base.img --base-timeout "$seconds"
done
for addr in '' x 1.2.3 127.0.0.1 127.9.9.9 ::1 0.0.0.0 :: fe80::1%eth0 1.2.3.4:53; do
	usage "--nameserver '$addr' is not an address that the machine could reach" \
		--base base.img --nameserver "$addr"
done
usage '--command-line has a control character in it' --base base.img \
	--command-line "$(printf 'a\nb')"
expect 1 "$UNIBEAM" build rel --base base.img -o a.img --starter none.so
contains err "unibeam: cannot open 'none.so': No such file or directory"
expect 1 "$UNIBEAM" build rel --base base.img -o a.img --starter rel
contains err "unibeam: cannot use 'rel' as the starter: it is not a file"

# as long as it can be: 32,255 bytes and the NUL
fixed='/start-otp.so /otp/releases/1.0/start /otp/releases/1.0/vm.args /otp/releases/1.0/sys.config'
long=$(printf '%*s' $((32255 - ${#fixed} - 1)) '' | tr ' ' x)
expect 0 osv rel --base base.img -o a.img --command-line "$long"
image cmdline a.img >line
same "$(wc -c <line)" 32256 # with the line break
same "$(image rest a.img)" 0
dd if=a.img bs=64k skip=1 count=31 status=none >kernel
dd if=base.img bs=64k skip=1 count=31 status=none | cmp - kernel
fails "OSv's command line would have 32256 bytes, and can have 32255" \
	osv rel --base base.img -o b.img --command-line "x$long"

# the same from the environment and from unibeam.json
mkdir project
cp -r rel project/rel
cp base.img project/
cat >project/unibeam.json <<JSON
{"build": {"base": "base.img", "verbose": true, "command-line": "--json ",
	"nameserver": ["192.0.2.7", "2001:db8::7"], "base-timeout": 60},
 "qemu": "$OSV/qemu.py", "accel": "tcg"}
JSON
expect 0 "$UNIBEAM" build project/rel -o a.img
contains out 'command  --json --verbose /start-otp.so'
if command -v cpio >/dev/null; then
	(mkdir -p cpio && cd cpio && cpio --quiet -idm <"$FAKE_OSV_DIR/archive")
	same "$(cat cpio/etc/resolv.conf)" "nameserver 192.0.2.7
nameserver 2001:db8::7"
fi
UNIBEAM_COMMAND_LINE='--twin ' UNIBEAM_BASE_TIMEOUT=50 UNIBEAM_STARTER=none \
	expect 0 "$UNIBEAM" build project/rel -o a.img
contains out 'command  --twin --verbose /start-otp.so'
contains out "starter  the base image's"
UNIBEAM_BASE_TIMEOUT=soon expect 2 "$UNIBEAM" build project/rel -o a.img
contains err 'that is in UNIBEAM_BASE_TIMEOUT'
# a word in place of a path is not a path
cat >project/unibeam.json <<JSON
{"build": {"base": "base.img", "starter": "none"}, "qemu": "$OSV/qemu.py"}
JSON
expect 0 "$UNIBEAM" build project/rel -o a.img
contains out "starter  the base image's"
cp starter.so project/own.so
sed -i 's/none/own.so/' project/unibeam.json
expect 0 "$UNIBEAM" build project/rel -o a.img
contains out "starter  project/own.so"
# what is meant for `unibeam run` is no mistake
UNIBEAM_QEMU=x UNIBEAM_ACCEL=tcg expect 0 build rel -o b.img
