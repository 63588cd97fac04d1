#!/bin/bash
# The ISO and the EFI program: they boot in QEMU in every way that they say, they are the same bytes
# for the same input, and inspect reads them back.
. "${0%/*}/lib.sh"

clean_up() {
	[ ! -d "$work/gnupg" ] || gpgconf --homedir "$work/gnupg" --kill all 2>/dev/null
}

mkiso=$build/tests/tools/mkiso
payload=$build/tests/boot/multiboot
export SOURCE_DATE_EPOCH=1700000000
export GNUPGHOME=$work/gnupg
memdisk=/usr/lib/syslinux/memdisk
ovmf=
for file in /usr/share/OVMF/OVMF_CODE_4M.fd /usr/share/OVMF/OVMF_CODE.fd; do
	[ -n "$ovmf" ] || [ ! -e "$file" ] || ovmf=$file
done

seq 1 30000 | head -c 100001 >stream
check 'an ISO is made' "$mkiso" iso muen.iso "$payload" stream
check 'an EFI program is made' "$mkiso" efi muen.efi "$payload" stream

# ---- booting -----------------------------------------------------------------
# Two at a time: each ends by itself when the payload has told what it has to.

arrived="payload: module of 0x000186a1 bytes: $(head -c 8 stream | od -An -tx1 | tr -d ' \n')"

# machine NAME ARGUMENT...: what it says on the serial line into NAME.serial.
machine() {
	local name=$1
	shift
	timeout "${limit:-100}" qemu-system-x86_64 -accel tcg -m 256 -display none -monitor none -net none \
		-no-reboot -serial "file:$name.serial" -device isa-debug-exit,iobase=0xf4,iosize=4 \
		"$@" >"$name.log" 2>&1 </dev/null
	echo $? >"$name.status"
}

uefi() {
	local name=$1
	shift
	cp "${ovmf/CODE/VARS}" "$name.vars"
	machine "$name" -M q35 -drive "if=pflash,format=raw,readonly=on,file=$ovmf" \
		-drive "if=pflash,format=raw,file=$name.vars" "$@"
}

disk() {
	echo "format=raw,snapshot=on,file=$1"
}

# As iPXE does it: memdisk is the kernel, the ISO its initial RAM disk.
make_memdisk_medium() {
	mkdir -p medium/boot/grub
	cp "$memdisk" muen.iso medium/
	printf 'linux16 /memdisk iso raw\ninitrd16 /muen.iso\nboot\n' >medium/boot/grub/grub.cfg
	grub-mkrescue -d /usr/lib/grub/i386-pc -o medium.iso medium >mkrescue.log 2>&1
}

# Signed files, and GRUB that knows the key: one set as it was signed, one with another stream.
make_signed() {
	mkdir -m 700 gnupg
	gpg --batch --quiet --passphrase '' --quick-gen-key signer rsa2048 sign never
	gpg --export signer >key
	cp "$payload" loader
	xorriso -osirrox on -indev muen.iso -extract /boot/grub/grub.cfg grub.cfg
	gpg --batch --detach-sign loader && gpg --batch --detach-sign stream &&
		gpg --batch --detach-sign grub.cfg
	sed 's/^1$/2/' stream >stream.other
	set -- --key key --add boot/grub/grub.cfg.sig=grub.cfg.sig --add boot/loader.sig=loader.sig \
		--add boot/muen.csl.sig=stream.sig
	"$mkiso" iso signed.iso loader stream "$@" && "$mkiso" efi signed.efi loader stream "$@" &&
		"$mkiso" iso tampered.iso loader stream.other "$@"
}

# stops NAME WORD ARGUMENT...: a machine that says this word, and three seconds later was stopped.
stops() {
	local name=$1 word=$2 pid
	shift 2
	machine "$name" "$@" &
	pid=$!
	for ((i = 0; i < 200 && $(grep -cas "$word" "$name.serial" || :) + 0 == 0; i++)); do
		sleep 0.5
	done
	sleep 3
	kill $(cat /proc/$pid/task/$pid/children) && wait $pid
}

arrives() {
	[ "$(cat "$1.status")" = 33 ] && grep -qaF "$arrived" "$1.serial" && return
	tail -n 5 "$1.log" "$1.serial" | tr -dc '[:print:]\n'
	return 1
}

boots() {
	check "boots: $1" arrives "$2"
}

