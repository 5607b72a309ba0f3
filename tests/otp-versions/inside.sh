#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# inside.sh ROOT SCRIPT - run the shell SCRIPT in the system that is unpacked in
# ROOT, with this one's devices and processes. Without root in a user namespace.
set -eu
user=
[ "$(id -u)" -eq 0 ] || user=-r
# shellcheck disable=SC2016 # for the shell that is started
exec unshare $user -m -n sh -c 'mkdir -p "$1/dev" "$1/proc" "$1/tmp" &&
	mount --rbind /dev "$1/dev" && mount --rbind /proc "$1/proc" &&
	exec chroot "$1" /bin/sh -c "$2"' sh "$1" "$2"
