#!/bin/sh
# Every test guest under the tender on an ordinary KVM, inside QEMU's software emulation: tests/rig.
# Prints TAP.
#
# MUENBUILD_BUILD is the build to test (default: build); what is fetched and made for the rig is
# kept in its folder rig. RIG_SECONDS limits the run (default: 600; it takes about two minutes).
set -u

build=${MUENBUILD_BUILD:-$PWD/build}
cache=$build/rig
seconds=${RIG_SECONDS:-600}

work=$(mktemp -d) || exit 1
trap 'rm -rf "$work"' EXIT
trap 'exit 1' INT TERM

skip() {
	echo "ok 1 - rig: the guests on an ordinary KVM # SKIP $1"
	exit 0
}

fail() {
	echo "not ok - rig: $1"
	[ ! -s "$2" ] || LC_ALL=C tr -cd '\n\40-\176' <"$2" | tail -n 40 | sed 's/^/# /'
	exit 1
}

for program in qemu-system-x86_64 busybox; do
	command -v $program >/dev/null || skip "$program is not installed"
done
kernel=$(sh tests/rig/kernel.sh "$cache" 2>"$work/reason")
case $? in
0) ;;
77) skip "$(tail -n 1 "$work/reason")" ;;
*) fail "there is no kernel" "$work/reason" ;;
esac
sh tests/rig/initramfs.sh "$kernel" "$build" "$work/initramfs" 2>"$work/reason" ||
	fail "the initramfs could not be made" "$work/reason"

# Lines come as the cases end: the last one says how far it came.
{
	sh tests/rig/boot.sh "$kernel" "$work/initramfs" "$work/console" "$seconds" 2>"$work/qemu"
	echo $? >"$work/status"
} | while read -r line; do
	echo "$line"
	[ ! -t 2 ] || printf '\r\033[Krig: %.70s' "$line" >&2
done | sed '/^1\.\./d; s/^\(ok\|not ok\) \([0-9]*\) - /\1 \2 - rig: /' >"$work/results"
[ ! -t 2 ] || printf '\r\033[K' >&2

cat "$work/results"
status=$(cat "$work/status")
[ "$status" != 124 ] || fail "stopped after $seconds seconds" "$work/console"
[ "$status" = 0 ] || fail "QEMU ended with status $status" "$work/qemu"
# Whatever kept it from running to its end, is told by the kernel.
grep -q '^# the rig is done$' "$work/results" ||
	fail "the machine ended before its cases did" "$work/console"
