#!/bin/sh
# As much of the shipment's script as a test needs.
PACKAGE=tea
BASE=$(dirname "$0")
[ "$1" = run ] && shift &&
	exec erl -pa "$BASE"/*/ebin -eval "$PACKAGE@@main:run($PACKAGE)" -noshell -extra "$@"
