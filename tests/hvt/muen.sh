# What becomes of the muen guests. Sourced by cases.sh, behind hostile.sh; needs descriptors 3 and 4.

# ---- the beginning and the end ---------------------------------------------------

muen_plain_cases() {
	check "muen: hello gets its arguments" 0 "muen, 514 MB*arguments: 'a --b=c  d e'*SUCCESS" \
		guests/hello.muen a "--b=c  d" e
	for revision in 02 03 04; do
		check "muen: hello with subject info $revision" 0 "hello from muen*SUCCESS" \
			guests/sinfo$revision/hello.muen
		check "muen: clocks with subject info $revision" 0 SUCCESS \
			guests/sinfo$revision/clock.muen --tolerance-ms=1000
	done
	check "muen: the state that a guest is entered in" 0 SUCCESS guests/entry.muen
	for status in 0 1 77 120 126 254 255; do
		check "muen: exit status $status is learned from the console" $status \
			"solo5_exit($status)" guests/exit.muen $status
	done
	check "muen: solo5_exit() called deep inside" 9 "solo5_exit(9)" guests/exit.muen --call 9
	check "muen: a quiet guest tells no status" 0 "exit: status 9" guests/exit.muen \
		--solo5:quiet 9
	check "muen: solo5_abort()" 255 "solo5_abort() called" guests/abort.muen
	check "muen: an assertion that failed" 255 "ABORT: abort.c:*assertion" guests/abort.muen \
		--assert
	check "muen: a last line without an end" 3 "this line has no endSolo5: solo5_exit(3)" \
		guests/noeol.muen 3
	check "muen: much output, of which nothing is lost" 0 "00000499 *SUCCESS" --json=report \
		guests/flood.muen --lines=500 --width=80
	judge "muen:   no record was overrun" 0 '"log_overrun": 0' 0 "$(cat report)"
	check "muen: yields" 0 "yield: done" guests/yield.muen --count=100 --sleep-us=10
	check "muen: clocks" 0 SUCCESS --json=report guests/clock.muen --tolerance-ms=1000
	check "muen: thread-local storage" 0 SUCCESS guests/tls.muen
	check "muen: SSE2 and x87" "$(on 0 124)" "$(on SUCCESS kvm_pvm)" guests/sse.muen
	check "muen: block devices are refused" 121 "Solo5 has no block devices on Muen" \
		guests/block.muen
}

# ---- memory ------------------------------------------------------------------------

muen_memory_cases() {
	check "muen: memory of 1 MiB" 0 "read gives #PF*SUCCESS" --mem=1 guests/memory.muen
	check "muen: memory of 16 MiB, every word" 0 SUCCESS --mem=16 guests/memory.muen --everything
	check "muen: memory of 5 GiB" 0 "SUCCESS" --mem=5G guests/entry.muen
	check "muen: less than the unikernel needs" 255 "Not enough memory" --mem=4K \
		guests/hello.muen
	check "muen: more than a subject can have is refused" "120|121" "--ram" --mem=200000000 \
		guests/hello.muen
	check "muen: what lies below the unikernel, and Muen's pages" 0 SUCCESS guests/lowmem.muen
	for probe in read-zero-page write-boot-info write-below-image; do
		check "muen: $probe alone ends the guest" 255 "type=#PF*the guest *" \
			guests/lowmem.muen $probe
	done
	check "muen: a write to the subject info is explained" 255 \
		"wrote to 0xe00000000, in its region 'sinfo' (*read-only" guests/lowmem.muen write-sinfo
	check "muen: text may be read" 3 "went through" guests/wx.muen read-text
	for place in text rodata; do
		check "muen: $place may not be written" 255 "ec=0x3 *in its region *read-only" \
			guests/wx.muen write-$place
	done
	for place in rodata data bss heap stack; do
		check "muen: what lies in $place may not be executed" 255 \
			"ec=0x11 *jumped to 0x*in its region *not executable" \
			guests/wx.muen execute-$place
	done
}

