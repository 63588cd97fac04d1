#!/bin/sh
# The main job on a small unikernel of our own: demo.sh BUILD_FOLDER
set -eu

build=$1
muenbuild=$build/bin/muenbuild
guest=$build/guests/netecho.muen

show() {
	printf '\n$ %s\n' "$*"
	"$@"
}

show "$muenbuild" inspect "$guest"
show "$muenbuild" --unikernel "$guest" --bootparams "--ipv4=10.0.0.2/24" --output "$build/demo"

if [ -w /dev/kvm ]; then
	show "$muenbuild" run "$build/guests/hello.hvt" -- Hello from KVM
else
	printf '\n/dev/kvm cannot be used here: a unikernel is not run.\n'
fi
