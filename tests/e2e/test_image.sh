#!/bin/bash
# From unikernels to an image that boots, with the installed command: what is written, that it boots
# and says what it should, what is refused, and that the same input gives the same bytes.
. "${0%/*}/lib.sh"

hello=$guests/hello.muen
memdisk=/usr/lib/syslinux/memdisk
data=${muenbuild%/bin/*}/share/muenbuild
emulators=()
clean_up() {
	[ ${#emulators[@]} -eq 0 ] || kill "${emulators[@]}" 2>/dev/null
	umount small 2>/dev/null
	gpgconf --homedir "$work/gnupg" --kill all 2>/dev/null
}

for needed in qemu-system-x86_64:qemu-system-x86 grub-mkimage:grub-common mcopy:mtools \
	"$memdisk:syslinux-common" /usr/lib/grub/i386-pc:grub-pc-bin \
	/usr/lib/grub/x86_64-efi:grub-efi-amd64-bin; do
	command -v "${needed%:*}" >/dev/null || [ -e "${needed%:*}" ] || {
		skip 'images' "${needed%:*} is not there (Debian: ${needed#*:})"
		finish
	}
done

# ---- what a build writes -----------------------------------------------------------

# Not "out", which refuse() looks at.
run "$muenbuild" -u "$hello,ram=32" -b 'Hi there' -o sys
cp .stdout report
check 'a build ends with an image' test "$status" -eq 0
check 'no words on stderr' test ! -s .stderr
for file in muen.csl muen.iso muen.efi www/memdisk www/muen.iso www/muen.efi www/boot.ipxe \
	www/SHA256SUMS; do
	check "writes $file" test -s "sys/$file"
	check "  tells of it" grep -qF "  $file " report
done
check 'www has nothing else' test "$(ls -A sys/www | wc -l)" -eq 5
check 'no temporary files' test -z "$(find sys -name '.*' -type f)"
check 'memdisk is memdisk' cmp sys/www/memdisk "$memdisk"
check 'the checksums are right' eval '(cd sys/www && sha256sum -c --strict --quiet SHA256SUMS)'
check 'the ISO lies on the disk once' test sys/muen.iso -ef sys/www/muen.iso
for words in 'stand-in kernel, not for production' MUEN_STANDIN 'qemu-system-x86_64 -m' \
	'muenbuild sign --key K --cert C --ca CA --allow-standin sys/www/memdisk' \
	'muenbuild serve sys/www'; do
	check "the report says '$words'" grep -qF -- "$words" report
done
check 'build.json tells of the image' python3 -c '
import hashlib, json
image = json.load(open("sys/build.json"))["image"]
assert image["standin"] and image["label"] == "MUEN_STANDIN" and not image["signed"], image
assert image["subjects"] == ["unikernel"] and image["bios"] and image["uefi"], image
for name, sum in image["sha256"].items():
    assert hashlib.sha256(open("sys/www/" + name, "rb").read()).hexdigest() == sum, name
assert len(image["sha256"]) == 4'
run "$muenbuild" -u "$hello,ram=32" -b 'Hi there' -o dry -n
check 'a dry run writes nothing' test "$status" -eq 0 -a ! -e dry
check '  and tells of the same files' eval 'diff <(grep "^  [a-z]*[/.].*  " report) \
	<(grep "^  [a-z]*[/.].*  " .stdout)'
run "$muenbuild" inspect --json sys/muen.iso
check 'the ISO says what it is' grep -q '"label": "MUEN_STANDIN"' .stdout
check '  and inspect warns' grep -q 'not for production' .stdout

run "$muenbuild" inspect sys/muen.efi
check 'muen.efi says what it is' eval 'grep -q "an EFI program" .stdout && grep -q "GRUB, " .stdout'
for file in boot/loader boot/muen.csl boot/grub/grub.cfg; do
	check "  has $file" grep -q " $file$" .stdout
done
check '  the very stream' grep -q "$(sha256sum <sys/muen.csl | cut -d' ' -f1)" .stdout
check '  and inspect warns' grep -q 'not for production' .stdout
check '  as JSON, too' eval '"$muenbuild" inspect --json sys/muen.efi | python3 -c "
import json, sys
d = json.load(sys.stdin)
assert d[\"standin\"] and d[\"intact\"] and len(d[\"files\"]) == 3, d"'
mkfifo pipe
refuse 'no output in the place of a device or a pipe' 73 'not a regular file' "$muenbuild" iso sys \
	-o pipe
check '  which stays' test -p pipe

documents -u "$hello,ram=32" -b 'Hi there' -o documents >/dev/null
check '--no-image: the documents alone' eval '[ ! -e documents/www ] && [ -z "$(ls documents/muen.*)" ]
	' 2>/dev/null
check '  which are the same' eval 'for f in documents/*.xml; do cmp $f sys/${f#*/}; done'
run "$muenbuild" -u "$hello,ram=32" -b 'Hi there' -o bios --no-efi
check '--no-efi: only BIOS' eval '[ ! -e bios/muen.efi ] && [ ! -e bios/www/muen.efi ] &&
	[ -e bios/www/memdisk ] && grep -q "imgargs memdisk" bios/www/boot.ipxe'
