#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
#
# The real QEMU with the arguments given, which is to say with the disk and the
# network that unibeam wants, and with a machine to run in it: KERNEL, and its
# disk GUEST behind the other.  What the console says goes to the file CONSOLE,
# too.
import os, sys

args = [a.replace(",bootindex=0", "") for a in sys.argv[1:]]
at = args.index("-serial")
args[at:at + 2] = ["-chardev", "stdio,id=con,signal=off,logfile=" +
                   os.environ["CONSOLE"], "-serial", "chardev:con"]
args += ["-kernel", os.environ["KERNEL"], "-append", "loglevel=3 ip6=none",
         "-drive", "if=none,id=guest,format=raw,read-only=on,file=" +
         os.environ["GUEST"],
         "-device", "virtio-blk-pci,drive=guest"]
os.execvp("qemu-system-x86_64", ["qemu-system-x86_64"] + args)
