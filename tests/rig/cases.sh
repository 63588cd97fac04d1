#!/bin/sh
# What runs in the rig: the cases for every KVM, and those that need a machine of one's own.
export HVT=/bin/muenbuild-hvt FAULTS=/hvt/faults.so
cd /hvt || exit 1

sh ./cases.sh .
echo "# the cases for every KVM ended $(cut -d ' ' -f 1 /proc/uptime) s after the start"
. ./tap.sh

# ---- networks of the kernel ------------------------------------------------------------

# start_echo OPTION...: the echo guest, up to the point where it answers
start_echo() {
	rm -f echo.out
	"$HVT" --timeout=60s "$@" guests/netecho.hvt >echo.out 2>&1 &
	tender=$!
	wait_for echo.out "netecho: ready"
}

# pinged DESCRIPTION [BYTES]: whether 10.0.0.2 answers; ends the echo guest
pinged() {
	# Linux lets nothing through for up to a second after an interface got its carrier.
	for _ in 1 2 3 4 5; do
		ping -c 1 -W 1 10.0.0.2 >/dev/null 2>&1 && break
	done
	judge "$1: the guest answers pings" 0 "3 packets received, 0% packet loss" 0 \
		"$(ping -c 3 -i 0.2 -s "${2:-1400}" 10.0.0.2 2>&1)"
	kill $tender
	wait $tender
	judge "$1: a signal ends it" 143 "on signal 15" $? "$(cat echo.out)"
}

tap_cases() {
	check "a tap that is not there" 122 "there is no network interface 'tap9'" \
		--net=service=tap9 guests/netecho.hvt
	tunctl -t tap9 >/dev/null
	check "a tap that is down" 122 "the interface tap9 is down" \
		--net=service=tap9 guests/netecho.hvt
	ifconfig tap9 10.0.0.1 netmask 255.255.255.0 up
	for ring in on off; do
		start_echo --ring=$ring --net=service=tap9
		pinged "a tap by name, ring $ring"
	done
	ifconfig tap9 mtu 1280
	start_echo --net=service=tap9
	judge "the MTU is the tap's" 0 "mtu 1280" 0 "$(cat echo.out)"
	check "a tap that is in use" 122 "another program has it open" \
		--net=service=tap9 guests/netecho.hvt
	pinged "a tap with another MTU" 1200
	tunctl -d tap9 >/dev/null
}

new_tap_cases() {
	start_echo --net=service=tap
	ifconfig tap0 10.0.0.1 netmask 255.255.255.0 up
	pinged "a tap made by the tender"
	judge "  it goes with the tender" 0 "tap0 is gone" 0 \
		"$([ -e /sys/class/net/tap0 ] || echo "tap0 is gone")"
}

bridge_cases() {
	brctl addbr br0
	ifconfig br0 10.0.0.1 netmask 255.255.255.0 up
	start_echo --net=service=tap,bridge=br0
	check "two guests on a bridge" 0 "received=100 lost=0 corrupt=0*SUCCESS" \
		--net=service=tap,bridge=br0 guests/netclient.hvt --ipv4=10.0.0.3/24 \
		--peer=10.0.0.2 --count=100 --arp-attempts=50
	pinged "a bridge"
	check "a bridge that is not there" 122 "bridge br9*make the bridge" \
		--net=service=tap,bridge=br9 guests/netecho.hvt
}

# Two networks without root, joined by a port of this machine's: from guest to guest through both.
user_cases() {
	start_echo --net=service=user,hostfwd=udp:7-:7
	check "two guests, each in a user network of its own" 0 "received=20 lost=0 corrupt=0*SUCCESS" \
		--net=service=user guests/netclient.hvt --ipv4=10.0.0.2/24 --peer=10.0.0.1 \
		--count=20 --size=1400 --quit
	wait $tender
	judge "  the other one counts the frames" 0 "udp=21 " $? "$(cat echo.out)"
}

# ---- this KVM ---------------------------------------------------------------------------

ordinary_cases() {
	judge "the host has SVM to hide" 0 svm 0 "$(grep flags /proc/cpuinfo)"
	mkdir -p mounted
	mount -t tmpfs tmpfs mounted
	"$HVT" --block=storage=disk guests/block.hvt >/dev/null 2>&1
	cp disk mounted/disk
	mount -o remount,ro mounted
	check "a block file on a read-only mount" 122 "Read-only file system*,ro" \
		--block=storage=mounted/disk guests/block.hvt
	check "  is taken for reading only" 0 "8 blocks, 0 failures" \
		--block=storage=mounted/disk,ro guests/block.hvt --read-only
	umount mounted
}

tap_cases
new_tap_cases
bridge_cases
user_cases
ordinary_cases
echo "# the rig is done"