run "$muenbuild" -u "$hello,ram=32" -b 'Hi there' -o uefi --no-bios --label MY_SYSTEM \
	--url http://192.0.2.1/muen
check '--no-bios: only UEFI' eval '[ -e uefi/www/muen.efi ] && [ ! -e uefi/www/memdisk ] &&
	grep -q "^kernel http://192.0.2.1/muen/muen.efi" uefi/www/boot.ipxe'
check '--label is the label' eval '"$muenbuild" inspect uefi/muen.iso | grep -q "MY_SYSTEM"'
rm -rf documents bios uefi

# ---- the step alone -------------------------------------------------------------------

export SOURCE_DATE_EPOCH=1700000000
run "$muenbuild" -u "$hello,ram=32" -b 'Hi there' -o dated
run "$muenbuild" iso sys -o of-folder.iso --efi of-folder.efi
check 'iso DIR: an image of its policy' test "$status" -eq 0
# The menu's title is all that differs: the name of the folder is in it.
run "$muenbuild" iso --system-image dated/muen.csl -o of-stream.iso --efi of-stream.efi --json
check 'iso --system-image STREAM' eval '[ $status -eq 0 ] && grep -q "\"standin\": true" .stdout'
check '  is labelled as the stand-in' eval '"$muenbuild" inspect of-stream.iso | grep -q MUEN_STANDIN'
python3 - dated/muen.csl signed.sbs <<'PY'
import hashlib, struct, sys
payload, size = open(sys.argv[1], "rb").read(), 4096
room = size - 64
padding = -len(payload) % room
payload = b"\0" * padding + payload
blocks, following = [], b"\0" * 64
for i in reversed(range(0, len(payload), room)):
    blocks.append(following + payload[i:i + room])
    following = hashlib.sha512(blocks[-1]).digest()
header = struct.pack("<IIIIHH4HHHI", 0xe6019598, len(blocks), size, 566, 100, 64, 4, 0, 0, 0, 1, 0,
                     padding) + following
open(sys.argv[2], "wb").write(header + bytes(566) + b"".join(reversed(blocks)))
PY
run "$muenbuild" iso --system-image signed.sbs -o of-signed.iso
check 'iso --system-image SIGNED: unwrapped' eval '[ $status -eq 0 ] &&
	grep -q "is unwrapped" .stderr && grep -q "who signed it was not asked" .stderr'
check '  has the same stream' eval '"$muenbuild" inspect of-signed.iso | grep -q "$(sha256sum \
	<dated/muen.csl | cut -d" " -f1)"'