muen_exception_cases() {
	check "muen: #PF: a read" 255 "cr2=0x700000000000*read at 0x700000000000, outside of all" \
		guests/exceptions.muen pf
	check "muen: #PF: a write" 255 "ec=0x2 *wrote to 0x700000000000, outside" \
		guests/exceptions.muen pf-write
	check "muen: #PF: a jump" 255 "ec=0x10 rip=0x700000000000*jumped to" \
		guests/exceptions.muen pf-execute
	check "muen: #UD" 255 "type=#UD*rip=0x*in invalid_opcode+0x0" guests/exceptions.muen ud
	check "muen: #DE" 255 "type=#DE" guests/exceptions.muen de
	check "muen: #GP" 255 "type=#GP ec=0x50" guests/exceptions.muen gp
	check "muen: #BP" "$(on 255 124)" "$(on type=#BP kvm_pvm)" guests/exceptions.muen bp
	check "muen: a triple fault" 123 "triple fault" guests/exceptions.muen triple
}

# ---- network -----------------------------------------------------------------------

# muen_echo DESCRIPTION ECHO-GUEST CLIENT COUNT WINDOW OPTION...: frames over a socket, there and back
muen_echo() {
	description=$1 echo=$2 client=$3 count=$4 window=$5
	shift 5
	"$HVT" --net=service=@3 --json=report --timeout=60s "$@" "$echo" --overrun-is-fatal \
		>echo.out 2>&1 &
	tender=$!
	output=$("$HVT" --net=service=@4 --json=report.client --timeout=60s "$@" "$client" \
		--peer=10.0.0.2 --count=$count --window=$window --size=1400 --timeout-ms=20000 --quit \
		--arp-attempts=50 2>&1)
	judge "muen: $description: the frames come back" 0 \
		"received=$count lost=0 corrupt=0*SUCCESS" $? "$output"
	wait $tender
	judge "muen: $description: the echo guest counts them" 0 "udp=$((count + 1)) *failed=0*SUCCESS" \
		$? "$(cat echo.out)"
}

muen_no_loss() {
	for report in report report.client; do
		judge "muen: $1: nothing is overrun, no channel begins anew ($report)" 0 \
			'"out_overrun":0,"out_malformed":0,"in_restarts":0' 0 "$(tr -d '\n ' <$report)"
	done
	judge "muen: $1: the guest saw neither" 0 "epochs=1 overruns=0 malformed=0" 0 "$(cat echo.out)"
}

muen_network_cases() {
	muen_echo "muen to muen" guests/netecho.muen guests/netclient.muen 100 1
	muen_no_loss "muen to muen"
	mac=$(sed -n 's/.*Using MAC address //p' echo.out)
	judge "muen: the report knows the MAC address that the guest made" 0 "\"mac\": \"$mac\"" 0 \
		"$(cat report)"
	muen_echo "muen to hvt" guests/netecho.hvt guests/netclient.muen 50 1
	muen_echo "hvt to muen" guests/netecho.muen guests/netclient.hvt 50 1
	for revision in 02 03 04; do
		muen_echo "subject info $revision" guests/sinfo$revision/netecho.muen \
			guests/netclient.muen 20 1
	done
	muen_echo "many frames" guests/netecho.muen guests/netclient.muen "$(on 10000 500)" 64
	muen_no_loss "many frames"
	# 43 elements: 21 frames at most are under way.
	muen_echo "a small channel" guests/netecho.muen guests/netclient.muen 300 64 \
		--channel-size=64K
	muen_no_loss "a small channel"
	check "muen: --net-mac" 125 "Using MAC address 02:00:5e:10:20:30" --timeout=1s \
		--net=service=@3 --net-mac:service=02:00:5e:10:20:30 guests/netecho.muen
	check "muen: --net-mac of another kind" 120 "makes the address itself" \
		--net=service=@3 --net-mac:service=00:00:5e:10:20:30 guests/netecho.muen
	check "muen: --net-mac for the second device" 125 \
		"service0: Using MAC address 06:01:02:03:04:05*service1: Using MAC address 0a:f9:8" \
		--timeout=2s --net=service0=@3,mac=06:01:02:03:04:05 \
		--net=service1=@4,mac=0a:f9:8e:7d:6c:5b guests/netecho2.muen
	check "muen: a device that is not attached" 120 "declared but not attached" \
		guests/netecho.muen
	check "muen: a channel that is no whole page" 120 "no multiple of 4 KiB" \
		--channel-size=2000 --net=service=@3 guests/netecho.muen
}

