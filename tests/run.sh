#!/bin/bash
# Runs every test and counts: run.sh BUILD SANITIZED_BUILD CLANG_BUILD
#
# Tests speak TAP. "ok ... # SKIP reason", or a line "# SKIP reason" of a unit test, is a test that
# could not run here: it is shown and counted as skipped, never as passed. A program that dies, or
# prints no result at all, is a failure.
set -u

build=$1
sanitized=$2
clang=$3
results=$(mktemp -d)
trap 'rm -rf "$results"' EXIT
trap 'exit 130' INT TERM

export ASAN_OPTIONS=detect_leaks=1:abort_on_error=0
export UBSAN_OPTIONS=print_stacktrace=1
export MUENBUILD_BUILD=$PWD/$build
export MUENBUILD_CLANG_BUILD=$PWD/$clang

# The end-to-end tests use the program as it is installed.
prefix=$results/installed
make --no-print-directory install BUILD="$build" PREFIX="$prefix" >"$results/install.log" 2>&1 || {
	cat "$results/install.log"
	echo "0 passed, 1 failed, 0 skipped"
	exit 1
}
export MUENBUILD=$prefix/bin/muenbuild

jobs=()
names=()
add() {
	names+=("$1")
	jobs+=("$2")
}

for test in "$build"/tests/unit/test_*; do
	[ -x "$test" ] || continue
	add "unit/${test##*/}" "$test"
done
for test in "$sanitized"/tests/unit/test_*; do
	[ -x "$test" ] || continue
	add "unit/${test##*/}, sanitized" "$test"
done
for target in "$sanitized"/tests/fuzz/fuzz_*; do
	[ -x "$target" ] || continue
	corpus=tests/fuzz/corpus/${target##*/fuzz_}
	add "fuzz/${target##*/}, sanitized" "find $corpus -type f | sort | xargs $target"
done
for script in tests/e2e/test_*.sh; do
	[ -e "$script" ] || continue
	add "e2e/${script##*/}" "bash $script"
done

parallel=${JOBS:-$(nproc)}
total=${#jobs[@]}
progress() {
	[ -t 2 ] && printf '\r\033[K%d of %d test programs' "$1" "$total" >&2
}

for i in "${!jobs[@]}"; do
	while [ "$(jobs -rp | wc -l)" -ge "$parallel" ]; do
		wait -n
	done
	progress "$i"
	(
		bash -c "${jobs[i]}" >"$results/$i.out" 2>"$results/$i.err" </dev/null
		echo $? >"$results/$i.status"
	) &
done
wait
[ -t 2 ] && printf '\r\033[K' >&2

passed=0
failed=0
skipped=0
for i in "${!jobs[@]}"; do
	out=$results/$i.out
	status=$(cat "$results/$i.status")
	bad=$(grep -c '^not ok' "$out")
	good=$(grep '^ok' "$out" | grep -vc '# SKIP')
	skips=$(grep -c '# SKIP' "$out")
	in_unit=$(grep -c '^# SKIP' "$out") # check counts these tests as passed
	good=$((good - in_unit))
	if [ "$bad" -eq 0 ] && { [ "$status" -ne 0 ] || [ $((good + skips)) -eq 0 ]; }; then
		echo "not ok - ${names[i]}: ended with status $status after $good results" >>"$out"
		bad=1
	fi
	if [ "$bad" -ne 0 ]; then
		echo "FAILED ${names[i]}"
		grep -v '^ok' "$out" | head -n 60 | sed 's/^/  /'
		tail -n 40 "$results/$i.err" | sed 's/^/  | /'
	fi
	grep '# SKIP' "$out" | sed "s|^|skipped ${names[i]}: |"
	passed=$((passed + good))
	failed=$((failed + bad))
	skipped=$((skipped + skips))
done

echo "$passed passed, $failed failed, $skipped skipped"
[ "$failed" -eq 0 ]
