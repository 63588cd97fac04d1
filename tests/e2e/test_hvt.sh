#!/bin/bash
# The tender from outside: its options, its reports, its sandbox, its networks. Prints TAP. What
# becomes of each guest is in the table of tests/hvt, which test_hvt_guests.sh and test_rig.sh run.
#
# MUENBUILD is the program to test (default: build/bin/muenbuild; the tender stands beside it),
# MUENBUILD_BUILD the folder with the guests (default: build). What needs /dev/kvm, root or
# /dev/net/tun says so and is skipped where there is none. Taps live in network namespaces of
# the test's own.

. "${0%/*}/tender.sh"

manual=$root/doc/muenbuild-hvt.1

# ---- without KVM -----------------------------------------------------------------------------

hvt --help
result "help" 0 "Usage: muenbuild-hvt"
sed -n 's/^  --\([a-z-]*\).*/\1/p' out | while read -r option; do
	sed 's/\\-/-/g' "$manual" | grep -q "Fl -$option\>" || echo "not in the manual: --$option"
done >err
truth "every option is in the manual" [ ! -s err ]
hvt --version
result "version" 0 "muenbuild-hvt [0-9]"
hvt --no-such-option "$guests/hello.hvt"
result "an unknown option" 120 "" "Invalid option: .--no-such-option'"
hvt nonexistent.hvt
result "a missing unikernel" 121 "" "nonexistent.hvt: cannot open"
"$build/tests/tools/mkelf" --target spt other.spt
hvt other.spt
result "a unikernel for another target" 121 "" "for the target spt (number 2), this tender runs"
hvt /bin/sh
result "a host program" 121 "" "a Solo5 unikernel was expected"
hvt "$guests/netecho.hvt"
result "a device that is not attached" 120 "" "Device 'service' of type NET_BASIC declared but not"
hvt --net other=user --net service=user "$guests/netecho.hvt"
result "a device that is not declared" 120 "" "Resource not declared in manifest: 'other'"
hvt --block service=x "$guests/netecho.hvt"
result "a device of the wrong type" 120 "" "declares 'service' as NET_BASIC"
hvt "$guests/hello.hvt" "$(head -c 8192 /dev/zero | tr '\0' x)"
result "a command line that is too long" 120 "" "Guest command line too long"
hvt --mem=4097 "$guests/hello.hvt"
[ "$status" = 122 ] && ! [ -w /dev/kvm ] || result "too much memory" 120 "" "--mem"

if ! [ -r /dev/kvm ] || ! [ -w /dev/kvm ]; then
	skip "everything that runs a guest" "/dev/kvm cannot be used here"
	finish
fi

# ---- beside the table of guests --------------------------------------------------------------

truncate -s 1M disk
"$muenbuild" run "$guests/hello.hvt" --mem=16 -- verb >out 2>err
status=$?
result "muenbuild run" 0 "arguments: 'verb'"

# ---- the console ---------------------------------------------------------------------------------------

timeout -k 2 20 "$tender" --mem=16 "$guests/hello.hvt" >/dev/full 2>err </dev/null
status=$?
: >out
result "a full disk under the console" 0 "" "cannot be written: No space left"
timeout -k 2 20 bash -c "'$tender' --mem=16 '$guests/hello.hvt'; echo \$? >status" 2>err | true
status=$(cat status)
result "a closed pipe under the console" 0 "" "cannot be written: Broken pipe"

timeout -k 2 20 "$tender" --mem=16 --block storage=disk "$guests/block.hvt" <&- >&- 2>err
status=$?
result "no standard streams: the guest runs" 0 "" "cannot be written: Bad file descriptor"
timeout -k 2 20 "$tender" --mem=16 --block storage=disk "$guests/block.hvt" <&- >&- 2>&-
truth "no standard streams: the disk does not become one of them" \
	[ "$(grep -ac Solo5 disk)" = 0 ]

