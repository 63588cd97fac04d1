# Functions for tests of the tender that print TAP; for any POSIX shell. HVT is the tender.

number=0

ok() {
	number=$((number + 1))
	echo "ok $number - $1"
}

skip() {
	number=$((number + 1))
	echo "ok $number - $1 # SKIP $2"
}

# not_ok DESCRIPTION REASON OUTPUT
not_ok() {
	number=$((number + 1))
	echo "not ok $number - $1"
	printf '%s\n%s\n' "$2" "$3" | tail -n 40 | LC_ALL=C tr -cd '\n\40-\176' | sed 's/^/# /'
}

# judge DESCRIPTION STATUSES TEXT FOUND OUTPUT: whether FOUND is one of the STATUSES ("0|255"),
# and the pattern TEXT occurs in OUTPUT
judge() {
	case "|$2|" in
	*"|$4|"*) ;;
	*)
		not_ok "$1" "exit status $4, expected was $2" "$5"
		return
		;;
	esac
	case $5 in
	*$3*) ok "$1" ;;
	*) not_ok "$1" "exit status $4; expected was the text: $3" "$5" ;;
	esac
}

# check DESCRIPTION STATUSES TEXT [OPTION...] UNIKERNEL [ARGUMENT...]
check() {
	description=$1 statuses=$2 text=$3
	shift 3
	output=$(timeout -s KILL 60 "$HVT" "$@" 2>&1 </dev/null)
	judge "$description" "$statuses" "$text" $? "$output"
}

# wait_for FILE TEXT: until the file has it, for half a minute
wait_for() {
	tries=300
	until grep -q "$2" "$1" 2>/dev/null; do
		tries=$((tries - 1))
		[ $tries -gt 0 ] || return 1
		sleep 0.1
	done
}

# on ORDINARY PVM: the first on an ordinary KVM, the second where kvm_pvm interprets the guest
on() {
	if [ -e /sys/module/kvm_pvm ]; then echo "$2"; else echo "$1"; fi
}
