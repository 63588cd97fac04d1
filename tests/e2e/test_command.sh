#!/bin/bash
# The command itself: options, help, completion; and that it fails well: full disks, closed pipes,
# signals, hostile documents.
. "${0%/*}/lib.sh"

hello=$guests/hello.muen
verbs=$("$muenbuild" --completions)

# ---- help, completion ----------------------------------------------------------

run "$muenbuild" --help
cp .stdout help
check 'help succeeds' test "$status" -eq 0 -a ! -s .stderr
for verb in $verbs; do
	check "help lists $verb" grep -q "^  $verb " help
	run "$muenbuild" "$verb" --help
	check "$verb --help" eval '[ $status -eq 0 ] && grep -q "^Usage: muenbuild $verb" .stdout'
	cp .stdout first
	check "$verb -h" eval '"$muenbuild" "$verb" -h | diff - first'
	check "help $verb" eval '"$muenbuild" help "$verb" | diff - first'
	check "$verb: completions are its options" eval '
		"$muenbuild" --completions "$verb" | sed "s/=\$//" | sort >completions
		grep -o "^  \(-.,\|   \) --[a-z_-]*" first | grep -o -- "--[a-z_-]*" | sort >options
		diff completions options'
	check "completions list $verb" eval '"$muenbuild" --completions | grep -qx "$verb"'
	[ "$verb" = run ] && continue # which hands its words to the tender
	refuse "$verb: an unknown option" 64 "unknown option '--nonsense'" "$muenbuild" "$verb" \
		--nonsense
	refuse "$verb: an unknown letter" 64 "unknown option '-Z'" "$muenbuild" "$verb" -Z
done
check 'no arguments: help' eval '"$muenbuild" | diff - help'
check 'the version' eval '"$muenbuild" --version | grep -qx "muenbuild $(cat "$root/VERSION")"'
refuse 'an unknown verb' 64 "'biuld' is not a verb" "$muenbuild" biuld
refuse 'help for an unknown verb' 64 "'biuld' is not a verb" "$muenbuild" help biuld
expect 'did you mean' 64 'did you mean --unikernel?' "$muenbuild" --unikernal x
expect 'did you mean another' 64 'did you mean --channel-size?' "$muenbuild" gencspec --chanel-size 1
refuse 'an option without its value' 64 'needs a value' "$muenbuild" --unikernel
refuse 'a value for an option that takes none' 64 'takes no value' "$muenbuild" --dry-run=yes
refuse 'no unikernel' 64 'no unikernel is named' "$muenbuild" -n
refuse 'an operand' 64 "'x.muen'" "$muenbuild" build x.muen
refuse 'an unknown key' 64 "unknown part 'color=red'" "$muenbuild" -u x.muen,color=red
refuse 'a bad key' 64 'yes or no' "$muenbuild" -u x.muen,reset=maybe
refuse 'ticks 0' 64 'ticks=0' "$muenbuild" -u x.muen,ticks=0
refuse 'a CPU below 0' 64 'cpu=-1' "$muenbuild" -u x.muen,cpu=-1
refuse 'RAM 0 of one' 64 "'0' is not a size" "$muenbuild" -u x.muen,ram=0
refuse 'no file' 64 'no file is named' "$muenbuild" -u ,name=x
refuse 'parameters twice' 64 'already' "$muenbuild" -u x.muen -b one -b two
run "$muenbuild" -u "$hello" -b --help -o helped
check '--help as a value' grep -qF 'value="--help"' helped/component_unikernel.xml
cp "$hello" 'odd,x=1.muen'
expect 'a comma in a name' 0 '' documents -u 'odd,x=1.muen' -o helped
rm -rf helped

# ---- outputs that cannot be ----------------------------------------------------

refuse 'no parent folder' 73 'make its parent folder first' "$muenbuild" -u "$hello" \
	-o nowhere/out
check 'which is not made' test ! -e nowhere
: >file
refuse 'a file in place of the folder' 73 'is a file' "$muenbuild" -u "$hello" -o file
mkdir blocked blocked/build.json
refuse 'a folder in place of a file' 73 'build.json: is a folder' "$muenbuild" -u "$hello" -o blocked
check 'nothing was put in place' test "$(ls -A blocked)" = build.json
if [ "$(id -u)" -ne 0 ]; then
	mkdir -m 555 readonly
	refuse 'a folder that may not be written' 73 'cannot create' "$muenbuild" -u "$hello" \
		-o readonly
else
	skip 'a folder that may not be written' 'root may write to any'
fi
(
	ulimit -f 8
	run documents -u "$hello" -o limited
	echo "$status" >.status
)
check 'a limit on file sizes' eval '[ "$(cat .status)" -eq 74 ] && grep -q "File too large" .stderr'
check 'leaves nothing' test ! -e limited
mkdir small
if mount -t tmpfs -o size=64k none small 2>/dev/null; then
	echo old >small/build.json
	refuse 'a full disk' 74 'No space left' documents -u "$hello" -o small
	check 'says that nothing was replaced' grep -q 'nothing was replaced' .stderr
	check 'which is true' test "$(ls -A small)" = build.json -a "$(cat small/build.json)" = old
	umount small
else
	skip 'a full disk' 'no tmpfs can be mounted here'
