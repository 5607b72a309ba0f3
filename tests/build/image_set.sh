#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Settings changed in an image; the referees are debugfs, e2fsck and sgdisk, and
# an image built with these settings.
. "$TESTS/lib.sh"
need sgdisk debugfs e2fsck
release rel
expect 0 build rel -o plain.img
set_() { expect 0 "$UNIBEAM" set "$@"; }
sound() { # IMAGE
	sgdisk -v "$1" >log || fail "$(cat log)"
	contains log 'No problems found'
	root "$1"
	e2fsck -fn root.ext4 >log 2>&1 || fail "$(cat log)"
}
cmdline() { dd if="$1" bs=512 skip=128 count=8 status=none; }
same_settings() { # IMAGE IMAGE: and nothing else is different
	for i in "$1" "$2"; do
		sound "$i"
		show /etc/unibeam/init.conf >"$i.conf"
		show /etc/hostname >"$i.name"
		cmdline "$i" >"$i.line"
		rm -rf "$i.d"
		"$UNIBEAM" cp -r "$i:/" "$i.d"
	done
	cmp "$1.conf" "$2.conf"
	cmp "$1.name" "$2.name"
	cmp "$1.line" "$2.line"
	diff -r --no-dereference "$1.d" "$2.d"
}

# as if it had been built with them
cp plain.img a.img
set_ a.img --append 'loglevel=3 root="a b"' --env 'A=x y' --env B='"q"\' \
	--hostname other.host --grace 7 --restart on-failure:3 --console
same "$(cat out)" ''
expect 0 build rel -o built.img --append 'loglevel=3 root="a b"' --env 'A=x y' \
	--env B='"q"\' --hostname other.host --grace 7 --restart on-failure:3 --console
same_settings a.img built.img
cp a.img b.img
# and back
set_ a.img --append '' --unset-env A --unset-env B --hostname shop --no-console
expect 0 build rel -o built.img --grace 7 --restart on-failure:3
same_settings a.img built.img
# the same changes make the same bytes, whenever
cp plain.img c.img
sleep 1
set_ c.img --append 'loglevel=3 root="a b"' --env 'A=x y' --env B='"q"\' \
	--hostname other.host --grace 7 --restart on-failure:3 --console
cmp c.img b.img

# what is set counts, also against the command line the image has
expect 0 build rel -o d.img --append 'env.A=line hostname=line x=1' --env C=3
set_ d.img --env A=new --hostname new --show
contains out '  hostname     new'
contains out '  environment  A=new'
contains out '  environment  C=3'
same "$(cmdline d.img | tr -d '\0')" x=1
set_ d.img --show --format json
contains out '"command_line": "x=1"'
contains out '"A": "new"'
set_ d.img --env A=1 --unset-env A --env A=2 --show
contains out '  environment  A=2'

# words of the command line, by options of their own and by --append
expect 0 build rel -o h.img --ip 10.0.0.2/24,10.0.0.1 --ip6 none --arg +S --arg '1 2' \
	--add-host a:10.0.0.3 --mount data:/data --mount tmpfs:/work --append 'x=1 y="a b"'
cp h.img i.img
set_ i.img --append 'z=1'
same "$(cmdline i.img | tr -d '\0')" 'ip=10.0.0.2/24,10.0.0.1 ip6=none host=a:10.0.0.3 arg=+S arg="1 2" mount=data:/data mount=tmpfs:/work z=1'
set_ i.img --append 'x=1 y="a b"'
same_settings i.img h.img
set_ i.img --ip dhcp --ip6 auto --add-host b:10.0.0.4 --add-host c:10.0.0.5 --arg -x \
	--mount tmpfs:/data:1M
expect 0 build rel -o h.img --ip dhcp --ip6 auto --arg -x --add-host b:10.0.0.4 \
	--add-host c:10.0.0.5 --mount tmpfs:/data:1M --append 'x=1 y="a b"'
cmdline h.img >h.line && cmdline i.img >i.line && cmp h.line i.line
set_ i.img --append 'arg=new ip=none'
same "$(cmdline i.img | tr -d '\0')" 'ip6=auto host=b:10.0.0.4 host=c:10.0.0.5 mount=tmpfs:/data:1M arg=new ip=none'
set_ i.img --unset ip --unset ip6 --unset add-host --unset arg --unset mount
same "$(cmdline i.img | tr -d '\0')" ''
set_ i.img --grace 5 --restart always
set_ i.img --unset grace --unset restart --show
lacks out grace
lacks out restart
sound i.img
rm -rf h.img* i.img*

