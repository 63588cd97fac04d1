#!/bin/bash
# The loader in an emulated PC: what it carries out, how it enters a system, what it refuses and
# that it says so on the serial line and on the screen.
. "${0%/*}/lib.sh"

if ! command -v qemu-system-x86_64 >/dev/null; then
	skip 'the loader' 'qemu-system-x86_64 is not installed (Debian: qemu-system-x86)'
	finish
fi

loader=${muenbuild%/bin/*}/share/muenbuild/boot/loader
payload=$build/tests/boot/payload
mkcsl=$build/tests/tools/mkcsl
good_exit=33 # QEMU's exit status when the payload wrote that all is well

save_screen='pmemsave 0xb8000 4000 .screen'

# boot MEMORY QEMU-OPTION...: runs until the system ends, or the loader stops: fills .serial, .screen
# and $status, which is "stopped" in the second case.
boot() {
	local memory=$1 emulator
	shift
	rm -f .serial .screen .monitor
	mkfifo .monitor
	qemu-system-x86_64 -accel tcg -m "$memory" -display none -no-reboot \
		-device isa-debug-exit,iobase=0xf4,iosize=1 -serial file:.serial -monitor stdio \
		"$@" <.monitor >.qemu 2>&1 &
	emulator=$!
	exec 3>.monitor
	for _ in $(seq 600); do
		kill -0 "$emulator" 2>/dev/null || break
		grep -q 'stopped' .serial 2>/dev/null && break
		sleep 0.1
	done
	status=
	if grep -q 'stopped' .serial 2>/dev/null; then
		printf '%s\nquit\n' "$save_screen" >&3
		status=stopped
	elif kill -0 "$emulator" 2>/dev/null; then
		kill "$emulator"
		status=timeout
	fi
	exec 3>&-
	wait "$emulator" || status=${status:-$?}
}

# The same lines must be on a screen of pixels: its letters are found by their shapes.
pixels_are_serial() {
	python3 - "$root/image/loader/font.c" <<'PYTHON'
import re, sys
rows = re.findall(r"\{ ((?:0x..,? ?){8})\}", open(sys.argv[1]).read())
glyphs = {tuple(int(byte, 16) for byte in row.split(", ")): chr(32 + i) for i, row in enumerate(rows)}
assert len(glyphs) == 95
_, size, _, pixels = open(".screen", "rb").read().split(b"\n", 3)
width, height = map(int, size.split())
scale = max(width // 480, 1)
columns = width // (6 * scale)

def glyph(y, x):
    def lit(i, j):
        at = 3 * ((y * 10 + i) * scale * width + (x * 6 + j) * scale)
        return pixels[at] > 127
    return tuple(sum(lit(i, j) << j for j in range(6)) for i in range(8))

serial = []
for line in open(".serial", newline="", errors="replace").read().split("\r\n"):
    line = line[line.find("muen loader"):] if "muen loader" in line else ""
    serial += [line[i:i + columns].rstrip() for i in range(0, len(line), columns)]
shown = ["".join(glyphs.get(glyph(y, x), "#") for x in range(columns)).rstrip()
         for y in range(height // (10 * scale))]
assert shown[:len(serial)] == serial and not any(shown[len(serial):]), (shown, serial)
PYTHON
}

# The same lines must be on the screen, which breaks them after 80 characters.
screen_is_serial() {
	python3 - <<'PYTHON'
screen = open(".screen", "rb").read()[0::2].decode("ascii")
rows = [screen[i:i + 80].rstrip() for i in range(0, 2000, 80)]
serial = []
for line in open(".serial", newline="").read().split("\r\n")[:-1]:
    serial += [line[i:i + 80].rstrip() for i in range(0, max(len(line), 1), 80)]
assert rows[:len(serial)] == serial and not any(rows[len(serial):]), (rows, serial)
PYTHON
}

# stream NAME
stream() {
	"$mkcsl" "$1" "$payload" "$1.csl" || fail "$1: made" "mkcsl failed"
}

# starts NAME MEMORY DESCRIPTION
starts() {
	stream "$1"
	boot "$2" -kernel "$loader" -initrd "$1.csl"
	if [ "$status" = "$good_exit" ] && grep -q 'payload: everything is as expected' .serial; then
		ok "$3"
	else
		not_ok "$3 (status $status)" .serial .qemu
	fi
}

# refuses NAME MEMORY DESCRIPTION WORDS
refuses() {
	stream "$1"
	boot "$2" -kernel "$loader" -initrd "$1.csl"
	if [ "$status" = stopped ] && grep -q "^muen loader: .*$4" .serial &&
		! grep -q 'payload' .serial; then
		ok "$3"
	else
		not_ok "$3: '$4' expected (status $status)" .serial .qemu
	fi
	check "  also on the screen" screen_is_serial
}

# ---- what it carries out -------------------------------------------------------

starts normal 128M 'a stream is carried out, the system entered as it must be'
check '  the registers are looked at' grep -q 'payload: esp 0x0: good' .serial
check '  a CPUID check that passes is no obstacle' grep -q '8 commands' .serial
stream wrong
boot 128M -kernel "$loader" -initrd wrong.csl
check '  memory that holds something else is found' \
	grep -q 'memory from 0x1000fff, byte 0x1 0x1: BAD' .serial
starts standin 128M 'a stand-in kernel is started'
check '  and called that' grep -q 'stand-in kernel: not for production' .serial
starts low 128M 'memory below 1 MiB is written'
starts over-loader 128M 'memory is written where the loader, the stream and the map are'
starts big 128M 'a large stream moves out of the way'
starts many 128M '60000 commands are carried out'
starts high 6G 'memory above 4 GiB is written'
check '  the payload looked there' grep -q 'memory from 0x1400ffffc .*good' .serial

if [ -e "${MUENBUILD_CLANG_BUILD:-}/share/muenbuild/boot/loader" ]; then
	installed=$loader
	loader=$MUENBUILD_CLANG_BUILD/share/muenbuild/boot/loader
	starts normal 128M 'built by clang: a stream is carried out'
	starts over-loader 128M '  also where the loader is'
	starts high 6G '  also above 4 GiB'
	refuses overlap 128M '  and not if it overlaps' 'where command'
	loader=$installed
else
	skip 'the loader as clang builds it' 'not built'
fi

# ---- what it refuses -----------------------------------------------------------

refuses bad-magic 128M 'a wrong magic' 'begins with 0x8bdc5fa2448cb65e, 0x8adc5fa2448cb65e expected'
refuses old 128M 'the older revision' 'of the older revision'
refuses bad-id 128M 'an unknown id' 'command 9, at offset 0x[0-9a-f]*, has the unknown id 4'
refuses bad-length 128M 'a wrong length' '(FILL, at offset .*) has 0x10 bytes of data, 24 expected'
refuses uneven-length 128M 'an uneven length' 'has 0x4 bytes of data, a multiple of 8 expected'
refuses cut 128M 'a stream that was cut' 'has 0x8 bytes of data, at most what is left'
refuses odd-size 128M 'a size that no stream has' 'has [0-9]* bytes, a multiple of 8 expected'
refuses no-entry 128M 'a stream without entry point' 'has no SET_ENTRY_POINT'
refuses high-entry 128M 'an entry point above 4 GiB' 'names an address above 4 GiB'
refuses entry-nowhere 128M 'an entry point where nothing is' '0x7000 lies where no command writes'
refuses overlap 128M 'commands that overlap' \
	'command 9 (FILL.*) writes from 0x17fffff to 0x1800000, where command 2 (WRITE.*) writes from 0x1800000'
refuses wrap 128M 'a target beyond all addresses' 'beyond the end of the address space'
refuses rom 128M 'a target in the ROM' '0xf0000 to 0xf000f, which is not all available RAM'
refuses screen 128M 'a target on the screen' '0xb8000 to 0xb8f9f, which is not all available RAM'
refuses partly 128M 'a target that RAM has a part of' 'which is not all available RAM'
refuses no-high 128M 'a target above 4 GiB without such RAM' \
	'0x100000000 to 0x10000000f, which is not all available RAM'
refuses no-room 64M 'a stream that has nowhere to go' 'no room for the stream (0x40[0-9a-f]* bytes)'
refuses no-cpuid 128M 'a processor that the stream does not want' \
	'cannot run the system: A processor with an FPU is needed (command 2 (CHECK_CPUID.*CPUID 0x1/0x0 has 0x1, 0x0 expected)'

boot 128M -kernel "$loader"
check 'no stream at all' grep -q 'gives no module: the first one must be the command stream' .serial
check '  also on the screen' screen_is_serial

stream high
boot 6G -kernel "$loader" -initrd high.csl -cpu pentium3,-pae
check 'a target above 4 GiB and a processor that cannot reach it' grep -q 'has no PAE' .serial
check '  also on the screen' screen_is_serial

# ---- with GRUB -----------------------------------------------------------------

# disc NAME: an ISO image NAME.iso, whose GRUB starts the stream
disc() {
	rm -rf tree
	mkdir -p tree/boot/grub
	cp "$loader" tree/boot/loader
	cp "$1.csl" tree/boot/stream.csl
	printf '%s\n' 'insmod all_video' 'multiboot /boot/loader' 'module /boot/stream.csl' boot \
		>tree/boot/grub/grub.cfg
	grub-mkrescue -o "$1.iso" tree >log 2>&1 || fail "a disc with GRUB" "$(tail -n 5 log)"
}

for need in grub-mkrescue xorriso mformat /usr/lib/grub/i386-pc /usr/lib/grub/x86_64-efi \
	/usr/share/OVMF/OVMF_CODE.fd; do
	if ! command -v "$need" >/dev/null && [ ! -e "$need" ]; then
		skip 'the loader with GRUB, from BIOS and UEFI' "$need is missing (Debian: grub-common \
grub-pc-bin grub-efi-amd64-bin xorriso mtools ovmf)"
		finish
	fi
done

disc over-loader
disc overlap
for firmware in BIOS UEFI; do
	options=
	[ "$firmware" = BIOS ] || options='-bios /usr/share/OVMF/OVMF_CODE.fd'
	boot 256M -cdrom over-loader.iso $options
	check "$firmware, GRUB: a stream is carried out where the loader is" test "$status" = $good_exit
	[ "$firmware" = BIOS ] || save_screen='screendump .screen'
	boot 256M -cdrom overlap.iso $options
	check '  and not if it overlaps' grep -q 'command 9 .* where command 2' .serial
done
check '  also on the screen of pixels' pixels_are_serial
finish
