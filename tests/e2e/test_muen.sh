#!/bin/bash
# muen unikernels in the tender, from outside: worlds, subjects that share channels, idling,
# captures, reports, the sandbox. Prints TAP. What becomes of each guest is in the table of
# tests/hvt, what a debugger sees in test_gdb.sh.
#
# MUENBUILD is the program to test (default: build/bin/muenbuild; the tender stands beside it),
# MUENBUILD_BUILD the folder with the guests (default: build).

. "${0%/*}/tender.sh"
manual=$root/doc/muenbuild-hvt.1
mkworld=$build/tests/tools/mkworld

# ---- without KVM -----------------------------------------------------------------------------

hvt "$guests/block.muen"
result "a unikernel that needs block devices" 121 "" "Solo5 has no block devices on Muen"
hvt --block storage=x "$guests/hello.muen"
result "a block device" 120 "" "Solo5 has no block devices on Muen"
hvt "$guests/netecho.muen"
result "a device that is not attached" 120 "" "Device 'service' of type NET_BASIC declared but not"
hvt --net-mac service=00:00:00:00:00:01 --net service=user "$guests/netecho.muen"
result "a MAC address that Solo5 cannot make" 120 "" "locally administered"
hvt "$guests/hello.muen" "$(head -c 4096 /dev/zero | tr '\0' x)"
result "boot parameters that are too long" 120 "" "the boot parameters have 4096 bytes"
hvt --channel-size=1000 "$guests/hello.muen"
result "a channel that is no whole page" 120 "" "--channel-size: '1000'"
hvt --world=nonexistent.world "$guests/hello.muen"
result "a world that is not there" 121 "" "nonexistent.world: cannot open"
echo "muenbuild-world 9" >later.world
hvt --world=later.world "$guests/hello.muen"
result "a world of another version" 121 "" "later.world:1: "

hvt --world=later.world "$guests/hello.hvt"
result "a world for an hvt unikernel" 120 "" "--world: is for unikernels for Muen"

if ! [ -r /dev/kvm ] || ! [ -w /dev/kvm ]; then
	skip "everything that runs a guest" "/dev/kvm cannot be used here"
	finish
fi

# ---- worlds ----------------------------------------------------------------------------------

"$mkworld" "$guests/hello.muen" hello.bin 16M web "a b  c" >hello.world
hvt --world hello.world "$guests/hello.muen"
result "a world from a file" 0 "arguments: 'a b  c'"
hvt --world @7 "$guests/hello.muen" 7<hello.world
result "a world from a descriptor" 0 "18 MB of memory"
hvt --world hello.world "$guests/hello.muen" more
result "boot parameters beside those of the world" 120 "" "--world has the boot parameters already"
truncate -s 5000 hello.bin
hvt --world hello.world "$guests/hello.muen"
result "a file that is too short for its region" 121 "" "'text' (policy.xml:12).*hello.bin"
"$mkworld" "$guests/wx.muen" wx.bin 16M web write-rodata >wx.world
hvt --world wx.world "$guests/wx.muen"
result "a fault is told with the policy's line" 255 "" \
	"wrote to 0x[0-9a-f]*, in its region '.note.*' (policy.xml:12), which is read-only"
sed 's/name=service|/name=other|/' <<<"$("$mkworld" "$guests/netecho.muen" echo.bin 16M echo)" \
	>unconnected.world
hvt --world unconnected.world --net service=user "$guests/netecho.muen"
result "a network for a device without channels" 120 "" "has no channels 'service|in' and"

# ---- two subjects whose channels are joined -------------------------------------------------------

# direct COUNT WINDOW: an echo subject and its client, each the other's network
direct() {
	rm -f to from
	truncate -s 1M to from
	exec 5<>to 6<>from
	"$mkworld" "$guests/netecho.muen" echo.bin 16M echo "" 'service|in=5' 'service|out=6' >echo.world
	"$mkworld" "$guests/netclient.muen" client.bin 16M client \
		"--peer=10.0.0.2 --quit --count=$1 --window=$2 --timeout-ms=20000" \
		'service|in=6' 'service|out=5' >client.world
	timeout 60 "$tender" --world echo.world "$guests/netecho.muen" >echo.out 2>&1 &
	hvt --world client.world "$guests/netclient.muen"
	wait $!
	echo $? >>echo.out
	exec 5<&- 6<&-
}
evidence="out err echo.out"
direct 100 1
result "a direct channel, one frame at a time" 0 "received=100 lost=0 corrupt=0"
truth "  the other subject ends as well" grep -q '^0$' echo.out
truth "  nothing was overrun" grep -q "epochs=1 overruns=0 malformed=0" echo.out
direct 300 64
result "a direct channel under load" 0 "received=300 lost=0 corrupt=0"
truth "  nothing was overrun then" grep -q "epochs=1 overruns=0 malformed=0" echo.out
exec 5<>to 6<>from
hvt --world client.world --net service=user "$guests/netclient.muen"
result "a network for a device that is joined already" 120 "" "another subject is at their other end"
truncate -s 8K to
hvt --world client.world "$guests/netclient.muen"
result "shared memory of another size" 121 "" "'service|out' (policy.xml:12).*8192 bytes"
exec 5<&- 6<&-
evidence="out err"

# ---- idling ------------------------------------------------------------------------------------------

# Clock ticks, of 10 ms, that a process has used.
ticks() {
	awk '{ sub(/.*\) /, ""); print $12 + $13 }' "/proc/$1/stat"
}

