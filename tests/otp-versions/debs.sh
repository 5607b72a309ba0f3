#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# debs.sh SUITE DIR PACKAGE... - unpack packages of another Debian release, with
# all they depend on, into DIR/root. Nothing is installed: apt works with lists,
# a cache and a record of installed packages (none) of its own, all in DIR.
#
# Where to download from is what this machine's own apt has for its release,
# with SUITE in the place of that. Ends with 77 (skipped) and the reason as its
# last line if packages cannot be had. DIR/done says that DIR/root is complete,
# for these packages: then there is nothing to do.
set -eu
suite=$1
dir=$2
shift 2

skip() {
	echo "$*"
	exit 77
}

[ "$(cat "$dir/done" 2>/dev/null)" != "$suite $*" ] || exit 0
command -v apt-get >/dev/null || skip "no apt here"
own=$(. /etc/os-release && echo "${VERSION_CODENAME-}")

rm -rf "$dir/archives"
mkdir -p "$dir/lists/partial" "$dir/archives/partial"
dir=$(cd "$dir" && pwd)
# shellcheck disable=SC2016 # apt's variables
apt-get indextargets --format '$(REPO_URI) $(RELEASE) $(COMPONENT)' \
	'Created-By: Packages' |
	awk -v own="$own" -v suite="$suite" \
		'$2 == own && $3 == "main" { print "deb", $1, suite, "main" }' |
	sort -u >"$dir/sources.list"
[ -s "$dir/sources.list" ] || skip "apt has no archive of '$own' to derive '$suite' from"
: >"$dir/status"

private() {
	apt-get -qq -o Dir::Etc::SourceList="$dir/sources.list" \
		-o Dir::Etc::SourceParts=/dev/null \
		-o Dir::Etc::Preferences=/dev/null \
		-o Dir::Etc::PreferencesParts=/dev/null \
		-o Dir::State="$dir" -o Dir::State::Lists="$dir/lists" \
		-o Dir::State::status="$dir/status" \
		-o Dir::Cache="$dir" -o Dir::Cache::Archives="$dir/archives" \
		-o APT::Sandbox::User=root -o Debug::NoLocking=1 \
		-o APT::Install-Recommends=0 -o Acquire::Retries=2 "$@"
}

private update >"$dir/log" 2>&1 || true
if ! private --download-only -y install "$@" >>"$dir/log" 2>&1; then
	skip "no packages of '$suite': $(grep -m 1 '^[EW]:' "$dir/log" |
		sed 's,[a-z]*://[^ ]*,,g')"
fi

rm -rf "$dir/root" "$dir/done"
mkdir "$dir/root"
# /bin, /sbin and /lib are links in every release that has this package
for name in bin sbin lib lib64; do
	mkdir -p "$dir/root/usr/$name"
	ln -s "usr/$name" "$dir/root/$name"
done
for deb in "$dir"/archives/*.deb; do
	dpkg-deb --fsys-tarfile "$deb" |
		tar -x -C "$dir/root" --keep-directory-symlink --no-same-owner
done
echo "$suite $*" >"$dir/done"