# A guest that is stopped wherever it is: waiting, computing, writing to a pipe that nobody reads.
stopped() {
	local name=$1 signal=$2 expected=$3
	shift 3
	"$tender" --mem=16 "$@" 2>err | { sleep 3; } &
	sleep 0.5
	pid=$(pgrep -n -f "^$tender --mem=16 $1")
	kill "-$signal" "$pid"
	for _ in $(seq 20); do
		[ -e "/proc/$pid" ] && grep -q '^State:[[:space:]]*[DRSTt]' "/proc/$pid/status" 2>/dev/null || break
		sleep 0.1
	done
	truth "$name: it ends" [ ! -e "/proc/$pid/exe" ]
	truth "$name: it says why" grep -q "Exiting on signal $expected" err
	wait
}
stopped "SIGTERM while it waits" TERM 15 "$guests/yield.hvt"
stopped "SIGINT while it writes" INT 2 "$guests/flood.hvt"
timeout -s INT 1 "$tender" --mem=16 "$guests/yield.hvt" >out 2>err
truth "the status tells the signal" [ $? = 124 ]
"$tender" --mem=16 "$guests/yield.hvt" >out 2>err &
sleep 0.5
kill -TERM $!
wait $!
status=$?
result "128 + 15" 143 "" "Exiting on signal 15"

# ---- smoke tests --------------------------------------------------------------------------------------

hvt --mem=16 --expect '^SUCC' --timeout 10s "$guests/hello.hvt"
result "expect: met" 0 "" "seen after 0.* s: SUCCESS"
hvt --mem=16 --expect nothing-like-it "$guests/hello.hvt"
result "expect: the guest ended before" 125 "" "expect 'nothing-like-it': not seen"
hvt --mem=16 --expect nothing-like-it --timeout 500ms "$guests/yield.hvt"
result "expect: the time is over" 125 "" "time limit"
hvt --mem=16 --expect yield --expect 'begins$' --timeout 5s "$guests/yield.hvt"
result "expect: all of several" 0 "yield: begins" "passed"
hvt --mem=16 --reject SUCCESS "$guests/hello.hvt"
result "reject: seen" 125 "" "reject 'SUCCESS': seen"
hvt --mem=16 --reject panic --timeout 500ms "$guests/yield.hvt"
result "reject: not seen for so long" 0 "" "passed"
hvt --mem=16 --reject panic "$guests/exit.hvt" 3
result "reject: not seen, and the guest's own status" 3
hvt --mem=16 --timeout 500ms "$guests/yield.hvt"
result "timeout" 125 "" "--timeout ended the guest"
hvt --mem=16 --expect '(' "$guests/hello.hvt"
result "expect: no expression" 120 "" "not an extended regular expression"

if command -v python3 >/dev/null; then
	python3 -c '
import http.server, sys
server = http.server.HTTPServer(("127.0.0.1", 0), http.server.SimpleHTTPRequestHandler)
open("port", "w").write(str(server.server_port))
server.serve_forever()' 2>/dev/null &
	server=$!
	for _ in $(seq 50); do [ -s port ] && break; sleep 0.1; done
	hvt --mem=16 --http-check "http://127.0.0.1:$(cat port)/" --timeout 10s "$guests/yield.hvt"
	result "http-check: answered" 0 "" "status 200 after"
	hvt --mem=16 --http-check "http://127.0.0.1:$(cat port)/nonexistent" --timeout 1s "$guests/yield.hvt"
	result "http-check: a bad answer" 125 "" "the answer has the status: 404"
	kill $server
	wait $server 2>/dev/null
	hvt --mem=16 --http-check "http://127.0.0.1:$(cat port)/" --timeout 1s "$guests/yield.hvt"
	result "http-check: no answer" 125 "" "no connection: Connection refused"
else
	skip "http-check" "python3 is not installed"
fi

# ---- the report -----------------------------------------------------------------------------------------

field() {
	python3 -c '
import json, sys
value = json.load(open("report.json"))
for key in sys.argv[1].split("."):
    value = value[int(key)] if key.isdigit() else value[key]
print(value)' "$1"
}

