# What benchmarks that compare two commands share; to be read by them, with an array `best`.

# once NAME COMMAND...: runs it; best[NAME] keeps the microseconds of the fastest run
once() {
	local name=$1 start end
	shift
	start=${EPOCHREALTIME/./}
	"$@"
	end=${EPOCHREALTIME/./}
	if [ -z "${best[$name]:-}" ] || [ $((end - start)) -lt "${best[$name]}" ]; then
		best[$name]=$((end - start))
	fi
}
