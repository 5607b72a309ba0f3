#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# check-docs.sh UNIBEAM [SHARE] - do the documents say what there is?
#
#  - the table of commands in docs/using.md is that of "unibeam help";
#  - for every command the options that --help names, those in the tables of its
#    section in docs/using.md ("## unibeam NAME") or of docs/commands/NAME.md,
#    and those of its man page in SHARE are the same;
#  - every exit status that --help names is in the table of docs/using.md, and
#    the other way round for those that are not for all commands;
#  - unibeam.json(5) in SHARE names the keys that the command takes;
#  - docs/using.md names every key of the kernel's command line (kernel/main.c,
#    include/abi/machine.h), and no other;
#  - messages that docs/guide/troubleshooting.md quotes are in the sources;
#  - files of the tree that documents name exist, and every page of the guide is
#    in its index.
set -eu
unibeam=$(realpath "$1")
[ -x "$unibeam" ] || { echo "check-docs: no command '$1'" >&2; exit 1; }
share=${2:+$(realpath "$2")}
cd "$(dirname "$0")/.."
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT
bad=0
using=docs/using.md

say() {
    echo "check-docs: $*"
    bad=1
}

# compare WHAT HAVE-FILE HAVE DOCUMENTED-FILE DOCUMENTED: both are sorted lists.
compare() {
    diff "$3" "$5" >"$tmp/diff" || {
        bad=1
        sed -n "s|^< |check-docs: $4 lacks $1 |p
                s|^> \(.*\)|check-docs: $4: $1 \1, which $2 has not|p" "$tmp/diff"
    }
}

# section FILE HEADING: what is below the heading "## HEADING".
section() {
    awk -v heading="## $2" '/^## / { on = $0 == heading; next } on' "$1"
}

# The first cells of tables, of those that begin with code.
cells() {
    sed -n 's/^| *\(`[^|]*\)|.*/\1/p'
}

options_in() {
    tr ',[]| `' '\n' | grep -E '^(-[a-zA-Z]|--[a-z][a-z0-9-]*)$' | sort -u || :
}

# --- commands ----------------------------------------------------------------

"$unibeam" help | awk '/^commands:/ { on = 1; next } !NF { on = 0 } on' |
    sed 's/^ *\([a-z]*\)  */\1|/' | grep -v '^help|' | sort >"$tmp/have"
section $using Commands |
    sed -n 's/^| *`\([a-z]*\)` *| *\([^|]*[^| ]\) *|.*/\1|\2/p' |
    sort >"$tmp/documented"
[ -s "$tmp/have" ] || say "'unibeam help' lists no commands"
compare "the command" "unibeam" "$tmp/have" "$using" "$tmp/documented"
commands=$(cut -d'|' -f1 "$tmp/have")

# --- options -----------------------------------------------------------------

# Options at the beginning of a line of help.
help_options() {
    "$unibeam" help "$1" | sed -n 's/^  *\(-.*\)$/\1/p' | sed 's/  .*//' |
        options_in
}

# The markup of the lines after .TP, as plain text.
page_options() {
    awk 'on { print; on = 0 } /^\.TP/ { on = 1 }' "$1" |
        sed 's/\\f[BIR]//g; s/\\-/-/g; s/=.*//; s/ [^-].*//' | options_in
}

for command in $commands; do
    help_options "$command" >"$tmp/have"
    where="$using, section 'unibeam $command',"
    section $using "unibeam $command" >"$tmp/text"
    if [ -e "docs/commands/$command.md" ]; then
        [ ! -s "$tmp/text" ] ||
            say "$where and docs/commands/$command.md are both there"
        where=docs/commands/$command.md
        cat "$where" >"$tmp/text"
    fi
    [ -s "$tmp/text" ] || say "nothing describes 'unibeam $command': there" \
        "is no docs/commands/$command.md"
    cells <"$tmp/text" | options_in >"$tmp/documented"
    compare "the option" "unibeam $command" "$tmp/have" "$where" \
        "$tmp/documented"
    [ "$share" ] || continue
    page=$share/man/man1/unibeam-$command.1
    [ -e "$page" ] || { say "there is no $page"; continue; }
    page_options "$page" >"$tmp/documented"
    compare "the option" "unibeam $command" "$tmp/have" \
        "unibeam-$command(1)" "$tmp/documented"
done

# --- exit statuses -----------------------------------------------------------

# "STATUS COMMANDS": commands are "all", or names with blanks around each.
section $using "Exit status" |
    sed -n 's/^| *\([0-9][0-9+N]*\) *| *\([^|]*[^| ]\) *|.*/\1 \2 /p' |
    tr -d '`,' >"$tmp/statuses"
for command in $commands; do
    "$unibeam" help "$command" |
        awk 'BEGIN { RS = "" } { gsub(/\n/, " "); print }' |
        sed -n 's/.*Exit status: *//p' >"$tmp/text"
    [ -s "$tmp/text" ] ||
        say "'unibeam help $command' has no text 'Exit status: ...'"
    grep -oE '\b[0-9]+(\+N)?' "$tmp/text" | sort -u >"$tmp/named" || :
    awk -v c="$command" '$2 == "all" { print $1; next }
        { for (i = 2; i <= NF; i++) if ($i == c) print $1 }' \
        "$tmp/statuses" | sort -u >"$tmp/allowed"
    awk -v c="$command" '{ for (i = 2; i <= NF; i++) if ($i == c) print $1 }' \
        "$tmp/statuses" | sort -u >"$tmp/needed"
    for status in $(comm -23 "$tmp/named" "$tmp/allowed"); do
        say "$using, section 'Exit status', lacks $status of '$command'"
    done
    for status in $(comm -23 "$tmp/needed" "$tmp/named"); do
        say "'unibeam help $command' does not name the exit status $status"
    done