if command -v python3 >/dev/null; then
	hvt --mem=16 --json report.json --block storage=disk "$guests/block.hvt"
	result "block" 0 SUCCESS
	truth "report: type" [ "$(field type)" = muenbuild.run ]
	truth "report: status" [ "$(field status) $(field guest_status) $(field cause)" = "0 0 halted" ]
	truth "report: block device" [ "$(field block.0.writes) $(field block.0.written_bytes)" = "8 4096" ]
	truth "report: exits and hypercalls" [ "$(field hypercalls.block_write)" -ge 8 ]
	hvt --mem=16 --json report.json --block storage=missing "$guests/block.hvt"
	truth "report: not started" [ "$status $(field status) $(field cause)" = "122 122 not-started" ]
	hvt --mem=16 --json report.json --expect begins --http-check http://127.0.0.1:1/ \
		--timeout 300ms --net service=user "$guests/netecho.hvt"
	truth "report: every member is in the manual" python3 - "$manual" <<'END'
import json, re, sys
words = set(re.findall(r"\w+", open(sys.argv[1]).read().split(".Sh REPORT")[1].split(".Sh FILES")[0]))
def members(value, name=None):
    if isinstance(value, list):
        value = dict(enumerate(value))
    if isinstance(value, dict) and name not in ("exits", "hypercalls"):
        for key in value:
            yield key
            yield from members(value[key], key)
missing = [key for key in members(json.load(open("report.json"))) if isinstance(key, str) and key not in words]
sys.exit("not in the manual: " + " ".join(missing) if missing else 0)
END
	hvt --mem=16 --json report.json "$guests/exceptions.hvt" triple
	truth "report: a fault" [ "$(field status) $(field cause)" = "123 guest-fault" ]
else
	skip "the report" "python3 is not installed"
fi
hvt --mem=16 --json /nonexistent/report "$guests/hello.hvt"
result "a report that cannot be made" 122 "" "--json: /nonexistent/report"
hvt --mem=16 --json /dev/full "$guests/hello.hvt"
result "a report that cannot be written" 122 SUCCESS "--json: /dev/full: cannot write"

# ---- block devices -----------------------------------------------------------------------------------------

hvt --mem=16 --block:storage=disk --block-sector-size:storage=2048 "$guests/block.hvt"
result "block: solo5-hvt's options" 0 "block size 2048"
truncate -s 1000 odd
hvt --mem=16 --block storage=odd "$guests/block.hvt"
result "block: a size that is no number of blocks" 120 "" "must be block aligned"
hvt --mem=16 --block storage=missing "$guests/block.hvt"
result "block: a missing file" 122 "" "truncate -s 64M missing"

# ---- the sandbox ---------------------------------------------------------------------------------------------

"$tender" --mem=16 "$guests/yield.hvt" >out 2>err &
pid=$!
sleep 0.5
cp /proc/$pid/status process
truth "sandbox: system calls are filtered" grep -q '^Seccomp:[[:space:]]2' process
truth "sandbox: no new privileges" grep -q '^NoNewPrivs:[[:space:]]1' process
truth "sandbox: no capabilities" grep -q '^CapEff:[[:space:]]0000000000000000' process
truth "sandbox: no more descriptors" \
	[ "$(awk '/open files/ { print $4 }' /proc/$pid/limits)" -lt 20 ]
if [ "$(id -u)" = 0 ]; then
	truth "sandbox: an empty file system" [ -z "$(ls -A /proc/$pid/root/)" ]
	truth "sandbox: an empty network namespace" \
		[ "$(readlink /proc/$pid/ns/net)" != "$(readlink /proc/self/ns/net)" ]
else
	skip "sandbox: an empty file system, an empty network namespace" "only root can look"
fi
kill $pid
wait $pid 2>/dev/null

