#!/bin/bash
# Debugging guests of our own with the real gdb, over --gdb and from core files. Prints TAP.
#
# MUENBUILD is the program to test (default: build/bin/muenbuild; the tender stands beside it),
# MUENBUILD_BUILD the folder with the guests (default: build). What needs gdb or /dev/kvm is
# skipped where there is none.

. "${0%/*}/tap.sh"
tender=${muenbuild%/*}/muenbuild-hvt
evidence="log out err"
running=
target=hvt

clean_up() {
	[ -z "$running" ] || kill "$running" 2>/dev/null
}

# said NAME FILE EXPRESSION...: every one of them matches a line of the file.
said() {
	local name=$1 file=$2
	shift 2
	for expression; do
		grep -qe "$expression" "$file" || {
			echo "nothing matches '$expression'" >>log
			not_ok "$name"
			return
		}
	done
	ok "$name"
}

# ---- without KVM -----------------------------------------------------------------------------

# refused NAME TEXT OPTION...: a command line with which nothing is started.
refused() {
	local name=$1 text=$2
	shift 2
	timeout -k 2 20 "$tender" "$@" "$guests/hello.hvt" >out 2>err </dev/null
	[ $? -eq 120 ] && grep -qe "$text" err && ok "$name" || not_ok "$name"
}

: >log
refused "a port that is none" "not a port" --gdb=127.0.0.1:99999
refused "a host that is none" "--gdb: 'no such host:1'" "--gdb=no such host:1"
refused "a socket without a path" "has 0" --gdb=unix:
refused "--gdb-port that is none" "--gdb-port: 'x'" --gdb --gdb-port=x
refused "two places" "leave out --gdb-port" --gdb=:1 --gdb-port=2

if ! [ -r /dev/kvm ] || ! [ -w /dev/kvm ]; then
	skip "everything that runs a guest" "/dev/kvm cannot be used here"
	finish
fi

# ---- the place ----------------------------------------------------------------------------------

# start OPTIONS GUEST ARGUMENTS: a tender that waits for a debugger; the place is in $place.
start() {
	: >err
	timeout -k 2 60 "$tender" --mem=16 $1 "$guests/$2.$target" $3 >out 2>err </dev/null &
	running=$!
	for _ in $(seq 400); do
		grep -q "waits for a debugger" err && break
		sleep 0.05
	done
	place=$(sed -n "s/.*target remote \(.*\)'.*/\1/p" err)
}

# Waits for it; its exit status is in $status.
end() {
	wait "$running"
	status=$?
	running=
}

start "--gdb --gdb-port=0 --timeout=500ms" hello
end
said "loopback is the default" err "target remote 127.0.0.1:[0-9]"
said "an open sandbox is said" err "the sandbox is open a little: --gdb may accept debuggers at"
truth "the time limit counts while nobody comes" [ $status -eq 125 ]
start "--gdb=0.0.0.0:0" hello
kill "$running"
end
said "other machines are warned of" err "warning: --gdb: 0.0.0.0:[0-9]* can be reached from other"
truth "a signal ends the wait" [ $status -eq 143 ]
start "--gdb unix:$work/sock" hello
truth "a socket is only its owner's" [ "$(stat -c %a sock)" = 700 ]
kill "$running"
end

# Garbage of all kinds, and then the line is cut.
start "--gdb=127.0.0.1:0" hello
exec 3<>"/dev/tcp/127.0.0.1/${place##*:}"
printf '+-\003$#00$g#00$}}#zz$m0,ffffffffffffffff#xx$Z9,0,0#00$qSupported:#37$X0,1:#b5$\001\377' >&3
exec 3>&-
end
said "garbage does no harm" err "debugger is gone; the guest goes on without it"
truth "the guest goes on without a debugger" [ $status -eq 0 ]

if ! command -v gdb >/dev/null; then
	skip "everything that needs gdb" "gdb is not installed"
	finish
fi

# ---- with gdb -----------------------------------------------------------------------------------

