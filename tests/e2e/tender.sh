# For the end-to-end tests of the tender: what tap.sh has, and runs of it.
#
#	. "${0%/*}/tender.sh"
#	hvt --mem=4 -- hello.hvt            # fills $status, out, err
#	result 'says hello' 0 hello
#	finish
#
# shellcheck shell=bash
. "${BASH_SOURCE[0]%/*}/tap.sh"
evidence="out err"
tender=$(dirname "$muenbuild")/muenbuild-hvt

# Runs the tender with a limit on time; status, out and err are what came of it.
hvt() {
	timeout -k 2 30 "$tender" "$@" >out 2>err </dev/null
	status=$?
}

# result NAME STATUS [OUT_WORD [ERR_WORD]]: judges the last hvt.
result() {
	if [ "$status" = "$2" ] && { [ -z "${3-}" ] || grep -qe "$3" out; } &&
		{ [ -z "${4-}" ] || grep -qe "$4" err; }; then
		ok "$1"
	else
		echo "status $status, $2 was expected" >>err
		not_ok "$1"
	fi
}
