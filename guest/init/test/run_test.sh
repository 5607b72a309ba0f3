#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Copyright the unibeam authors
#
# run_test.sh INIT: process 1 for real, in name spaces of its own, with a shell
# script in erlexec's place.  Says so and passes nothing off as tested where
# the system does not allow such name spaces.
set -eu

init=$(readlink -f "$1")
top=$(mktemp -d)
trap 'rm -rf "$top"' EXIT
failed=0

# The inside: a root file system of the host's /usr and the fake release.
cat > "$top/inside" <<'EOF'
set -eu
mount -t tmpfs none "$TOP/root"
cd "$TOP/root"
mkdir -p usr app/erts/bin app/releases etc/unibeam proc dev tmp run var sbin
mount --rbind /usr usr
for d in lib lib64 bin; do
    if [ -L "/$d" ]; then ln -s "usr/$d" "$d"; else mkdir "$d"; mount --rbind "/$d" "$d"; fi
done
cp "$TOP/init" sbin/init
cp "$TOP/init.conf" etc/unibeam/init.conf
if [ -e "$TOP/erlexec" ]; then cp "$TOP/erlexec" app/erts/bin/erlexec; fi
: > app/releases/start.boot
mount --rbind /dev dev
mount -t proc none proc
printf '%s\n' "$CMDLINE" > cmdline
mount --bind cmdline proc/cmdline
exec chroot . /sbin/init
EOF
mkdir "$top/root"
cp "$init" "$top/init"

if ! unshare -rpfmnu --kill-child true 2>/dev/null; then
    echo "run_test.sh: not run: name spaces are not allowed here"
    exit 0
fi

cat > "$top/init.conf" <<'EOF'
release=fake
version=9
layout=relx
root=/app
erts=/app/erts
boot=/app/releases/start
grace=1
EOF

# check NAME STATUS CMDLINE PATTERN: runs what $top/erlexec holds
check() {
    status=0
    TOP="$top" CMDLINE="$3" timeout 20 unshare -rpfmnu --kill-child \
        sh "$top/inside" > "$top/out" 2>&1 < /dev/null || status=$?
    if [ "$status" = "$2" ] && grep -q -- "$4" "$top/out"; then
        echo "ok   $1"
    else
        echo "FAIL $1: status $status, expected $2 and '$4' in:"
        cat "$top/out"
        failed=1
    fi
}

script() {
    { echo '#!/bin/sh'; cat; } > "$top/erlexec"
    chmod 755 "$top/erlexec"
}

script <<'EOF'
exit 7
EOF
check exit_status 7 'ip=none' 'unibeam: fake exited with status 7'
check banner 7 'ip=none' 'unibeam: fake 9, no network, up in [0-9]* ms'
check bad_command_line 126 'ip=1' "unibeam: kernel command line: bad ip '1'"

script <<'EOF'
kill -9 $$
EOF
check killed 137 '' 'unibeam: fake was ended by signal 9'

script <<'EOF'
hostname; pwd; echo "home $HOME"; cat /run/hosts
EOF
check host_name 0 'hostname=box' '^127.0.1.1.box$'
check directory 0 '' '^/app$'

# An orphan must not hold anything up, nor be taken for the release.
script <<'EOF'
(sleep 0.2; exit 5) &
(exec sleep 0.1) &
exec sleep 0.6
EOF
check orphans 0 '' 'fake exited with status 0'

script <<'EOF'
trap 'echo bye; exit 3' TERM
kill -TERM 1
while :; do sleep 0.1; done
EOF
check stop_in_order 3 '' 'unibeam: stopping, at most 1 s'

script <<'EOF'
trap '' TERM
kill -TERM 1
while :; do sleep 0.1; done
EOF
check hard_stop 137 '' 'unibeam: not stopped within 1 s: killed'
check hard_stop_cmdline 137 'grace=0' 'not stopped within 0 s: killed'

script <<'EOF'
trap '' TERM
kill -INT 1; sleep 0.3; kill -INT 1
while :; do sleep 0.1; done
EOF
check stop_at_once 137 'grace=60' '^unibeam: killed$'

script <<'EOF'
trap '' TERM
kill -TERM 1; sleep 0.3; kill -TERM 1
while :; do sleep 0.1; done
EOF
check bouncing_button 137 '' 'not stopped within 1 s: killed'

rm "$top/erlexec"
check no_release 126 '' "cannot run '/app/erts/bin/erlexec': No such file"
echo 'colour=red' >> "$top/init.conf"
check bad_configuration 126 '' "init.conf: line 8: unknown key 'colour'"
rm "$top/init.conf"; : > "$top/init.conf"
check empty_configuration 126 '' "'release' is missing"

exit $failed
