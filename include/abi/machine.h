/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright the unibeam authors */
/*
 * machine.h - what the host side (`unibeam run`) and the kernel agree on.
 *
 * Kernel command line.  Words separated by blanks; a word or part of one may be
 * put in double quotes to hold blanks; inside quotes \" and \\ stand for
 * themselves.  Later words win.  The kernel reads, in this order: the line the
 * boot loader hands over (baked into the image, or QEMU's -append), then the
 * fw_cfg file FWCFG_CMDLINE if there is one.  The joined text is
 * /proc/cmdline.  Keys:
 *
 *   root=LABEL|UUID|vdXN  the root partition (default: first partition of type
 *                         IMG_TYPE_ROOT on any disk)
 *   init=PATH             program started as process 1 (default /sbin/init)
 *   hostname=NAME
 *   host=NAME:ADDR        a line of /etc/hosts; may be repeated
 *   ip=dhcp | ip=ADDR/PREFIX[,GATEWAY[,DNS...]] | ip=none
 *   ip6=auto | ip6=dhcp | ip6=none | ip6=ADDR/PREFIX[,GATEWAY[,DNS...]]
 *                         (default auto, with ip=none none)
 *   ip.wait=SECONDS       how long process 1 waits for a DHCP lease, and for an
 *                         IPv6 address if ip6= is there, before it starts the
 *                         release (default 3)
 *   env.NAME=VALUE        environment of the release
 *   arg=WORD              an argument appended to the emulator's
 *   mount=SOURCE:PATH[:SIZE]  a file system on PATH; may be repeated, the last
 *                         one for a PATH counts.  SOURCE is tmpfs (of SIZE at
 *                         most, with K, M or G behind it; half of the memory),
 *                         none (nothing after all), or a disk or partition with
 *                         ext4, read-only: its serial number, label, GUID, or
 *                         vdXN
 *   eval=EXPRESSION       evaluate this instead of starting the release (mix)
 *   restart=no|on-failure[:TIMES]|always
 *                         whether a release that ended is started again
 *   grace=SECONDS         time between power button and hard stop (default 30)
 *   console.shell=yes|no  start the release with its shell on the console
 *                         (default no)
 *   console.size=COLUMNSxROWS  of the terminal at the other end
 *   console.resize=DEVICE a line (MACHINE_SIZE_DEVICE) that brings
 *                         "COLUMNSxROWS" and a newline when that changes
 *   trace=syscalls        print an strace-like log on the console
 *   loglevel=0..8         kernel messages below this reach the console
 *   maxcpus=N             start at most N processors
 *   debug=fail-nth        /proc/self/fail-nth makes kernel allocations fail
 *   exit.port=0xPORT      I/O port of QEMU's isa-debug-exit
 *   exit.log=0xPORT       I/O port of QEMU's isa-debugcon, for the status line
 *   crash=KIND            die on purpose, for tests: see docs/debugging.md
 *   virtio_mmio.device=SIZE@ADDR:IRQ  as microvm's QEMU writes it
 *
 * Unknown keys are reported once and ignored; process 1 sees them all.
 *
 * Ending.  When process 1 exits with status S (or dies by signal N: S = 128+N)
 * the kernel writes MACHINE_EXIT_LINE and S in decimal and a newline to
 * exit.log if given, then S & 127 to exit.port if given (QEMU then exits with
 * 2S+1), else powers off by ACPI, else resets.  A panic, and a
 * start-up that fails (no disk, no process 1), write MACHINE_PANIC_STATUS
 * instead; `unibeam run` then exits with that.  Process 1 exits with
 * MACHINE_NO_RELEASE_STATUS when it cannot start the release.
 */
#pragma once

#define FWCFG_CMDLINE             "opt/unibeam/cmdline"
#define MACHINE_EXIT_LINE         "unibeam-exit "
#define MACHINE_PANIC_STATUS      125
#define MACHINE_NO_RELEASE_STATUS 126
#define MACHINE_SIZE_DEVICE       "/dev/ttyS1"
#define MACHINE_SIDE_MAX          1000 /* columns or rows */
#define MACHINE_MOUNT_SOURCE_MAX  36   /* a GUID */
#define MACHINE_MOUNT_PATH_MAX    200
#define MACHINE_EXIT_PORT         0x501
#define MACHINE_EXIT_LOG_PORT     0xe9
