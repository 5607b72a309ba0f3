#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# One clear line, status 1, nothing left behind; wrong usage is status 2.
. "$TESTS/lib.sh"
release rel
bad() { # TEXT ARGUMENTS...
	text=$1
	shift
	expect 1 build "$@" -o a.img
	contains err "unibeam: $text"
	same "$(wc -l <err)" 1
	same "$(ls -A | grep -c img)" 0
}
usage() {
	text=$1
	shift
	expect 2 "$UNIBEAM" "$@"
	contains err "unibeam: $text"
}
bad "cannot open 'none': No such file or directory" none
mkdir empty
bad "'empty' is not a release (no releases/start_erl.data)" empty
mkdir -p project/_build/prod/rel
cp -r rel project/_build/prod/rel/shop
bad "'project' is not a release: did you mean 'project/_build/prod/rel/shop'?" \
	project
bad "'rel/bin/shop' is neither a directory nor an archive of one" \
	rel/bin/shop
cp -r rel broken
echo junk >broken/releases/start_erl.data
bad "'broken/releases/start_erl.data' is damaged" broken
echo '13.0 2.0' >broken/releases/start_erl.data
bad "release 'broken' is incomplete: no 'broken/releases/2.0/*.rel'" broken
echo '13.0 1.0' >broken/releases/start_erl.data
echo junk >broken/releases/1.0/shop.rel
bad "cannot use 'broken/releases/1.0/shop.rel': it is not a release description" \
	broken
rm -r broken
cp -r rel broken
rm broken/releases/1.0/start.boot
bad "release 'broken' is incomplete: no 'releases/1.0/start.boot'" broken
bad "cannot use sysroot 'none': No such file" rel --sysroot none
bad "cannot read 'none': No such file" rel --kernel none
bad "cannot use '$FIX/init' as the kernel: it has no PVH entry point" \
	rel --kernel "$FIX/init"
bad "cannot use 'rel/bin/shop' as the boot sector: it is not 512 bytes" \
	rel --boot-sector rel/bin/shop
bad "cannot use 'rel/bin/shop' as process 1: it is not a program" \
	rel --init rel/bin/shop
: >nothing
bad "cannot use 'nothing' as the boot loader" rel --loader nothing
bad "the kernel command line is too long" rel --append \
	"$(printf '%05000d' 0)"
# a file that may not be read (by others than root)
cp -r rel secret
chmod 0 secret/bin/shop
if [ "$(id -u)" != 0 ]; then
	bad "cannot read 'secret/bin/shop': Permission denied" secret
elif command -v setpriv >/dev/null; then
	chmod -R go+rX "$WORK" && chmod 777 . && chmod 0 secret/bin/shop
	cp "$UNIBEAM" ./command
	status=0
	setpriv --reuid=65534 --regid=65534 --clear-groups ./command build \
		$boot_files --sysroot "$FIX/sysroot" secret -o a.img 2>err || status=$?
	same $status 1
	same "$(cat err)" \
		"unibeam: cannot read 'secret/bin/shop': Permission denied"
fi
mkdir a.dir
expect 1 build rel -o a.dir
contains err "cannot write 'a.dir': it exists and is not a file"
expect 1 build rel -o none/a.img
contains err "cannot write 'none/a.img': No such file or directory"
usage 'build: which release?' build
usage "build: unknown option '--nonsense'" build rel --nonsense
usage "build: option '--env' needs a value" build rel --env
usage "build: option '-o' needs a value" build rel -o
usage "build: --env 'x' is not NAME=VALUE" build rel --env x
usage "build: --restart 'maybe' is not no, on-failure[:TIMES] or always" \
	build rel --restart maybe
usage "run: --restart 'on-failure:0' is not no, on-failure[:TIMES] or always" \
	run a.img --restart on-failure:0
usage "build: '-x' is not a host name" build rel --hostname -x
usage "build: only one release at a time: 'b'" build a b
usage "unknown command 'nonsense'" nonsense
usage "unknown option '--nonsense'" --nonsense
expect 2 "$UNIBEAM"
expect 0 "$UNIBEAM" --version
contains out unibeam
for c in build run; do
	expect 0 "$UNIBEAM" help $c
	contains out "usage: unibeam $c"
	expect 0 "$UNIBEAM" $c --help
	contains out "usage: unibeam $c"
done
