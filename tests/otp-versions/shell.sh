#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# shell.sh ROOT - the shell of the release that image.sh made in ROOT, on Linux.
set -eu
exec "$(dirname "$0")/inside.sh" "$1" 'cd /tmp/work/release &&
	export LANG=C.UTF-8 HOME=/tmp TERM &&
	exec erl -boot releases/1.0.0/start -config releases/1.0.0/sys.config \
		-args_file releases/1.0.0/vm.args -pa lib/hello-1.0.0/ebin'
