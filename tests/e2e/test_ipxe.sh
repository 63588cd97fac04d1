#!/bin/sh
# The verb ipxe, and its scripts in a real iPXE (Debian's, in QEMU): they must be understood, boot
# through memdisk, and never give the machine back to its firmware. Prints TAP.
#
# MUENBUILD is the program to test (default: build/bin/muenbuild). Debian's iPXE has no imgtrust:
# scripts of ours must say so and stop; where a script shall get further, the test takes the lines
# that need it out. IPXE_LKRN names another iPXE.

. "${0%/*}/tap.sh"

ipxe=${IPXE_LKRN:-/usr/lib/ipxe/ipxe.lkrn}
memdisk=/usr/lib/syslinux/memdisk
qemu=

clean_up() {
	[ -z "$qemu" ] || kill "$qemu" 2>/dev/null
}

# check DESCRIPTION COMMAND...
check() {
	description=$1
	shift
	if "$@" >log 2>&1; then ok "$description"; else not_ok "$description" log; fi
}

# check_status DESCRIPTION STATUS TEXT COMMAND...: the exit status, and a text on stderr
check_status() {
	description=$1 expected=$2 text=$3
	shift 3
	"$@" >out.log 2>log
	status=$?
	if [ $status -eq "$expected" ] && grep -qF -- "$text" log; then
		ok "$description"
	else
		echo "exit status $status, $expected and '$text' expected" >>log
		not_ok "$description" log
	fi
}

# ---- the command --------------------------------------------------------------

check "the usual example is written to boot.ipxe" "$muenbuild" ipxe --ip 192.168.199.4 \
	--netmask 255.255.255.0 --gateway 192.168.199.1 --url http://192.168.199.2
for line in '#!ipxe' 'imgfree || goto failed' 'imgtrust --permanent || goto no_trust' \
	'set net0/ip 192.168.199.4 || goto no_network' \
	'set net0/netmask 255.255.255.0 || goto no_network' \
	'set net0/gateway 192.168.199.1 || goto no_network' \
	'kernel http://192.168.199.2/memdisk || goto no_file' \
	'initrd http://192.168.199.2/muen.iso || goto no_file' \
	'imgverify memdisk http://192.168.199.2/memdisk.sig || goto bad_signature' \
	'imgverify muen.iso http://192.168.199.2/muen.iso.sig || goto bad_signature' \
	'imgargs memdisk iso raw || goto failed'; do
	check "it has: $line" grep -qxF -- "$line" boot.ipxe
done
check "the same options give the same bytes" sh -c '"$1" ipxe --ip 192.168.199.4/24 \
	--gateway 192.168.199.1 --url http://192.168.199.2/ -o - | cmp - boot.ipxe' sh "$muenbuild"

mkdir folder
check "-o DIR writes DIR/boot.ipxe" "$muenbuild" ipxe -o folder
check "  which is there" test -s folder/boot.ipxe
check "--embed writes embed.ipxe and says how to build iPXE" sh -c '"$1" ipxe --embed \
	--url http://192.168.199.2 -o folder/ >text && test -s folder/embed.ipxe && grep -q \
	"define IMAGE_TRUST_CMD" text && grep -q "EMBED=folder/embed.ipxe" text' sh "$muenbuild"
check "with -o - they go to stderr" sh -c '"$1" ipxe --embed -o - 2>text | head -n 1 | \
	grep -qx "#!ipxe" && grep -q IMAGE_TRUST_CMD text' sh "$muenbuild"
if command -v python3 >/dev/null; then
	check "--json is one document" sh -c '"$1" ipxe --json -o - --platform auto >j && python3 -c \
"import json; d = json.load(open(\"j\")); assert d[\"type\"] == \"muenbuild.ipxe\" and d[\"version\"] \
== 1 and d[\"files\"] == [\"memdisk\", \"muen.iso\", \"muen.efi\"] and d[\"script\"].startswith(\"#!\
ipxe\\n\")"' sh "$muenbuild"
else
	skip "--json is one document" "python3 is not installed"
fi

check_status "a URL with a blank is refused" 64 "--url: 'http://a/b c'" \
	"$muenbuild" ipxe --url 'http://a/b c'
check_status "a URL with a setting in it is refused" 64 "--url:" \
	"$muenbuild" ipxe --url 'http://${next-server}/'
check_status "a name with a folder is refused" 64 "--iso:" "$muenbuild" ipxe --iso a/b.iso
check_status "a netmask with holes is refused" 64 "--netmask: 255.0.255.0" \
	"$muenbuild" ipxe --ip 10.0.0.2 --netmask 255.0.255.0
