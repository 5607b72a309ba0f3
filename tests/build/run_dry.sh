#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# What QEMU is started with.
. "$TESTS/lib.sh"
release rel
expect 0 build rel -o 'a,b c.img' --append 'loglevel=3'
dry() { expect 0 "$UNIBEAM" run --qemu "$FIX/fake-qemu" --accel tcg --dry-run "$@"; }
dry 'a,b c.img' </dev/null
same "$(cat out)" "$FIX/fake-qemu -M q35 -accel tcg,thread=multi -cpu max \
-m 256M -smp 1 -nodefaults -no-user-config -no-reboot -display none \
-fw_cfg 'name=opt/unibeam/cmdline,string=exit.port=0x501 exit.log=0xe9' \
-drive 'if=none,id=hd0,format=raw,read-only=on,file=a,,b c.img' \
-device virtio-blk-pci,drive=hd0,disable-legacy=on,bootindex=0 \
-netdev user,id=n0 -device virtio-net-pci,netdev=n0,disable-legacy=on,romfile= \
-device virtio-rng-pci,disable-legacy=on -chardev stdio,id=con,signal=off \
-serial chardev:con -chardev null,id=log \
-device isa-debugcon,iobase=0xe9,chardev=log \
-device isa-debug-exit,iobase=0x501,iosize=0x4"
dry 'a,b c.img' -m 1G --smp 4 --machine pc -p 8080:80 -p 127.0.0.1:53:53/udp \
	--env 'A=x y' --env B='"q",\' --arg +S --arg '1 2' --append 'trace=syscalls' \
	--append 'root="a b"' \
	-- -s -cpu qemu64 </dev/null
contains out ' -M pc '
contains out ' -m 1G -smp 4 '
contains out user,id=n0,hostfwd=tcp::8080-:80,hostfwd=udp:127.0.0.1:53-:53
contains out 'env.A="x y" env.B="\"q\",,\\" arg=+S arg="1 2" trace=syscalls root="a b"'
contains out ' -s -cpu qemu64'
dry 'a,b c.img' --console --append last </dev/null
contains out 'exit.log=0xe9 console.shell=yes env.TERM=dumb console.size=80x24 last'
dry 'a,b c.img' --eval 'IO.puts "a"' --restart on-failure:3 --append last </dev/null
contains out 'eval="IO.puts \"a\"" restart=on-failure:3 last'
# directly: the kernel, the baked command line, then ours
export TMPDIR="$PWD"
dry 'a,b c.img' --direct --append last </dev/null
kernel=$(sed 's/.* -kernel \([^ ]*\) .*/\1/' out)
cmp "$kernel" "$FIX/kernel.elf"
contains out "-append 'loglevel=3 exit.port=0x501 exit.log=0xe9 last'"
lacks out fw_cfg
lacks out bootindex
dry 'a,b c.img' --machine microvm </dev/null
contains out ' -M microvm,'
contains out ' -kernel '
contains out 'virtio-blk-device,drive=hd0'
contains out 'virtio-net-device,netdev=n0'
contains out 'virtio-mmio.force-legacy=false'
lacks out -pci