if command -v qemu-system-x86_64 >/dev/null; then
	have_memdisk=
	[ ! -e "$memdisk" ] || ! make_memdisk_medium || have_memdisk=yes
	check 'signed images are made' make_signed
	machine cd -cdrom muen.iso &
	machine ide -drive "$(disk muen.iso),if=ide" &
	wait
	machine usb -device qemu-xhci -drive "$(disk muen.iso),if=none,id=stick" \
		-device usb-storage,drive=stick &
	[ -z "$have_memdisk" ] || machine memdisk -cdrom medium.iso &
	wait
	machine silent -nodefaults -vga std -cdrom muen.iso &
	machine signed -cdrom signed.iso &
	wait
	boots 'BIOS from a CD' cd
	boots 'BIOS from a disk' ide
	boots 'BIOS from a USB stick' usb
	boots 'BIOS, signed files' signed
	check 'boots: BIOS without a serial port' grep -qx 33 silent.status
	if [ -n "$have_memdisk" ]; then
		boots 'BIOS through memdisk' memdisk
	else
		skip 'boots: BIOS through memdisk' 'no memdisk: apt-get install syslinux-common'
	fi
	check 'the menu says that the kernel is the stand-in' \
		grep -qa 'stand-in kernel, not for production' cd.serial
else
	skip 'boots: BIOS' 'no qemu-system-x86_64'
fi
if [ -n "$ovmf" ] && command -v qemu-system-x86_64 >/dev/null; then
	uefi uefi-cd -cdrom muen.iso &
	uefi uefi-disk -drive "$(disk muen.iso),if=none,id=disk" -device ide-hd,drive=disk &
	wait
	uefi efi -kernel muen.efi &
	uefi efi-signed -kernel signed.efi &
	wait
	uefi uefi-signed -cdrom signed.iso &
	stops tampered 'bad signature' -cdrom tampered.iso
	wait
	boots 'UEFI from a CD' uefi-cd
	boots 'UEFI from a disk' uefi-disk
	boots 'UEFI, the EFI program' efi
	boots 'UEFI, the EFI program with signed files' efi-signed
	boots 'UEFI from a CD, signed files' uefi-signed
	check 'another stream than the signed one is not started' \
		eval 'grep -qa "bad signature" tampered.serial && ! grep -qa payload: tampered.serial'
else
	skip 'boots: UEFI' 'no OVMF: apt-get install ovmf'
fi

# ---- the same bytes ----------------------------------------------------------
# Another folder, umask, time zone, language, date of the sources, and another user if that can be.

mkdir other
chmod 711 "$work"
cp "$mkiso" stream other/
cp "$payload" other/payload
touch -d 2001-02-03 other/*
chmod -R a+rX,g-w other
mkdir -m 777 other/out
as_other=
if [ "$(id -u)" = 0 ] && command -v setpriv >/dev/null; then
	as_other='setpriv --reuid=65534 --regid=65534 --clear-groups'
else
	skip 'the same bytes as another user' 'only root can become another user'
fi
for kind in iso efi; do
	check "$kind: made elsewhere" sh -c "cd other/out && umask 077 && TZ=Asia/Tokyo LC_ALL=C.UTF-8 \
		HOME=/root $as_other ../mkiso $kind muen.$kind ../payload ../stream"
	check "$kind: the same bytes" cmp muen.$kind other/out/muen.$kind
done
SOURCE_DATE_EPOCH=1700000001 "$mkiso" iso later.iso "$payload" stream
check 'another time, other bytes' eval '! cmp -s muen.iso later.iso'
check 'no versions of tools in its head' eval '! head -c 65536 muen.iso | grep -qaiE "xorriso|libiso|mtoo"'

# ---- reading it back ---------------------------------------------------------

run "$muenbuild" inspect muen.iso
check 'inspect: reads it' test "$status" -eq 0
check 'inspect: nothing is wrong' grep -q 'nothing is wrong with it' .stdout
check 'inspect: the stream' grep -q "100001 *$(sha256sum <stream | cut -d' ' -f1) *boot/muen.csl" .stdout
run "$muenbuild" inspect --json muen.iso
check 'inspect: JSON' json .stdout
check 'inspect: everything boots, all is owned by root and of one date' python3 -c '
import json
report = json.load(open(".stdout"))
assert report["type"] == "muenbuild.inspect" and report["kind"] == "iso" and report["intact"]
assert all(report["boots"].values()), report["boots"]
assert report["label"] == "MUEN_TEST" and report["created"] == "2023-11-14 22:13:20"
assert [entry["platform"] for entry in report["el_torito"]] == ["BIOS", "UEFI"]
assert [entry["file"] for entry in report["el_torito"]] == ["boot/grub/bios.img", "boot/grub/efi.img"]
assert any(partition["efi_system"] for partition in report["disk"]["partitions"])
for file in report["files"]:
    assert file["uid"] == file["gid"] == 0 and file["mode"] == 0o100644, file
    assert file["date"] == "2023-11-14 22:13:20", file
assert sorted(file["path"] for file in report["files"]) == [
    "EFI/BOOT/BOOTX64.EFI", "boot/grub/bios.img", "boot/grub/boot.cat", "boot/grub/efi.img",
    "boot/grub/grub.cfg", "boot/loader", "boot/muen.csl"], report["files"]
'
for only in bios uefi; do
	"$mkiso" iso $only.iso "$payload" stream --only $only
	"$muenbuild" inspect --json $only.iso >$only.json
done
check 'inspect: one for BIOS only, one for UEFI only' python3 -c '
import json
bios, uefi = (json.load(open(name + ".json")) for name in ("bios", "uefi"))
assert bios["intact"] and uefi["intact"], (bios["findings"], uefi["findings"])
assert [way for way, boots in bios["boots"].items() if boots] == ["bios_cd", "bios_disk", "memdisk"]
assert [way for way, boots in uefi["boots"].items() if boots] == ["uefi_cd", "uefi_disk"]
'

# damage NAME OFFSET WORD: one byte changed there is told with this word.
damage() {
	cp muen.iso damaged.iso
	python3 - "$2" <<'END'
import sys
with open("damaged.iso", "r+b") as image:
    image.seek(int(sys.argv[1], 0))
    byte = image.read(1)[0]
    image.seek(-1, 1)
    image.write(bytes([byte ^ 0x41]))
END
	run "$muenbuild" inspect damaged.iso
	grep 'image     error' .stdout >errors
	check "inspect: $1" grep -F -- "$3" errors
}
catalogue=$((2048 * $(xorriso -indev muen.iso -report_el_torito plain 2>/dev/null |
	sed -n 's/^El Torito catalog *: *\([0-9]*\).*/\1/p')))
