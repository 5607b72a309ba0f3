#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# What each key and option makes unibeam's arguments.
. "$TESTS/lib.sh"
fake_unibeam
project umbrella p
rel=$PWD/p/_build/default/rel/depot
# gives ARGUMENT...: what the last run got after the release and the image
gives() {
	printf '%s\n' "$@" '' >wanted
	sed 1,4d args | diff wanted - || fail "with $*"
	rm args
}
key() {
	osv p "$1"
	shift
	rebar 0 p osv generate -n depot
	gives "$@"
}
key '{env, [{"A", "x y"}, {"B", 2}]}, {hostname, "box"}, {grace, 5}, console,
	{append, ["a=1", "b=2"]}, {restart, {on_failure, 3}}, {shell, false}' \
	--env 'A=x y' --env B=2 --hostname box --append 'a=1 b=2' \
	--no-shell --console --grace 5 --restart on-failure:3
key '{shell, true}, {allow_missing, true}, {sysroot, "sys"}, {erts, "/otp"},
	{build_options, ["--loader", "l"]}' \
	--erts /otp --sysroot "$PWD/p/sys" --shell --allow-missing --loader l
key '{files, [{"some file", "/etc/some"}]}, {volumes, [{"data.img", "/srv/data"},
	{tmpfs, "/scratch", "64M"}]}' "--file=$PWD/p/some file:/etc/some" \
	--mount srv-data:/srv/data --mount tmpfs:/scratch:64M
# other formats
osv p '{format, [qcow2, gce]}'
rebar 0 p osv generate -n depot
contains out "Image built: $PWD/p/_build/default/depot.qcow2"
sed '1,/^$/d' args >converts
diff - converts <<EOF
convert
$PWD/p/_build/default/depot.img
--to
qcow2
-o
$PWD/p/_build/default/depot.qcow2

convert
$PWD/p/_build/default/depot.img
--to
gce
-o
$PWD/p/_build/default/depot.tar.gz

EOF
rm args
# OSv's options, in words for unibeam's kernel
key '{command_line, "--env=A=1 --ip=eth0,10.0.0.2,255.255.255.0 --redirect=x "}' \
	--env A=1 --append ip=10.0.0.2/24
contains out 'command_line has words for OSv that mean nothing to unibeam'\''s kernel, left out: --redirect=x'
# where the image goes
image() {
	osv p "$1"
	shift
	rebar 0 p osv generate -n depot "$@"
	sed -n 4p args
	rm args
}
same "$(image '{image, "x.img"}')" "$PWD/p/_build/default/x.img"
same "$(image '{image, "images/x.img"}')" "$PWD/p/images/x.img"
same "$(image '{image, "'"$PWD"'/deep/er/x.img"}')" "$PWD/deep/er/x.img"
same "$(image '{image, "x.img"}' -o y.img)" "$PWD/p/y.img"
# the machine's
osv p '{memory, 512}, {cpus, 2}, {ports, [8080, {8443, 443}, {53, 53, udp}]},
	{run_options, ["--machine", "microvm"]}, {volumes, {"data.img", "/srv/data"}}'
rebar 0 p osv run -n depot
sed '1,/^$/d' args >run
diff - run <<EOF
run
$PWD/p/_build/default/depot.img
--memory
512M
--smp
2
--publish
8080:8080
--publish
8443:443
--publish
53:53/udp
--disk
$PWD/p/data.img,serial=srv-data,ro
--machine
microvm

EOF
rm args
rebar 0 p osv run -n depot --memory 1G --cpus 3 -p 127.0.0.1:1:2 -p 5 -- --eval 'a b'
sed '1,/^$/d' args | tr '\n' ' ' >run
contains run "--memory 1G --smp 3 --publish 8080:8080 --publish 8443:443 --publish 53:53/udp --publish 5:5 --publish 127.0.0.1:1:2 --disk $PWD/p/data.img,serial=srv-data,ro --machine microvm --eval a b"
