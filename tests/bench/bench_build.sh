#!/bin/bash
# The main job on a large unikernel: `muenbuild --unikernel`, wall time and memory, beside what the
# machine needs at least, cp and sha256sum of the same file. The median of several runs, in turns.
# BENCH_TEXT is the size of its code (default: 16M), BENCH_RUNS the number of runs.
#
# MUENBUILD is the program to measure (default: the one in MUENBUILD_BUILD, or build).
set -eu

build=$(realpath "${MUENBUILD_BUILD:-build}")
muenbuild=$(realpath "${MUENBUILD:-$build/bin/muenbuild}")
text=${BENCH_TEXT:-16M}
runs=${BENCH_RUNS:-20}
work=$(mktemp -d -p "${TMPDIR:-/var/tmp}")
trap 'rm -rf "$work"' EXIT
trap 'exit 130' INT TERM
cd "$work"

"$build/tests/tools/mkelf" --net service0 --text-size "$text" --rodata-size 1M large.muen

ours() {
	"$muenbuild" --no-image --unikernel large.muen --bootparams "--ipv4=10.0.0.2/24" >/dev/null
}

theirs() {
	cp large.muen copy.muen
	sha256sum large.muen >/dev/null
}

declare -A times
once() {
	local start=${EPOCHREALTIME/./}
	"$1"
	times[$1]+="$((${EPOCHREALTIME/./} - start)) "
}

median() {
	tr ' ' '\n' <<<"${times[$1]}" | sed '/^$/d' | sort -n | awk '{ v[NR] = $1 }
		END { print (v[int((NR + 1) / 2)] + v[int(NR / 2) + 1]) / 2 }'
}

for ((run = 0; run < runs; run++)); do
	once ours
	once theirs
done
memory=$(python3 - "$muenbuild" <<'PYTHON'
import resource, subprocess, sys
subprocess.run([sys.argv[1], "--unikernel", "large.muen"], stdout=subprocess.DEVNULL, check=True)
print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss)
PYTHON
)
awk -v size="$(stat -c %s large.muen)" -v runs="$runs" -v ours="$(median ours)" \
	-v theirs="$(median theirs)" -v memory="$memory" 'BEGIN {
	printf "unikernel                  %8.1f MB, median of %d runs\n", size / 1e6, runs
	printf "muenbuild --unikernel      %8.1f ms\n", ours / 1000
	printf "cp and sha256sum           %8.1f ms\n", theirs / 1000
	printf "ratio                      %8.2f\n", ours / theirs
	printf "peak memory                %8.1f MB, %.2f of the unikernel\n", memory * 1024 / 1e6,
		memory * 1024 / size
}'