if [ "$(id -u)" = 0 ]; then
	mkdir jail
	"$tender" --mem=16 --uid=65534 --gid=65533 --chroot=jail "$guests/yield.hvt" >out 2>err &
	pid=$!
	sleep 0.5
	truth "sandbox: --uid and --gid" \
		[ "$(awk '/^[UG]id/ { print $2, $3, $4 }' /proc/$pid/status | xargs)" = \
			"65534 65534 65534 65533 65533 65533" ]
	truth "sandbox: --chroot" [ "$(readlink /proc/$pid/root)" = "$work/jail" ]
	kill $pid
	wait $pid 2>/dev/null
	"$tender" --mem=16 --uid=65534 --gid=65533 --net service=user \
		--http-check http://127.0.0.1:1/ "$guests/netecho.hvt" >out 2>err &
	pid=$!
	for _ in $(seq 50); do grep -q ready out && break; sleep 0.1; done
	truth "sandbox: --uid and --gid are the helpers' as well" \
		[ "$(for each in $pid $(pgrep -P $pid); do
			awk '/^[UG]id/ { print $2, $3, $4 }' /proc/$each/status | xargs
		done | uniq -c | xargs)" = "3 65534 65534 65534 65533 65533 65533" ]
	helpers=$(pgrep -P $pid)
	kill -KILL $pid
	wait $pid 2>/dev/null
	sleep 0.3
	truth "sandbox: helpers end with the tender" \
		[ -z "$(for each in $helpers; do
			grep '^State:[[:space:]]*[DRSTt]' /proc/$each/status
		done 2>/dev/null)" ]
else
	skip "sandbox: --uid, --gid, --chroot" "not root"
fi
hvt --mem=16 --chroot=nonexistent "$guests/hello.hvt"
result "sandbox: a chroot that cannot be" 126 "" "--chroot nonexistent"

# ---- core files ------------------------------------------------------------------------------------------------

mkdir cores
hvt --mem=16 --dumpcore=cores "$guests/exceptions.hvt" pf
result "dumpcore: it is said that the sandbox is open" 255 "" "sandbox is open a little: --dumpcore"
core=$(sed -n 's/.*dumping guest core to: //p' err)
truth "dumpcore: the line ends with the name" \
	[ "$(echo "$core" | sed 's/[0-9]*$//')" = cores/core.solo5-hvt. -a -s "$core" ]
if command -v gdb >/dev/null; then
	gdb -nx -batch -ex bt "$guests/exceptions.hvt" "$core" >out 2>err </dev/null
	truth "dumpcore: gdb finds the place" grep -q 'page_fault_read' out
	truth "dumpcore: gdb finds the callers" grep -q 'solo5_app_main' out
else
	skip "dumpcore: gdb opens it" "gdb is not installed"
fi
hvt --mem=16 --dumpcore=cores "$guests/exit.hvt" 3
truth "dumpcore: none for a guest that just fails" [ "$status $(ls cores | wc -l)" = "3 1" ]

# ---- networks -----------------------------------------------------------------------------------------------------

if ! command -v python3 >/dev/null; then
	skip "networks" "python3 is not installed"
	finish
fi
cat >echo.py <<'END'
# Sends messages to an echo guest at HOST PORT; prints the lengths that came back.
import socket, sys
client = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
client.settimeout(5)
for message in (b"hi", b"x" * 1400, b"quit"):
    client.sendto(message, (sys.argv[1], int(sys.argv[2])))
    print(len(client.recvfrom(3000)[0]), end=" ", flush=True)
END
port=$((20000 + RANDOM % 10000))

# echoes NAME HOST PORT TENDER_OPTION...: an echo guest answers three messages and ends.
echoes() {
	local name=$1 host=$2 to=$3 answers
	shift 3
	timeout -k 2 30 "$tender" --mem=16 "$@" "$guests/netecho.hvt" >out 2>err </dev/null &
	local pid=$!
	for _ in $(seq 50); do grep -q ready out && break; sleep 0.1; done
	answers=$(python3 echo.py "$host" "$to" 2>>err)
	wait $pid
	status=$?
	if [ "$status" = 0 ] && [ "$answers" = "2 1400 4 " ]; then
		ok "$name"
	else
		echo "status $status, answers: $answers" >>err
		not_ok "$name"
	fi
}

echoes "user network, hypercalls" 127.0.0.1 $port --ring=off --json report.json \
	--pcap frames.pcap --net service=user,hostfwd=udp:$port-:7
truth "frames are counted" [ "$(field net.0.received_frames)" = "$(field net.0.sent_frames)" ]
python3 - >out 2>err <<'END'
import struct
data = open("frames.pcap", "rb").read()
assert struct.unpack("<I", data[:4])[0] == 0xa1b23c4d and struct.unpack("<I", data[20:24])[0] == 1
at, frames = 24, 0
while at < len(data):
    at += 16 + struct.unpack("<I", data[at + 8:at + 12])[0]
    frames += 1
