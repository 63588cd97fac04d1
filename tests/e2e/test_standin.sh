#!/bin/bash
# The stand-in kernel in an emulated PC, started by the loader: the guests for muen as they are, what
# they print, and how the kernel says that they ended.
. "${0%/*}/lib.sh"

if ! command -v qemu-system-x86_64 >/dev/null; then
	skip 'the stand-in kernel' 'qemu-system-x86_64 is not installed (Debian: qemu-system-x86)'
	finish
fi

boot=${muenbuild%/bin/*}/share/muenbuild/boot
mkstandin=$build/tests/tools/mkstandin
subjects=()

# subject NAME GUEST [ARGUMENTS]: one more for the next image.
subject() {
	subjects+=("$1" "$guests/$2.muen" "${3-}")
}

# make_image RAM-MIB [OPTION...]: system.csl of the subjects so far.
make_image() {
	"$mkstandin" "$boot/standin" system.csl "$@" "${subjects[@]}" || fail 'the image is made' "$*"
	subjects=()
}

# start QEMU-OPTION...: boots system.csl until the kernel, or the loader, says that it has ended.
# Fills .serial and .screen.
start() {
	local emulator
	rm -f .serial .screen .monitor
	mkfifo .monitor
	qemu-system-x86_64 -accel tcg -m 256 -display none -no-reboot -monitor stdio \
		-kernel "$boot/loader" -initrd system.csl -serial file:.serial "$@" \
		<.monitor >.qemu 2>&1 &
	emulator=$!
	exec 3>.monitor
	for _ in $(seq 600); do
		kill -0 "$emulator" 2>/dev/null || break
		grep -qaE '^stand-in: (all subjects ended|the handover)|machine stops|loader: stopped' \
			.serial 2>/dev/null && break
		sleep 0.1
	done
	printf 'pmemsave 0xb8000 4000 .screen\nquit\n' >&3
	exec 3>&-
	wait "$emulator"
	tr -d '\r' <.serial >.lines
}

# says DESCRIPTION LINE: the console has the line, which is a regular expression.
says() {
	if grep -qaE "^$2\$" .lines; then
		ok "$1"
	else
		fail "$1" "no line '$2' in:" "$(tail -n 60 .lines)"
	fi
}

# ended DESCRIPTION NAME STATUS [TEXT...]: the subject ended so, and its log has lines with each text.
ended() {
	local description=$1 name=$2 status=$3
	shift 3
	if ! grep -qxF "stand-in: $name: ended, exit status $status" .lines; then
		fail "$description" "$name did not end with status $status:" \
			"$(grep -a "$name" .lines || cat .lines)"
		return
	fi
	for text in "$@"; do
		if ! grep -qaE "^(stand-in: )?$name:? .*$text" .lines; then
			fail "$description" "no '$text' of $name:" "$(grep -a "$name" .lines)"
			return
		fi
	done
	ok "$description"
}

# ---- the beginning and the end --------------------------------------------------------------------

subject hello hello 'a --b=c  d e'
make_image 16
start
says 'the kernel says what it is' 'muenbuild stand-in kernel [0-9.]+: not for production'
says 'a greeting stands alone on its line' 'hello from muen'
says '  with its arguments' "arguments: 'a --b=c  d e'"
says 'it says how it ended' 'stand-in: hello: ended, exit status 0'
says 'and that nothing follows' 'stand-in: all subjects ended'
rate=$(sed -n 's/.*TSC frequency \([0-9]*\) Hz.*/\1/p' .lines)

start -machine pc,pit=off
says 'without a PIT the RTC tells how fast time goes by' 'stand-in: hello: ended, exit status 0'
other=$(sed -n 's/.*TSC frequency \([0-9]*\) Hz.*/\1/p' .lines)
check "  and both agree ($rate and $other Hz)" \
	test $((rate / 4 * 3)) -lt "$other" -a "$other" -lt $((rate / 4 * 5))

start -serial none
check 'without a serial port it runs, and says all on the screen' python3 - <<'PYTHON'
screen = open(".screen", "rb").read()[0::2].decode("ascii")
rows = [screen[i:i + 80].rstrip() for i in range(0, 2000, 80)]
assert rows[0].startswith("muenbuild stand-in kernel"), rows
assert "hello from muen" in rows and "stand-in: all subjects ended" in rows, rows
PYTHON

start -cpu max -smp 2 -machine q35
says 'it runs on a newer PC with two processors' 'stand-in: hello: ended, exit status 0'
start -cpu qemu64,nx=off
says 'it is not started without no-execute pages' '.*64-bit processor with no-execute pages.*'

python3 - <<'PYTHON'
stream = bytearray(open("system.csl", "rb").read())
at = stream.rindex(b"&standin")
stream[at] ^= 1
open("system.csl", "wb").write(stream)
PYTHON
start
says 'a handover that is none stops it' 'stand-in: the handover is not good: it is not one'

subject flood flood '--lines=8000 --width=72'
make_image 16
start
check 'a flood of lines comes whole' test "$(grep -cE '^[0-9]{8} \.{63}$' .lines)" -eq 8000
check '  in its order' sort -C <(grep -aE '^[0-9]{8} ' .lines)
ended '  none of it lost' flood 0
check '  says so' test -z "$(grep -a 'were lost' .lines)"

subject memory memory --everything
make_image 160
start
says 'memory of 160 MiB is all there' 'memory: writable: yes'
ended '  and ends there' memory 0 'bytes behind the end of .ram. \(the unikernel\)'

# ---- what unikernels do ------------------------------------------------------------------------------

now=$(date +%s)
subject clock clock '--tolerance-ms=1000'
subject exit77 exit 77
subject exit255 exit '--call 255'
subject abort abort
subject assert abort --assert
subject noeol noeol 3
subject quiet exit '--solo5:quiet 9'
subject yield yield '--count=100 --sleep-us=1000'
subject tls tls
subject sse sse
subject memory memory
subject lowmem lowmem
subject entry entry
for revision in 02 03 04; do
	subject "hello$revision" "sinfo$revision/hello" x
	subject "clock$revision" "sinfo$revision/clock" '--tolerance-ms=1000 --sleep-ms=10'
done
make_image 4
start
ended 'clocks advance, a sleep is long enough' clock 0 SUCCESS
wall=$(sed -n 's/^clock: clock: wall \([0-9]*\)[0-9]\{9\} ns.*/\1/p' .lines)
check "  and it is the time of day ($wall)" test $((wall - now)) -ge -2 -a $((wall - now)) -lt 60
ended 'exit status 77' exit77 77 'exit: status 77'
ended 'exit status 255, from deep inside' exit255 255
ended 'solo5_abort()' abort 255 'solo5_abort\(\) called'
ended 'an assertion that failed' assert 255 'ABORT: abort.c:[0-9]+: !assertion'
ended 'a last line without its end' noeol 3 'this line has no end'
ended 'a status that is not said is not known' quiet 0
ended 'yields' yield 0 'yield: done'
ended 'thread-local storage' tls 0 SUCCESS
ended 'SSE2 and x87' sse 0 SUCCESS
ended 'memory' memory 0 'read gives #PF, write gives #PF'
ended 'what lies below the unikernel' lowmem 0 SUCCESS
# Subjects run at privilege level 3 here, where the timer must be able to interrupt them: of the
# state at entry, the interrupt flag alone is not Muen's.
ended 'the state at entry is that of Muen' entry 1 'rdi \(boot info\) = 0x1000$' 'other .* = 0x0$'
check '  but for the interrupt flag' \
	test "$(grep -a UNEXPECTED .lines | grep -vc 'rflags (IF clear) = 0x2')" -eq 0
for revision in 02 03 04; do
	ended "subject info $revision" "hello$revision" 0 'hello from muen' "arguments: 'x'"
	ended '  and its clocks' "clock$revision" 0 SUCCESS
done

# ---- faults --------------------------------------------------------------------------------------------

for exception in pf pf-write pf-execute ud de gp gp-address bp triple; do
	subject "$exception" exceptions "$exception"
done
make_image 4
start
ended '#PF: a read' pf 255 'type=#PF ec=0x0' 'cr2=0x700000000000' \
	'read 0x700000000000, where nothing is, at rip 0x2'
ended '#PF: a write' pf-write 255 'type=#PF ec=0x2' 'wrote to 0x700000000000, where nothing is'
ended '#PF: a jump' pf-execute 255 'type=#PF ec=0x10 rip=0x700000000000' 'executed 0x700000000000'
ended '#UD' ud 255 'type=#UD ec=0x0'
ended '#DE' de 255 'type=#DE'
ended '#GP: a selector' gp 255 'type=#GP ec=0x50'
ended '#GP: an address' gp-address 255 'type=#GP ec=0x0'
ended '#BP' bp 255 'type=#BP'
says 'no handlers at all' 'stand-in: triple: ended by #UD at rip 0x.* no handler that could be entered'

for access in read-text write-text write-rodata execute-rodata execute-data execute-bss \
	execute-heap execute-stack; do
	subject "$access" wx "$access"
done
make_image 4
start
ended 'text may be read' read-text 3 'went through'
ended 'text may not be written' write-text 255 'type=#PF ec=0x3' \
	"wrote to 0x200000 in 'text', read-only and executable \(the unikernel\), at rip 0x2"
ended 'read-only data may not be written' write-rodata 255 'type=#PF ec=0x3' \
	"wrote to 0x.* in '.*', read-only \(the unikernel\)"
for place in rodata data bss heap stack; do
	ended "what lies in $place may not be executed" "execute-$place" 255 'type=#PF ec=0x11' \
		"executed 0x.* in '.*', .* \(the unikernel\)"
done

# ---- subjects that lie -----------------------------------------------------------------------------------

# hostile_cases PATTERN: all cases of the guest that match, each as a subject: $cases and $names.
hostile_cases() {
	subject list hostile list
	[ -e cases ] || {
		make_image 4
		start
		sed -nE 's/^([a-z-]+\/[a-z0-9-]+)$/\1/p' .lines >cases
	}
	subjects=()
	mapfile -t cases < <(grep -E "$1" cases)
	names=()
	for case in "${cases[@]}"; do
		names+=("case${#names[@]}")
		subject "${names[-1]}" hostile "$case"
	done
	make_image 4
	start
}

hostile_cases '^region/'
check 'there are cases of regions' test "${#cases[@]}" -ge 14
for i in "${!cases[@]}"; do
	case=${cases[i]} name=${names[i]}
	case $case in
	*/read-behind-ram) ended "$case: the next channel lies there" "$name" 0 survived ;;
	*/read-non-canonical) ended "$case" "$name" 255 'type=#GP' ;;
	*/write-time-info) ended "$case" "$name" 255 'type=#PF' "in 'time_info', read-only \(Muen" ;;
	*) ended "$case" "$name" 255 'type=#PF' '(wrote to|read|executed) 0x' ;;
	esac
