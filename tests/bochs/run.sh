#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Copyright the unibeam authors
#
# run.sh BUILD IMAGE - boot IMAGE in Bochs: its BIOS, our boot sector, loader and
# kernel, on old and current processors. Bochs checks reserved bits, descriptors
# and control registers more strictly than QEMU's emulation does. It has no
# virtio disk, so the kernel comes as far as looking for its root file system,
# says so, and switches the machine off.
set -u

build=$1
bios=/usr/share/bochs/BIOS-bochs-latest
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
failed=0

if ! command -v bochs-bin >/dev/null || [ ! -r $bios ]; then
    echo "packages bochs, bochsbios, vgabios and bochs-term are not installed"
    exit 77
fi

# boot MODEL CPUS MEGABYTES: serial output to $work/out, Bochs's to $work/log
boot() {
    cp "$2" "$work/disk"
    cat >"$work/bochsrc" <<EOF
display_library: term
cpu: model=$3, count=$4, ips=100000000, reset_on_triple_fault=0, ignore_bad_msrs=0
megs: $5
romimage: file=$bios
vgaromimage: file=/usr/share/bochs/VGABIOS-lgpl-latest
ata0-master: type=disk, path=$work/disk, mode=flat, cylinders=$(($(stat -c %s "$work/disk") / 516096)), heads=16, spt=63
boot: disk
com1: enabled=1, mode=file, dev=$work/out
log: $work/log
panic: action=fatal
error: action=report
info: action=report
sound: driver=dummy, waveout=/dev/null, wavein=, midiout=
plugin_ctrl: speaker=0
EOF
    : >"$work/out"
    : >"$work/log"
    echo c >"$work/debugger" # for builds with the debugger: go on
    # The display wants a terminal.
    TERM=xterm timeout "$1" script -qec \
        "bochs-bin -q -f $work/bochsrc -rc $work/debugger" /dev/null \
        </dev/null >/dev/null 2>&1
}

# What must be true at the end; the first thing that is not is named.
problem() { # CPUS
    grep -q 'no root partition: there is no usable virtio disk' "$work/out" ||
        echo "the kernel's message is missing"
    # Ended by ACPI, and Bochs had nothing else to complain about. (It offers
    # machine checks without having their registers.)
    grep -q 'soft power off' "$work/log" || echo "it did not switch itself off"
    grep '^[0-9]*[ep]\[' "$work/log" |
        grep -v -e 'soft power off' -e 'RDMSR: Unknown register 0x179'
    grep '^<[0-4]>' "$work/out" # warnings of the kernel
    started=$(grep -c 'CS.mode = 64 bit' "$work/log")
    [ "$started" = "$1" ] || echo "$started of $1 processors run 64-bit code"
}

check() { # MODEL CPUS MEGABYTES
    boot 120 "$image" "$@"
    problem "$2" >"$work/problem"
    if [ -s "$work/problem" ]; then
        echo "[  FAILED  ] 1 test(s): $1, $2 processors, $3 MiB"
        cat "$work/problem" "$work/out"
        tail -n 30 "$work/log"
        failed=1
    else
        echo "[  PASSED  ] 1 test(s): $1, $2 processors, $3 MiB"
    fi
}

image=$2
check athlon64_clawhammer 1 64   # the first ones with long mode, of both makers
check p4_prescott_celeron_336 1 128
check core2_penryn_t9600 2 256   # no AVX, no x2APIC
check ryzen 2 512                # AMD with SMEP, SMAP, 1 GiB pages
check tigerlake 4 256            # UMIP, AVX-512, TSC deadline
exit $failed
