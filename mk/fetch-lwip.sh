#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Copyright the unibeam authors
#
# Fetch lwIP's source package with apt, into DIR/lwip:
#
#   mk/fetch-lwip.sh DIR
#
# apt runs on a private configuration below DIR/apt, derived from the machine's
# own package sources with "deb" turned into "deb-src".  So it needs no root
# and changes nothing outside DIR, and the archive's signature and the
# package's checksums are verified the way this machine verifies all packages.

set -eu

dir=$1
mkdir -p "$dir"
dir=$(cd "$dir" && pwd)
apt=$dir/apt

fail()
{
    echo "fetch-lwip: $*" >&2
    echo "fetch-lwip: unpack lwIP 2.1.3 or 2.2.x yourself and pass" \
        "LWIP_DIR=path" >&2
    exit 1
}

for tool in apt-get dpkg-source; do
    command -v $tool >/dev/null || fail "$tool is not installed"
done

rm -rf "$apt"
mkdir -p "$apt/sources" "$apt/lists/partial" "$apt/cache/archives/partial" \
    "$apt/download"

# One-line format: deb [options] uri suite components
n=0
for f in /etc/apt/sources.list /etc/apt/sources.list.d/*.list; do
    [ -r "$f" ] || continue
    n=$((n + 1))
    sed -n 's/^[[:space:]]*deb\(-src\)\{0,1\}[[:space:]]/deb-src /p' "$f" |
        sort -u >"$apt/sources/$n.list"
done
# deb822 format; options such as Signed-By and Enabled stay as they are.
for f in /etc/apt/sources.list.d/*.sources; do
    [ -r "$f" ] || continue
    n=$((n + 1))
    sed 's/^[Tt]ypes:.*/Types: deb-src/' "$f" >"$apt/sources/$n.sources"
done
[ $n -gt 0 ] || fail "this machine has no package sources"

apt_get()
{
    # The state is ours, but signatures of sources that name no key are
    # checked with the machine's trusted keys (Dir::Etc::trusted*).
    apt-get -q -o Dir::Etc::sourcelist=/dev/null \
        -o Dir::Etc::sourceparts="$apt/sources" \
        -o Dir::State::lists="$apt/lists" \
        -o Dir::Cache="$apt/cache" \
        -o Dir::Cache::archives=archives \
        -o APT::Sandbox::User=root \
        -o APT::Get::List-Cleanup=0 \
        -o Acquire::Languages=none \
        -o Acquire::Retries=3 "$@"
}

# A source that cannot be reached is no reason to stop: the next command
# decides whether the one that matters could.
apt_get update >"$apt/log" 2>&1 || true
(cd "$apt/download" && apt_get source --download-only lwip) \
    >>"$apt/log" 2>&1 || {
    tail -n 5 "$apt/log" >&2
    fail "the source package lwip cannot be fetched"
}

set -- "$apt"/download/lwip_*.dsc
[ -r "$1" ] || fail "apt brought no .dsc file"
rm -rf "$dir/lwip"
# apt has verified the files already.
dpkg-source --no-check -x "$1" "$dir/lwip" >>"$apt/log" 2>&1 || {
    tail -n 5 "$apt/log" >&2
    fail "the source package lwip cannot be unpacked"
}
rm -rf "$apt/lists" "$apt/cache"
