#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# check-deb.sh DEB RELEASE - is the package right, and does what is in it work?
# It is unpacked, not installed, and the command in it builds an image of
# RELEASE that answers.
set -eu
deb=$(realpath "$1")
release=$(realpath "$2")
cd "$(dirname "$0")/.."
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT

fail() {
    echo "check-deb: $*" >&2
    exit 1
}

# What is said twice.
version=$(sed -n 's/^#define UNIBEAM_VERSION "\(.*\)"/\1/p' builder/version.h)
date=$(sed -n 's/^#define UNIBEAM_DATE *"\([^"]*\)".*/\1/p' builder/version.h)
first=$(sed -n '1s/.*(\(.*\)).*/\1/p' debian/changelog)
[ "$first" = "$version" ] ||
    fail "debian/changelog begins with $first, builder/version.h says $version"
stamp=$(sed -n 's/^ -- .*>  //p' debian/changelog | head -n 1)
[ "$(date -u -d "$stamp" +%F)" = "$date" ] ||
    fail "debian/changelog is of $stamp, builder/version.h says $date"
[ "$(dpkg-deb -f "$deb" Version)" = "$version" ] || fail "the package is of another version"

if command -v lintian >/dev/null; then
    LC_ALL=C lintian --allow-root --fail-on error,warning "$deb" || fail "lintian has something to say"
else
    echo "skipped: no lintian"
fi

dpkg-deb -x "$deb" "$tmp/root"
unibeam=$tmp/root/usr/bin/unibeam
[ "$($unibeam --version)" = "unibeam $version" ] || fail "it is another version"
for name in unibeam $("$unibeam" help |
    awk '/^commands:/ { on = 1; next } !NF { on = 0 }
        on && $1 != "help" { print "unibeam-" $1 }'); do
    [ -s "$tmp/root/usr/share/man/man1/$name.1.gz" ] ||
        fail "there is no man page $name(1)"
done
for plugin in plugins/*/; do
    [ ! -d "$plugin" ] || [ -d "$tmp/root/usr/share/unibeam/$plugin" ] ||
        fail "$plugin is not in the package"
done
! find "$tmp/root/usr/share/unibeam" -name _build -o -name '*.beam' 2>/dev/null |
    grep . || fail "it holds what was built of a plugin"

"$unibeam" build "$release" -q -o "$tmp/a.img"
DEMO_PORT=$((10240 + $$ % 20000)) scripts/demo.sh "$unibeam" "$tmp/a.img"
