#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# check-pages.sh SHARE UNIBEAM - do formatters and shells take the man pages and
# completions below SHARE, and do these offer what UNIBEAM takes? Shells and
# formatters that are not installed are left out, by name.
set -u
share=$(realpath "$1")
unibeam=$(realpath "$2")
here=$(cd "$(dirname "$0")" && pwd)
. "$here/cases.sh"

has() {
    command -v "$1" >/dev/null && return
    leave_out "no $1"
    return 1
}

# silent COMMAND...: it ends with 0 and says nothing.
silent() {
    "$@" >"$tmp/log" 2>&1 && ! [ -s "$tmp/log" ]
}

pages=$(find "$share/man" -name '*.[15]' | sort)
if has groff; then
    for page in $pages; do
        silent groff -man -Tutf8 -ww -z "$page"
        verdict "groff: ${page##*/}" $?
    done
fi
if has mandoc; then
    for page in $pages; do
        silent mandoc -Tlint "$page"
        verdict "mandoc: ${page##*/}" $?
    done
fi

# --- completions: what each shell offers for a beginning of a command line ----

# A directory to complete names of, and the command on the PATH.
mkdir "$tmp/bin" "$tmp/work" "$tmp/work/dir" "$tmp/work/a b"
ln -s "$unibeam" "$tmp/bin/unibeam"
: >"$tmp/work/disk.img"
PATH=$tmp/bin:$PATH
HOME=$tmp
export PATH HOME

in_bash() {
    bash --norc --noprofile "$here/complete.bash" \
        "$share/bash-completion/completions/unibeam" "$1"
}

in_fish() {
    fish --no-config -c "source '$share/fish/vendor_completions.d/unibeam.fish'
        complete -C '$1'" | cut -f1
}

# expect SHELL LINE WORD...: these are offered, and no other.
expect() {
    shell=$1
    line=$2
    shift 2
    (cd "$tmp/work" && "in_$shell" "$line") 2>&1 | sort >"$tmp/got"
    printf '%s\n' "$@" | sort | grep . >"$tmp/wanted"
    diff "$tmp/wanted" "$tmp/got" >"$tmp/log" 2>&1
    verdict "$shell: '$line'" $?
}

# all_options SHELL COMMAND: the long options of "unibeam help COMMAND".
all_options() {
    # shellcheck disable=SC2046 # a list of words
    expect "$1" "unibeam $2 --" $("$unibeam" help "$2" |
        sed -n 's/^  \(-., \)\{0,1\}\(--[a-z0-9-]*\).*/\2/p')
}

commands=$("$unibeam" help | awk '/^commands:/ { on = 1; next } !NF { on = 0 }
    on { print $1 }')
for shell in bash fish; do
    has $shell || continue
    case $shell in
    bash) silent bash -n "$share/bash-completion/completions/unibeam" ;;
    fish) silent fish -n "$share/fish/vendor_completions.d/unibeam.fish" ;;
    esac
    verdict "$shell: syntax" $?
    for command in $commands; do
        [ "$command" = help ] || all_options $shell "$command"
    done
    expect $shell "unibeam ru" run
    expect $shell "unibeam help bu" build
    expect $shell "unibeam run --accel " auto kvm tcg
    expect $shell "unibeam run --machine mi" microvm
done
if command -v bash >/dev/null; then
    # shellcheck disable=SC2086 # a list of words
    expect bash "unibeam " $commands --help --version
    expect bash "unibeam run --accel=t" tcg
    expect bash "unibeam run --accel=" auto kvm tcg
    expect bash "unibeam run --network " user tap= bridge= socket=
    expect bash "unibeam run d" dir disk.img
    expect bash "unibeam run a" "a b"
    expect bash "unibeam build --sysroot d" dir
    expect bash "unibeam build -o d" dir disk.img
    expect bash "unibeam run --env d"
    expect bash "unibeam run disk.img -- d" dir disk.img
    expect bash "unibeam nonsense --"
fi
if has zsh; then
    silent zsh -n "$share/zsh/site-functions/_unibeam"
    verdict "zsh: syntax" $?
    for line in 'unibeam run --accel t|tcg' 'unibeam ru|run' \
        'unibeam run --accel=k|kvm' 'unibeam build --sysroot=di|dir' \
        'unibeam run --dry|--dry-run' 'unibeam help bui|build'; do
        (cd "$tmp/work" && timeout 30 zsh -f "$here/complete.zsh" \
            "$share/zsh/site-functions" "${line%|*}") >"$tmp/log" 2>&1
        grep -qF -e "${line#*|}" "$tmp/log"
        verdict "zsh: '${line%|*}'" $?
    done
fi

# Names of machines, as "unibeam ps" lists them.
if echo "$commands" | grep -qx stop; then
    mkdir "$tmp/stub"
    cat >"$tmp/stub/unibeam" <<'EOF'
#!/bin/sh
[ "$*" != "ps --format json" ] ||
    printf '[\n  {\n    "name": "web",\n    "pid": 7\n  },\n  {\n    "name": "db"\n  }\n]\n'
EOF
    chmod +x "$tmp/stub/unibeam"
    PATH=$tmp/stub:$PATH
    for shell in bash fish; do
        ! command -v $shell >/dev/null || expect $shell "unibeam stop w" web
    done
    expect bash "unibeam logs " web db
    expect bash "unibeam stop web d" db
fi
verdicts
