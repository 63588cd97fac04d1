#!/bin/sh
# Boots a kernel with an initramfs in QEMU's software emulation of a CPU with AMD's virtualisation
# (one with Intel's is not emulated), so that KVM in there is an ordinary one, wherever this runs.
# boot.sh KERNEL INITRAMFS CONSOLE SECONDS: the second serial line goes to stdout, the kernel's to
# the file CONSOLE. Status 124 if it did not end in time.
set -eu

image=$(ls -v "$1"/boot/vmlinuz-*-cloud-amd64 | tail -n 1)
exec timeout -k 5 "$4" qemu-system-x86_64 -accel tcg -cpu max,+svm,+npt -smp 1 -m 1024 \
	-nographic -no-reboot -monitor none -net none -kernel "$image" -initrd "$2" \
	-append "console=ttyS0 quiet panic=-1" -serial "file:$3" -serial stdio </dev/null
