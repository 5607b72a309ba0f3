#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# image.sh UNIBEAM ROOT RELEASE IMAGE - the image IMAGE of the RabbitMQ in ROOT,
# by way of the release tree RELEASE (release.sh), with the environment that the
# broker's own start script would give it.
set -eu
unibeam=$1
root=$2
release=$3
image=$4
here=$(cd "$(dirname "$0")" && pwd)

rm -rf "$release"
"$here/release.sh" "$root" "$release"
"$unibeam" build "$release" -q --shell --sysroot "$root" \
	--erts "${root%/}/usr/lib/erlang" --hostname rabbit \
	--env CODE_LOADING_MODE=interactive --env ERL_LIBS=/app/plugins \
	--env ERL_MAX_ETS_TABLES=50000 --env ERL_MAX_PORTS=65536 \
	--env RABBITMQ_HOME=/app \
	--env RABBITMQ_PLUGINS_DIR=/app/plugins \
	--env RABBITMQ_CONFIG_FILE=/app/etc/rabbitmq.conf \
	--env RABBITMQ_ENABLED_PLUGINS_FILE=/app/etc/enabled_plugins \
	--env RABBITMQ_MNESIA_BASE=/var/lib/rabbitmq \
	--env RABBITMQ_GENERATED_CONFIG_DIR=/var/lib/rabbitmq/config \
	--env RABBITMQ_LOG_BASE=/var/log/rabbitmq --env RABBITMQ_LOGS=- \
	-o "$image"
