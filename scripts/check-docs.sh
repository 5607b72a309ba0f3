#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# check-docs.sh UNIBEAM - do the documents say what there is?
#
#  - docs/using.md names every option that --help names, and no other;
#  - it names every key of the kernel's command line (kernel/main.c,
#    include/abi/machine.h), and no other;
#  - files of the tree that documents name exist.
set -eu
unibeam=$(realpath "$1")
[ -x "$unibeam" ] || { echo "check-docs: no command '$1'" >&2; exit 1; }
cd "$(dirname "$0")/.."
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT
bad=0

compare() { # WHAT WHERE HAVE DOCUMENTED
    if ! diff "$3" "$4" >"$tmp/diff"; then
        bad=1
        sed -n "s|^< |check-docs: docs/using.md lacks $1 |p
                s|^> |check-docs: $2 has no $1 |p" "$tmp/diff"
    fi
}

# Options at the beginning of a line of help, or in a list of nothing else.
options_of() { # COMMAND
    "$unibeam" "$1" --help |
        sed -n 's/^  *\(-.*\)$/\1/p' | sed 's/  .*//' | options_in
}
options_in() {
    tr ',[]| `' '\n' | grep -E '^(-[a-zA-Z]|--[a-z][a-z-]*)$' | sort -u
}
# The first cells of the tables of a section.
cells() { # SECTION
    awk -v section="## $1" '/^## / { on = $0 == section } on && /^\|/' \
        docs/using.md | sed 's/^| *//; s/ *|.*//' | grep '^`'
}
for command in build run; do
    options_of $command >"$tmp/have"
    cells "unibeam $command" | options_in >"$tmp/documented"
    compare "the option" "unibeam $command" "$tmp/have" "$tmp/documented"
done

awk '/known_keys\[\] = \{/ { on = 1; next } on && /\}/ { exit } on' \
    kernel/main.c | grep -o '"[^"]*"' | tr -d '"' |
    sed 's/^env\.$/env.NAME/' | sort -u >"$tmp/have"
sed -n 's/^ \*   \([a-zA-Z0-9_.]*\)=.*/\1/p; s/^ \*   [a-z0-9]*=.* | \([a-z0-9.]*\)=.*/\1/p' \
    include/abi/machine.h | sort -u >"$tmp/abi"
compare "the key (include/abi/machine.h)" kernel/main.c "$tmp/have" "$tmp/abi"
cells "Settings, and which wins" | sed -n 's/^`\([a-zA-Z0-9_.]*\)=.*/\1/p' |
    sort -u >"$tmp/documented"
compare "the key" kernel/main.c "$tmp/have" "$tmp/documented"

top='boot|builder|guest|include|kernel|tests|bench|docs|scripts|mk|examples'
for file in README.md bench/README.md docs/*.md; do
    grep -oE "\`($top)/[^\` ]*\`" "$file" | tr -d '`' | sort -u |
        while read -r path; do
            # shellcheck disable=SC2086 # patterns are meant
            ls -d $path >/dev/null 2>&1 || echo "$file: there is no $path"
        done
done >"$tmp/paths"
if [ -s "$tmp/paths" ]; then
    sed 's/^/check-docs: /' "$tmp/paths"
    bad=1
fi
exit $bad