done

# --- unibeam.json ------------------------------------------------------------

# What the command says to a key with a value that suits no option.
takes_key() { # COMMAND KEY
    printf '{"%s": {"%s": [[]]}}' "$1" "$2" >"$tmp/unibeam.json"
    "$unibeam" "$1" -c "$tmp/unibeam.json" 2>&1 | grep -q 'has to be'
}

# The keys of a command in the page: .TP after .SS "In \(dqNAME\(dq".
page_keys() {
    awk -v c="$1" '/^\.S[SH]/ { on = index($0, "\\(dq" c "\\(dq") > 0 }
        on && tp { print } { tp = /^\.TP/ }' "$share/man/man5/unibeam.json.5" |
        sed 's/\\f[BIR]//g; s/\\-/-/g; s/ .*//' | sort -u
}

for command in ${share:+$commands}; do
    page_keys "$command" >"$tmp/documented"
    help_options "$command" | sed -n 's/^--//p' | while read -r key; do
        ! takes_key "$command" "$key" || echo "$key"
    done | sort -u >"$tmp/have"
    compare "the key of $command" "unibeam" "$tmp/have" "unibeam.json(5)" \
        "$tmp/documented"
done

# --- the kernel's command line -----------------------------------------------

awk '/known_keys\[\] = \{/ { on = 1; next } on && /\}/ { exit } on' \
    kernel/main.c | grep -o '"[^"]*"' | tr -d '"' |
    sed 's/^env\.$/env.NAME/' | sort -u >"$tmp/have"
sed -n 's/^ \*   \([a-zA-Z0-9_.]*\)=.*/\1/p; s/^ \*   [a-z0-9]*=.* | \([a-z0-9.]*\)=.*/\1/p' \
    include/abi/machine.h | sort -u >"$tmp/abi"
compare "the key" kernel/main.c "$tmp/have" include/abi/machine.h "$tmp/abi"
section $using "Settings, and which wins" | cells |
    sed -n 's/^`\([a-zA-Z0-9_.]*\)=.*/\1/p' | sort -u >"$tmp/documented"
compare "the key" kernel/main.c "$tmp/have" "$using" "$tmp/documented"

# --- messages ----------------------------------------------------------------

# The text of strings that stand one after the other, with "..." for what printf
# fills in.
strings_of() {
    cat "$@" | tr '\n' '\001' |
        sed -E 's/"[[:space:]\x01]*"//g; s/%[-0-9.*#]*(ll|z|l|h)?[a-zA-Z]/.../g; s/\\"/"/g' |
        tr '\001' '\n'
}
guide=docs/guide/troubleshooting.md
strings_of $(git ls-files 'boot/*.[cS]' 'builder/*.c' 'guest/*.c' 'kernel/*.c' 2>/dev/null ||
    find boot builder guest kernel -name '*.[cS]') >"$tmp/strings"
sed -n 's/^| `\(.*\)` | .* | .* |$/\1/p' $guide >"$tmp/quoted"
[ "$(grep -c '^| `' $guide)" = "$(wc -l <"$tmp/quoted")" ] ||
    say "$guide: a row of a table is not | \`message\` | why | remedy |"
while IFS= read -r message; do
    grep -qF -e "$message" "$tmp/strings" ||
        say "$guide quotes '$message', which nothing says"
done <"$tmp/quoted"

# --- paths -------------------------------------------------------------------

top='boot|builder|debian|guest|include|kernel|plugins|tests|bench|docs|scripts|mk|examples'
documents="README.md bench/README.md $(find docs plugins -name '*.md' \
    -not -path '*/_build/*' -not -path '*/deps/*' 2>/dev/null || :)"
for file in $documents; do
    grep -oE "\`($top)/[^\` ]*\`" "$file" | tr -d '`' | sort -u |
        while read -r path; do
            # shellcheck disable=SC2086 # patterns are meant
            ls -d $path >/dev/null 2>&1 || echo "$file: there is no $path"
        done
    # links to files, below the document's own directory
    grep -oE '\]\([^)#: ]+(#[^)]*)?\)' "$file" | sed 's/^](//; s/[#)].*//' |
        sort -u | while read -r path; do
            [ -e "$(dirname "$file")/$path" ] ||
                echo "$file: there is no $path, a link leads there"
        done
done >"$tmp/paths"
for page in docs/guide/*.md; do
    page=${page##*/}
    [ "$page" = README.md ] || grep -qF "]($page)" docs/guide/README.md ||
        echo "docs/guide/README.md does not lead to $page"
done >>"$tmp/paths"
if [ -s "$tmp/paths" ]; then
    sed 's/^/check-docs: /' "$tmp/paths"
    bad=1
fi
exit $bad
