#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# --file: more files and directories of the host's.
. "$TESTS/lib.sh"
need sgdisk debugfs e2fsck
release rel
mkdir -p my/dir/sub my/dir/empty "my/odd name:/x"
echo one >my/dir/one
echo two >"my/dir/sub/two ü"
echo odd >"my/odd name:/x/file"
ln -s sub/../one my/dir/link
ln -s ../outside my/dir/out
echo outside >my/outside
echo config >my/sys.config
chmod 600 my/outside
cp "$FIX/beam.smp" my/tool
expect 0 build rel -o a.img --file my/dir:/srv/data --file my/outside:/etc/ \
	--file "my/odd name:/x:/odd name" --file my/tool:/opt/bin/ \
	--file my/sys.config:/app/releases/1.0/sys.config \
	--file my/outside:/bin/secret
root a.img
e2fsck -fn root.ext4
files >list
same "$(cat tree/srv/data/one)" one
same "$(cat "tree/srv/data/sub/two ü")" two
same "$(cat "tree/odd name/file")" odd
same "$(readlink tree/srv/data/link)" sub/../one
same "$(cat tree/srv/data/out)" outside
[ -d tree/srv/data/empty ] || fail "no empty directory"
same "$(cat tree/etc/outside)" outside
same "$(stat -c %a tree/etc/outside)" 600
# the image's own links are followed
same "$(cat tree/usr/bin/secret)" outside
# it counts before what the release has
same "$(cat tree/app/releases/1.0/sys.config)" config
cmp my/tool tree/opt/bin/tool
# and what a program needs is found
rm -r "my/odd name:"
cat >lone.c <<'C'
void _start(void) {}
C
$CC -nostdlib -nostartfiles -fno-stack-protector -fPIC -shared -Wl,--no-as-needed \
	-o my/lone.so lone.c "$FIX/sysroot/opt/conf/libconf.so.3"
expect 0 build rel -o a.img --file my/lone.so:/opt/lone.so
root a.img
files >list
contains list /opt/conf/libconf.so.3
# the same wherever it lies
cp -a my other
expect 0 build rel -o a.img --file my/dir:/d
expect 0 build rel -o b.img --file other/dir:/d
cmp a.img b.img
# from the settings, relative to them
mkdir -p p/files
echo settings >p/files/f
cp -a rel p/rel
echo '{"build": {"file": {"files/f": "/f"}, "arg": ["x y"]}}' >p/unibeam.json
expect 0 build p/rel -o a.img
root a.img
same "$(show /f)" settings
# what is wrong with them
bad() { # TEXT VALUE
	expect 1 build rel -o c.img --file "$2"
	same "$(cat err)" "unibeam: $1"
}
usage() { # TEXT VALUE
	expect 2 build rel -o c.img --file "$2"
	contains err "unibeam: build: --file '$2'$1"
}
bad "cannot read 'my/none': No such file or directory" my/none:/x
mkfifo my/pipe
bad "cannot put 'my/pipe' into the image: it is neither a file nor a directory" \
	my/pipe:/x
ln -s .. my/dir/up
bad "'my/dir/up' leads to '$(pwd -P)/my', which holds what is being copied" my/dir:/d
rm my/dir/up
for value in my my: :/x my:x my/dir; do
	usage " is not SRC:/DST" $value
done
for dst in /a/../b /./x //x; do
	usage ": " my/outside:$dst
done
usage ": what is in '/var/lib/x' is in memory" my/dir:/var/lib/x
usage ": what is in '/tmp' is in memory" my/dir:/tmp
usage ": '/sbin/init' is unibeam's own" my/tool:/sbin/init
usage ": '/etc/unibeam/init.conf' is unibeam's own" my/tool:/etc/unibeam/init.conf
expect 1 build rel -o c.img --file my/outside:/app --file my/dir:/x
contains err "cannot put '/app/' into the image: it is a file where a directory is needed"
[ ! -e c.img ] || fail "there is an image"
if [ "$(id -u)" != 0 ]; then
	chmod 0 my/outside
	bad "cannot read 'my/outside': Permission denied" my/outside:/x
fi
