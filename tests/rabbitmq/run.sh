#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# run.sh BUILD [MESSAGES] - the RabbitMQ of Debian 12, unmodified, in a machine:
# MESSAGES (10,000) durable messages in and out by amqp-tools, rabbitmqctl status
# inside, the management plugin's API, the power button.
#
# The packages are unpacked below BUILD/deps, as those of other OTP versions.
set -eu
build=$(realpath "$1")
messages=${2:-10000}
here=$(cd "$(dirname "$0")" && pwd)
root=$build/deps/rabbitmq/root
work=$build/rabbitmq
url=http://guest:guest@127.0.0.1

fail() {
	echo "failed: $*" >&2
	tail -n 40 "$work/console" >&2
	exit 1
}

# tool NAME ARGUMENTS...: one of amqp-tools, with the libraries that came along
tool() {
	name=$1
	shift
	"$root/lib64/ld-linux-x86-64.so.2" \
		--library-path "$root/usr/lib/x86_64-linux-gnu" \
		"$root/usr/bin/amqp-$name" --server 127.0.0.1 --port "$amqp" "$@"
}

# wait_for SECONDS COMMAND...: until it succeeds
wait_for() {
	left=$1
	shift
	until "$@" >/dev/null 2>&1; do
		kill -0 "$vm" 2>/dev/null || fail "the machine ended"
		left=$((left - 2))
		[ $left -gt 0 ] || fail "no success of: $*"
		sleep 2
	done
}

api() { curl -sfm 60 "$url:$http/api/$1"; }

# says NAME NUMBER: that figure of the queue
says() { api queues/%2F/work | grep -q "\"$1\":$2[,}]"; }

status=0
"$here/../otp-versions/debs.sh" bookworm "$build/deps/rabbitmq" rabbitmq-server \
	amqp-tools busybox-static || status=$?
if [ $status -eq 77 ]; then
	echo "0 passed, 0 failed, 1 not run"
	exit 0
fi
[ $status -eq 0 ]

rm -rf "$work"
mkdir "$work"
"$here/image.sh" "$build/unibeam" "$root" "$work/release" "$build/rabbitmq.img"
amqp=$("$here/../free-port")
http=$("$here/../free-port")
"$build/unibeam" run "$build/rabbitmq.img" --accel tcg --smp 2 -m 768M \
	-p "127.0.0.1:$amqp:5672" -p "127.0.0.1:$http:15672" \
	--arg -eval --arg "$(grep -v ^% "$here/ctl.expr" | tr '\n' ' ')" \
	</dev/null >"$work/console" 2>&1 &
vm=$!
trap 'kill $vm; sleep 1; kill $vm 2>/dev/null' EXIT

wait_for 900 api overview
echo "started: $(api overview | sed 's/.*"rabbitmq_version":"\([^"]*\)".*/\1/')"

tool declare-queue --queue work --durable
seq -f 'message %.0f' "$messages" >"$work/sent"
# a line each; persistent, so that it is written down
tool publish --routing-key work --persistent --line-buffered <"$work/sent" ||
	fail "publishing"
wait_for 120 says messages "$messages"
wait_for 120 says messages_persistent "$messages"
echo "published: $messages"
timeout 1200 "$root/lib64/ld-linux-x86-64.so.2" \
	--library-path "$root/usr/lib/x86_64-linux-gnu" \
	"$root/usr/bin/amqp-consume" --server 127.0.0.1 --port "$amqp" \
	--queue work --count "$messages" --prefetch-count 100 cat >"$work/got" ||
	fail "consuming"
cmp "$work/sent" "$work/got" || fail "other messages came out than went in"
wait_for 120 says messages 0
echo "consumed: $messages"

# its own program, started inside by ctl.expr when the queue "status" is there
tool declare-queue --queue status >/dev/null
wait_for 300 grep -q '^rabbitmqctl: 0' "$work/console"
tr -d '\r' <"$work/console" >"$work/text"
for line in 'RabbitMQ version: ' 'Interface: \[::\], port: 5672' \
	'Virtual host count: 1' ' \* rabbitmq_management'; do
	grep -q "$line" "$work/text" || fail "rabbitmqctl status does not say '$line'"
done
echo "rabbitmqctl status: right"

kill "$vm"
trap - EXIT
status=0
wait "$vm" || status=$?
# 143 would be a broker that died of SIGTERM, 137 one that had to be killed
[ $status -eq 0 ] || fail "status $status"
echo "5 passed, 0 failed, 0 not run"
