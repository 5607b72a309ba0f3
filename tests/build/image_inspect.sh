#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# What is said about an image; the referees are sgdisk, dumpe2fs, sha256sum, jq.
. "$TESTS/lib.sh"
need sgdisk dumpe2fs jq sha256sum
release rel
expect 0 build rel -o 'a b.img' --append 'loglevel=3 env.B="x \"y\""' \
	--env A=1 --env B=2 --hostname host-a --grace 7 --restart always --console
expect 0 "$UNIBEAM" inspect --format json 'a b.img'
mv out json
is() { # FILTER VALUE
	same "$(jq -r "$1" json)" "$2"
}
is .image 'a b.img'
is .bytes "$(stat -c %s 'a b.img')"
is .sha256 "$(sha256sum <'a b.img' | cut -d' ' -f1)"
is .kernel.sha256 "$(sha256sum <"$FIX/kernel.elf" | cut -d' ' -f1)"
is .kernel.bytes "$(stat -c %s "$FIX/kernel.elf")"
is .unibeam "$("$UNIBEAM" --version | cut -d' ' -f2)"
is .release.name shop
is .release.version 1.0
is .release.layout relx
is .release.erts 13.0
is .release.otp 25
is .shell 'null'
is '.applications | map(.name + " " + .version) | join(",")' 'kernel 8.0,shop 1.0'
is '.applications[0].files' 1
is .settings.hostname host-a
is .settings.command_line 'loglevel=3 env.B="x \"y\""'
is .settings.grace 7
is .settings.restart always
is .settings.console true
is '.settings.environment | to_entries | map(.key + "=" + .value) | join(",")' \
	'A=1,B=x "y"'
# the disk
field() { sgdisk -i "$1" 'a b.img' | sed -n "s/^$2: \([^ ]*\).*/\1/p"; }
for n in 1 2; do
	p=".partitions[$((n - 1))]"
	is "$p.offset" $((512 * $(field $n 'First sector')))
	is "$p.bytes" $((512 * $(field $n 'Partition size')))
	is "$p.uuid" "$(field $n 'Partition unique GUID' | tr A-F a-f)"
	is "$p.type" "$(field $n 'Partition GUID code' | tr A-F a-f)"
done
is .disk_uuid "$(sgdisk -p 'a b.img' | sed -n 's/^Disk identifier.*: //p' | tr A-F a-f)"
root 'a b.img'
count() { dumpe2fs -h root.ext4 2>/dev/null | sed -n "s/^$1: *//p"; }
is .file_system.bytes $((4096 * $(count 'Block count')))
is .file_system.free_bytes $((4096 * $(count 'Free blocks')))
is .file_system.inodes "$(count 'Inode count')"
is .file_system.free_inodes "$(count 'Free inodes')"
# a shipment of Gleam's: its packages, and Erlang's own applications
app() { # DIR NAME VERSION
	mkdir -p "$1/ebin"
	printf '{application, %s, [{vsn, "%s"}, {applications, [kernel]}]}.\n' \
		"$2" "$3" >"$1/ebin/$2.app"
	cp "$TESTS/../corpus/beam/harmless.beam" "$1/ebin/"
}
mkdir -p otp/erts-13.0/bin otp/bin ship
cp "$FIX/beam.smp" otp/erts-13.0/bin/
echo boot >otp/bin/start.boot
app otp/lib/kernel-8.0 kernel 8.0
app otp/lib/stdlib-4.0 stdlib 4.0
app ship/tea tea 1.2.0
printf '#!/bin/sh\nset -eu\n\nPACKAGE=tea\nBASE=$(dirname "$0")\n' >ship/entrypoint.sh
expect 0 build ship -o tea.img --erts otp
expect 0 "$UNIBEAM" inspect --format json tea.img
mv json old && mv out json
is .release.layout gleam
is '.applications | map("\(.name) \(.version) \(.files)") | join(",")' \
	'tea null 2,kernel 8.0 2,stdlib 4.0 2'
mv old json
# for people
expect 0 "$UNIBEAM" inspect 'a b.img'
contains out 'a b.img: '
contains out '  release      shop 1.0 (relx, erts 13.0, OTP 25)'
contains out '  environment  B=x "y"'
contains out '  1 boot '
contains out '  shop 1.0  '
expect 1 sh -c "'$UNIBEAM' inspect 'a b.img' >/dev/full"
contains err "cannot write the output"
expect 2 "$UNIBEAM" inspect
contains err "inspect: which image?"
expect 2 "$UNIBEAM" inspect a b
contains err "inspect: only one image at a time: 'b'"
# a manifest that is none
cp 'a b.img' c.img
perl -pi -e 's/"unibeam": "/"unibeam"; "/' c.img
expect 1 "$UNIBEAM" inspect c.img
contains err "'/etc/unibeam/manifest.json' in 'c.img' is damaged: line 2:"
