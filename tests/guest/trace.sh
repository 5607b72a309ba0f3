#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Copyright the unibeam authors
#
# trace.sh BUILD - run trace_probe with trace=syscalls on 4 processors and look
# at the lines: as strace would write them, each in one piece, and what the
# kernel does not have named once.
set -eu
build=$(realpath "$1")
log=$build/syscalls/trace.log
failed=0
passed=0

timeout 300 "$build/unibeam" run "$build/syscalls/tests.img" --smp 4 -m 512M \
	--accel tcg --append "loglevel=5 ip=none trace=syscalls" \
	--arg trace_probe </dev/null 2>&1 | tr -d '\r' >"$log" || true

check() { # COUNT WHAT REGEXP
	n=$(grep -cE -e "$3" "$log" || true)
	if [ "$n" = "$1" ]; then
		passed=$((passed + 1))
	else
		failed=$((failed + 1))
		echo "$2: $n lines instead of $1: $3"
	fi
}

has() { check 1 "one call" "^\[[0-9]+\] $1\$"; }

check 1 "the end" '^@trace_probe = status 0$'
has 'mkdir\("/tmp/probe", 0755\) = 0'
has 'openat\(AT_FDCWD, "/tmp/probe/f", O_RDWR\|O_CREAT\|O_TRUNC\|O_CLOEXEC, 0644\) = 3'
has 'write\(3, "a\\tb\\n\\"q\\"", 7\) = 7'
has 'pread64\(3, "a\\tb\\n", 4, 0\) = 4'
has 'lseek\(3, 0, SEEK_END\) = 7'
has 'fcntl\(3, F_SETFL, 2048\) = 0'
has 'ioctl\(3, TCGETS, 0x[0-9a-f]+\) = -1 ENOTTY'
has 'newfstatat\(AT_FDCWD, "/no/such/file", 0x[0-9a-f]+, 0\) = -1 ENOENT'
has 'mmap\(0, 36864, PROT_READ\|PROT_WRITE, MAP_PRIVATE\|MAP_ANONYMOUS, -1, 0\) = 0x[0-9a-f]+'
has 'pipe2\(\[4, 5\], O_CLOEXEC\) = 0'
has 'epoll_create1\(O_CLOEXEC\) = 6'
has 'epoll_ctl\(6, EPOLL_CTL_ADD, 4, \{EPOLLIN\|EPOLLONESHOT, 0x7\}\) = 0'
has 'epoll_wait\(6, 0x[0-9a-f]+, 1, 0\) = 0'
has 'socket\(AF_INET, SOCK_STREAM\|SOCK_NONBLOCK, 0\) = 7'
has 'rt_sigaction\(SIGUSR1, 0x[0-9a-f]+, 0x[0-9a-f]+, 8\) = 0'
has 'clock_nanosleep\(CLOCK_REALTIME, 0, \{0, 5000000\}, NULL\) = 0'
has 'close\(99\) = -1 EBADF'
has 'clone\(CLONE_CHILD_CLEARTID\|CLONE_CHILD_SETTID\|SIGCHLD, 0, NULL, 0x[0-9a-f]+, 0\) = [0-9]+'
has 'exit_group\(3\) \.\.\.'
has 'execve\("/app/lib/tests-1.0/priv/trace_probe", 0x[0-9a-f]+, 0x[0-9a-f]+\) \.\.\.'
check 3 "calls that are not there" \
	'^\[[0-9]+\] io_uring_setup\(.*\) = -1 ENOSYS$'
check 1 "named once" '^\[ .*system call 425 \(io_uring_setup\) is not impl'
check 1 "named once" '^\[ .*system call 167 \(swapon\) is not implemented'
check 1 "named once" '^\[ .*system call 999 \(\?\) is not implemented'
# Four threads on four processors: no line in another.
check 200 "whole lines" '^\[[0-9]+\] kill\(11744051[2-5], 0\) = -1 ESRCH$'
odd=$(grep -cvE -e '^\[[0-9]+\] [a-z_0-9?]+\(.*\) (= .*|\.\.\.)$' \
	-e '^(@|#|unibeam:|\[ +[0-9]+\.)' "$log" || true)
[ "$odd" = 0 ] || {
	failed=$((failed + 1))
	echo "$odd lines are neither calls nor messages, see $log"
}
[ $failed = 0 ] || echo "[  FAILED  ] $failed test(s): of the trace."
echo "[  PASSED  ] $passed test(s): of the trace."
[ $failed = 0 ]
