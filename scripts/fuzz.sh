#!/bin/sh
# Runs fuzz targets, each on its corpus: fuzz.sh FOLDER SECONDS [TARGET]
set -eu

folder=$1
seconds=$2
for target in "$folder"/fuzz_${3:-*}; do
	[ -x "$target" ] && [ ! -d "$target" ] || continue
	name=$(basename "$target")
	found=$folder/found/$name
	mkdir -p "$found"
	echo "== $name, $seconds seconds"
	"$target" -max_total_time="$seconds" -timeout=10 -rss_limit_mb=2048 -print_final_stats=1 \
		-artifact_prefix="$found/" "$found" "tests/fuzz/corpus/${name#fuzz_}"
done
