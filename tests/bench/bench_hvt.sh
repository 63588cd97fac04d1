#!/bin/bash
# The tender: start to exit of a guest, latency and rate of an echo guest over a tap, block
# transfers; next to solo5-hvt where one is in PATH. Best of several runs, in turns.
#
# BENCH_RUNS is the number of runs (default: 20). Where a guest's kernel-mode code is interpreted
# (kvm_pvm), only the ratios mean something.
set -eu

build=$(realpath "${MUENBUILD_BUILD:-build}")
guests=$build/guests
runs=${BENCH_RUNS:-20}
tenders=("$build/bin/muenbuild-hvt")
reference=$(command -v solo5-hvt || true)
[ -z "$reference" ] || tenders+=("$reference")
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
trap 'exit 130' INT TERM
cd "$work"

if ! [ -r /dev/kvm ] || ! [ -w /dev/kvm ]; then
	echo "/dev/kvm cannot be used here: nothing is measured"
	exit 0
fi
[ -n "$reference" ] || echo "(solo5-hvt is not in PATH: no comparison)"

# row LABEL UNIT VALUE...: a value for each tender; the ratio is theirs to ours
row() {
	awk -v label="$1" -v unit="$2" -v ours="$3" -v theirs="${4-}" 'BEGIN {
		printf "%-44s %10.1f %s", label, ours, unit
		if (theirs != "") printf "   solo5-hvt %10.1f   %.2f", theirs, theirs / ours
		print ""
	}'
}

# fastest LABEL ARGUMENT...: start to exit, milliseconds
fastest() {
	local label=$1 best=() start spent i
	shift
	for ((run = 0; run < runs; run++)); do
		for i in "${!tenders[@]}"; do
			start=${EPOCHREALTIME/./}
			"${tenders[i]}" "$@" >/dev/null 2>&1 || true
			spent=$((${EPOCHREALTIME/./} - start))
			[ -n "${best[i]-}" ] && [ "${best[i]}" -le "$spent" ] || best[i]=$spent
		done
	done
	row "$label" ms $(for value in "${best[@]}"; do awk "BEGIN { print $value / 1000 }"; done)
}

fastest "hello, 512 MiB" "$guests/hello.hvt"
fastest "exit, 16 MiB, quiet" --mem=16 "$guests/exit.hvt" --solo5:quiet
truncate -s 16M disk
fastest "block: write and read 8 blocks of 512" --mem=16 --block:storage=disk "$guests/block.hvt"
fastest "block: write and read 8 blocks of 4096" --mem=16 --block:storage=disk \
	--block-sector-size:storage=4096 "$guests/block.hvt"

if [ "$(id -u)" != 0 ] || ! [ -w /dev/net/tun ] || ! command -v ip >/dev/null ||
	! command -v python3 >/dev/null || ! unshare -n true 2>/dev/null; then
	echo "echo over a tap: needs root, /dev/net/tun, ip and python3: not measured"
	exit 0
fi
cat >echo.py <<'END'
# Exchanges messages with an echo guest: median round trip in us, then messages per second with a
# window of 32.
import socket, statistics, sys, time
client = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
client.settimeout(2)
guest = ("10.0.0.2", 7)
def exchange(message):
    start = time.perf_counter()
    client.sendto(message, guest)
    client.recvfrom(3000)
    return (time.perf_counter() - start) * 1e6
for _ in range(50):
    exchange(b"warm")
print(statistics.median(exchange(b"x" * 64) for _ in range(1000)), end=" ")
count, window, sent, received = 4000, 32, 0, 0
start = time.perf_counter()
while received < count:
    while sent - received < window and sent < count:
        client.sendto(b"y" * 1400, guest)
        sent += 1
    client.recvfrom(3000)
    received += 1
print(count / (time.perf_counter() - start))
client.sendto(b"quit", guest)
END
cat >measure.sh <<'END'
ip tuntap add tap0 mode tap && ip addr add 10.0.0.1/24 dev tap0 && ip link set tap0 up
"$@" --mem=32 --net:service=tap0 "$guest" >log 2>&1 &
for _ in $(seq 100); do grep -q ready log && break; sleep 0.05; done
timeout 120 python3 echo.py || echo "0 0"
wait
END

# echo_guest LABEL GUEST OPTION...: options are for our tender alone
echo_guest() {
	local label=$1 latency=() rate=() values tender
	export guest=$guests/$2
	shift 2
	for tender in "${tenders[@]}"; do
		[ "$tender" = "$reference" ] && set --
		read -r -a values < <(unshare -n bash measure.sh "$tender" "$@")
		latency+=("${values[0]}")
		rate+=("${values[1]}")
	done
	row "$label: median round trip" us "${latency[@]}"
	row "$label: 1400 bytes, window of 32" "/s" "${rate[@]}"
}
echo_guest "echo over a tap, as it comes" netecho.hvt
echo_guest "echo over a tap, hypercalls" noring/netecho.hvt --ring=off
echo_guest "echo over a tap, ring" netecho.hvt --ring=on
