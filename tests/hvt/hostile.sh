# What becomes of each case of the hostile guest. Sourced by cases.sh; needs descriptor 3.

# Prints the statuses and the text that a case must end with: "STATUSES TEXT". The first pattern
# that fits counts; a case that none fits has no expectation, which is a failure.
hostile_expectation() {
	case $1 in
	# HALT takes what lies there for a trap frame, or for a status and a frame's address.
	halt-cookie/end-exact | halt-cookie/zero-page | halt-cookie/page-tables | \
		halt-cookie/boot-info | halt-cookie/text | halt-cookie/rodata | \
		halt-structure/end-exact) echo "7 trying" ;;
	halt-structure/zero-page | halt-structure/page-tables | halt-structure/rodata)
		echo "0 trying"
		;;
	# What lies there is taken for an address.
	halt-structure/boot-info | halt-structure/text) echo "123 Invalid guest access: gpa=0x" ;;
	puts-structure/boot-info | puts-structure/text) echo "123 Invalid guest access: gpa=0x" ;;
	puts-structure/zero-page | puts-structure/page-tables | puts-structure/rodata)
		echo "0 survived"
		;;
	# Where the guest's memory is not, whatever is to be done there.
	*/across-end | */at-end | */at-end-one-byte | */at-end-empty | */beyond | */top | */wraps | \
		*/length-4g* | */length-2-63 | */length-wraps-to-low)
		echo "123 Invalid guest access: gpa=0x"
		;;
	puts/length-max | block-*/length-max | net-*/length-max)
		echo "123 Invalid guest access: gpa=0x"
		;;
	*/end-exact | */empty) echo "0 survived" ;;
	# What may be read, and what may not be written.
	puts/* | block-write/* | net-write/*) echo "0 survived" ;;
	block-read/* | net-read/*) echo "123 Invalid guest access: gpa=0x*must not be written" ;;
	*-structure/*) echo "123 Invalid guest access: gpa=0x*must not be written" ;;
	block-read-offset/sum-wraps | block-write-offset/sum-wraps)
		echo "123 Invalid guest access: gpa=0x"
		;;
	*-handle/2 | *-handle/1 | *-offset/last-block) echo "0 result ?*survived" ;;
	block-*-offset/unaligned) echo "0 result 0*survived" ;;
	*-handle/* | *-offset/*) echo "0 result 2*survived" ;;
	poll/0 | poll/1) echo "0 survived" ;;
	poll/*) echo "125 time limit" ;;
	halt/status-minus-1) echo "255 trying" ;;
	halt/*) echo "0 trying" ;;
	port/number-0) echo "123 Invalid guest hypercall: num=0" ;;
	port/kick | port/out-string) echo "0 survived" ;;
	port/*) echo "123 Invalid guest port access: port=0x" ;;
	ring/*) echo "0 survived" ;;
	# The ring, offered here, lies at the end of memory.
	paging/read-at-end | paging/write-at-end) echo "0 survived" ;;
	# The CPU may have fewer than 41 address bits.
	paging/read-1-tib | paging/write-1-tib) echo "123|255 rip=0x" ;;
	paging/execute-beyond) echo "124 cannot emulate an instruction of the guest" ;;
	paging/write-text | paging/write-rodata) echo "123 host/guest translation fault: rip=0x" ;;
	paging/write-boot-info | paging/write-page-tables) echo "0 survived" ;; # its own, again
	paging/*) echo "123 where it has no memory: rip=0x" ;;
	cpu/hlt*) echo "123 (HLT) for good: rip=0x" ;;
	cpu/vmcall | cpu/vmmcall) echo "0|255 cpu/vm" ;;
	cpu/rdmsr-* | cpu/wrmsr-* | cpu/cr0-no-paging) echo "255 type=#GP" ;;
	cpu/cr3-beyond) on "125 time limit" "123 triple fault" ;;
	cpu/triple-fault) echo "123 triple fault" ;;
	cpu/cpuid | cpu/debug-registers) echo "0 survived" ;;
	cpu/spin) echo "125 time limit" ;;
	esac
}

# hostile_case UNIKERNEL CASE [OPTION...]
hostile_case() {
	unikernel=$1 case=$2
	shift 2
	expected=
	[ "${unikernel%.muen}" = "$unikernel" ] || expected=$(muen_hostile_expectation "$case")
	[ -n "$expected" ] || expected=$(hostile_expectation "$case")
	if [ -z "$expected" ]; then
		not_ok "hostile $case" "there is no expectation for it" ""
		return
	fi
	limit=30s
	[ "${expected%% *}" != 125 ] || limit=500ms
	check "${unikernel##*.}: hostile $case" "${expected%% *}" "${expected#* }" --mem=16 --timeout=$limit "$@" \
		"$unikernel" "$case"
}

# The cases that a hostile guest has, one in each line.
hostile_list() {
	"$HVT" "$@" list 2>&1 </dev/null | grep '^[a-z0-9-]*/[a-z0-9-]*$'
}

hostile_cases() {
	set -- --ring=on --net=service=@3 --block=storage=disk
	list=$(hostile_list "$@" guests/hostile.hvt)
	for case in $list; do
		hostile_case guests/hostile.hvt "$case" "$@"
	done
	judge "hostile: there are hundreds of cases" 0 "[3-9][0-9][0-9] cases" 0 \
		"$(echo "$list" | wc -l) cases"
}
