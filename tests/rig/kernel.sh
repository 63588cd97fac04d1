#!/bin/sh
# Prints the folder of a Debian cloud kernel: boot/vmlinuz-VERSION and lib/modules/VERSION below
# it. One that is installed is taken as it is; else the package is fetched once and unpacked, not
# installed. kernel.sh CACHE. Status 77 with a reason on stderr where there is none.
set -eu

cache=$1
meta=linux-image-cloud-amd64

cannot() {
	echo "$1" >&2
	exit 77
}

holds_kernel() {
	for image in "$1"/boot/vmlinuz-*-cloud-amd64; do
		[ -r "$image" ] && [ -d "$1/lib/modules/${image##*/vmlinuz-}/kernel" ] && return 0
	done
	return 1
}

if holds_kernel ""; then
	echo /
	exit 0
fi
if holds_kernel "$cache/kernel"; then
	echo "$cache/kernel"
	exit 0
fi

command -v apt-get >/dev/null && command -v dpkg-deb >/dev/null ||
	cannot "no kernel linux-image-*-cloud-amd64 is installed, and this is not Debian"
package=$(apt-cache depends "$meta" 2>/dev/null | sed -n 's/^ *Depends: \(linux-image-.*\)/\1/p')
[ -n "$package" ] || cannot "apt knows no package $meta"

mkdir -p "$cache"
work=$(mktemp -d "$cache/fetch.XXXXXX")
trap 'rm -rf "$work"' EXIT
chmod 755 "$work"
echo "fetching $package" >&2
(cd "$work" && apt-get -q download "$package") >"$work/log" 2>&1 ||
	cannot "cannot fetch $package: $(grep '^E:' "$work/log" | head -n 1)"
dpkg-deb -x "$work"/*.deb "$work/kernel"
holds_kernel "$work/kernel" || cannot "$package has no kernel where it was expected"
rm -rf "$cache/kernel"
mv "$work/kernel" "$cache/kernel"
echo "$cache/kernel"
