#!/bin/bash
# muenbuild sign against `openssl cms -sign`, on the same file with the same key: the best of
# several runs of each, in turns, and the ratio. Files lie in memory as far as the page cache
# reaches. BENCH_SIZE is the size of the large file (default: 1G), BENCH_RUNS the number of runs.
#
# MUENBUILD is the program to measure (default: the one in MUENBUILD_BUILD, or build).
set -eu
. "$(dirname "$0")/once.sh"

muenbuild=$(realpath "${MUENBUILD:-${MUENBUILD_BUILD:-build}/bin/muenbuild}")
size=$(numfmt --from=iec "${BENCH_SIZE:-1G}")
runs=${BENCH_RUNS:-5}
work=$(mktemp -d -p "${TMPDIR:-/var/tmp}")
trap 'rm -rf "$work"' EXIT
trap 'exit 130' INT TERM
cd "$work"

"$muenbuild" keys init keys --algorithm rsa2048 >/dev/null 2>&1
keys=(--key keys/sign.key --cert keys/sign.crt --ca keys/ca.crt)

ours() {
	"$muenbuild" sign "${keys[@]}" "$@" >/dev/null 2>&1
}

theirs() {
	local file
	for file in "$@"; do
		openssl cms -sign -binary -noattr -md sha256 -in "$file" -out "$file.theirs" \
			-outform DER -signer keys/sign.crt -inkey keys/sign.key -certfile keys/ca.crt
	done
}

# compare LABEL FILE...: measures both in turns and prints a line
compare() {
	local label=$1 file
	local -A best=()
	shift
	for ((run = 0; run < runs; run++)); do
		once ours ours "$@"
		once theirs theirs "$@"
	done
	for file in "$@"; do
		cmp -s "$file.sig" "$file.theirs" || {
			echo "$file: the two signatures differ" >&2
			exit 1
		}
	done
	awk -v label="$label" -v ours="${best[ours]}" -v theirs="${best[theirs]}" 'BEGIN {
		printf "%-34s %9.1f ms %9.1f ms %8.2f\n", label, ours / 1000, theirs / 1000, theirs / ours
	}'
}

# Not of zeroes, which a sparse file would be: its holes cost no memory bandwidth.
openssl enc -aes-128-ctr -pass pass:bench -nosalt -in /dev/zero 2>/dev/null |
	head -c "$size" >large || true
head -c 27000 large >small
quarter=$((size / 4))
for part in 1 2 3 4; do
	tail -c "+$((part * quarter - quarter + 1))" large | head -c $quarter >part$part || true
done
cat large part? >/dev/null

printf '%-34s %12s %12s %8s\n' 'signing (SHA-256, RSA 2048)' muenbuild 'openssl cms' ratio
compare 'one file of 27 kB' small
compare "one file of $(numfmt --to=iec-i --suffix=B "$size")" large
compare "four files of $(numfmt --to=iec-i --suffix=B $quarter) in one call" part1 part2 part3 part4
echo 'ratio: how many times faster than OpenSSL; both wrote the same bytes'
