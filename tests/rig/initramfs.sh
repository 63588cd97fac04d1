#!/bin/sh
# Packs what the rig runs into an initramfs: initramfs.sh KERNEL BUILD FILE
#
# KERNEL is what kernel.sh printed. Taken along: busybox as userland, the modules that init
# loads, the tender and the tools of BUILD with their shared libraries, the guests, the cases.
set -eu

kernel=$1
build=$2
output=$3
modules="irqbypass kvm kvm-amd tun bridge"

image=$(ls -v "$kernel"/boot/vmlinuz-*-cloud-amd64 | tail -n 1)
module_folder=$kernel/lib/modules/${image##*/vmlinuz-}
busybox=$(command -v busybox)

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
root=$work/root
mkdir -p "$root/bin" "$root/dev" "$root/proc" "$root/sys" "$root/tmp" "$root/modules" "$root/hvt"

# Adds a module behind those that it needs, each once, and its name to the list of what to load.
# Modules name each other with _ where their files may have -, and newer ones are compressed.
add_module() {
	grep -qx "$1" "$root/modules/list" && return
	file=$(find "$module_folder/kernel" -name "$(echo "$1" | tr _- '??').ko*" | head -n 1)
	case $file in
	*.ko) cat "$file" ;;
	*.ko.xz) xz -dc "$file" ;;
	*)
		echo "$1: no such module in $module_folder" >&2
		exit 1
		;;
	esac >"$root/modules/$1.ko"
	for needed in $(tr '\0' '\n' <"$root/modules/$1.ko" | sed -n 's/^depends=//p' | tr , ' '); do
		add_module "$needed"
	done
	echo "$1" >>"$root/modules/list"
}

# Copies a program or library and the shared libraries that it is linked with.
add_program() {
	cp "$1" "$2"
	ldd "$1" | sed -n 's/.*[[:space:]]\(\/[^ ]*\) (.*/\1/p' | while read -r library; do
		mkdir -p "$root$(dirname "$library")"
		cp -L "$library" "$root$library"
	done
}

: >"$root/modules/list"
for module in $modules; do
	add_module "$module"
done
cp "$busybox" "$root/bin/busybox"
add_program "$build/bin/muenbuild-hvt" "$root/bin"
add_program "$build/tests/tools/socketpair" "$root/bin"
add_program "$build/tests/hvt/faults.so" "$root/hvt"
# The tender loads this one when a user network is asked for.
libslirp=$(ldconfig -p | sed -n 's/.*libslirp\.so\.0 .*=> //p' | head -n 1)
if [ -n "$libslirp" ]; then
	mkdir -p "$root$(dirname "$libslirp")"
	add_program "$libslirp" "$root$(dirname "$libslirp")"
fi
cp -r "$build/guests" "$root/hvt/guests"
cp tests/hvt/*.sh "$root/hvt"
cp tests/rig/init "$root/init"
cp tests/rig/cases.sh "$root/rig.sh"
chmod 755 "$root/init"

# The same contents give the same file: sorted, and of one date.
find "$root" -exec touch -h -d @0 {} +
(cd "$root" && find . | LC_ALL=C sort | "$busybox" cpio -o -H newc) >"$output" 2>"$work/log" || {
	cat "$work/log" >&2
	exit 1
}
