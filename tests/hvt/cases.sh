#!/bin/sh
# Every guest under the tender, and what must become of it: cases.sh FOLDER. Prints TAP.
#
# The one table for whatever KVM there is: the host's (tests/e2e/test_hvt_guests.sh), and an
# ordinary one (tests/rig). FOLDER has tap.sh, hostile.sh and muen.sh; HVT is the tender, FAULTS the
# library faults.so; the current folder may be written to and has the guests in guests/. Descriptors
# 3 and 4 are the ends of a socket (socketpair), over which guests speak with each other.
folder=$1
. "$folder/tap.sh"
. "$folder/hostile.sh"
. "$folder/muen.sh"

# ---- the beginning and the end ---------------------------------------------------

plain_cases() {
	check "hello gets its arguments" 0 "arguments: 'a --b=c  d e'*SUCCESS" guests/hello.hvt a \
		"--b=c  d" e
	check "hello of before Solo5 0.11" 0 "hello from hvt*SUCCESS" guests/noring/hello.hvt
	check "solo5-hvt's spelling of options" 0 "16 MB of memory" --mem=16 -- guests/hello.hvt
	check "the state that a guest is entered in" 0 SUCCESS guests/entry.hvt
	for status in 0 1 77 120 126 254 255; do
		check "exit status $status passes through" $status "solo5_exit($status)" \
			guests/exit.hvt $status
	done
	check "solo5_exit() called deep inside" 9 "solo5_exit(9)" guests/exit.hvt --call 9
	check "solo5_abort()" 255 "solo5_abort() called" guests/abort.hvt
	check "an assertion that failed" 255 "ABORT: abort.c:*assertion" guests/abort.hvt --assert
	check "a last line without an end" 3 "this line has no end" guests/noeol.hvt 3
	check "much output" 0 "00000499 *SUCCESS" guests/flood.hvt --lines=500 --width=80
	check "yields" 0 "yield: done" guests/yield.hvt --count=100 --sleep-us=10
	check "clocks" 0 SUCCESS guests/clock.hvt --tolerance-ms=1000
	check "clocks of before Solo5 0.11" 0 SUCCESS guests/noring/clock.hvt --tolerance-ms=1000
	check "thread-local storage" 0 SUCCESS guests/tls.hvt
	check "SSE2 and x87" "$(on 0 124)" "$(on SUCCESS kvm_pvm)" guests/sse.hvt
}

# ---- memory ------------------------------------------------------------------------

memory_cases() {
	check "memory of 4 MiB" 0 "behind the end: read gives #PF*SUCCESS" --mem=4 guests/memory.hvt
	check "memory of 16 MiB, every word" 0 SUCCESS --mem=16 guests/memory.hvt --everything
	check "memory of 2 MiB" 0 SUCCESS --mem=2 guests/noring/hello.hvt
	check "memory of 4 GiB" 0 "4096 MB of memory*rsp = 0xfffffff8*SUCCESS" --mem=4096 \
		guests/entry.hvt
	check "a buffer at the end of 4 GiB" 0 survived --mem=4096 guests/hostile-bare.hvt \
		puts/end-exact
	check "a buffer across the end of 4 GiB" 123 "gpa=0xffffff00, sz=512" --mem=4096 \
		guests/hostile-bare.hvt puts/across-end
	check "less than the unikernel needs is refused" 121 "beyond the guest's memory" --mem=2 \
		guests/hello.hvt
	check "what lies below the unikernel" 0 SUCCESS guests/lowmem.hvt
	for probe in read-zero-page write-gdt write-page-table write-boot-info write-below-image; do
		check "$probe alone ends the guest" 255 "type=#PF" guests/lowmem.hvt $probe
	done
	check "read-boot-info alone does not" 3 "went through" guests/lowmem.hvt read-boot-info
}

# NX and read-only pages: the guest gets the fault, with a code that says write or execution.
protection_cases() {
	check "text may be read" 3 "went through" guests/wx.hvt read-text
	check "text may not be written" 255 "type=#PF ec=0x3" guests/wx.hvt write-text
	check "read-only data may not be written" 255 "type=#PF ec=0x3" guests/wx.hvt write-rodata
	for place in rodata data bss heap stack; do
		check "what lies in $place may not be executed" 255 "type=#PF ec=0x11" \
			guests/wx.hvt execute-$place
	done
}

exception_cases() {
	check "#PF: a read" 255 "type=#PF ec=0x0*cr2=0x700000000000" guests/exceptions.hvt pf
	check "#PF: a write" 255 "type=#PF ec=0x2" guests/exceptions.hvt pf-write
	check "#PF: a jump" 255 "type=#PF ec=0x10 rip=0x700000000000" guests/exceptions.hvt pf-execute
	check "#UD" 255 "type=#UD" guests/exceptions.hvt ud
	check "#DE" 255 "type=#DE" guests/exceptions.hvt de
	check "#GP: a selector" 255 "type=#GP ec=0x50" guests/exceptions.hvt gp
	check "#GP: an address" 255 "type=#GP ec=0x0" guests/exceptions.hvt gp-address
	check "#BP" "$(on 255 124)" "$(on type=#BP kvm_pvm)" guests/exceptions.hvt bp
	check "a triple fault" 123 "triple fault" guests/exceptions.hvt triple
	check "  the tender shows what the guest saved" 255 \
		"muenbuild-hvt: rip=0x*in page_fault_read+0x*error code 0x0" guests/exceptions.hvt pf
}

# ---- devices -----------------------------------------------------------------------