printf 'x' | dd of=signed.sbs bs=1 seek=20000 conv=notrunc status=none
refuse '  altered: refused' 77 'signed.sbs' "$muenbuild" iso --system-image signed.sbs -o bad.iso
python3 -c '
import struct, sys
sys.stdout.buffer.write(struct.pack("<QQQQQQ", 0, 8, 0x9ec6f414d638d232, 4, 8, 0x100000))' >old.csl
refuse 'a stream of the older revision' 65 'older revision' "$muenbuild" iso --system-image old.csl
refuse 'a unikernel as a system image' 65 'multiboot header' "$muenbuild" iso --system-image "$hello"
check '  the mend names --kernel' grep -q -- '--kernel' .stderr
head -c 1000 dated/muen.csl >short.csl
refuse 'a stream that is cut off' 65 'short.csl' "$muenbuild" iso --system-image short.csl
refuse 'nothing to boot' 64 'nothing says what shall boot' "$muenbuild" iso
refuse 'two to boot' 64 'both say' "$muenbuild" iso sys --kernel x
refuse 'a region without a kernel' 64 '--kernel' "$muenbuild" iso sys --region x@0
refuse 'no region' 64 'FILE@ADDRESS' "$muenbuild" iso --kernel x --region x
refuse 'no fill' 64 'BYTE@ADDRESS+SIZE' "$muenbuild" iso --kernel x --fill 256@0+1
refuse 'nothing to boot from' 64 'boots nowhere' "$muenbuild" iso sys --no-bios --no-efi
refuse 'over the input' 64 'is an input' "$muenbuild" iso --system-image dated/muen.csl \
	-o dated/muen.csl
refuse 'a bad label' 64 "'muen'" "$muenbuild" iso sys --label muen -o bad.iso
refuse 'no such folder' 66 'nowhere' "$muenbuild" iso nowhere
check 'none of them wrote an ISO' test ! -e muen.iso -a ! -e bad.iso

# A kernel with what else it needs: the payload checks itself that all of it is there.
payload=$build/tests/boot/payload
table=$(sed -n 's/^#define PAYLOAD_EXPECTED_ADDRESS \(0x[0-9a-f]*\).*/\1/p' "$root/tests/boot/payload.h")
python3 - <<'PY'
import struct
open("region", "wb").write(bytes((7 + 3 * i) & 255 for i in range(5000)))
open("table", "wb").write(struct.pack("<II", 0x4c594150, 2) +
                          struct.pack("<QQII", 0xb00000, 5000, 7, 3) +
                          struct.pack("<QQII", 0xc00000, 0x30000, 0x5a, 0))
PY
run "$muenbuild" iso --kernel "$payload" --region "table@$table" --region region@0xb00000 \
	--fill 0x5a@0xc00000+192K -o kernel.iso
check 'iso --kernel with regions' test "$status" -eq 0
check '  is not the stand-in' eval '"$muenbuild" inspect kernel.iso >inspected 2>&1 &&
	! grep -qi "stand-\?in" inspected'
refuse 'regions that overlap' 65 'region' "$muenbuild" iso --kernel "$payload" \
	--region "table@$table" --region "region@$table" -o bad.iso
: >empty
refuse 'an empty region' 65 'is empty' "$muenbuild" iso --kernel "$payload" --region empty@0xb00000 \
	-o bad.iso
run "$muenbuild" iso --system-image "$build/tests/boot/multiboot" -o multiboot.iso
check 'an older image, a multiboot program' test "$status" -eq 0
run "$muenbuild" -u "$hello" --system-image "$build/tests/boot/multiboot" -o own
check 'build --system-image: the system of the user' eval '[ $status -eq 0 ] && [ ! -e own/muen.csl ] &&
	! grep -q "stand-in" .stdout && "$muenbuild" inspect own/muen.iso | grep -q "label  *MUEN$"'
unset SOURCE_DATE_EPOCH

# Signed for GRUB itself: with our loader, and with a GRUB that says it has Muen's modules.
gpg_key=
if command -v gpg >/dev/null && command -v xorriso >/dev/null; then
	mkdir -m 700 gnupg
	gpg --homedir gnupg --batch --quiet --passphrase '' --quick-gen-key signer rsa4096 sign never \
		2>/dev/null
	gpg_key=$(gpg --homedir gnupg --with-colons --list-keys | sed -n 's/^fpr:*\([0-9A-F]*\):$/\1/p')