# more than one block, and less again
cp plain.img e.img
for i in 1 2 3 4 5 6; do
	set_ e.img --env "LONG$i=$(head -c 3000 /dev/zero | tr '\0' $i)"
done
sound e.img
same "$(show /etc/unibeam/init.conf | grep -c '^env.LONG')" 6
set_ e.img --unset-env LONG1 --unset-env LONG2 --unset-env LONG3 --unset-env LONG4 \
	--unset-env LONG5 --unset-env LONG6
same_settings e.img plain.img
# until the file system is full
status=0 n=0
while [ $status = 0 ] && [ $n -lt 100 ]; do
	n=$((n + 1))
	cp e.img before.img
	"$UNIBEAM" set e.img --env "FILL$n=$(head -c 20000 /dev/zero | tr '\0' x)" \
		2>err || status=$?
done
same $status 1
contains err "cannot write '/etc/unibeam/init.conf' in 'e.img': Could not allocate block"
cmp e.img before.img
sound e.img

# where it goes
cp plain.img f.img
chmod 640 f.img
ln -s f.img link.img
set_ link.img --env A=1
[ -L link.img ] || fail "the link is gone"
same "$(stat -c %a f.img)" 640
set_ f.img --env A=2 -o g.img
contains g.img A=2
lacks f.img A=2
cp f.img before.img
set_ f.img --show
cmp f.img before.img
UNIBEAM_ENV=A=9 set_ f.img --show
lacks out A=9

# wrong
cp plain.img a.img
no() { # STATUS MESSAGE OPTIONS...
	wanted=$1 message=$2
	shift 2
	expect "$wanted" "$UNIBEAM" set "$@"
	contains err "unibeam: $message"
	cmp a.img plain.img
}
no 2 'set: which image?'
no 2 "set: only one image at a time: 'x'" a.img x
no 2 'set: what? (--show prints what is set)' a.img
no 2 "set: --env 'A' is not NAME=VALUE" a.img --env A
no 2 "set: --env 'A-B=1' is not NAME=VALUE" a.img --env A-B=1
no 2 "set: --env 'A' has a control character" a.img --env "A=$(printf 'x\ny')"
no 2 "set: --unset-env 'A=1' is not the name" a.img --unset-env A=1
no 2 "set: '-x' is not a host name" a.img --hostname=-x
no 2 "set: --grace 'soon' is not a number" a.img --grace soon
no 2 "set: --grace '86401' is too long: at most 86400" a.img --grace 86401
no 2 "set: --restart 'never'" a.img --restart never
no 2 'set: --append: a quote is not closed: "' a.img --append '"'
no 2 'set: --append has a control character' a.img --append "$(printf 'a\033')"
no 2 "set: --format 'xml' is none of" a.img --show --format xml
no 2 "set: --ip 'x' is not" a.img --ip x
no 2 "set: --add-host 'x' is not NAME:ADDR" a.img --add-host x
no 2 'set: --arg has a control character' a.img --arg "$(printf 'a\033')"
no 2 "set: --mount 'x'" a.img --mount x
no 2 "set: --unset 'env' is none of ip, ip6, add-host" a.img --unset env
no 1 "'/nowhere' in 'a.img' is no directory to mount on" a.img --mount tmpfs:/nowhere
no 1 'the kernel command line is too long: at most 4095 bytes' a.img \
	--append "$(head -c 4096 /dev/zero | tr '\0' x)"
no 1 "cannot open 'none.img'" none.img --env A=1
no 1 "cannot write 'nowhere/x.img'" a.img --env A=1 -o nowhere/x.img

# killed half-way, or without room: the old image, and nothing else
list=$(ls -A)
(ulimit -f 1 && "$UNIBEAM" set a.img --env A=1) 2>err && fail "it fits"
contains err "cannot write 'a.img': File too large"
cmp a.img plain.img
same "$(ls -A)" "$list"
# many at once: one of them wins, and the image is whole
for i in 1 2 3 4 5 6 7 8; do
	"$UNIBEAM" set a.img --env "WHO=$i" &
done
wait
sound a.img
same "$(show /etc/unibeam/init.conf | grep -c '^env.WHO=[1-8]$')" 1
