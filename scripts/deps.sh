#!/bin/sh
# Installs what is missing on Debian and Ubuntu, or says how: deps.sh build|demo|check
set -eu

build="gcc make binutils pkg-config libxml2-dev libssl-dev libjansson-dev libcyaml-dev libyaml-dev
	libgpgme-dev libseccomp-dev libslirp-dev libmicrohttpd-dev libisofs-dev mtools grub-common
	grub-pc-bin grub-efi-amd64-bin syslinux-common"
demo="$build qemu-system-x86"
check="$build check clang libxml2-utils mandoc openssl python3 git strace
	gnupg softhsm2 opensc libengine-pkcs11-openssl xorriso genisoimage
	qemu-system-x86 ovmf ipxe iproute2 gdb busybox-static xz-utils procps"

case "${1-}" in
build) wanted=$build ;;
demo) wanted=$demo ;;
check) wanted=$check ;;
*) echo "usage: $0 build|demo|check" >&2; exit 64 ;;
esac

if ! command -v dpkg-query >/dev/null 2>&1; then
	echo "muenbuild: this is not Debian or Ubuntu: the packages below must be installed by hand" >&2
	echo "  $wanted" >&2
	exit 0
fi

missing=
for package in $wanted; do
	status=$(dpkg-query -W -f '${db:Status-Status}' "$package" 2>/dev/null || true)
	[ "$status" = installed ] || missing="$missing $package"
done
[ -n "$missing" ] || exit 0

if [ "$(id -u)" = 0 ]; then
	as_root=
elif command -v sudo >/dev/null 2>&1 && sudo -n true 2>/dev/null; then
	as_root=sudo
else
	echo "muenbuild: these packages are missing; install them with" >&2
	echo "  sudo apt-get install --no-install-recommends$missing" >&2
	exit 69
fi

echo "installing:$missing"
log=$(mktemp)
trap 'rm -f "$log"' EXIT
if ! { $as_root apt-get update &&
	$as_root env DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends $missing
} >"$log" 2>&1; then
	tail -n 20 "$log" >&2
	echo "muenbuild: could not install:$missing" >&2
	exit 69
fi
