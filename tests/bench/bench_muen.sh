#!/bin/bash
# A muen unikernel in the tender next to the hvt build of the same guest: start to exit, what
# idling costs, round trips and frames per second between two of them, looks at the clock.
#
# BENCH_RUNS is the number of runs (default: 20). Where a guest's kernel-mode code is interpreted
# (kvm_pvm), only the ratios mean something: a channel's element is copied whole, by the guest.
set -eu

build=$(realpath "${MUENBUILD_BUILD:-build}")
guests=$build/guests
tender=$build/bin/muenbuild-hvt
runs=${BENCH_RUNS:-20}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
trap 'exit 130' INT TERM
cd "$work"

if ! [ -r /dev/kvm ] || ! [ -w /dev/kvm ]; then
	echo "/dev/kvm cannot be used here: nothing is measured"
	exit 0
fi

# row LABEL UNIT MUEN HVT
row() {
	awk -v label="$1" -v unit="$2" -v muen="$3" -v hvt="$4" 'BEGIN {
		printf "%-40s muen %10.1f %-3s  hvt %10.1f", label, muen, unit, hvt
		if (hvt > 0) printf "   %.2f", muen / hvt
		print ""
	}'
}

# fastest TARGET GUEST ARGUMENT...: start to exit, milliseconds
fastest() {
	local target=$1 guest=$2 best=0 start spent
	shift 2
	for ((run = 0; run < runs; run++)); do
		start=${EPOCHREALTIME/./}
		"$tender" --mem=16 "$guests/$guest.$target" "$@" >/dev/null 2>&1 || true
		spent=$((${EPOCHREALTIME/./} - start))
		[ $best -ne 0 ] && [ $best -le $spent ] || best=$spent
	done
	awk "BEGIN { print $best / 1000 }"
}
both() {
	local label=$1
	shift
	row "$label" ms "$(fastest muen "$@")" "$(fastest hvt "$@")"
}
both "hello" hello
both "exit, quiet" exit --solo5:quiet
runs=3
both "1000 lines of output" flood --solo5:quiet --lines=1000 --width=40
both "20000 looks at the clock" clock --rounds=1 --sleep-ms=1 --samples=20000

# idle TARGET: percent of a CPU while the echo guest waits for frames
idle() {
	local pid before after
	"$tender" --mem=16 --timeout=20s --net=service=user "$guests/netecho.$1" >/dev/null 2>&1 &
	pid=$!
	sleep 2
	before=$(awk '{ sub(/.*\) /, ""); print $12 + $13 }' /proc/$pid/stat)
	sleep 5
	after=$(awk '{ sub(/.*\) /, ""); print $12 + $13 }' /proc/$pid/stat)
	kill $pid
	wait $pid 2>/dev/null || true
	awk "BEGIN { print ($after - $before) / 5 }"
}
row "idle: percent of a CPU" % "$(idle muen)" "$(idle hvt)"

cat >pair.sh <<'END'
# pair.sh TENDER ECHO CLIENT COUNT WINDOW: mean round trip in us, frames per second
"$1" --mem=16 --timeout=120s --net=service=@3 "$2" >/dev/null 2>&1 &
"$1" --mem=16 --timeout=120s --net=service=@4 "$3" --peer=10.0.0.2 --count="$4" --window="$5" \
	--size=1400 --timeout-ms=20000 --quit >client.out 2>&1
wait
sed -n 's/.*mean=\([0-9]*\) .*/\1/p' client.out
END
# pair TARGET COUNT WINDOW
pair() {
	local start=${EPOCHREALTIME/./} mean
	mean=$("$build/tests/tools/socketpair" sh pair.sh "$tender" "$guests/netecho.$1" \
		"$guests/netclient.$1" "$2" "$3")
	echo "${mean:-0} $(awk "BEGIN { print $2 * 1e6 / (${EPOCHREALTIME/./} - $start) }")"
}
read -r muen _ < <(pair muen 200 1)
read -r hvt _ < <(pair hvt 200 1)
row "echo, 1400 bytes: mean round trip" us "$muen" "$hvt"
read -r _ muen < <(pair muen 500 32)
read -r _ hvt < <(pair hvt 500 32)
row "echo, 1400 bytes, window of 32" /s "$muen" "$hvt"
