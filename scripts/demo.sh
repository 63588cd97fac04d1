#!/bin/sh
# The main job on a small unikernel of our own, from its file to its greeting on a machine that was
# booted with a signed image: demo.sh BUILD_FOLDER
set -eu

build=$1
muenbuild=$build/bin/muenbuild
guests=$build/guests
demo=$build/demo
system=$demo/system
emulator=

clean_up() {
	[ -z "$emulator" ] || kill "$emulator" 2>/dev/null || true
}
trap clean_up EXIT
trap 'exit 130' INT TERM

show() {
	printf '\n$ %s\n' "$*"
	"$@"
}

# Boots the ISO until the unikernel's greeting is on the serial line; 60 seconds are plenty.
boot() {
	printf '\n$ qemu-system-x86_64 -m 256 -cdrom %s/muen.iso -serial stdio\n' "$system"
	rm -f "$demo/serial.txt"
	qemu-system-x86_64 -accel tcg -m 256 -cdrom "$system/muen.iso" -display none -net none \
		-no-reboot -serial "file:$demo/serial.txt" </dev/null >"$demo/qemu.txt" 2>&1 &
	emulator=$!
	for _ in $(seq 300); do
		! grep -qa 'all subjects ended' "$demo/serial.txt" 2>/dev/null || break
		kill -0 "$emulator" 2>/dev/null || break
		sleep 0.2
	done
	# Behind GRUB's menu, which draws with a terminal's commands.
	tr -d '\r' <"$demo/serial.txt" | sed -n '/^muen loader/,$p'
	if ! grep -qa 'hello from muen' "$demo/serial.txt"; then
		echo "the greeting did not come: see $demo/serial.txt and $demo/qemu.txt" >&2
		exit 1
	fi
}

mkdir -p "$demo"
show "$muenbuild" inspect "$guests/netecho.muen"
[ -e "$demo/keys/sign.key" ] || show "$muenbuild" keys init "$demo/keys"
show "$muenbuild" --unikernel "$guests/hello.muen,ram=32" --bootparams "Hello from a booted ISO" \
	--key "$demo/keys/sign.key" --cert "$demo/keys/sign.crt" --ca "$demo/keys/ca.crt" \
	--allow-standin --output "$system"
for file in memdisk muen.iso muen.efi boot.ipxe; do
	show "$muenbuild" verify "$system/www/$file" --ca "$demo/keys/ca.crt"
done
boot

if [ -w /dev/kvm ]; then
	show "$muenbuild" run "$guests/hello.muen" -- Hello from KVM
else
	printf '\n/dev/kvm cannot be used here: a unikernel is not run.\n'
fi

cat <<EOT

It booted, and the unikernel said hello. Here lies everything:
  $system/*.xml     the policy, for Muen's own tools
  $system/muen.iso  what was booted: a CD or a disk image (the stand-in kernel, not for production)
  $system/muen.efi  the same for UEFI over the network
  $system/www       what iPXE fetches, signed: muenbuild serve $system/www
  $demo/keys               the keys, and a README about them
  $demo/serial.txt         the serial line of the machine
EOT
