#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Whatever goes wrong in QEMU and OSv: one message, what they said, no image and
# no process left; an old image stays.
. "$TESTS/lib.sh"
. "$TESTS/fixture/osv/lib.sh"
osv_release rel
dd if=/dev/urandom of=rel/lib/shop-1.0/big bs=1M count=4 status=none
image make base.img
echo old >shop.img
try() { # FAULTS TEXT OPTIONS...
	faults=$1
	message=$2
	shift 2
	FAKE_OSV=$faults fails "$message" osv rel --base base.img "$@"
	same "$(cat shop.img)" old
}
try die=1 "QEMU ended with status 1 before OSv's upload service"
contains err 'unibeam: QEMU said: osv-qemu: as it was told to'
try die=0 "QEMU ended with status 0 before OSv's upload service"
# those that take the time limit, side by side
wait_for() { # FAULTS
	mkdir "$1"
	(
		cd "$1"
		FAKE_OSV_DIR=. FAKE_OSV=$1 "$UNIBEAM" build ../rel \
			--base ../base.img --qemu "$OSV/qemu.py" --accel tcg \
			--starter ../starter.so --base-timeout 6 -o a.img >out 2>err &&
			echo 0 >status || echo $? >status
	) &
}
wait_for never
wait_for halt=100000
wait_for linger
wait
waited() { # FAULTS TEXT
	same "$(cat "$1/status")" 1
	contains "$1/err" "unibeam: $2"
	contains "$1/err" 'give more with --base-timeout'
	eventually gone "$(cat "$1/pid")"
	same "$(ls "$1" | tr '\n' ' ')" "${3:-}args err out pid status "
}
waited never "OSv's upload service (/tools/cpiod.so) did not start for 6 seconds"
contains never/err 'unibeam: OSv said: eth0: no carrier'
waited halt=100000 'OSv has not taken anything for 6 seconds' 'archive '
waited linger 'the release was sent, but OSv has not stopped and was silent for 6' \
	'archive '
try cut=1000000 'OSv broke off the upload'
contains err 'unibeam: OSv said: Aborted'
# a link that the base image has already
try link=otp/erts 'OSv broke off the upload'
contains err 'unibeam: OSv said: terminate called: symlink: File exists'
try answer 'OSv broke off the upload'
try silent "OSv broke off the upload: it did not say 'cpiod finished'"
contains err 'unibeam: OSv said: Adding start-otp.so...'
try reset 'OSv broke off the upload: the connection was reset'
try exit=3 'QEMU ended with status 3 after the release was sent'
contains err 'unibeam: OSv said: cpiod finished'
try full=1000000 "cannot write 'shop.img': No space left on device"
same "$(wc -l <err)" 1
# a file whose name looks like the text does not count as one
echo x >rel/'cpiod finished'
try silent 'OSv broke off the upload'
contains err 'Adding start-otp.so'
# QEMU is not there, or is none
try '' "cannot start './none': No such file or directory: install QEMU" \
	--qemu ./none
try '' "cannot start '$OSV/lib.sh': Permission denied: install QEMU" \
	--qemu "$OSV/lib.sh"
echo garbage >not-a-program
chmod +x not-a-program
try '' "QEMU ended with status 127 before OSv's upload service" \
	--qemu ./not-a-program
# one that does not come back alone does not stay, nor what it started
cat >wrapper <<SH
#!/bin/sh
sleep 500 &
echo \$\$ \$! >"$FAKE_OSV_DIR/pids"
python3 "$OSV/qemu.py" "\$@"
SH
chmod +x wrapper
try never 'OSv' --base-timeout 3 --qemu ./wrapper
for pid in $(cat "$FAKE_OSV_DIR/pids"); do eventually gone $pid; done
# and with all that, it works
FAKE_OSV= expect 0 osv rel --base base.img