damage 'GRUB goes on elsewhere' 0x1b0 "GRUB's boot record"
damage 'GPT header' 0x220 'checksum of its header'
damage 'GPT entries' 0x430 'checksum of its entries'
damage 'backup GPT' $(($(stat -c %s muen.iso) - 500)) 'backup GPT'
damage 'BIOS boot image' $((catalogue + 2048 + 90000)) 'its checksum is'
damage 'boot catalogue' $((catalogue + 4)) 'boot catalogue is damaged'
damage 'EFI system partition' $((65536 + 510)) 'no FAT file system'
head -c 1000000 muen.iso >cut.iso
run "$muenbuild" inspect cut.iso
check 'inspect: truncated, boots from nothing' \
	eval 'grep -q "is truncated" .stdout && grep -q "boots     nothing" .stdout'

# ---- what is missing ---------------------------------------------------------

mkdir bin
for program in grub-mkimage mformat mmd mcopy; do
	ln -s "$(command -v $program)" bin/$program
done
rm bin/grub-mkimage
expect 'no grub-mkimage' 69 'Debian package grub-common' env PATH="$work/bin" "$mkiso" iso x.iso "$payload" stream
ln -s "$(command -v grub-mkimage)" bin/grub-mkimage
rm bin/mformat
expect 'no mtools' 69 'Debian package mtools' env PATH="$work/bin" "$mkiso" iso x.iso "$payload" stream
expect 'a GRUB without the module csl' 69 "no module 'csl'" "$mkiso" iso x.iso "$payload" stream --start csl
mkdir -p prefix/lib/grub
cp -rs /usr/lib/grub/i386-pc prefix/lib/grub/
expect 'a GRUB without a platform' 69 'x86_64-efi' "$mkiso" iso x.iso "$payload" stream --grub-dir prefix/lib/grub
for name in csl sbs; do
	ln -s hello.mod prefix/lib/grub/i386-pc/$name.mod
done
check 'a GRUB with modules csl and sbs' \
	"$mkiso" iso csl.iso "$payload" stream --grub-dir prefix/lib/grub --start sbs --only bios
rm prefix/lib/grub/i386-pc/sbs.mod
expect 'a GRUB with csl, but without sbs' 69 "no module 'sbs'" \
	"$mkiso" iso x.iso "$payload" stream --grub-dir prefix/lib/grub --start sbs --only bios
expect 'no stream' 66 'nowhere' "$mkiso" iso x.iso "$payload" nowhere
expect 'two files of one path' 64 'cannot both be' "$mkiso" iso x.iso "$payload" stream --add boot/loader=stream
expect 'a path that leads out' 64 'cannot be a path' "$mkiso" iso x.iso "$payload" stream --add ../x=stream
check 'failures leave nothing behind' eval '[ ! -e x.iso ] && [ -z "$(ls -A | grep tmp)" ]'
finish
