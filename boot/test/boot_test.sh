#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Copyright the unibeam authors
#
# boot_test.sh BUILD: boots testkernel.c from disks made by mkdisk.c, under
# SeaBIOS in QEMU and the Bochs BIOS in Bochs, good and damaged.
set -u

build=$1
t=$build/boot/test
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
failed=0
: > "$work/log"

mkdisk() { # KERNEL CMDLINE OUT [DAMAGE]
    "$t/mkdisk" "$build/boot.bin" "$build/loader.bin" "$@"
}

report() { # NAME CONDITION...
    name=$1
    shift
    if "$@"; then
        echo "ok   $name"
    else
        echo "FAIL $name:"
        sed 's/^/    /' "$work/out"
        failed=1
    fi
}

# run DISK SECONDS QEMU-OPTIONS...: the serial port's output goes to $work/out
run() {
    disk=$1 seconds=$2
    shift 2
    timeout "$seconds" qemu-system-x86_64 -accel tcg -display none \
        -nodefaults -no-reboot -serial file:"$work/out" \
        -device isa-debug-exit,iobase=0x501 \
        -drive file="$disk",format=raw,if=none,id=d "$@" 2> "$work/err"
    status=$?
    cat "$work/err" >> "$work/out"
}

said() { # STATUS TEXT
    [ "$status" = "$1" ] && grep -qF -- "$2" "$work/out"
}

good() {
    said 33 'result ok' && grep -qF "cmdline [$cmdline]" "$work/out" &&
        grep -q 'rsdp 00000000000[ef]' "$work/out"
}

cmdline='env.A="two words" hostname=box'
mkdisk "$t/testkernel.elf" "$cmdline" "$work/disk"

for machine in pc q35; do
    for memory in 64M 128M 4G; do
        run "$work/disk" 20 -M $machine -m $memory -device virtio-blk-pci,drive=d
        report "$machine virtio $memory" good
    done
done
run "$work/disk" 20 -M pc -m 64M -device ide-hd,drive=d
report 'pc ide' good
run "$work/disk" 20 -M q35 -m 64M -device ide-hd,drive=d
report 'q35 sata' good
run "$work/disk" 20 -M q35 -m 64M -cpu qemu64 -smp 4 \
    -device virtio-blk-pci,drive=d,disable-legacy=on
report 'q35 virtio modern, 4 processors' good

# The longest command line arrives whole, and is cut at its end.
cmdline=$(head -c 4095 /dev/zero | tr '\0' x)
mkdisk "$t/testkernel.elf" "${cmdline}yz" "$work/long"
run "$work/long" 20 -M q35 -m 64M -device virtio-blk-pci,drive=d
report 'long command line' good

# Each damage is one message; the BIOS then looks for another disk and says
# that there is none, which does not end the machine: it is ended here.
damaged() { # NAME KERNEL DAMAGE TEXT [MEMORY]
    mkdisk "$2" '' "$work/bad" "$3"
    : > "$work/out"
    run "$work/bad" 20 -M q35 -m "${5:-64M}" -pidfile "$work/pid" \
        -device virtio-blk-pci,drive=d &
    runner=$!
    tries=0
    while [ $tries -lt 100 ] && ! grep -q 'unibeam: .' "$work/out"; do
        sleep 0.2
        tries=$((tries + 1))
    done
    sleep 0.3
    status=0
    kill -0 "$(cat "$work/pid")" || status=1
    kill "$(cat "$work/pid")"
    wait $runner
    report "$1" said 0 "unibeam: $4"
}
head -c 100000 /dev/zero > "$work/zeroes"
: > "$work/empty"
sed 's/Xen/Zen/' "$t/testkernel.elf" > "$work/nonote"
head -c 100000 "$t/testkernel.elf" > "$work/cut"
damaged 'no header' "$t/testkernel.elf" magic 'no boot header on this disk'
damaged 'bad loader size' "$t/testkernel.elf" loader 'no boot header'
damaged 'header sum' "$t/testkernel.elf" sum 'the boot header is damaged'
damaged 'header version' "$t/testkernel.elf" version \
    'the boot header is of another version (7)'
damaged 'no kernel' "$work/zeroes" '' 'the kernel is not an x86-64 ELF file'
damaged 'empty kernel' "$work/empty" '' 'the kernel is not an x86-64 ELF file'
damaged 'kernel cut' "$work/cut" '' 'the kernel is cut short'
damaged 'no entry' "$work/nonote" '' 'the kernel has no PVH entry point'
damaged 'disk too short' "$t/testkernel.elf" short \
    'the boot disk cannot be read'
damaged 'no memory' "$t/testkernel.elf" '' \
    'there is no memory where the kernel belongs' 16M

# Where the host asked for it, a failure ends the machine: 125 * 2 + 1.
mkdisk "$work/zeroes" 'exit.port=0x501' "$work/bad"
run "$work/bad" 20 -M pc -m 64M -device virtio-blk-pci,drive=d
report 'exit port, baked' said 251 'the kernel is not'
mkdisk "$work/zeroes" '' "$work/bad"
run "$work/bad" 20 -M q35 -m 64M -device virtio-blk-pci,drive=d \
    -fw_cfg name=opt/unibeam/cmdline,string='quiet exit.port=0x501 exit.log=0xe9' \
    -debugcon file:"$work/debug"
report 'exit port, fw_cfg' said 251 'the kernel is not'
report 'exit line' grep -qx 'unibeam-exit 125' "$work/debug"

# Bochs: another BIOS and a stricter processor.
bochs_bios=/usr/share/bochs/BIOS-bochs-latest
if command -v bochs-bin > /dev/null && [ -r $bochs_bios ]; then
    cmdline='from Bochs'
    mkdisk "$t/testkernel.elf" "$cmdline" "$work/disk"
    cylinders=$(($(stat -c %s "$work/disk") / 516096))
    cat > "$work/bochsrc" <<EOF
display_library: term
megs: 64
romimage: file=$bochs_bios
vgaromimage: file=/usr/share/bochs/VGABIOS-lgpl-latest
ata0-master: type=disk, path=$work/disk, mode=flat, cylinders=$cylinders, heads=16, spt=63
boot: disk
com1: enabled=1, mode=file, dev=$work/out
log: $work/bochs.log
panic: action=fatal
error: action=report
info: action=report
sound: driver=dummy, waveout=/dev/null, wavein=, midiout=
plugin_ctrl: speaker=0
EOF
    : > "$work/out"
    echo c > "$work/debugger" # for builds with the debugger: go on
    # The terminal display wants a terminal.
    TERM=xterm timeout 60 script -qec \
        "bochs-bin -q -f $work/bochsrc -rc $work/debugger" /dev/null < /dev/null > /dev/null 2>&1
    tail -3 "$work/bochs.log" >> "$work/out"
    status=33
    report 'bochs' good
else
    echo "not run: bochs (package bochs, bochsbios, bochs-term)"
fi

exit $failed