done

hostile_cases '^cpu/[^s]'
for i in "${!cases[@]}"; do
	case=${cases[i]} name=${names[i]}
	case $case in
	*/hlt*) ended "$case ends it" "$name" 0 ;;
	*/cr3* | */cr0* | */debug*)
		says "$case ends it" "stand-in: $name: ended by MOV .* rip 0x.*: Muen halts .*" ;;
	*/triple-fault) says "$case" "stand-in: $name: ended by #UD .*" ;;
	*/vmmcall) ended "$case" "$name" 255 'type=#UD' ;;
	*) ended "$case is harmless" "$name" 0 survived ;;
	esac
done
says 'MSRs that are ignored are told once' 'stand-in: the model-specific register 0x12345678, .*'
check '  only' test "$(grep -c 'model-specific register' .lines)" -eq 1

for group in out console; do
	hostile_cases "^$group(-[a-z]+)?/"
	check "there are cases of $group" test "${#cases[@]}" -ge 20
	for i in "${!cases[@]}"; do
		ended "${cases[i]}: the kernel goes on" "${names[i]}" 0
	done
done
check 'control characters are made visible' grep -qF '\x1b]0;title\x07\x1b[2J\x1b[31m' .lines
check '  and never reach the terminal' test "$(tr -d '\r\n\t\040-\176\377' <.serial | wc -c)" -eq 0
says 'records that are lost are counted' 'stand-in: .*: 9[0-9]{5} records of its debug log were lost'

# ---- several -----------------------------------------------------------------------------------------------

subject client netclient '--timeout-ms=50 --arp-attempts=3'
subject echo netecho '--lifetime-ms=100'
make_image 4 --share
start
ended 'who is alone gets no answer' client 1 'no answer to ARP'
ended 'what one subject wrote the next one reads' echo 0 'frames=[1-9].* arp=[1-9]'

subject hello hello
subject exit exit 5
make_image 4 --reset
start
says 'the event at its end is seen' 'stand-in: hello: asked for its reset event, exit status 0'
says '  and the status' 'stand-in: exit: asked for its reset event, exit status 5'
finish
