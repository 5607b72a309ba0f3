#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Copyright the unibeam authors
#
# scale.sh BUILD - run scale_probe with every instruction counted, print its
# table, and fail if something costs much more with 10,000 of its kind than
# with 10.
set -eu
build=$(realpath "$1")
out=$build/syscalls/scale.log
# the image's kernel, which QEMU reads, goes to a file there
TMPDIR=$(mktemp -d)
export TMPDIR
trap 'rm -rf "$TMPDIR"' EXIT

# --icount runs all on one thread.
line=$("$build/unibeam" run "$build/syscalls/tests.img" --dry-run --accel tcg \
	--machine microvm -m 2G --append "loglevel=4" --arg scale_probe \
	2>/dev/null | sed 's/thread=multi/thread=single/')
eval "timeout 900 $line -icount shift=0" </dev/null 2>&1 | tr -d '\r' >"$out" || true

sed -n 's/^@scale_probe | /| /p' "$out" | awk -F'|' '
	BEGIN { print "| 10, or 10,000 | | 10 | 10,000 |"; print "|---|---|---|---|" }
	{ factor = $6; sub(/\|[0-9]*$/, "|"); print; cases++ }
	$4 <= 0 || $5 <= 0 { print "  it failed"; bad++; next }
	$5 > factor * $4 + 200 { print "  it grows"; bad++ }
	END {
		if (bad) printf "[  FAILED  ] %d test(s): slow paths.\n", bad
		printf "[  PASSED  ] %d test(s).\n", cases - bad
		exit bad || !cases
	}'