check_status "an operand is refused" 64 "does not know what to do" "$muenbuild" ipxe muen.iso
check_status "a folder that is not there is said" 73 "missing/x" \
	"$muenbuild" ipxe -o missing/x
check_status "a gateway in another network is a warning" 0 "192.168.1.1 is not in the network" \
	"$muenbuild" ipxe --ip 10.0.0.2/24 --gateway 192.168.1.1 -o -

# ---- what is served -----------------------------------------------------------

# Real-mode code that writes "$2" to the serial port and stops: $1 is the file to make. It leaves
# room for a boot information table.
make_code() {
	{
		printf '\353\076'
		dd if=/dev/zero bs=62 count=1 2>/dev/null
		printf '\061\300\216\330\276\126\174\374\254\204\300\164\006\272\370\003\356\353\365'
		printf '\364\353\375\r\n%s\r\n\000' "$2"
	} >"$1"
	truncate -s 510 "$1"
	printf '\125\252' >>"$1"
}

make_iso() { # NAME OPTION...
	name=$1
	shift
	rm -rf tree
	mkdir tree
	make_code tree/code "$name has booted"
	truncate -s 2048 tree/code
	xorriso -as mkisofs -quiet -b code -c catalogue -no-emul-boot -boot-load-size 4 "$@" \
		-o "served/$name" tree >log 2>&1
}

mkdir served
if ! command -v xorriso >/dev/null; then
	skip "--check accepts what memdisk can boot" "xorriso is not installed"
elif [ ! -r $memdisk ]; then
	skip "--check accepts what memdisk can boot" "syslinux-common is not installed"
else
	cp $memdisk served/memdisk
	make_iso muen.iso -boot-info-table
	touch served/memdisk.sig
	check_status "--check misses a signature" 66 "muen.iso.sig" \
		"$muenbuild" ipxe --check served -o -
	touch served/muen.iso.sig
	check "--check accepts what memdisk can boot" "$muenbuild" ipxe --check served -o -
	check_status "--check refuses an ISO that is too large for the machine" 65 \
		"the target has 8 MiB" "$muenbuild" ipxe --check served --target-ram 8M -o -
	make_iso bare.iso
	touch served/bare.iso.sig
	check_status "--check refuses an ISO without a boot information table" 65 \
		"no boot information table" "$muenbuild" ipxe --check served --iso bare.iso -o -
	check_status "--check refuses what is not memdisk" 65 "is not memdisk" \
		"$muenbuild" ipxe --check served --memdisk muen.iso --iso bare.iso -o -
fi

# ---- in a real iPXE -----------------------------------------------------------

for needed in qemu-system-x86_64 xorriso; do
	if ! command -v $needed >/dev/null; then
		skip "scripts in a real iPXE" "$needed is not installed"
		finish
	fi
done
for needed in "$ipxe" $memdisk; do
	if [ ! -r "$needed" ]; then
		skip "scripts in a real iPXE" "$needed is not there (packages ipxe, syslinux-common)"
		finish
	fi
done

make_code disk "The firmware has booted the next device"
truncate -s 1M disk
mkfifo keys

has_come() {
	tr '\r\n' '  ' <console | grep -qa -- "$1"
}

# run_until SECONDS PATTERN SCRIPT: runs the script as iPXE's first image, with a hard disk behind
# it, until the pattern comes (line ends are blanks) or QEMU ends. What came is in "shown". The keys
# in "typed" are typed at iPXE's prompt.
run_until() {
	: >console
	timeout 150 qemu-system-x86_64 -accel tcg -machine pc,graphics=off -m 256 -display none \
		-monitor none -chardev stdio,id=tty,signal=off -serial chardev:tty -no-reboot \
		-drive file=disk,format=raw,if=ide,snapshot=on \
		-nic user,restrict=on,tftp=served,model=e1000 -kernel "$ipxe" -initrd "$3" \
		<keys >console 2>qemu.log &
	qemu=$!
	exec 3>keys
	left=$(($1 * 5))
	while [ $left -gt 0 ] && kill -0 $qemu 2>/dev/null && ! has_come "$2"; do
		if [ -s typed ] && grep -qaF -- 'iPXE>' console; then
			cat typed >&3
			: >typed
		fi
		sleep 0.2
		left=$((left - 1))
	done
	# What else comes, for instance from the disk, comes soon.
	sleep "${linger:-0}"
	exec 3>&-
	kill $qemu 2>/dev/null
	wait $qemu 2>/dev/null
	qemu=
	tr -d '\r' <console | sed 's/\033\[[0-9;?]*[a-zA-Z]//g' >shown
}

