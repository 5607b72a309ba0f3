#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# check-deps.sh - do the sources include only what docs/architecture.md allows?
#
#  - A directory of the kernel includes headers of those listed for it below.
#  - Headers in "contract" may be included from anywhere in the kernel: they
#    declare what every part offers or uses and hide the part behind them.
#  - NAME_priv.h belongs to one directory.
#  - Outside kernel/, programs share include/abi/ and nothing else; its headers
#    include the C language's headers and each other.
# Tests may include what they test.
set -eu
cd "${1:-$(dirname "$0")/..}"

rules='
layer lib
layer arch lib
layer mem lib arch
layer sched lib arch mem
layer proc lib arch mem sched fs
layer fs lib arch mem sched proc
layer net lib arch mem sched proc fs
layer sys lib arch mem sched proc fs net
layer dev lib arch mem sched

# who runs, which CPU this is, what time it is; locks
contract sched/cpu.h sched/lock.h sched/thread.h sched/time.h sched/wait.h
# the system calls and their types: each is defined where its subject is
contract sys/syscall.h sys/timespec.h
# the process and its descriptors, for whoever is asked on its behalf
contract proc/process.h proc/fdtable.h proc/signal.h
# devices as others see them
contract dev/console.h dev/random.h dev/blockdev.h dev/device_node.h dev/tty.h
# an open file, and waiting for it
contract fs/file.h fs/poll.h fs/vfs.h

# the log prints with the time and stops all CPUs in a panic
allow lib arch/x86_64/arch.h
# page tables, kernel stacks and faults
allow arch mem/page.h mem/slab.h mem/mm.h mem/user.h
# tables of the firmware, read at start-up
allow arch dev/acpi.h dev/port_io.h
# crash=serial dies while it holds the serial line
allow arch dev/serial.h
# timers that belong to a file and to a process
allow sched fs/timerfd.h proc/posix_timer.h
# network cards hand frames over
allow dev net/net.h
# binding a Unix socket makes a name in the file system
allow net fs/fs_priv.h
# the calls on names are operations of kernel/fs and little else
allow sys fs/fs_priv.h
'

{
	echo "$rules"
	echo end
	find kernel boot builder guest include -name '*.[chS]' ! -path '*/test/*' \
		! -path '*/fuzz/*' |
		sort | xargs grep -H '^#[[:space:]]*include' | tr -d '\r'
} | awk '
	function bad(text) { print "check-deps: " text; status = 1 }
	function dir_of(path) { sub(/\/.*/, "", path); return path }
	in_files {
		colon = index($0, ":")
		file = substr($0, 1, colon - 1)
		if (!match($0, /["<][^">]*[">]/)) next
		name = substr($0, RSTART + 1, RLENGTH - 2)
		quoted = substr($0, RSTART, 1) == "\""
		top = dir_of(file)
		if (top == "include")
			abi(quoted)
		else if (top == "kernel")
			kernel(quoted)
		else if (quoted && index(name, "/") && name !~ /^abi\/[a-z]+\.h$/ &&
		    !(top == "builder" && name ~ /^(check|doc|image|machine|osv)\/[a-z0-9_]+\.h$/))
			bad(file " includes " name)
		next
	}
	/^layer / { for (i = 3; i <= NF; i++) may[$2, $i] = 1; may[$2, $2] = 1
		known[$2] = 1 }
	/^contract / { for (i = 2; i <= NF; i++) contract[$i] = 1 }
	/^allow / { for (i = 3; i <= NF; i++) allow[$2, $i] = 1 }
	/^end$/ { in_files = 1 }

	function abi(quoted) {
		if (quoted ? name !~ /^abi\// : \
		    name !~ /^(stdint|stddef|stdbool|limits)\.h$/)
			bad(file " includes " name)
	}
	function kernel(quoted,  from, to) {
		if (!quoted || name ~ /^(abi|gen|lwip|netif)\// || !index(name, "/"))
			return
		from = file; sub(/^kernel\//, "", from); from = dir_of(from)
		if (from !~ /\./ && !(from in known))
			bad("kernel/" from " is no part that check-deps.sh knows")
		to = dir_of(name)
		seen[from, name] = 1
		if (!(from in known) || from == to) # main.c starts all of them
			return
		if ((from, name) in allow) {
			used[from, name] = 1
			return
		}
		if (name ~ /_priv\.h$/)
			bad(file " includes " name ", which is private to kernel/" to)
		else if (!((from, to) in may) && !(name in contract))
			bad(file " includes " name ": kernel/" from \
			    " is not to know kernel/" to)
	}
	END {
		for (pair in allow) if (!(pair in used)) {
			split(pair, p, SUBSEP)
			bad("nothing in kernel/" p[1] " includes " p[2] \
			    ": take it off the list")
		}
		exit status
	}'