block_cases() {
	head -c 32768 /dev/zero >disk
	check "blocks of 512 bytes" 0 "8 blocks, 0 failures" --block=storage=disk guests/block.hvt
	check "  keep what was written" 0 "8 blocks, 0 failures" --block=storage=disk,ro \
		guests/block.hvt --read-only
	check "blocks of 4096 bytes" 0 "in blocks of 4096*8 blocks, 0 failures" \
		--block=storage=disk,sector=4096 guests/block.hvt
	check "a write to a read-only device is an error of the guest's" 1 \
		"write at block 7 gave result 3" --block=storage=disk,ro guests/block.hvt
	for fault in error short; do
		output=$(FAULT=$fault LD_PRELOAD=$FAULTS timeout -s KILL 60 "$HVT" --json=report \
			--block=storage=disk guests/block.hvt 2>&1)
		judge "a read that fails ($fault) is an error of the guest's" 1 \
			"reading at offset 512 failed: *read at block 1 gave result 3" $? "$output"
		judge "  and counted" 0 '"errors": 1' 0 "$(cat report)"
	done
}

# echo_case DESCRIPTION RING ECHO-GUEST WORD-IN-REPORT
echo_case() {
	"$HVT" --ring="$2" --net=service=@3 --json=report --timeout=60s "$3" >echo.out 2>&1 &
	tender=$!
	output=$("$HVT" --ring="$2" --net=service=@4 --timeout=60s guests/netclient.hvt \
		--ipv4=10.0.0.3/24 --peer=10.0.0.2 --count=100 --quit --arp-attempts=50 2>&1)
	judge "$1: a client's frames come back" 0 "received=100 lost=0 corrupt=0*SUCCESS" $? "$output"
	wait $tender
	judge "$1: the echo guest counts them" 0 "udp=101 *failed=0*SUCCESS" $? "$(cat echo.out)"
	judge "$1: the report says how they went" 0 "$4" 0 "$(tr -d '\n ' <report)"
}

network_cases() {
	echo_case "network by the ring" on guests/netecho.hvt \
		'"net_write":0,"net_read":0,*"ring":{"writes":1[0-9][0-9],"reads":'
	echo_case "network by hypercalls" off guests/netecho.hvt '"net_write":1[0-9][0-9],*"ring":null'
	echo_case "network of before Solo5 0.11" on guests/noring/netecho.hvt \
		'"net_write":1[0-9][0-9],*"ring":{"writes":0,"reads":0,'
	"$HVT" --ring=on --json=report --net=service=@3 --block=storage=disk guests/hostile.hvt \
		ring/kicks >/dev/null 2>&1
	exits=$(sed -n 's/.*"port": \([0-9]*\).*/\1/p' report)
	calls=$(sed -n '/"hypercalls"/,/}/s/.*": \([0-9]*\).*/+\1/p' report | tr -d '\n')
	judge "the ring's doorbell exits nothing" 0 "$exits exits for hypercalls" 0 \
		"$((0$calls)) exits for hypercalls"
	judge "  and wakes who serves it" 0 '"sleeps": [1-9]' 0 "$(cat report)"
	check "without a ring its doorbell is a port like others" 123 "port=0x600" --ring=off \
		--net=service=@3 --block=storage=disk guests/hostile.hvt port/kick
}

# ---- from outside ------------------------------------------------------------------

# signal_case SIGNAL NUMBER UNIKERNEL ARGUMENT TEXT: the signal, once TEXT has been printed
signal_case() {
	rm -f signal.out
	"$HVT" --timeout=60s "$3" "$4" >signal.out 2>&1 &
	tender=$!
	wait_for signal.out "$5"
	kill -s "$1" $tender
	wait $tender
	judge "SIG$1 ends ${3##*/} $4" $((128 + $2)) "on signal $2 (" $? "$(cat signal.out)"
}

outside_cases() {
	signal_case TERM 15 guests/yield.hvt --sleep-us=100 begins
	signal_case INT 2 guests/hostile-bare.hvt cpu/spin trying
	signal_case HUP 1 guests/hostile-bare.hvt poll/max trying
	check "--timeout" 125 "time limit of --timeout" --timeout=300ms guests/yield.hvt
	output=$(FAULT=system-call LD_PRELOAD=$FAULTS timeout -s KILL 60 "$HVT" \
		--block=storage=disk guests/block.hvt 2>&1)
	judge "a system call that the sandbox forbids is named" 126 \
		"stopped the system call getppid (" $? "$output"
}

cpuid_case() {
	output=$("$HVT" --ring=off --net=service=@3 --block=storage=disk guests/hostile.hvt \
		cpu/cpuid 2>&1)
	vmx=$(echo "$output" | sed -n 's/.*cpuid 0x1: \S* \S* \(\S*\) .*/\1/p')
	svm=$(echo "$output" | sed -n 's/.*cpuid 0x80000001: \S* \S* \(\S*\) .*/\1/p')
	judge "CPUID offers neither VMX nor SVM" 0 "0 0" 0 "$((0x$vmx & 0x20)) $((0x$svm & 4))"
}

hostile_bare_cases() {
	# Waiting for as long as the text says, before its answer is refused, would take centuries.
	hostile_case guests/hostile-bare.hvt poll-structure/text
	hostile_case guests/hostile-bare.hvt halt-cookie/beyond
	for case in net-read/beyond net-write-handle/1 block-read/text; do
		check "hostile $case without devices" 0 "result 2*survived" --mem=16 \
			guests/hostile-bare.hvt $case
	done
}

plain_cases
memory_cases
protection_cases
exception_cases
block_cases
network_cases
outside_cases
cpuid_case
hostile_bare_cases
hostile_cases
muen_cases
echo "1..$number"
