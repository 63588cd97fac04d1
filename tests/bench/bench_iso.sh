#!/bin/bash
# An ISO of ours against grub-mkrescue's with the same loader, stream and configuration, booting from
# BIOS and UEFI: the best of several runs of each, in turns, the sizes, and the ratios.
# BENCH_SIZE is the size of the stream (default: 64M), BENCH_RUNS the number of runs.
set -eu
. "$(dirname "$0")/once.sh"

build=$(realpath "${MUENBUILD_BUILD:-build}")
size=$(numfmt --from=iec "${BENCH_SIZE:-64M}")
runs=${BENCH_RUNS:-5}
work=$(mktemp -d -p "${TMPDIR:-/var/tmp}")
trap 'rm -rf "$work"' EXIT
trap 'exit 130' INT TERM
cd "$work"
export SOURCE_DATE_EPOCH=1700000000

ours() {
	"$build/tests/tools/mkiso" iso ours.iso "$build/tests/boot/payload" "$1"
}

# Both platforms; its modules, fonts and translations are what it always adds.
theirs() {
	grub-mkrescue -o theirs.iso tree >/dev/null 2>&1
}

compare() {
	local label=$1 stream=$2
	local -A best=()
	rm -rf tree
	mkdir -p tree/boot/grub
	cp "$build/tests/boot/payload" tree/boot/loader
	cp "$stream" tree/boot/muen.csl
	cp grub.cfg tree/boot/grub/grub.cfg
	for ((run = 0; run < runs; run++)); do
		once ours ours "$stream"
		once theirs theirs
	done
	awk -v label="$label" -v ours="${best[ours]}" -v theirs="${best[theirs]}" \
		-v our_size="$(stat -c %s ours.iso)" -v their_size="$(stat -c %s theirs.iso)" 'BEGIN {
		printf "%-24s %8.0f ms %8.0f ms %7.2f %11.1f MiB %8.1f MiB %7.2f\n", label, ours / 1000,
			theirs / 1000, theirs / ours, our_size / 1048576, their_size / 1048576,
			their_size / our_size
	}'
}

openssl enc -aes-128-ctr -pass pass:bench -nosalt -in /dev/zero 2>/dev/null |
	head -c "$size" >large || true
head -c 100000 large >small
ours small
xorriso -osirrox on -indev ours.iso -extract /boot/grub/grub.cfg grub.cfg >/dev/null 2>&1

printf '%-24s %11s %11s %7s %15s %12s %7s\n' 'BIOS and UEFI, with' muenbuild grub-mkrescue ratio \
	muenbuild grub-mkrescue ratio
compare 'a stream of 100 kB' small
compare "a stream of $(numfmt --to=iec-i --suffix=B "$size")" large
echo 'ratio: how many times faster, and smaller, than grub-mkrescue'