assert at == len(data)
print(frames)
END
truth "the capture has every frame" [ "$(cat out)" = \
	$(($(field net.0.received_frames) + $(field net.0.sent_frames))) ]
echoes "user network, ring" 127.0.0.1 $port --ring=on --net service=user,hostfwd=udp:$port-:7
echoes "user network with addresses of its own" 127.0.0.1 $port \
	--net service=user,net=10.0.0.0/16,hostfwd=udp:127.0.0.1:$port-10.0.0.2:7

# The helper of a user network that dies takes the network along, not the CPU.
"$tender" --mem=16 --net service=user "$guests/netecho.hvt" >out 2>err </dev/null &
running=$!
for _ in $(seq 100); do
	grep -q ready out && break
	sleep 0.1
done
ticks() {
	awk '{ print $14 + $15 }' "/proc/$running/stat"
}
pkill -KILL -P $running
sleep 0.5
before=$(ticks)
sleep 1
after=$(ticks)
kill $running
wait $running
truth "user network: one that is gone leaves the guest waiting" test $((after - before)) -lt 50

timeout -k 2 30 "$tender" --mem=16 --json report.json --net service0=user,hostfwd=udp:$port-:7 \
	--net service1=user,net=10.1.0.0/24,hostfwd=udp:$((port + 1))-:7 "$guests/netecho2.hvt" \
	>out 2>err </dev/null &
for _ in $(seq 50); do grep -q ready out && break; sleep 0.1; done
python3 - $port >answers 2>>err <<'END'
import socket, sys
client = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
client.settimeout(5)
for port, message in ((0, b"first"), (1, b"second"), (0, b"quit")):
    client.sendto(message, ("127.0.0.1", int(sys.argv[1]) + port))
    print(client.recvfrom(100)[0].decode(), end=" ")
END
wait $!
truth "two networks" [ "$? $(cat answers)" = "0 first second quit " ]
truth "two networks are counted apart" [ "$(field net.0.received_frames)" -gt "$(field net.1.received_frames)" ]

python3 - "$tender" "$guests/netecho.hvt" >out 2>err <<'END'
import os, socket, sys
lone = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
os.dup2(lone.fileno(), 9)
os.execv(sys.argv[1], [sys.argv[1], "--net:service=@9", sys.argv[2]])
END
status=$?
result "a socket that is not connected" 120 "" "the socket @9 leads nowhere"

export -f ok not_ok truth echoes field
export tender guests
if [ "$(id -u)" != 0 ] || ! [ -w /dev/net/tun ] || ! unshare -n true 2>/dev/null ||
	! command -v ip >/dev/null; then
	skip "taps" "needs root, /dev/net/tun, network namespaces and ip"
	finish
fi
cat >taps.sh <<'END'
ip link set lo up
python3 - <<'PYTHON' &
import socket
server = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
server.bind(("127.0.0.1", 7))
open("up", "w").write("up")
while True:
    message, sender = server.recvfrom(3000)
    server.sendto(message, sender)
PYTHON
server=$!
for _ in $(seq 50); do [ -s up ] && break; sleep 0.1; done
timeout -k 2 30 "$tender" --mem=16 --net service=user "$guests/netclient.hvt" --ipv4=10.0.0.2 \
	--peer=10.0.0.1 --count=20 --size=1400 >out 2>err
