#!/bin/bash
# A real build over the network: what build writes to www/, served by serve on loopback, fetched by
# QEMU's own iPXE over HTTP, from BIOS through memdisk and from UEFI, to the unikernel's output.
#
# Debian's iPXE has no imgtrust: as it is, boot.ipxe must stop there. To get further, the lines that
# need it are taken out of a copy.
. "${0%/*}/lib.sh"

servers=()
emulators=()
clean_up() {
	[ ${#emulators[@]} -eq 0 ] || kill "${emulators[@]}" 2>/dev/null
	[ ${#servers[@]} -eq 0 ] || kill "${servers[@]}" 2>/dev/null
}

for needed in qemu-system-x86_64:qemu-system-x86 grub-mkimage:grub-common mcopy:mtools \
	/usr/lib/syslinux/memdisk:syslinux-common /usr/lib/grub/i386-pc:grub-pc-bin \
	/usr/lib/grub/x86_64-efi:grub-efi-amd64-bin /usr/lib/ipxe/qemu/pxe-e1000.rom:ipxe-qemu; do
	command -v "${needed%:*}" >/dev/null || [ -e "${needed%:*}" ] || {
		skip 'booting over the network' "${needed%:*} is not there (Debian: ${needed#*:})"
		finish
	}
done

# serve FOLDER: its address, as virtual machines see it, in $url; requests in FOLDER.requests
serve() {
	"$muenbuild" serve "$1" --port 0 >"$1.url" 2>"$1.requests" &
	servers+=($!)
	while kill -0 $! 2>/dev/null && [ ! -s "$1.url" ]; do
		sleep 0.1
	done
	url=$(sed 's|//127.0.0.1:|//10.0.2.2:|; s|/$||' "$1.url")
}

# machine NAME URL ARGUMENT...: ends when the serial line tells that it has booted, or that it will
# not.
machine() {
	local name=$1 url=$2 emulator
	shift 2
	: >"$name.serial"
	timeout 600 qemu-system-x86_64 -accel tcg -nodefaults -display none -monitor none \
		-no-reboot -serial "file:$name.serial" -boot n \
		-nic "user,model=e1000,bootfile=$url/boot.ipxe" "$@" >"$name.log" 2>&1 </dev/null &
	emulator=$!
	emulators+=($emulator)
	while kill -0 $emulator 2>/dev/null && ! grep -qaF -e 'all subjects ended' \
		-e 'Reset the machine to try again.' "$name.serial"; do
		sleep 0.2
	done
	kill $emulator 2>/dev/null
	wait $emulator 2>/dev/null
}

says() { # NAME TEXT
	if tr -d '\r' <"$1.serial" | grep -qaF -- "$2"; then
		ok "$1: says '$2'"
	else
		fail "$1: says '$2'" "$(tail -c 2000 "$1.serial" | tr -cd '\n -~' | tail -n 20)" \
			"$(cat "$1.log")"
	fi
}

boots() { # NAME
	says "$1" 'stand-in kernel, not for production'
	says "$1" 'hello from muen'
	says "$1" "arguments: 'From the network'"
	says "$1" 'exit status 0'
}

run "$muenbuild" -u "$guests/hello.muen,ram=32" -b 'From the network' -o sys
check 'a build' test "$status" -eq 0
cp -r sys/www untrusted
sed -i '/^imgtrust/d; /^imgverify/d' untrusted/boot.ipxe

serve untrusted
machine bios "$url" -m 256 -M pc,graphics=off
boots bios
for file in boot.ipxe memdisk muen.iso; do
	check "  fetched $file" grep -q "^GET /$file 200 " untrusted.requests
done

ovmf=
for file in /usr/share/OVMF/OVMF_CODE_4M.fd /usr/share/OVMF/OVMF_CODE.fd; do
	[ -n "$ovmf" ] || [ ! -e "$file" ] || ovmf=$file
done
if [ -n "$ovmf" ]; then
	cp "${ovmf/CODE/VARS}" vars
	machine uefi "$url" -m 512 -M q35 \
		-drive "if=pflash,format=raw,readonly=on,file=$ovmf" \
		-drive if=pflash,format=raw,file=vars
	boots uefi
	check '  fetched muen.efi' grep -q '^GET /muen.efi 200 ' untrusted.requests
else
	skip 'uefi' 'ovmf is not installed'
fi

# As it was written: an iPXE that cannot verify fetches nothing but the script.
serve sys/www
machine untouched "$url" -m 256 -M pc,graphics=off
says untouched 'FAILED: '
says untouched 'Nothing is booted. Reset the machine to try again.'
check '  fetched the script' grep -q '^GET /boot.ipxe 200 ' sys/www.requests
if grep -qaF 'this iPXE cannot verify' untouched.serial; then
	check '  and nothing else' test "$(grep -c '^GET' sys/www.requests)" -eq 1
fi
finish
