#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Installs what building and testing need, with the system's package manager.
# Does nothing, and needs no rights, when everything is there already.
set -eu

packages="gcc clang libclang-rt-14-dev libc6-dev comerr-dev seabios
ca-certificates ncurses-base perl-base bsdutils util-linux linux-libc-dev binutils
libbsd-dev musl-tools zlib1g-dev libelf-dev libext2fs-dev libjansson-dev libarchive-dev
libcmocka-dev e2fsprogs gdisk fdisk busybox-static qemu-system-x86 qemu-utils cpio bochs bochsbios
bochs-term vgabios dpkg-dev
erlang erlang-dev git rebar3 elixir curl python3 tmux clang-format cppcheck
iproute2 iputils-ping radvd dnsmasq-base openssl
groff-base mandoc zsh fish jq debhelper lintian debootstrap"

missing=
for p in $packages; do
    dpkg-query -W -f '${Status}' "$p" 2>/dev/null |
        grep -q 'install ok installed' || missing="$missing $p"
done
[ -n "$missing" ] || exit 0

if ! command -v apt-get >/dev/null; then
    echo "setup: install these packages first:$missing" >&2
    exit 1
fi
sudo=
if [ "$(id -u)" -ne 0 ]; then
    sudo=sudo
    command -v sudo >/dev/null || {
        echo "setup: run as root to install:$missing" >&2
        exit 1
    }
fi
echo "setup: installing$missing"
$sudo apt-get update -q
# shellcheck disable=SC2086 # a list of words
DEBIAN_FRONTEND=noninteractive $sudo apt-get install -q -y \
    --no-install-recommends $missing
