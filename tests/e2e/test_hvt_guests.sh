#!/bin/sh
# Every test guest under the tender on this host's KVM: tests/hvt/cases.sh. Prints TAP.
#
# MUENBUILD_BUILD is the build to test (default: build); tests/rig runs the same cases on an
# ordinary KVM.
set -u

build=${MUENBUILD_BUILD:-$PWD/build}
work=$(mktemp -d) || exit 1
trap 'rm -rf "$work"' EXIT
trap 'exit 1' INT TERM

if ! ( : <>/dev/kvm ) 2>/dev/null; then
	echo "ok 1 - the guests on this host # SKIP /dev/kvm cannot be opened"
	exit 0
fi
ln -s "$build/guests" "$work/guests"
cases=$PWD/tests/hvt
cd "$work" || exit 1
HVT=$build/bin/muenbuild-hvt FAULTS=$build/tests/hvt/faults.so \
	"$build/tests/tools/socketpair" sh "$cases/cases.sh" "$cases"
