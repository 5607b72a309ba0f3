#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# release.sh ROOT RELEASE - make the release tree RELEASE of the RabbitMQ that
# Debian's package rabbitmq-server has installed in ROOT ("/": on this system).
# Nothing is compiled and nothing is run:
#
#   plugins/, escript/, sbin/   RabbitMQ's own, unchanged
#   etc/                        what an operator edits: rabbitmq.conf and others
#   bin/                        what its scripts expect of an Erlang installation
#   releases/                   boot file, sys.config, vm.args
#
# The run-time system and OTP's applications come with "unibeam build --erts
# ROOT/usr/lib/erlang"; tests/rabbitmq/image.sh does that.
set -eu
root=${1%/}
release=$2
here=$(cd "$(dirname "$0")" && pwd)
erlang=$root/usr/lib/erlang

# last PATTERN: the newest of the directories or files of that name
last() {
	# shellcheck disable=SC2012,SC2086 # a pattern; names of packages
	ls -d $1 2>/dev/null | tail -n 1
}

broker=$(last "$root/usr/lib/rabbitmq/lib/rabbitmq_server-*")
[ -n "$broker" ] || {
	echo "release.sh: no RabbitMQ below '$root/usr/lib/rabbitmq'" >&2
	exit 1
}
vsn=${broker##*-}
erts=$(basename "$(last "$erlang/lib/erts-*")")
erts=${erts#erts-}
dir=$release/releases/$vsn

mkdir -p "$dir" "$release/bin" "$release/etc"
for part in plugins escript sbin; do
	cp -r "$broker/$part" "$release/$part"
done
cp "$here"/etc/* "$release/etc"

# --- an Erlang installation, as far as RabbitMQ's scripts go -------------------

cp "$erlang"/bin/*.boot "$release/bin"
ln -s "../erts-$erts/bin/erl" "$release/bin/erl"

# --- the release ---------------------------------------------------------------

echo "$erts $vsn" >"$release/releases/start_erl.data"
# kernel, stdlib and sasl are started; RabbitMQ starts the others itself
cp "$erlang/bin/start_sasl.boot" "$dir/start.boot"
cp "$here/vm.args" "$dir/vm.args"
echo '[].' >"$dir/sys.config"
{
	printf '{release, {"rabbitmq", "%s"}, {erts, "%s"}, [' "$vsn" "$erts"
	comma=
	for app in "$erlang"/lib/*-*/ebin/*.app; do
		app=$(basename "${app%/ebin/*}")
		[ "${app%-*}" != erts ] || continue
		printf '%s\n    {%s, "%s", none}' "$comma" "${app%-*}" "${app##*-}"
		comma=,
	done
	echo ']}.'
} >"$dir/rabbitmq.rel"