# ---- from outside ------------------------------------------------------------------

# Ticks of 10 ms that a process has used.
ticks() {
	sed 's/.*) //' "/proc/$1/stat" | { read -r _ _ _ _ _ _ _ _ _ _ _ user system _; echo $((user + system)); }
}

# idle_case DESCRIPTION [OPTION...] UNIKERNEL [ARGUMENT...]: the guest waits, after a while to settle
idle_case() {
	description=$1
	shift
	"$HVT" --mem=16 --timeout=60s --json=report "$@" >idle.out 2>&1 &
	tender=$!
	sleep 3
	before=$(ticks $tender)
	sleep 5
	used=$(($(ticks $tender) - before))
	kill $tender
	wait $tender
	judge "$description: less than 5 % of a CPU" 0 "yes" 0 \
		"$([ $used -lt 25 ] && echo yes) $used ticks of 500, $(cat idle.out report)"
	echo "# $used ticks of 500"
}

muen_outside_cases() {
	signal_case TERM 15 guests/yield.muen --sleep-us=100 begins
	signal_case INT 2 guests/flood.muen --endless 00000010
	check "muen: --timeout" 125 "time limit of --timeout" --timeout=300ms guests/yield.muen
	check "muen: --expect ends a guest that waits" 0 "passed" --timeout=20s \
		--expect=begins guests/yield.muen --sleep-us=1000000
	check "muen: --reject" 125 "reject 'begins': seen" --timeout=20s \
		--reject=begins guests/yield.muen --sleep-us=1000000
	idle_case "muen: a guest that sleeps" guests/yield.muen --sleep-us=600000000
	idle_case "muen: a guest that waits for frames" --net=service=@3 guests/netecho.muen
	# What was printed before a computation that takes for ever is fetched all the same.
	check "muen: --expect ends a guest that computes" 0 "passed" --timeout=20s \
		--expect=trying --net=service=@3 guests/hostile.muen cpu/spin
}

muen_hostile_expectation() {
	case $1 in
	# Without a console there is no word of the end.
	console/epoch-0) echo "123 (HLT) for good" ;;
	console/* | console-record/*) echo "0|123 test guest for muen" ;;
	out/* | out-length/*) echo "0 survived" ;;
	region/write-*) echo "255 wrote to 0x*in its region '*read-only" ;;
	region/execute-*) echo "255 jumped to 0x*in its region '*not executable" ;;
	region/read-behind-ram) echo "0 survived" ;; # that is a channel
	region/read-non-canonical) echo "255 type=#GP" ;;
	region/read-*) echo "255 outside of all its regions" ;;
	esac
}

muen_hostile_cases() {
	list=$(hostile_list --net=service=@3 guests/hostile.muen)
	for case in $list; do
		hostile_case guests/hostile.muen "$case" --net=service=@3
	done
	judge "muen: hostile: there are many cases" 0 "[6-9][0-9] cases" 0 "$(echo "$list" | wc -l) cases"
}

muen_cases() {
	muen_plain_cases
	muen_memory_cases
	muen_exception_cases
	muen_network_cases
	muen_outside_cases
	muen_hostile_cases
}