# debug OPTIONS GUEST ARGUMENTS COMMAND...: what gdb says goes to the file log.
debug() {
	local count=$(($# - 3)) guest=$2 command
	start "--gdb=unix:$work/sock $1" "$2" "$3"
	shift 3
	while [ $count -gt 0 ]; do
		command=$1
		shift
		set -- "$@" -ex "$command"
		count=$((count - 1))
	done
	timeout -k 2 60 gdb -nx -q -batch "$guests/$guest.$target" -ex "target remote $place" "$@" \
		>log 2>&1 </dev/null
	end
}

debug "" hello "one two" 'info symbol $rip' 'break solo5_app_main' continue 'backtrace' \
	'print info->cmdline' 'info threads' continue
said "the guest waits before its first instruction" log "^_start in section"
said "a breakpoint at a function" log "^Breakpoint 1, solo5_app_main"
said "a backtrace" log "^#1 .* in guest_start"
said "memory" log '= 0x[0-9a-f]* "one two"'
said "the end is told" log "exited normally"
truth "the guest's status" [ $status -eq 0 ]
said "the guest ran" out "arguments: 'one two'" SUCCESS

debug "" exit 37 continue 'print $_exitcode'
said "the guest's own exit status is told" log "= 37"
truth "and is the tender's" [ $status -eq 37 ]

# What the guest itself may not write: its command line, its code (a RET at once).
debug "" hello "one" 'break solo5_app_main' continue 'set var {char}info->cmdline = 0x74' \
	'set var {char}solo5_app_main = 0xc3' 'x/i solo5_app_main' 'print info->cmdline' \
	'set var {char}0x700000000000 = 1' 'set var $rax = 5' detach
said "protected memory is written" log '"tne"' "ret"
said "what is no memory is refused" log "Cannot access memory at address 0x700000000000"
truth "the guest runs what was written" [ $status -eq 5 ]

debug "" hello "" 'set var $rbx = 0x1122334455667788' 'print/x $rbx' 'set var $xmm7.uint128 = 77' \
	'print $xmm7.uint128' 'print/x $mxcsr' 'set var $mxcsr = 0x1fa0' 'print/x $mxcsr' \
	'print/x $fctrl' 'print/x $cs' 'set var $fs_base = 0x5000' 'print/x $fs_base' 'print/x $cr3' \
	'print $eflags' kill
said "general registers" log "= 0x1122334455667788" "= 0x8$" "= \[ \]"
said "SSE registers" log "= 77" "= 0x1f80" "= 0x1fa0"
said "x87, segment bases, control registers" log "= 0x37f" "= 0x5000" "= 0x2000"
truth "kill" [ $status -eq 137 ]

debug "" hello "" 'stepi' 'info symbol $rip' 'hbreak platform_exit' 'break solo5_console_write' \
	'continue' 'info symbol $rip' 'delete 2' 'finish' 'info symbol $rip' 'stepi 500' \
	'continue' 'backtrace 1' 'continue'
said "a step" log "^_start + 8"
said "steps and breakpoints across hypercalls" log "^Breakpoint 2, solo5_console_write" \
	"^print + [0-9]* in section"
said "a hardware breakpoint" log "^Breakpoint 1, platform_exit" "exited normally"
said "nothing is lost meanwhile" out "hello from hvt" SUCCESS
truth "and the guest ends as ever" [ $status -eq 0 ]

debug "" hello "" 'watch entry_registers.rdi' continue continue kill
said "a watchpoint" log "^Hardware watchpoint 1: entry_registers.rdi" "^New value = 65536"
debug "" hello "" 'break solo5_app_main' continue 'rwatch level' continue kill
if grep -q "accesses to data.*are refused" err; then
	said "a watchpoint for reading is refused, which was said" log "Could not insert hardware"
else
	said "a watchpoint for reading" log "^Hardware read watchpoint 2: level" "^Value = "
fi

# ---- Ctrl-C --------------------------------------------------------------------------------------

# interrupt ARGUMENTS: a guest that yields, and a Ctrl-C for gdb.
interrupt() {
	start "--gdb=unix:$work/sock" yield "$1"
	# Without timeout, which would pass the signal on twice; the tender's own limit ends gdb.
	gdb -nx -q -batch "$guests/yield.$target" -ex "target remote $place" \
		-ex continue -ex backtrace -ex 'stepi 20' -ex kill >log 2>&1 </dev/null &
	local gdb=$!
	for _ in $(seq 400); do
		grep -q "yield: begins" out && break
		sleep 0.05
	done
	sleep 0.3
	kill -INT "$gdb"
	wait "$gdb"
	end
}

interrupt ""
said "Ctrl-C" log "received signal SIGINT" "^#.* solo5_app_main" killed
interrupt "--sleep-us=60000000"
said "Ctrl-C while the guest sleeps" log "received signal SIGINT" "solo5_yield" killed
truth "and a kill" [ $status -eq 137 ]

# ---- coming and going ----------------------------------------------------------------------------

start "--gdb=unix:$work/sock" yield "--sleep-us=10000 --count=800"
gdb -nx -q -batch "$guests/yield.hvt" -ex "target remote $place" -ex detach >log 2>&1 </dev/null
truth "the guest goes on after detach" kill -0 "$running"
{
	gdb -nx -q -batch "$guests/yield.hvt" -ex "target remote $place" -ex 'break solo5_yield' \
		-ex continue -ex 'shell kill -KILL $PPID' >log 2>&1 </dev/null
} 2>/dev/null
end
said "another debugger may come" log "^Breakpoint 1, solo5_yield"
said "one that dies takes its breakpoints along" err "debugger is gone"
truth "and the guest ends well" [ $status -eq 0 ]

# ---- crashes -------------------------------------------------------------------------------------

debug "" exceptions pf continue 'backtrace' 'print/x $cr2' continue
said "a trap halts where it happened" log "received signal SIGSEGV" "^#0 .* page_fault_read" \
	"^#1 .* solo5_app_main" "= 0x700000000000"
said "and then the guest ends" log "exited with code 0377"
truth "with its own status" [ $status -eq 255 ]
debug "" abort "" continue backtrace continue
said "an abort" log "received signal SIGABRT" "solo5_abort" "exited with code 0377"
debug "" exceptions triple continue continue
# Most machines have no registers to show after one.
said "a triple fault" log "received signal SIGSEGV\|exited with code 0173"
truth "has the tender's status" [ $status -eq 123 ]
debug "" exceptions bp 'break solo5_app_main' continue 'delete' 'continue' 'info symbol $rip' kill
said "a breakpoint of the guest's own" log "received signal SIG\(TRAP\|SEGV\)" "^breakpoint\( + 1\)* in"

# ---- core files ----------------------------------------------------------------------------------

"$tender" --mem=16 --dumpcore="$work" "$guests/exceptions.hvt" ud >out 2>err </dev/null
status=$?
gdb -nx -q -batch "$guests/exceptions.hvt" core.solo5-hvt.* -ex backtrace -ex 'info registers' \
	-ex 'x/i $rip' -ex 'print info->cmdline' -ex 'frame 1' -ex 'print info->cmdline' \
	>log 2>&1 </dev/null
truth "a crash has the guest's status" [ $status -eq 255 ]
said "it is told with the nearest symbol" err "rip=0x[0-9a-f]* in invalid_opcode+0x0"
said "an open sandbox is said, too" err "the sandbox is open a little: --dumpcore"
said "a core file: symbols and callers" log "^#0 .*invalid_opcode" "^#1 .*solo5_app_main" \
	"^#2 .*guest_start"
said "a core file: registers and memory" log "^rip .*<invalid_opcode>" "ud2"

# ---- a Muen subject: addresses are virtual ones, and reads of the clock exits ------------------------

target=muen
debug "" hello "one two" 'info symbol $rip' 'break solo5_app_main' continue backtrace \
	'print info->cmdline' 'set var {char}info->cmdline = 0x74' 'print info->cmdline' \
	'x/s 0xe00000000' 'print/x $cr4' continue
said "muen: before the first instruction" log "^_start in section"
said "muen: a breakpoint and a backtrace" log "^Breakpoint 1, solo5_app_main" "^#1 .* in guest_start"
said "muen: memory, protected or not" log '= 0x[0-9a-f]* "one two"' '"tne two"' "\"muinfo\""
said "muen: the end is told" log "exited normally"
truth "muen: the guest's status" [ $status -eq 0 ]
debug "" yield "--count=3 --sleep-us=100" 'break solo5_yield' 'hbreak platform_exit' continue finish \
	'stepi 200' 'delete 1' continue 'info symbol $rip' continue
said "muen: steps and breakpoints across reads of the clock" log "^Breakpoint 1, solo5_yield" \
	"^solo5_app_main (info=" "^Breakpoint 2, platform_exit" "^platform_exit in section" "exited normally"
said "muen: nothing is lost meanwhile" out "yield: done" SUCCESS Halted
interrupt "--sleep-us=60000000"
said "muen: Ctrl-C while the guest waits" log "received signal SIGINT" "solo5_yield" killed
truth "muen: and a kill" [ $status -eq 137 ]
debug "" exceptions pf continue backtrace continue
said "muen: a trap halts where it happened" log "received signal SIGSEGV" "^#0 .* page_fault_read" \
	"^#1 .* solo5_app_main" "exited with code 0377"
"$tender" --mem=16 --dumpcore="$work" "$guests/wx.muen" write-text >out 2>err </dev/null
status=$?
gdb -nx -q -batch "$guests/wx.muen" core.solo5-muen.* -ex backtrace -ex 'frame 1' \
	-ex 'print info->cmdline' -ex 'x/s 0xe00000000' >log 2>&1 </dev/null
truth "muen: a crash has the guest's status" [ $status -eq 255 ]
said "muen: it is told in words of the policy" err "wrote to 0x200000, in its region 'text'"
said "muen: a core file" log "^#1 .*solo5_app_main" "^#2 .*guest_start" "\"muinfo\""

finish
