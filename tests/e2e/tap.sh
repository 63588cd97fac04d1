# For every end-to-end test, in plain sh: the program to test, a temporary folder that is the
# current one and removed at the end, and TAP.
#
#	. "${0%/*}/tap.sh"
#	ok NAME; not_ok NAME [FILE...]; truth NAME COMMAND...; skip NAME WHY; finish
#
# not_ok shows the end of the files named, or of those in $evidence. A test that must do more at
# its end defines clean_up. shellcheck disable=SC2034

here=$(cd "${0%/*}" && pwd)
root=$(cd "$here/../.." && pwd)
build=$(realpath "${MUENBUILD_BUILD:-$root/build}")
muenbuild=$(realpath "${MUENBUILD:-$build/bin/muenbuild}")
shared=${MUENBUILD_SHARED:-$root/../shared}
guests=$build/guests

number=0
failures=0
evidence=log

clean_up() {
	:
}

work=$(mktemp -d -p "${TMPDIR:-/tmp}") || exit 1
trap 'clean_up; cd /; rm -rf "$work"' EXIT
trap 'exit 1' INT TERM
cd "$work" || exit 1

ok() {
	number=$((number + 1))
	echo "ok $number - $1"
}

not_ok() {
	number=$((number + 1))
	failures=$((failures + 1))
	echo "not ok $number - $1"
	shift
	[ $# -gt 0 ] || set -- $evidence
	tail -n 20 "$@" 2>/dev/null | sed 's/^/# /'
}

# truth NAME COMMAND...: passes if the command does.
truth() {
	truth_name=$1
	shift
	if "$@"; then ok "$truth_name"; else not_ok "$truth_name"; fi
}

skip() {
	number=$((number + 1))
	echo "ok $number - $1 # SKIP $2"
}

finish() {
	echo "1..$number"
	exit $((failures > 0))
}
