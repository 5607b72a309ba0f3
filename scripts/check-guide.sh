#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# check-guide.sh BUILD - what documents tell to type is typed, and shows what they
# say it shows:
#
#  - commands of docs/guide/*.md behind "<!-- try: TEXT -->" start a machine that
#    says TEXT, with emulation in the place of KVM;
#  - every line of README.md's sessions comes, in that order (numbers aside);
#  - files and examples in XML, JSON and YAML are such.
set -u
build=$(realpath "$1")
cd "$(dirname "$0")/.." || exit 1
. scripts/cases.sh

# The indented block behind line LINE of FILE, without its indentation.
block() { # FILE LINE
    awk -v from="$2" 'NR <= from || (!on && !NF) { next }
        /^    / { on = 1; print substr($0, 5); next } { exit }' "$1"
}

# A port of 127.0.0.1 that nobody listens on, from one on that is not where
# another run of this begins.
free_port() {
    port=$((10240 + $$ % 20000))
    while grep -qi ":$(printf %04X $port) .* 0A " /proc/net/tcp; do
        port=$((port + 1))
    done
    echo $port
}

# --- commands that start machines --------------------------------------------

mkdir "$tmp/work"
ln -s "$build/hello.img" "$build/kernel.stripped.elf" "$tmp/work/"

try() { # TEXT: the command is in $tmp/command
    sed -i "s/-accel kvm/-accel tcg,thread=multi/; s/:18091-/:$(free_port)-/; 1s/^/exec /" \
        "$tmp/command"
    : >"$tmp/log" # what the one before said would do
    (cd "$tmp/work" && exec sh "$tmp/command") >>"$tmp/log" 2>&1 </dev/null &
    machine=$!
    tries=0
    while ! grep -q "$1" "$tmp/log" && kill -0 $machine 2>/dev/null &&
        [ $tries -lt 600 ]; do
        tries=$((tries + 1))
        sleep 0.5
    done
    kill $machine 2>/dev/null
    wait $machine
    grep -q "$1" "$tmp/log"
}

for file in docs/guide/*.md; do
    for line in $(grep -n '^<!-- try: ' "$file" | cut -d: -f1); do
        text=$(sed -n "${line}s/^<!-- try: \(.*\) -->$/\1/p" "$file")
        block "$file" "$line" >"$tmp/command"
        name=$(sed -n 1p "$tmp/command" | cut -c1-40)
        try "$text"
        verdict "$file:$line: $name..." $?
    done
done

# --- README's sessions -------------------------------------------------------

# Numbers and hashes as N, without indentation, and columns by one blank.
plain() {
    sed -E 's/^ +//; s/\b[0-9a-f]{64}\b/N/g; s/[0-9]+(\.[0-9]+)*/N/g
        s/  +/ /g; s/ +$//; s/\r$//' "$1"
}

# compare_session: the lines of $tmp/session come in $tmp/log, in that order.
compare_session() {
    plain "$tmp/session" >"$tmp/wanted"
    plain "$tmp/log" | awk -v wanted="$tmp/wanted" '
        BEGIN {
            i = 0
            while ((getline line < wanted) > 0)
                if (line != "" && line != "...") want[n++] = line
        }
        i < n && $0 == want[i] { i++ }
        END { if (i < n) { print "not shown: " want[i]; exit 1 } exit n == 0 }' \
        >"$tmp/missing"
    status=$?
    cat "$tmp/missing" >>"$tmp/log"
    return $status
}

# The session behind the heading "A session": its commands are typed, where the
# release is, with a state of machines of its own.
block README.md "$(grep -n '^## A session' README.md | cut -d: -f1)" >"$tmp/session"
mkdir -p "$tmp/run" "$tmp/session.d"
chmod 700 "$tmp/run"
ln -s "$PWD/examples/hello/_build" "$tmp/session.d/_build"
sed -n 's/^\$ //p' "$tmp/session" | sed "s/8080:8080/$(free_port):8080/
    s/localhost:8080/localhost:$(free_port)/" |
    while IFS= read -r line; do
        printf 'cat <<"X"\n$ %s\nX\n%s\n' "$line" "$line"
    done >"$tmp/command"
(cd "$tmp/session.d" && PATH=$build:$PATH XDG_RUNTIME_DIR=$tmp/run \
    timeout 300 sh "$tmp/command") >"$tmp/log" 2>&1 </dev/null
XDG_RUNTIME_DIR=$tmp/run "$build/unibeam" stop --all >/dev/null 2>&1
compare_session
verdict "README.md: a session" $?

line=$(grep -n '^What `make demo` shows' README.md | cut -d: -f1)
block README.md "$line" >"$tmp/session"
{
    # the release lies in examples/, and that is what is printed
    build/unibeam build examples/hello/_build/prod/rel/hello -o build/hello.img
    DEMO_PORT=$(free_port) scripts/demo.sh build/unibeam build/hello.img
} >"$tmp/log" 2>&1
compare_session
verdict "README.md: make demo" $?

# --- examples in other languages ---------------------------------------------

if command -v virt-xml-validate >/dev/null; then
    virt-xml-validate docs/guide/hello.xml domain >"$tmp/log" 2>&1
    verdict "docs/guide/hello.xml: libvirt's schema" $?
else
    python3 -c 'import sys, xml.dom.minidom as m; m.parse(sys.argv[1])' \
        docs/guide/hello.xml >"$tmp/log" 2>&1
    verdict "docs/guide/hello.xml: XML" $?
    leave_out "no virt-xml-validate"
fi
block docs/guide/firecracker.md \
    "$(grep -n '^## Firecracker' docs/guide/firecracker.md | cut -d: -f1)" |
    python3 -m json.tool >"$tmp/log" 2>&1
verdict "docs/guide/firecracker.md: JSON" $?
if python3 -c 'import yaml' 2>/dev/null; then
    block docs/guide/kubevirt.md \
        "$(grep -n '^The machine:' docs/guide/kubevirt.md | cut -d: -f1)" |
        python3 -c 'import sys, yaml
d = yaml.safe_load(sys.stdin)
disks = d["spec"]["template"]["spec"]["domain"]["devices"]["disks"]
volumes = d["spec"]["template"]["spec"]["volumes"]
assert [x["name"] for x in disks] == [x["name"] for x in volumes]' >"$tmp/log" 2>&1
    verdict "docs/guide/kubevirt.md: YAML" $?
else
    leave_out "no yaml module for python3"
fi
verdicts