shows() { # DESCRIPTION TEXT
	if grep -qaF -- "$2" shown; then ok "$1"; else not_ok "$1" shown; fi
}

check_console() { # DESCRIPTION PATTERN
	if has_come "$2"; then ok "$1"; else not_ok "$1" shown; fi
}

shows_not() {
	if grep -qaF -- "$2" shown; then not_ok "$1" shown; else ok "$1"; fi
}

next_device="The firmware has booted the next device"
without_trust() { # FILE: for an iPXE that has no imgtrust
	sed -i '/^imgtrust/d; /^imgverify/d' "$1"
}

printf '#!ipxe\necho This script ends.\n' >ends.ipxe
run_until 100 "$next_device" ends.ipxe
shows "(scripts are run)" "This script ends."
shows "(a script that ends gives the machine to the next device)" "$next_device"

# An iPXE with imgtrust would go on to the signatures, which are empty here.
"$muenbuild" ipxe --url tftp://10.0.2.2 -o trust.ipxe >/dev/null
linger=2 run_until 100 "Reset the machine" trust.ipxe
shows "an iPXE that cannot verify says so" "FAILED: "
shows "  and stops" "Nothing is booted. Reset the machine to try again."
shows_not "  and boots no other device" "$next_device"
shows_not "  and not the system" "has booted"
if grep -qaF 'imgtrust: command not found' shown; then
	shows "  and what the mend is" "Build one with IMAGE_TRUST_CMD"
else
	shows "  and what the mend is" "muenbuild verify --explain"
fi

"$muenbuild" ipxe --url tftp://10.0.2.2 -o boot.ipxe >/dev/null
without_trust boot.ipxe
run_until 100 "muen.iso has booted" boot.ipxe
shows "the rest of a script boots the ISO through memdisk (DHCP)" "muen.iso has booted"
shows "  imgstat has shown the images" "memdisk : "

"$muenbuild" ipxe --url tftp://10.0.2.2 --ip 10.0.2.15/24 --gateway 10.0.2.2 --platform auto \
	-o static.ipxe >/dev/null
without_trust static.ipxe
run_until 100 "muen.iso has booted" static.ipxe
shows "a static address and --platform auto do it too" "muen.iso has booted"
shows_not "  without DHCP" "Configuring"

"$muenbuild" ipxe --embed -o embed.ipxe >/dev/null 2>&1
"$muenbuild" ipxe -o served/boot.ipxe >/dev/null
without_trust embed.ipxe
without_trust served/boot.ipxe
run_until 100 "muen.iso has booted" embed.ipxe
shows "an embedded script hands over to one with relative names" "muen.iso has booted"

"$muenbuild" ipxe --url tftp://10.0.2.2 --iso missing.iso -o missing.ipxe >/dev/null
without_trust missing.ipxe
linger=2 run_until 100 "Reset the machine" missing.ipxe
shows "a missing file ends in a message" "FAILED: a file could not be fetched or used."
shows_not "  and not in another device" "$next_device"

"$muenbuild" ipxe --url tftp://10.0.2.2 --platform uefi -o uefi.ipxe >/dev/null
without_trust uefi.ipxe
linger=2 run_until 100 "Reset the machine" uefi.ipxe
shows "a script for UEFI says what platform this is" "not for the platform pcbios"
shows_not "  and does not boot" "has booted"

"$muenbuild" ipxe --url tftp://10.0.2.2 --on-failure retry --delay 1 -o retry.ipxe >/dev/null
run_until 100 "Trying again in 1 .*Trying again in 1 " retry.ipxe
check_console "--on-failure retry tries again" "Trying again in 1 .*Trying again in 1 "
shows_not "  and boots no other device" "$next_device"

"$muenbuild" ipxe --url tftp://10.0.2.2 --on-failure reboot --delay 1 -o reboot.ipxe >/dev/null
run_until 100 "no such text" reboot.ipxe
shows "--on-failure reboot reboots" "Rebooting in 1 seconds"
shows_not "  and boots no other device" "$next_device"
check "  QEMU has ended by itself" test $left -gt 0

"$muenbuild" ipxe --url tftp://10.0.2.2 --on-failure shell -o shell.ipxe >/dev/null
printf 'exit\r' >typed
run_until 100 "The shell was left.*iPXE>" shell.ipxe
shows "--on-failure shell gives a shell" "iPXE>"
check_console "  and again when it is left" "The shell was left.*iPXE>"
shows_not "  and boots no other device" "$next_device"

finish
