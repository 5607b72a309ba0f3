#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# rebar3's help knows the commands, their options and the keys.
. "$TESTS/lib.sh"
project umbrella p
rebar 0 p help osv
for task in generate run check; do
	grep -q "^  $task  *[A-Z].*\.$" out || fail "no $task"
done
lacks out settings
rebar 0 p help osv generate
for word in osv_image command_line verbose ports --output --relname --relvsn \
	--include-erts --all; do
	contains out "$word"
done
rebar 0 p help osv run
for word in --memory --cpus --port --console --relname 'Exit status'; do
	contains out "$word"
done
rebar 0 p help osv check
contains out 'Exit status: 0, 3 if something was found'
rebar 1 p osv generate --nonsense
contains out 'Invalid option --nonsense on task generate'
# the guide has the same keys
rebar 0 p help osv generate
sed -n 's/^  \([a-z_][a-z_]*\)  *[a-z].*/\1/p' out | sort >keys
sed -n '/^## Keys/,/^## Several/p' "$TESTS/../../../docs/guide/rebar3.md" |
	sed -n 's/^| \(`[^|]*\) |.*/\1/p' | tr -d '` ' | tr ',' '\n' |
	grep -x '[a-z_][a-z_]*' | sort >documented
diff documented keys
