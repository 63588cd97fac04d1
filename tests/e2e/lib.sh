# For the end-to-end tests of build and its kin: what tap.sh has, and judging of commands.
#
#	. "${0%/*}/lib.sh"
#	run "$muenbuild" inspect x.muen     # fills $status, .stdout, .stderr
#	check 'says what it is' grep -q 'a Solo5 unikernel' .stdout
#	finish
set -u

# In memory where that can be: what is tested syncs all that it writes.
if [ -z "${TMPDIR-}" ] && [ -w /dev/shm ]; then
	TMPDIR=/dev/shm
fi
. "${BASH_SOURCE[0]%/*}/tap.sh"
mkelf=$build/tests/tools/mkelf
export LC_ALL=C
export PYTHONDONTWRITEBYTECODE=1
unset MUENBUILD_DATA

# fail NAME LINE...: shows what is said, not files.
fail() {
	not_ok "$1" /dev/null
	shift
	printf '%s\n' "$@" | sed 's/^/# /'
}

# check NAME COMMAND...: passes if the command does.
check() {
	local name=$1 said
	shift
	if said=$("$@" 2>&1); then
		ok "$name"
	else
		fail "$name" "failed: $*" "$said"
	fi
}

# run COMMAND...: its exit status in $status, what it says in the files .stdout and .stderr.
run() {
	status=0
	"$@" >"$work/.stdout" 2>"$work/.stderr" </dev/null || status=$?
}

# expect NAME STATUS WORD COMMAND...: the command ends so and says the word on stderr.
expect() {
	local name=$1 wanted=$2 word=$3
	shift 3
	run "$@"
	if [ "$status" -eq "$wanted" ] && { [ -z "$word" ] || grep -qF -- "$word" "$work/.stderr"; }; then
		ok "$name"
	else
		fail "$name" "status $status, $wanted was expected; '$word' in:" "$(cat "$work/.stderr")"
	fi
}

# refuse NAME STATUS WORD COMMAND...: as expect, and there is a mend, nothing on stdout, and nothing
# is left behind in the folder "out".
refuse() {
	rm -rf out
	expect "$@"
	[ -e out ] && fail "$1: leaves nothing behind" "$(ls -A out)"
	[ -s "$work/.stdout" ] && fail "$1: nothing on stdout" "$(head -3 "$work/.stdout")"
	grep -q '^  mend: .' "$work/.stderr" || fail "$1: says a mend" "$(cat "$work/.stderr")"
	rm -rf out
}

# A build without an image: what is tested is in the documents, and they take a tenth of the time.
documents() {
	"$muenbuild" "$@" --no-image
}

same() {
	diff -r "$1" "$2"
}

json() {
	python3 -m json.tool "$1" >/dev/null
}
