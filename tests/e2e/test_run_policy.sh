#!/bin/bash
# muenbuild run --policy: one subject or several of a policy, in the world that it lays out. What
# `run` itself does with tenders is tested with a script in the tender's place; what the
# unikernels do, with the tender.
. "${0%/*}/lib.sh"

hello=$guests/hello.muen
if ! [ -e "$hello" ]; then
	skip "the unikernels of a policy" "the guests are not built"
	finish
fi

# compose FOLDER OPTION...
compose() {
	local folder=$1
	shift
	"$muenbuild" build --no-image -o "$folder" "$@" >/dev/null || fail "composes $folder"
}

compose one -u "$hello,ram=16" -b "a b" --recipe x86-qemu-solo5-test
compose three -u "$guests/netecho.muen,name=echo,ram=16" \
	-u "$guests/netclient.muen,name=client,ram=16" -u "$hello,name=lone,ram=16" \
	--connect echo:service=client:service

# ---- with a script for a tender --------------------------------------------------

# Does what the file $FAKE/SUBJECT says; $world is the text of the subject's world.
mkdir fake scripts
cp "$muenbuild" fake/muenbuild
cat >fake/muenbuild-hvt <<'SCRIPT'
#!/bin/bash
for word; do
	case $word in
	--world=@*) world=$(cat "/proc/self/fd/${word#--world=@}") ;;
	--json=*) report=${word#--json=} ;;
	esac
done
subject=$(sed -n 's/^subject \([^ ]*\) .*/\1/p' <<<"$world")
echo "words: $*"
. "$FAKE/$subject"
SCRIPT
chmod +x fake/muenbuild-hvt
export FAKE=$work/scripts
fake=$work/fake/muenbuild
policy=three/mirage-solo5.xml

# script SUBJECT LINE...
script() {
	local subject=$1
	shift
	printf '%s\n' "$@" >"$FAKE/$subject"
}

script unikernel 'echo "$world"; exit 7'
run "$fake" run --policy one/mirage-solo5-test.xml --verbose
check "one subject: the tender's status" test "$status" -eq 7
check "one subject: no name in front" grep -q '^muenbuild-world 1' .stdout
check "one subject: its boot parameters" grep -q '^bootparams a%20b' .stdout
check "one subject: its unikernel" grep -q '^unikernel one/hello.muen' .stdout
check "one subject: its options" grep -q '^words: .*--verbose' .stdout
expect "the system configuration will do" 7 "" "$fake" run --policy one/system_config.xml

for subject in echo client lone; do
	script $subject 'echo "this is $subject"; echo "told by $subject" >&2; printf "no end"'
done
run "$fake" run --policy $policy
check "several: status 0 if all have 0" test "$status" -eq 0
for subject in echo client lone; do
	check "several: lines of $subject" grep -qx "$subject: this is $subject" .stdout
	check "several: a line of $subject without an end" grep -qx "$subject: no end" .stdout
	check "several: words of the tender of $subject" grep -qx "$subject: told by $subject" .stderr
done

script echo 'exec sleep 60'
script client 'until [ -e "$FAKE/ready" ]; do sleep 0.05; done; exit 9'
script lone 'trap "echo stopped; exit 3" TERM; : >"$FAKE/ready"; while :; do sleep 0.05; done'
expect "the first that fails ends the run" 9 "client ended with status 9" \
	"$fake" run --policy $policy
check "the others are stopped" grep -qx 'lone: stopped' .stdout

script lone 'trap "" TERM; echo deaf; while :; do sleep 0.05; done'
script client 'sleep 0.2; exit 1'
start=$SECONDS
expect "one that does not stop is killed" 1 "" "$fake" run --policy $policy
check "within seconds" test $((SECONDS - start)) -lt 20

for subject in echo client lone; do
	script $subject 'trap "echo stopped; exit 1" TERM; echo "hello from $subject"
		while :; do sleep 0.05; done'
done
expect "what is expected may come from any" 0 "seen: lone: hello from lone" \
	"$fake" run --policy $policy --expect '^echo: hello' --expect 'from lone$' \
	--expect '^client: hello' --timeout 20s
check "expectations end the run" grep -qx 'client: stopped' .stdout
expect "what does not come" 125 "expect 'nothing': not seen" \
	"$fake" run --policy $policy --expect nothing --timeout 300ms
expect "what must not come" 125 "reject 'from client': seen" \
	"$fake" run --policy $policy --reject 'from client' --timeout 20s
expect "nothing bad for so long" 0 "" "$fake" run --policy $policy --reject bad --timeout 300ms
script lone 'exit 0'
script echo 'exit 0'
script client 'exit 0'
expect "all have ended before it came" 125 "not seen" "$fake" run --policy $policy --expect never

script echo 'trap "exit 143" TERM; echo ready; while :; do sleep 0.05; done'
"$fake" run --policy $policy >log 2>&1 &
pid=$!
for _ in $(seq 100); do
	grep -q ready log && break
	sleep 0.05
done
kill -INT $pid
wait $pid
check "a signal ends all" test $? -eq 130
check "and leaves nobody behind" sh -c '! pgrep -P '$pid

script echo 'printf "%s" "{\"cause\": \"halted\"}" >"$report"'
script client 'exit 4'
run "$fake" run --policy $policy --json report.json
check "a report of all" test "$(python3 -c '
import json
r = json.load(open("report.json"))
print(r["type"], r["status"], {s["subject"]: (s["status"], s["report"]) for s in r["subjects"]}["client"])
')" = "muenbuild.run-policy 4 (4, None)"

script client 'grep "^region.*name=service" <<<"$world"; exit 0'
script echo 'grep "^region.*name=service" <<<"$world"; exit 0'
run "$fake" run --policy $policy --net echo:service=tap0 --verbose
check "an option for one" grep -qx 'echo: words: .*--net=service=tap0.*' .stdout
check "is not the other's" sh -c '! grep -x "client: words: .*--net.*" .stdout'
check "an option for all" test "$(grep -c 'words: .*--verbose' .stdout)" -eq 3

refuse "whose device it is must be said" 64 "several subjects run" \
	"$fake" run --policy $policy --net service=user
refuse "an option of the policy's" 64 "--mem" "$fake" run --policy $policy --mem 64
refuse "a command line" 64 "command line" "$fake" run --policy $policy -- x
refuse "an unknown option" 64 "--nix" "$fake" run --policy $policy --nix
refuse "an unknown subject" 65 "no subject 'nix'" "$fake" run --policy $policy --subject nix
check "those there are get named" grep -q 'echo, client, lone' .stderr
refuse "a subject that is none" 65 "is no unikernel" \
	"$fake" run --policy $policy --subject echo_mon
refuse "a subject without a policy" 64 "none is named" "$fake" run --subject echo
refuse "a policy that is not there" 66 "nix.xml" "$fake" run --policy nix.xml
refuse "a component for a policy" 65 "<component>" \
	"$fake" run --policy three/component_echo.xml
rm fake/muenbuild-hvt
refuse "no tender" 69 "cannot start the tender" "$fake" run --policy $policy

# ---- a template, with the policy tree and without -------------------------------

tree=$shared/muen/policy
if [ -e "$tree/system/mirageos/mirage-solo5.xml" ]; then
	compose template -u "$hello,ram=16" -b "from a template" -p "$tree" \
		--template "$tree/system/mirageos/mirage-solo5.xml"
	printf '#!/bin/bash\ncat "/proc/self/fd/${1#--world=@}"\n' >fake/muenbuild-hvt
	chmod +x fake/muenbuild-hvt
	run "$fake" run --policy template/mirage-solo5.xml -I "$tree" -I "$tree/system" \
		--include="$tree/system/mirageos"
	check "a template: runs without its scheduling plan" test "$status" -eq 0
	check "a template: its channels" grep -q 'name=debuglog .*physical=debuglog_subject7' .stdout
	rm fake/muenbuild-hvt
	refuse "a template: without the tree" 66 "common_" "$fake" run --policy template/mirage-solo5.xml
	check "a template: how to name the tree" grep -q -- '-I' .stderr
else
	skip "a policy made from a template" "there is no Muen policy tree"
fi

# ---- build --run, with a script for a tender -------------------------------------

cp -r "$(dirname "$muenbuild")/../share" share
cat >fake/muenbuild-hvt <<'SCRIPT'
#!/bin/bash
echo "words: $*"
[ -e "${!#}" ] && echo "the unikernel is there"
exit "$(cat "$FAKE/status")"
SCRIPT
chmod +x fake/muenbuild-hvt
build_run() {
	"$fake" build -u "$hello,ram=16" --recipe x86-qemu-solo5-test --no-image -o out --run "$@"
}
echo 0 >"$FAKE/status"
run build_run
check "build --run: status" test "$status" -eq 0
check "build --run: writes what ran well" test -e out/mirage-solo5-test.xml
check "build --run: has a time limit" grep -q '^words: .*--timeout=60s' .stderr
check "build --run: the unikernel is there" grep -qx 'the unikernel is there' .stderr
check "build --run: stdout is the build's" sh -c '! grep -q words: .stdout'
run build_run -n -- --timeout 2s --expect x
check "build --run: options behind --" grep -q '^words: .*--timeout=2s --expect=x' .stderr
check "build --run: no second time limit" sh -c '! grep -q 60s .stderr'
check "build --run: in a dry run the unikernel is in memory" \
	grep -qx 'the unikernel is there' .stderr
for pair in "1 65" "120 64" "122 69" "123 65" "125 65"; do
	echo "${pair% *}" >"$FAKE/status"
	refuse "build --run: status ${pair% *} fails the build" "${pair#* }" \
		"its run ended with status ${pair% *}" build_run
done
refuse "build --run: another policy" 64 "runs what is built" build_run -- --policy x
refuse "build without --run has no options behind --" 64 "does not know" \
	"$fake" build -u "$hello" --no-image -- --timeout 1s
rm fake/muenbuild-hvt

# ---- wrong policies --------------------------------------------------------------

# wrong NAME WORD SED: the policy that sed makes is refused with the word, and a place in the file.
wrong() {
	cp -r one wrong
	sed -i "$3" wrong/mirage-solo5-test.xml
	refuse "wrong policy: $1" 65 "$2" "$fake" run --policy wrong/mirage-solo5-test.xml
	check "wrong policy: $1: where" grep -q 'wrong/mirage-solo5-test.xml:[0-9]' .stderr
	rm -r wrong
}

wrong "a map is missing" "does not map the channel 'debuglog'" '/<map logical="debuglog" physical="log_unikernel"/d'
wrong "a channel is missing" "no channel of that name" '/<channel name="log_unikernel"/d'
wrong "channels of different sizes" "the component wants" 's/\(<channel name="clock" size=\)"[^"]*"/\1"16#4000#"/'
wrong "an overlap" "overlap" 's/\(logical="ram" size=\)"[^"]*"/\1"16#000f_0000_0000#"/'
wrong "the RAM has moved" "RAM was expected to begin where" 's/\(logical="ram".*virtualAddress=\)"[^"]*"/\1"16#0021_0000#"/'
wrong "the entry point is data" "lies in no executable region" 's/\(<rip>\)[^<]*/\116#0000_1000#/'
wrong "the stack is elsewhere" "its stack (RSP)" 's/\(<rsp>\)[^<]*/\116#3000_0000#/'
wrong "damaged" "" '$d'

# ---- with the tender -------------------------------------------------------------

if ! (: <>/dev/kvm) 2>/dev/null; then
	skip "unikernels in the world of a policy" "/dev/kvm cannot be opened"
	finish
fi

run timeout 60 "$muenbuild" run --policy one/mirage-solo5-test.xml
check "hello: status" test "$status" -eq 0
check "hello: its boot parameters" grep -q "arguments: 'a b'" .stdout
check "hello: to its end" grep -q SUCCESS .stdout

# The unikernels of the direct channel: nothing is lost.
compose pair -u "$guests/netecho.muen,name=echo,ram=16" -b "" \
	-u "$guests/netclient.muen,name=client,ram=16" -b "--count=2000 --window=32 --quit" \
	--connect echo:service=client:service --disable-reset
run timeout 120 "$muenbuild" run --policy pair/mirage-solo5.xml
check "a direct channel: status" test "$status" -eq 0
check "a direct channel: nothing is lost" grep -q '^client: netclient: sent=2000 received=2000 lost=0' .stdout
check "a direct channel: both have ended" test "$(grep -c 'solo5_exit(0) called' .stdout)" -eq 2

# Another place for what has no fixed one, another size: the guest sees the policy's.
cp -r one moved
sed -i 's/"16#0002_0000#"/"16#0004_0000#"/' moved/mirage-solo5-test.xml
expect "a log of another size" 0 "" timeout 60 "$muenbuild" run --policy moved/mirage-solo5-test.xml
check "prints as well" grep -q SUCCESS .stdout

# A network of one subject's own; a direct channel whose other side does not run takes one, too.
compose echo -u "$guests/netecho.muen,ram=16" --disable-reset
expect "a device that nothing is attached to" 120 "'service'" \
	timeout 60 "$muenbuild" run --policy echo/mirage-solo5.xml
if python3 - "$muenbuild" echo/mirage-solo5.xml <<'PYTHON' >log 2>&1; then
import socket, subprocess, sys, time
port = 20000 + time.time_ns() // 1000 % 20000
run = subprocess.Popen([sys.argv[1], "run", "--policy", sys.argv[2], "--timeout=60s",
                        f"--net=service=user,hostfwd=udp:{port}-:7"])
peer = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
peer.settimeout(0.2)
answer = None
for attempt in range(200):
    peer.sendto(b"is it there?", ("127.0.0.1", port))
    try:
        answer = peer.recv(100)
        break
    except OSError:
        time.sleep(0.05)
peer.sendto(b"quit", ("127.0.0.1", port))
status = run.wait(60)
print("answer", answer, "status", status)
sys.exit(answer != b"is it there?" or status != 0)
PYTHON
	ok "a network of its own"
else
	not_ok "a network of its own" log
fi
run timeout 60 "$muenbuild" run --policy pair/mirage-solo5.xml --subject echo \
	--net service=user --expect 'netecho: ready' --timeout 30s
check "one side of a direct channel alone" test "$status" -eq 0

# build --run.
run timeout 60 "$muenbuild" build --no-image -o out -u "$guests/netecho.muen,name=echo,ram=16" \
	-u "$guests/netclient.muen,name=client,ram=16" -b "--count=100 --quit" \
	--connect echo:service=client:service --disable-reset --run -- --reject FAILURE
check "build --run: two that talk" test "$status" -eq 0
check "build --run: what they say" grep -q 'client: netclient: sent=100 received=100' .stderr
refuse "build --run: one that fails" 65 "status 255" timeout 60 "$muenbuild" build --no-image \
	-o out -u "$guests/wx.muen,ram=16" -b write-text --recipe x86-qemu-solo5-test --run

# Faults name the policy's line.
compose wx -u "$guests/wx.muen,ram=16" -b write-text --recipe x86-qemu-solo5-test
line=$(grep -n 'logical="text"' wx/mirage-solo5-test.xml | cut -d: -f1)
run timeout 60 "$muenbuild" run --policy wx/mirage-solo5-test.xml
check "a write to the text fails" test "$status" -ne 0
check "and names the line" grep -q "wx/mirage-solo5-test.xml:$line" .stderr
# Before the guest has handlers, only its CPU's registers tell, on hosts that keep them.
sed -i '/logical=".data"/s/writable="true"/writable="false"/' wx/mirage-solo5-test.xml
line=$(grep -n 'logical=".data"' wx/mirage-solo5-test.xml | cut -d: -f1)
run timeout 60 "$muenbuild" run --policy wx/mirage-solo5-test.xml
check "data that is read-only ends the guest at once" test "$status" -eq 123
if grep -q 'cr2=' .stderr; then
	check "and is named with its line" grep -q "'.data' (wx/mirage-solo5-test.xml:$line), which is read-only" .stderr
else
	skip "the region of an early fault" "this host resets the registers of a CPU that shuts down"
fi

finish
