#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# More disks, of both formats, and a socket for QMP.
. "$TESTS/lib.sh"
need qemu-img
release rel
expect 0 build rel -o a.img
run() { "$UNIBEAM" run a.img --qemu "$FIX/fake-qemu" --accel tcg "$@" </dev/null; }
truncate -s 1M 'data,1.raw' data2
qemu-img create -q -f qcow2 data.qcow2 1M
expect 0 run --disk 'data,1.raw' --disk data2,ro,serial=two --disk data.qcow2,serial=db.1-x
contains out 'if=none,id=disk0,format=raw,file=data,,1.raw'
contains out 'virtio-blk-pci,drive=disk0,disable-legacy=on'
contains out 'if=none,id=disk1,format=raw,read-only=on,file=data2'
contains out 'virtio-blk-pci,drive=disk1,disable-legacy=on,serial=two'
contains out 'if=none,id=disk2,format=qcow2,file=data.qcow2'
contains out 'drive=disk2,disable-legacy=on,serial=db.1-x'
expect 0 run --machine microvm --disk data2,serial=x
contains out 'virtio-blk-device,drive=disk0,serial=x'
expect 0 run --dry-run --disk data2 --disk data.qcow2 --disk none
contains out 'id=disk0,format=raw,file=data2 '
contains out 'id=disk1,format=qcow2,file=data.qcow2 '
contains out 'id=disk2,format=raw,file=none '
# the twin, and the file
UNIBEAM_DISK="$(printf 'data2,ro\ndata.qcow2')" expect 0 run
contains out 'id=disk1,format=qcow2'
echo '{"run": {"disk": ["data2,serial=j"]}}' >unibeam.json
expect 0 run
contains out 'file=./data2'
contains out 'serial=j'
rm unibeam.json
# the image in the other format
qemu-img convert -O qcow2 a.img a.qcow2
expect 0 "$UNIBEAM" run a.qcow2 --qemu "$FIX/fake-qemu" --accel tcg </dev/null
contains out 'if=none,id=hd0,format=qcow2,read-only=on,file=a.qcow2'
for how in --direct '--machine microvm' --dist; do
	expect 1 "$UNIBEAM" run a.qcow2 --qemu "$FIX/fake-qemu" --accel tcg $how </dev/null
	contains err "unibeam: cannot look into 'a.qcow2', which is qcow2: give the raw image, or leave out --d"
done
wrong() { # TEXT ARGUMENTS...
	text=$1
	shift
	expect 2 run "$@"
	contains err "unibeam: run: $text"
}
wrong "--disk '' is not FILE[,serial=NAME][,format=FORMAT][,ro]" --disk ''
wrong "--disk ',ro' is not FILE" --disk ,ro
wrong "--disk: the serial number '' is not" --disk data2,serial=
wrong "--disk: the serial number 'a b' is not" --disk 'data2,serial=a b'
wrong "--disk: the serial number '123456789012345678901' is not" --disk data2,serial=123456789012345678901
wrong "--disk: the serial number crash-dump is for --crash-dump" --disk data2,serial=crash-dump
wrong "--disk: two disks with the serial number 'a'" --disk data2,serial=a --disk data.qcow2,serial=a
bad() { # TEXT ARGUMENTS...
	text=$1
	shift
	expect 1 run "$@"
	contains err "unibeam: $text"
	same "$(wc -l <err)" 1
}
# what a guest may have written to lead out of its disk
qemu-img create -q -f qcow2 -F raw -b "$PWD/data2" behind.qcow2
qemu-img create -q -f qcow2 -o data_file=outside behind2.qcow2 1M
for f in behind behind2; do
	bad "'$f.qcow2' looks like qcow2 with another file behind it" --disk $f.qcow2
	expect 0 run --disk $f.qcow2,format=qcow2,ro
	contains out "format=qcow2,read-only=on,file=$f.qcow2"
	expect 0 run --disk $f.qcow2,serial=a,format=raw
	contains out "format=raw,file=$f.qcow2"
done
wrong "--disk: the format 'vmdk' is neither raw nor qcow2" --disk data2,format=vmdk
bad "cannot find the disk 'none': make it, as with truncate -s 1G 'none'" --disk none
: >empty
bad "'empty' is empty: give it a size" --disk empty
bad "'.' is neither a file nor a disk" --disk .,ro
bad "'/dev/null' is neither a file nor a disk" --disk /dev/null
mkfifo pipe
bad "'pipe' is neither a file nor a disk" --disk pipe
if [ "$(id -u)" != 0 ]; then
	chmod 400 data2
	bad "cannot write to the disk 'data2': Permission denied: add ,ro to only read it" --disk data2
	chmod 600 data2
fi
# QMP
expect 0 run --qmp 'my,qmp'
contains out 'socket,id=qmp2,server=on,wait=off,path=my,,qmp'
contains out 'chardev=qmp2,mode=control'
wrong "--qmp '' is not a path" --qmp ''
wrong "--qmp '/$(printf '%0108d' 0)' is not a path of 1 to 107 bytes" --qmp "/$(printf '%0108d' 0)"
bad "cannot make the socket 'data2': there is a file of that name" --qmp data2
# the real one: what another machine has open
command -v qemu-system-x86_64 >/dev/null || exit 0
mkdir -m 700 state
export XDG_RUNTIME_DIR="$PWD/state"
stop_machines
expect 0 "$UNIBEAM" run -d --name one --accel tcg --direct a.img --qmp q.sock \
	--disk data2 --disk data.qcow2,ro -- -S
python3 - <<'END'
import json, socket
s = socket.socket(socket.AF_UNIX)
s.connect("q.sock")
f = s.makefile("rw")
assert "QMP" in json.loads(f.readline())
for command in "qmp_capabilities", "query-block":
    f.write(json.dumps({"execute": command}))
    f.flush()
    while "return" not in (answer := json.loads(f.readline())): pass
block = {b["device"]: b["inserted"] for b in answer["return"]}
assert block["disk0"]["ro"] is False and block["disk1"]["ro"] is True
assert block["disk1"]["drv"] == "qcow2"
END
bad "'data2' is in use: another virtual machine writes to it; stop that first" --disk data2
bad "'data2' is in use: another virtual machine writes to it" --disk data2,ro
bad "'data.qcow2' is in use: another virtual machine reads it; stop that first, or add ,ro" --disk data.qcow2
expect 0 run --disk data.qcow2,ro
expect 0 "$UNIBEAM" run -d --name two --accel tcg --direct a.img --disk data.qcow2,ro -- -S
bad "'a.img' is in use: another virtual machine reads it" --disk a.img
expect 0 "$UNIBEAM" stop one two -t 0
# an image that another writes to
qemu-system-x86_64 -S -display none -nodefaults -M pc -accel tcg -daemonize -pidfile pid \
	-drive if=none,id=x,format=raw,file=a.img -device virtio-blk-pci,drive=x
trap 'kill $(cat pid)' EXIT
bad "'a.img' is in use: another virtual machine writes to it; stop that first"