truth "user network: the guest reaches the host through its gateway" grep -q received=20 out
kill $server
wait $server
ip link add br0 type bridge && ip addr add 10.0.0.1/24 dev br0 && ip link set br0 up
echoes "a tap made now, on a bridge" 10.0.0.2 7 --net service=tap,bridge=br0
ip link del br0
timeout 20 "$tender" --mem=16 --net service=tap0 "$guests/netecho.hvt" >out 2>err
truth "a tap that is not there" [ $? = 122 ]
truth "... and how to make it" grep -q 'sudo ip tuntap add dev tap0 mode tap' err
ip tuntap add tap0 mode tap && ip addr add 10.0.0.1/24 dev tap0
timeout 20 "$tender" --mem=16 --net service=tap0 "$guests/netecho.hvt" >out 2>err
truth "a tap that is down" [ $? = 122 ]
ip link set tap0 up mtu 9000
echoes "a tap by name" 10.0.0.2 7 --net:service=tap0 --net-mac:service=02:00:00:00:00:09
truth "its MTU and MAC reach the guest" grep -q 'mtu 9000, 02:00:00:00:00:09' out
echoes "a tap by name, ring" 10.0.0.2 7 --ring=on --net:service=tap0
cat >pass.py <<'PYTHON'
# Opens tap0 as the descriptor 9 with the flags given, then becomes the command given.
import fcntl, os, struct, sys
tap = os.open("/dev/net/tun", os.O_RDWR)
fcntl.ioctl(tap, 0x400454ca, struct.pack("16sH22x", b"tap0", int(sys.argv[1], 16)))
os.dup2(tap, 9)
os.execv(sys.argv[2], sys.argv[2:])
PYTHON
python3 pass.py 1002 "$tender" --mem=16 --net:service=@9 "$guests/netecho.hvt" >out 2>err &
for _ in $(seq 50); do grep -q ready out && break; sleep 0.1; done
answers=$(python3 echo.py 10.0.0.2 7 2>>err)
wait $!
truth "a tap by descriptor" [ "$? $answers" = "0 2 1400 4 " ]
python3 pass.py 5002 "$tender" --mem=16 --net:service=@9 "$guests/netecho.hvt" >out 2>err
truth "a descriptor with a header of its own" grep -q 'without IFF_VNET_HDR' err
"$tender" --mem=16 --net:service=@7 "$guests/netecho.hvt" >out 2>err
truth "a descriptor that is not open" grep -q -- '--net service: @7: Bad file descriptor' err

# Down, up and gone under a running guest.
timeout -k 2 20 "$tender" --mem=16 --json report.json --timeout 6s --net service=tap0 \
	"$guests/netecho.hvt" >out 2>err &
for _ in $(seq 50); do grep -q ready out && break; sleep 0.1; done
ip link set tap0 down && sleep 0.2 && ip link set tap0 up
truth "a tap may go down and up" [ "$(python3 - 2>>err <<'PYTHON'
import socket
client = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
client.settimeout(3)
client.sendto(b"again", ("10.0.0.2", 7))
print(client.recvfrom(100)[0].decode())
PYTHON
)" = again ]
ip link del tap0
wait $!
truth "a tap may go away" grep -q 'tap0 is gone; the guest goes on' err
truth "... and the report says so" [ "$(field net.0.lost)" = True ]
echo "$number $failures" >counts
END
export number failures
unshare -n bash taps.sh
[ -s counts ] && read -r number failures <counts || not_ok "the tests of taps ended early"

# Without root: KVM alone must do. The device node is one of our own that anybody may open.
if mknod kvm c 10 232 2>/dev/null && chmod 666 kvm && chmod 711 "$work" &&
	command -v setpriv >/dev/null; then
	mkdir people && chmod 777 people && cp "$tender" "$guests"/{hello,netecho}.hvt people
	cat >people.sh <<'END'
mount --bind kvm /dev/kvm
cd people
exec timeout -k 2 20 setpriv --reuid 65534 --regid 65534 --clear-groups ./muenbuild-hvt --mem=16 "$@"
END
	unshare -m bash people.sh --verbose hello.hvt >out 2>err </dev/null
	status=$?
	result "without root" 0 SUCCESS "sandbox: system calls filtered"
	unshare -m bash people.sh --expect ready --net service=user netecho.hvt >out 2>err </dev/null
	status=$?
	result "without root: a user network" 0 ready
	unshare -m bash people.sh --net service=tap,bridge=br0 netecho.hvt >out 2>err </dev/null
	status=$?
	result "without root: how to make a tap" 122 "" "sudo ip link set dev tap0 master br0 up"
else
	skip "without root" "no device node can be made here"
fi
finish