fi
for verb in "inspect $hello" "inspect --json $hello" "--help" "-u $hello -n --no-image" "recipes" \
	"-u $hello -n --no-image --json"; do
	status=0
	"$muenbuild" $verb >/dev/full 2>.stderr || status=$?
	check "$verb to a full device" eval '[ $status -eq 74 ] && grep -q "stdout: " .stderr'
	status=0
	(
		trap '' PIPE
		"$muenbuild" $verb 2>.stderr
		echo $? >.status
	) | true
	check "$verb into a closed pipe" eval '[ "$(cat .status)" -eq 74 ] || [ "$(cat .status)" -eq 0 ]'
done

# Without standard output, the first file that is written must not take its place.
rm -rf out closed
run documents -u "$hello" -o out
status=0
documents -u "$hello" -o closed >&- 2>.stderr || status=$?
check 'closed standard output is a failure' test "$status" -eq 74
check 'and no file gets what was for it' same out closed
rm -rf out closed

# ---- signals ---------------------------------------------------------------------

# Killed at any time: either all is there, or nothing; never a temporary file.
"$mkelf" --text-size 24M large.elf
for delay in 0 0.005 0.01 0.02 0.03 0.04 0.06 0.1; do
	for signal in INT TERM HUP; do
		rm -rf out
		"$muenbuild" --no-image -u large.elf -u "$hello" -o out >/dev/null 2>&1 &
		pid=$!
		sleep $delay
		kill -s $signal $pid 2>/dev/null
		status=0
		wait $pid 2>/dev/null || status=$?
		if [ -e out ]; then
			left=$(find out -name '.*.tmp')
		else
			left=
		fi
		check "SIG$signal after $delay s" eval '[ -z "$left" ] &&
			{ [ $status -gt 128 ] || [ $status -eq 0 ]; } &&
			{ [ $status -ne 0 ] || [ -s out/build.json ]; }'
	done
done
rm -rf out large.elf

# ---- hostile documents -------------------------------------------------------------

# A file that would be read must not be: a FIFO would block.
mkfifo secret
cat >external.xml <<'XML'
<!DOCTYPE component [<!ENTITY x SYSTEM "secret">]>
<component name="a" profile="native"><config><string name="s" value="x"/></config>&x;</component>
XML
cat >dtd.xml <<'XML'
<!DOCTYPE component SYSTEM "secret"><component name="a" profile="native"/>
XML
cat >include.xml <<'XML'
<component xmlns:xi="http://www.w3.org/2001/XInclude" name="a" profile="native"><xi:include href="secret"/></component>
XML
{
	echo '<!DOCTYPE component [<!ENTITY a0 "ha">'
	for i in $(seq 1 20); do
		echo "<!ENTITY a$i \"&a$((i - 1));&a$((i - 1));&a$((i - 1));&a$((i - 1));\">"
	done
	echo ']><component name="&a20;" profile="native"/>'
} >bomb.xml
{
	for i in $(seq 1 20000); do printf '<a>'; done
	for i in $(seq 1 20000); do printf '</a>'; done
} >deep.xml
head -c 200000 /dev/zero >zeroes.xml
printf '<component name="a' >cut.xml
for document in external dtd include bomb deep zeroes cut; do
	refuse "$document as a source" 65 "$document.xml" timeout 20 "$muenbuild" -u "$hello" \
		--source $document.xml
	refuse "$document as a source of gencspec" 65 "$document.xml" timeout 20 "$muenbuild" \
		gencspec "$hello" --source $document.xml
	refuse "$document as a template" 65 "$document.xml" timeout 20 "$muenbuild" -u "$hello" \
		--template $document.xml
	refuse "$document as a specification" 65 "$document.xml" timeout 20 "$muenbuild" policy \
		$document.xml
	refuse "$document as a schema" 65 "$document.xml" timeout 20 "$muenbuild" -u "$hello" \
		--schema $document.xml
done
refuse 'a FIFO as a source' 66 'not a regular file' timeout 20 "$muenbuild" -u "$hello" \
	--source secret
refuse 'a FIFO as a unikernel' 66 'not a regular file' timeout 20 "$muenbuild" -u secret
refuse 'a FIFO as a recipe' 66 'not a regular file' timeout 20 "$muenbuild" -u "$hello" -r ./secret

# ---- the unikernel is read once -------------------------------------------------------

if strace -o trace -f true 2>/dev/null; then
	"$mkelf" --text-size 3M once.elf
	strace -f -e trace=open,openat,read,pread64,mmap -o trace "$muenbuild" --no-image -u once.elf -o out \
		>/dev/null 2>&1
	check 'opened once' test "$(grep -c 'open.*"once.elf"' trace)" -eq 1
	# What is read from the descriptor until another file has it.
	read=$(awk '/"once.elf"/ { fd = $NF; next }
		fd != "" && /open/ && $NF == fd { exit }
		fd != "" && $0 ~ "read(64)?\\(" fd "," { sum += $NF }
		END { print sum }' trace)
	check 'each byte read once' test "$read" -eq "$(stat -c %s once.elf)"
	rm -rf out once.elf
else
	skip 'opened once' 'strace is missing or may not trace'
fi
finish
