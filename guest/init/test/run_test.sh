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
if [ -d "$TOP/app" ]; then cp -r "$TOP/app/." app; fi
if [ -e "$TOP/erlexec" ]; then cp "$TOP/erlexec" app/erts/bin/erlexec; fi
# what they do is a shell's command here
cp -L /bin/sh app/erts/bin/heart
cp -L /bin/sh app/erts/bin/beam.smp
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
    TOP="$top" CMDLINE="$3" timeout -k 1 60 unshare -rpfmnu --kill-child \
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

# The policy: how often, and that a stop is a stop.
script <<'EOF'
echo again >>/tmp/count
n=$(grep -c . /tmp/count); echo "start $n"
[ $n = 3 ] && exit 0
exit 9
EOF
check restart 0 'restart=on-failure' 'starting it again in 0.2 s, for the 2. time'
check restart_default 9 '' '^start 1$'
check restart_at_most 9 'restart=on-failure:1' 'again in 0.1 s, for the 1. time'
script <<'EOF'
echo again >>/tmp/count
[ $(grep -c . /tmp/count) = 2 ] && kill -TERM 1 && sleep 10
sleep 100 &
exit 0
EOF
check restart_always 143 'restart=always' 'unibeam: stopping'
script <<'EOF'
trap '' TERM; kill -TERM 1; exit 4
EOF
check restart_stopped 4 'restart=always' 'fake exited with status 4'

# env.sh and hooks, run by a shell that then becomes the release.
cp "$top/init.conf" "$top/init.conf.plain"
script <<'EOF'
echo "args $*"; echo "vars $RELEASE_NODE $RELEASE_COMMAND $SET"
echo "private $REL_VSN_DIR $SELF"; echo "limit $(ulimit -n)"; umask; exit 3
EOF
mkdir -p "$top/app/releases/9" "$top/app/bin/hooks"
: > "$top/app/releases/9/start.boot"
sed -i 's/relx/mix/' "$top/init.conf"
echo "envsh=/app/releases/9/env.sh" >> "$top/init.conf"
env_sh() { cat > "$top/app/releases/9/env.sh"; }
env_sh <<'EOF'
export RELEASE_NODE="n-$RELEASE_NAME-$1"
export SET="a 'b'
c"
UNSET=1; ulimit -n 77; umask 027
echo "in $REL_VSN_DIR of $SELF"
EOF
check env_sh 3 '' '^vars n-fake-start start a .b.$'
check env_sh_node 3 '' 'args .*-sname n-fake-start -boot /app/releases/9/start '
check env_sh_inside 3 '' '^in /app/releases/9 of /app/bin/fake$'
check env_sh_private 3 '' '^private *$'
check env_sh_limit 3 '' '^limit 77$'
check env_sh_umask 3 '' '^0027$'
echo 'false; export SET=1' | env_sh
check env_sh_fails 126 '' 'releases/9/env.sh ended with status 1: the release is not'
echo 'if then' | env_sh
check env_sh_syntax 126 '' 'env.sh ended with status 2: the release is not'
echo 'kill -TERM 1; sleep 20' | env_sh
check env_sh_button 143 '' 'unibeam: stopping'
rm "$top/app/releases/9/env.sh"
check env_sh_missing 126 '' 'env.sh ended with status 2: the release is not'

sed 's/^layout.*/layout=relx/' "$top/init.conf.plain" > "$top/init.conf"
echo 'pre_start=hooks/one|a|b hooks/two' >> "$top/init.conf"
script <<'EOF'
echo "args $*"; echo "hooked $ONE $TWO $VMARGS_PATH."; exit 3
EOF
echo 'export ONE="$1$2"; VMARGS_PATH=/app/bin/hooks/two' > "$top/app/bin/hooks/one"
echo 'TWO=$#; export TWO; echo "in $REL_DIR"' > "$top/app/bin/hooks/two"
check hooks 3 '' '^hooked ab 0 .$'
check hooks_files 3 '' '-args_file /app/bin/hooks/two$'
check hooks_inside 3 '' '^in /app/releases/9$'
echo 'exit 4' > "$top/app/bin/hooks/two"
check hooks_fail 126 '' '/app/bin/hooks/two ended with status 4: the release'
cp "$top/init.conf.plain" "$top/init.conf"

# heart(1): it lives on when the release dies, and what it does then counts.
# hearts_work COMMAND END: END is how the release's first run ends.
hearts_work() {
    script << INSIDE
echo run >> /tmp/runs
[ \$(wc -l < /tmp/runs) = 1 ] || exit 4
setsid /app/erts/bin/heart -c '$1
    exit 0' &
sleep 0.2
$2
INSIDE
}
hearts_work 'sleep 0.4; eval "$HEART_COMMAND"' 'kill -9 $$'
check heart_restarts 4 arg=-heart 'unibeam: starting the release again'
check heart_waited_for 4 arg=-heart 'ended with status 137, heart is to start'
check heart_no_command 137 'env.HEART_COMMAND=' 'was ended by signal 9'
hearts_work 'sleep 0.4; eval "$HEART_COMMAND"' 'exit 0'
check heart_restarts_halted 4 arg=-heart 'ended with status 0, heart is to start'
hearts_work 'sleep 0.4' 'exit 9'
check heart_gives_up 9 arg=-heart 'fake exited with status 9'
hearts_work 'sleep 0.4; setsid /app/erts/bin/beam.smp -c "sleep 0.5; exit 6" &' 'exit 9'
check heart_own_command 6 arg=-heart "heart's command started process"
hearts_work 'sleep 0.4; /app/erts/bin/beam.smp -c "sleep 0.5; exit 6"' 'exit 9'
check heart_in_foreground 0 arg=-heart "heart's command started process"
hearts_work 'sleep 0.6; eval "$HEART_COMMAND"' \
    'setsid /app/erts/bin/beam.smp -c "sleep 5; exit 1" & sleep 0.1; exit 9'
check heart_of_two 4 arg=-heart 'unibeam: starting the release again'
hearts_work 'sleep 0.4; kill -TERM 1; sleep 9' 'exit 9'
check heart_stopped 9 arg=-heart 'stopping, at most 1 s'
hearts_work 'sleep 0.4; setsid /app/erts/bin/beam.smp -c "trap \"echo asked; exit 8\" TERM
    kill -TERM 1; while :; do sleep 0.1; done" &' 'exit 9'
check heart_adopted_stops 8 arg=-heart '^asked$'
hearts_work 'eval "$HEART_COMMAND"' 'sleep 100'
check heart_could_not_kill 4 arg=-heart 'which still runs: killed'
hearts_work 'eval "$HEART_COMMAND"' 'sleep 1; exit 9'
check heart_was_early 4 arg=-heart 'ended with status 9, heart is to start'
script << 'INSIDE'
kill -USR1 1; sleep 0.3; exit 2
INSIDE
check no_heart 2 '' 'fake exited with status 2'

rm "$top/erlexec"
check no_release 126 '' "cannot run '/app/erts/bin/erlexec': No such file"
echo 'colour=red' >> "$top/init.conf"
check bad_configuration 126 '' "init.conf: line 8: unknown key 'colour'"
rm "$top/init.conf"; : > "$top/init.conf"
check empty_configuration 126 '' "'release' is missing"

exit $failed