fi
if [ -n "$gpg_key" ]; then
	gpg=(--gpg-key "$gpg_key" --gpg-homedir gnupg)
	refuse 'the stand-in is not signed for GRUB' 77 'stand-in' "$muenbuild" iso sys "${gpg[@]}" -o bad.iso
	refuse '  nor in a build' 77 'stand-in' "$muenbuild" -u "$hello,ram=32" "${gpg[@]}"
	run "$muenbuild" iso sys "${gpg[@]}" --allow-standin -o gpg.iso
	check 'iso --gpg-key' test "$status" -eq 0
	run "$muenbuild" inspect gpg.iso
	for file in loader muen.csl grub/grub.cfg; do
		check "  $file has a signature" grep -q "  boot/$file.sig$" .stdout
	done
	run "$muenbuild" iso sys "${gpg[@]}" --allow-standin -o gpg.iso --efi gpg.efi
	check '  muen.efi opens only what is signed' eval '"$muenbuild" inspect gpg.efi |
		grep -q "only files that have a signature"'
	cp -r /usr/lib/grub muens-grub
	for module in csl sbs; do
		for platform in i386-pc x86_64-efi; do
			cp muens-grub/$platform/echo.mod muens-grub/$platform/$module.mod
			echo "$module:" >>muens-grub/$platform/moddep.lst
		done
	done
	run "$muenbuild" iso --system-image dated/muen.csl "${gpg[@]}" --allow-standin \
		--grub-dir muens-grub -o modules.iso
	check 'iso --grub-dir --gpg-key: a signed stream' eval '[ $status -eq 0 ] &&
		grep -q "Muen.s GRUB modules csl and sbs" .stdout'
	xorriso -osirrox on -indev modules.iso -extract /boot boot >log 2>&1
	check '  whose signature is good' eval '"$muenbuild" verify boot/kernel.sbs --homedir gnupg \
		2>/dev/null | grep -q accepted'
	check '  with the stream inside' eval '"$muenbuild" sbs verify boot/kernel.sbs --homedir gnupg \
		-o inside.csl >/dev/null 2>&1 && cmp inside.csl dated/muen.csl'
	check '  and a signed configuration that starts it' eval 'gpg --homedir gnupg --quiet --batch \
		--verify boot/grub/grub.cfg.sig boot/grub/grub.cfg && grep -q sbs_init boot/grub/grub.cfg'
	refuse '  is the stand-in, too' 77 'stand-in' "$muenbuild" sign --key k --cert c boot/kernel.sbs
	run "$muenbuild" iso --system-image boot/kernel.sbs --grub-dir muens-grub -o modules.iso
	check 'a stream that is signed already goes in as it is' eval '[ $status -eq 0 ] &&
		"$muenbuild" inspect modules.iso | grep -q "$(sha256sum <boot/kernel.sbs | cut -d" " -f1)"'
	refuse 'a key that is not there' 66 "${gpg_key//[0-8]/9}" "$muenbuild" iso sys --gpg-homedir gnupg \
		--gpg-key "${gpg_key//[0-8]/9}" --allow-standin -o bad.iso
	gpgconf --homedir gnupg --kill all 2>/dev/null
else
	skip 'signed for GRUB' 'gnupg or xorriso is not installed'
fi
refuse 'no fingerprint' 64 'fingerprint' "$muenbuild" iso sys --gpg-key x
refuse 'a home without a key' 64 '--gpg-key' "$muenbuild" iso sys --gpg-homedir gnupg

# ---- booting ----------------------------------------------------------------------------
# Several at once; a machine ends when the line that is waited for is there.