# idles NAME OPTION... GUEST [ARGUMENT]: less than 5 % of a CPU for four seconds, once it has settled,
# which may take a while on a machine that has much else to do
idles() {
	local name=$1 before after pid
	shift
	"$tender" --mem=16 --timeout=60s "$@" >out 2>err &
	pid=$!
	sleep 2
	for _ in $(seq 5); do
		before=$(ticks $pid)
		sleep 4
		after=$(ticks $pid)
		echo "$((after - before)) of 400 ticks" >>err
		[ $((after - before)) -lt 20 ] && break
	done
	kill $pid
	wait $pid 2>/dev/null
	truth "$name: less than 5 % of a CPU" [ $((after - before)) -lt 20 ]
}
idles "a guest that waits for frames" --net service=user "$guests/netecho.muen"

# A guest that computes and looks at the clock all the time is not taken for one that waits.
computes() {
	hvt --mem=16 --json report.json "$2" --rounds=1 --sleep-ms=1 --samples=5000
	slept=$(sed -n 's/.*"slept_microseconds": \([0-9]*\).*/\1/p' report.json)
	echo "slept $slept us" >>err
	truth "$1" [ "$status, $((slept < 20000))" = "0, 1" ]
}
computes "a guest that computes does not sleep" "$guests/clock.muen"

# ---- without symbols, which tell where solo5_yield() is --------------------------------------------

if command -v strip >/dev/null; then
	for guest in netecho netclient yield clock; do
		strip -o $guest.muen "$guests/$guest.muen"
	done
	computes "stripped: a guest that computes does not sleep" clock.muen
	idles "stripped: a guest that sleeps" yield.muen --sleep-us=600000000
	cat >pair.sh <<'END'
timeout 60 "$1" --mem=16 --channel-size=64K --net=service=@3 netecho.muen --overrun-is-fatal >echo.out 2>&1 &
timeout 60 "$1" --mem=16 --channel-size=64K --net=service=@4 netclient.muen --peer=10.0.0.2 \
	--count=300 --window=64 --timeout-ms=20000 --quit >out 2>err
status=$?
wait
exit $status
END
	"$build/tests/tools/socketpair" sh pair.sh "$tender"
	status=$?
	result "stripped: frames come back" 0 "received=300 lost=0 corrupt=0"
	truth "  no frame is held back from a guest that reads" grep -q "epochs=1 overruns=0" echo.out
else
	skip "stripped unikernels" "strip is not installed"
fi

# ---- captures and reports -----------------------------------------------------------------------------

if command -v python3 >/dev/null; then
	port=$((20000 + $$ % 20000))
	"$tender" --mem=16 --timeout=20s --pcap frames.pcap --json report.json \
		--net "service=user,hostfwd=udp:$port-:7,mac=02:00:00:00:00:17" \
		"$guests/netecho.muen" >out 2>err </dev/null &
	for _ in $(seq 100); do grep -q ready out && break; sleep 0.1; done
	python3 - $port >>err 2>&1 <<'END'
import socket, sys
client = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
client.settimeout(10)
for i in range(20):
    client.sendto(b"%d" % i, ("127.0.0.1", int(sys.argv[1])))
    assert client.recv(100) == b"%d" % i
client.sendto(b"quit", ("127.0.0.1", int(sys.argv[1])))
END
	truth "frames come back" [ $? = 0 ]
	wait $!
	status=$?
	result "the guest ends when it is told to" 0 "udp=21"
	truth "the capture has every frame" python3 - <<'END'
import json, struct
data = open("frames.pcap", "rb").read()
net = json.load(open("report.json"))["net"][0]
place, frames = 24, []
while place < len(data):
    length = struct.unpack_from("<I", data, place + 8)[0]
    frames.append(data[place + 16:place + 16 + length])
    place += 16 + length
assert len(frames) == net["pcap_frames"] == net["received_frames"] + net["sent_frames"], len(frames)
assert net["mac"] == "02:00:00:00:00:17"
assert any(frame[6:12] == bytes.fromhex("020000000017") for frame in frames)
END
	truth "report: what is of a subject" python3 - "$manual" <<'END'
import json, re, sys
report = json.load(open("report.json"))
assert report["target"] == "muen" and report["hypercalls"] is None and report["ring"] is None
assert report["subject"]["sinfo_revision"] == 5 and report["subject"]["clock_reads"] > 0
words = set(re.findall(r"\w+", open(sys.argv[1]).read().split(".Sh REPORT")[1].split(".Sh FILES")[0]))
members = set(report) | set(report["subject"]) | set(report["net"][0]) | set(report["net"][0]["channels"])
missing = members - words
sys.exit("not in the manual: " + " ".join(missing) if missing else 0)
END
	hvt --mem=16 --json report.json "$guests/wx.muen" write-text
	truth "report: a fault has its explanation" python3 -c '
import json
report = json.load(open("report.json"))
assert report["status"] == report["guest_status"] == 255
assert "which is read-only" in report["message"], report["message"]'
else
	skip "captures and reports" "python3 is not installed"
fi

# ---- the sandbox ----------------------------------------------------------------------------------------

"$tender" --mem=16 "$guests/yield.muen" >out 2>err &
pid=$!
for _ in $(seq 100); do
	cp /proc/$pid/status process
	grep -q '^Seccomp:[[:space:]]2' process && break
	sleep 0.1
done
truth "sandbox: system calls are filtered" grep -q '^Seccomp:[[:space:]]2' process
truth "sandbox: no capabilities" grep -q '^CapEff:[[:space:]]0000000000000000' process
kill $pid
wait $pid 2>/dev/null

finish
