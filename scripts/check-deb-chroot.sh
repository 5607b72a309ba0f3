#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# check-deb-chroot.sh DEB RELEASE - install the package in a new Debian 12 made
# by debootstrap, build an image of RELEASE there, boot it outside, and remove
# the package again.
set -eu
deb=$(realpath "$1")
release=$(realpath "$2")
here=$(cd "$(dirname "$0")" && pwd)

skip() {
    echo "$*"
    exit 77
}

fail() {
    echo "check-deb-chroot: $*" >&2
    exit 1
}

[ "$(id -u)" -eq 0 ] || skip "debootstrap needs root"
command -v debootstrap >/dev/null || skip "no debootstrap"
mirror=$(apt-get indextargets --format '$(REPO_URI) $(RELEASE) $(COMPONENT)' \
    'Created-By: Packages' | awk '$2 == "bookworm" && $3 == "main" { print $1; exit }')
[ "$mirror" ] || skip "apt has no archive of bookworm"
tmp=$(mktemp -d)
# nothing is mounted outside the namespaces of "inside"
trap 'rm -rf --one-file-system "$tmp"' EXIT
root=$tmp/root

debootstrap --variant=minbase bookworm "$root" "$mirror" >"$tmp/log" 2>&1 || {
    tail -n 5 "$tmp/log"
    skip "debootstrap could not make a system"
}
for file in /etc/resolv.conf /etc/hosts; do
    cp "$file" "$root$file"
done
# how this machine's apt reaches the archive
cp /etc/apt/apt.conf.d/* "$root/etc/apt/apt.conf.d/" 2>/dev/null || :
cp "$deb" "$root/unibeam.deb"
cp -r "$release" "$root/release"

# inside SCRIPT: in that system
inside() {
    # shellcheck disable=SC2016 # for the shell that is started
    unshare -m -p -f sh -c 'mount -t proc proc "$1/proc" && exec chroot "$1" \
        /usr/bin/env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin HOME=/root \
        DEBIAN_FRONTEND=noninteractive /bin/sh -euc "$2"' sh "$root" "$1"
}

inside 'apt-get install -qq -y --no-install-recommends /unibeam.deb busybox-static \
        libtinfo6 libssl3 ca-certificates' >>"$tmp/log" 2>&1 || {
    tail -n 20 "$tmp/log"
    fail "the package cannot be installed"
}
inside 'unibeam --version; dpkg -V unibeam; unibeam build /release -o /a.img'
mv "$root/a.img" "$tmp/a.img"
dpkg-deb -x "$deb" "$tmp/unpacked"
DEMO_PORT=18291 "$here/demo.sh" "$tmp/unpacked/usr/bin/unibeam" "$tmp/a.img"
inside 'apt-get purge -qq -y unibeam' >>"$tmp/log" 2>&1
left=$(inside 'find / -xdev -name "*unibeam*" ! -path "/proc/*" ! -path "/var/log/*"
    ' | grep -v '^/unibeam.deb$' || :)
[ -z "$left" ] || fail "purging it leaves $left"