machine() { # NAME WORD ARGUMENT...
	local name=$1 word=$2 emulator
	shift 2
	timeout 600 qemu-system-x86_64 -accel tcg -display none -monitor none -net none -no-reboot \
		-serial "file:$name.serial" -device isa-debug-exit,iobase=0xf4,iosize=1 "$@" \
		>"$name.log" 2>&1 </dev/null &
	emulator=$!
	while kill -0 $emulator 2>/dev/null && ! grep -qaF "$word" "$name.serial" 2>/dev/null; do
		sleep 0.2
	done
	kill $emulator 2>/dev/null
	wait $emulator
	echo $? >"$name.status"
}

start() {
	machine "$@" &
	emulators+=($!)
	[ $((${#emulators[@]} % 3)) -ne 0 ] || wait "${emulators[@]: -3}"
}

says() { # NAME TEXT
	if tr -d '\r' <"$1.serial" 2>/dev/null | grep -qaF -- "$2"; then
		ok "$1: says '$2'"
	else
		fail "$1: says '$2'" "$(tail -c 2000 "$1.serial" | tr -cd '\n -~' | tail -n 20)" \
			"$(cat "$1.log")"
	fi
}

end='all subjects ended'
memory=$(grep -o -- '-m [0-9]*' report)
start cd "$end" $memory -cdrom sys/muen.iso
start folder "$end" -m 256 -cdrom of-folder.iso
[ -z "$gpg_key" ] || start gpg "$end" -m 256 -cdrom gpg.iso

mkdir -p medium/boot/grub
cp sys/www/memdisk sys/www/muen.iso medium/
printf 'linux16 /memdisk iso raw\ninitrd16 /muen.iso\nboot\n' >medium/boot/grub/grub.cfg
if command -v grub-mkrescue >/dev/null && command -v xorriso >/dev/null; then
	grub-mkrescue -d /usr/lib/grub/i386-pc -o medium.iso medium >log 2>&1
	start memdisk "$end" -m 256 -cdrom medium.iso
else
	skip 'memdisk' 'grub-mkrescue or xorriso is not installed'
fi

ovmf=
for file in /usr/share/OVMF/OVMF_CODE_4M.fd /usr/share/OVMF/OVMF_CODE.fd; do
	[ -n "$ovmf" ] || [ ! -e "$file" ] || ovmf=$file
done
if [ -n "$ovmf" ]; then
	mkdir -p esp/EFI/BOOT
	cp sys/www/muen.efi esp/EFI/BOOT/BOOTX64.EFI
	cp "${ovmf/CODE/VARS}" vars
	start efi "$end" -m 256 -M q35 -drive "if=pflash,format=raw,readonly=on,file=$ovmf" \
		-drive if=pflash,format=raw,file=vars -drive format=raw,file=fat:rw:esp
else
	skip 'efi' 'ovmf is not installed'
fi

"$muenbuild" -u "$guests/wx.muen,ram=32" -b write-text -o fault >/dev/null
"$muenbuild" -u "$hello,name=first,ram=32" -b one -u "$guests/memory.muen,name=second,ram=32" \
	-o two >/dev/null
for revision in 02 03 04; do
	"$muenbuild" -u "$guests/sinfo$revision/hello.muen,ram=32" -o "sinfo$revision" >/dev/null 2>&1
done
start fault "$end" -m 256 -cdrom fault/muen.iso
start two "$end" -m 256 -cdrom two/muen.iso
start sinfo02 "$end" -m 256 -cdrom sinfo02/muen.iso
start sinfo04 "$end" -m 256 -cdrom sinfo04/muen.iso
start nx 'stopped' -m 256 -cdrom sys/muen.iso -cpu qemu64,-nx
start small 'stopped' -m 48 -cdrom sys/muen.iso
start kernel NEVER -m 256 -cdrom kernel.iso
start multiboot NEVER -m 256 -cdrom multiboot.iso
wait

for name in cd folder ${gpg_key:+gpg} ${ovmf:+efi} $([ -e medium.iso ] && echo memdisk); do
	says $name 'stand-in kernel, not for production'
	says $name 'hello from muen'
	says $name "arguments: 'Hi there'"
	says $name 'exit status 0'
done
says fault "wrote to 0x200000 in 'text', read-only and executable (mirage-solo5.xml:"
says fault 'exit status 255'
says two 'first: hello from muen'
says two "first: arguments: 'one'"
says two 'second: SUCCESS'
says sinfo02 'hello from muen'
says sinfo04 'hello from muen'
says nx 'Muen needs a 64-bit processor with no-execute pages (NX)'
says nx 'nothing was written'
says small 'nothing was written'
says kernel 'payload: everything is as expected'
check 'kernel: ends as it should' test "$(cat kernel.status)" = 33
says multiboot 'payload: started'

# ---- signing -----------------------------------------------------------------------------

"$muenbuild" keys init keys >/dev/null 2>&1
sign=(--key keys/sign.key --cert keys/sign.crt --ca keys/ca.crt)
cp sys/muen.iso innocent
cp sys/muen.efi kernel.bin
for file in innocent kernel.bin sys/muen.csl of-signed.iso; do
	refuse "the stand-in is not signed: $file" 77 'stand-in kernel' "$muenbuild" sign "${sign[@]}" \
		"$file"
	check '  nothing was written' test ! -e "$file.sig"
done
run "$muenbuild" sign "${sign[@]}" --allow-standin innocent
check '--allow-standin signs it' eval '[ $status -eq 0 ] && [ -s innocent.sig ]'
check '  with a warning' grep -q 'not for production' .stderr
run "$muenbuild" verify innocent --ca keys/ca.crt
check 'verify accepts it' test "$status" -eq 0
check '  with a warning' grep -q 'not for production' .stderr
run "$muenbuild" sign "${sign[@]}" sys/www/memdisk kernel.iso
check 'what has none is signed' test "$status" -eq 0
refuse 'nor in a build' 77 'stand-in kernel' "$muenbuild" -u "$hello,ram=32" "${sign[@]}" -o out2
check '  which writes nothing' test ! -e out2
run "$muenbuild" -u "$hello,ram=32" -b 'Hi there' "${sign[@]}" --allow-standin -o signed
check 'a build that signs' test "$status" -eq 0
for file in memdisk muen.iso muen.efi boot.ipxe; do
	check "  $file: signed" eval '"$muenbuild" verify "signed/www/$file" --ca keys/ca.crt \
		2>/dev/null | grep -q ^accepted'
done
check '  the script finds all of it' "$muenbuild" ipxe --check signed/www --platform auto -o other.ipxe
check '  build.json says so' grep -q '"signed": true' signed/build.json
run "$muenbuild" -u "$hello,ram=32" -b 'other' -o signed
check 'old signatures are warned of' grep -q 'muen.iso.sig: is a signature of an earlier build' .stderr
refuse 'a key without its certificate' 64 '--cert is missing' "$muenbuild" -u "$hello" --key k -o out2
refuse 'a CA without a key' 64 '--key is missing' "$muenbuild" -u "$hello" --ca c -o out2
refuse 'a key without an image' 64 '--no-image' documents -u "$hello" "${sign[@]}" -o out2
refuse 'a URL that no script can have' 64 '--url' "$muenbuild" -u "$hello" --url 'http://a b/' -o out2

# ---- the same bytes ------------------------------------------------------------------------

install -m 755 -d elsewhere elsewhere/deep
install -m 644 "$hello" elsewhere/deep/
as_other= program=$muenbuild
[ "$(id -u)" -ne 0 ] || {
	chown -R 65534:65534 elsewhere
	chmod 755 .
	install -m 755 -d readable readable/bin readable/share
	install -m 755 "$muenbuild" readable/bin/
	cp -r "$data" readable/share/
	chmod -R a+rX readable
	program=$work/readable/bin/muenbuild
	as_other='setpriv --reuid=65534 --regid=65534 --clear-groups'
}
export SOURCE_DATE_EPOCH=1700000000
cp -p "$hello" .
run "$muenbuild" -u hello.muen,ram=32 -b 'Hi there' -o one
if (cd elsewhere/deep && umask 077 && env -i PATH="$PATH" TZ=Asia/Tokyo LANG=de_DE.UTF-8 \
	SOURCE_DATE_EPOCH=$SOURCE_DATE_EPOCH HOME=/nonexistent USER=nobody COLUMNS=20 $as_other \
	"$program" -u hello.muen,ram=32 -b 'Hi there' -o two >/dev/null 2>../log); then
	check 'the same bytes by another user in another folder, umask, time zone' \
		same one elsewhere/deep/two
else
	fail 'the same bytes by another user' "$(cat elsewhere/log)"
fi
check 'files as the umask wants them' eval \
	'[ -z "$(find elsewhere/deep/two -type f -perm /077 ! -name "muen.*")" ]'
unset SOURCE_DATE_EPOCH
# Without it, the newest input gives the date: the day of the build does not matter.
touch -d '2024-05-06 07:08:09' hello.muen
run "$muenbuild" -u hello.muen,ram=32 -b 'Hi there' -o one
check 'dated by its input' eval '"$muenbuild" inspect --json one/muen.iso | grep -q "2024-05-0[56]"'
sleep 1.1
run "$muenbuild" -u hello.muen,ram=32 -b 'Hi there' -o three
check 'the same bytes a second later' same one three
check 'no path of the folder' test -z "$(grep -rlF "$work" one)"
rm -rf three elsewhere

# ---- what is missing, what is full, and what is broken off ------------------------------------

mkdir without
for program in grub-mkimage mcopy mformat; do
	rm -rf without/*
	for folder in /usr/bin /bin; do
		ln -s $folder/* without/ 2>/dev/null
	done
	rm -f without/$program
	PATH=$work/without refuse "no $program" 69 "$program" "$muenbuild" -u "$hello,ram=32"
	check '  names the package' grep -q 'grub-common\|mtools' .stderr
	check '  and --no-image' grep -q -- '--no-image' .stderr
done
refuse 'no memdisk' 66 'nowhere' "$muenbuild" -u "$hello,ram=32" --memdisk nowhere
refuse 'another memdisk' 65 'is not memdisk' "$muenbuild" -u "$hello,ram=32" --memdisk "$hello"
mkdir incomplete
cp -r "$data/recipes" "$data/schema" incomplete/
MUENBUILD_DATA=$work/incomplete refuse 'no stand-in kernel' 69 'boot/standin' "$muenbuild" \
	-u "$hello,ram=32"
mkdir incomplete/boot
cp "$data/boot/standin" incomplete/boot/
MUENBUILD_DATA=$work/incomplete refuse 'no loader' 69 'boot/loader' "$muenbuild" -u "$hello,ram=32"

mkdir small
if mount -t tmpfs -o size=2m none small 2>/dev/null; then
	refuse 'a full disk' 74 'No space left' "$muenbuild" -u "$hello,ram=32" -o small/out
	check '  leaves nothing' test -z "$(ls -A small)"
	umount small
else
	skip 'a full disk' 'no tmpfs can be mounted here'
fi

# Killed at any time: either all is there, or nothing.
for delay in 0.02 0.05 0.1 0.15 0.2 0.3; do
	for signal in INT TERM; do
		rm -rf killed
		python3 -c 'import os, signal, sys
signal.signal(signal.SIGINT, signal.SIG_DFL)
os.execvp(sys.argv[1], sys.argv[1:])' "$muenbuild" -u "$hello,ram=32" -o killed >/dev/null 2>&1 &
		pid=$!
		sleep $delay
		kill -s $signal $pid 2>/dev/null
		status=0
		wait $pid 2>/dev/null || status=$?
		left=$(find killed -name '.*.tmp' 2>/dev/null)
		check "SIG$signal after $delay s" eval '[ -z "$left" ] && { [ $status -ne 0 ] ||
			[ -s killed/www/SHA256SUMS ]; } && { [ $status -eq 0 ] || [ ! -e killed ] ||
			[ -s killed/build.json ]; }'
	done
done
check 'no child is left behind' eval '! pgrep -f "grub-mkimage.*$work"'
finish
