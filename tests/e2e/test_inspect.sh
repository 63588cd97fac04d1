#!/bin/bash
# inspect: what a file is, and what is wrong with it.
. "${0%/*}/lib.sh"

for guest in "$guests"/*.muen "$guests"/*.hvt; do
	name=${guest##*/}
	run "$muenbuild" inspect "$guest"
	check "$name: read" test "$status" -eq 0
	check "$name: its target" grep -q "a Solo5 unikernel for ${name##*.}" .stdout
	check "$name: its hash" grep -qF "$(sha256sum <"$guest" | cut -d' ' -f1)" .stdout
	run "$muenbuild" inspect --json "$guest"
	check "$name: JSON" json .stdout
	check "$name: type and version" python3 -c '
import json, sys
report = json.load(open(".stdout"))
assert report["type"] == "muenbuild.inspect" and report["version"] == 1
assert report["target"] == sys.argv[1]
assert report["runs_on_muen"] == (sys.argv[1] == "muen" and sys.argv[2] != "block.muen")
assert report["segments"] and report["entry"].startswith("0x")
' "${name##*.}" "$name"
done

for target in hvt spt virtio muen xen genode; do
	"$mkelf" --target $target x.elf
	run "$muenbuild" inspect x.elf
	check "$target: told" grep -q "a Solo5 unikernel for $target" .stdout
done
for revision in 02 03 04; do
	run "$muenbuild" inspect "$guests/sinfo$revision/hello.muen"
	check "subject info $revision: told" grep -q "Muen subject info $revision" .stdout
done

# ---- no unikernels -----------------------------------------------------------

printf '#!/bin/sh\n' >script
gzip -c "$guests/hello.muen" >hello.gz
: >empty
head -c 100 "$guests/hello.muen" >truncated
printf 'just text\n' >text
mkdir folder
mkfifo fifo
refuse 'a host program' 65 'true' "$muenbuild" inspect "$(readlink -f /bin/true)"
refuse 'a script' 65 'script' "$muenbuild" inspect script
refuse 'a compressed file' 65 'gzip' "$muenbuild" inspect hello.gz
refuse 'an empty file' 65 'empty' "$muenbuild" inspect empty
refuse 'a truncated file' 65 'truncated' "$muenbuild" inspect truncated
refuse 'a text' 65 'text' "$muenbuild" inspect text
refuse 'a folder' 66 'is a folder' "$muenbuild" inspect folder
refuse 'a FIFO that nobody writes' 66 'not a regular file' timeout 10 "$muenbuild" inspect fifo
refuse 'a device' 66 'not a regular file' "$muenbuild" inspect /dev/zero
expect 'a missing file' 66 'nowhere' "$muenbuild" inspect nowhere
refuse 'no file' 64 'needs FILE' "$muenbuild" inspect
refuse 'two files' 64 "'b'" "$muenbuild" inspect a b

# ---- broken ones: what is said, by inspect and by build ------------------------

while IFS=$'\t' read -r name outcome word; do
	"$mkelf" --broken "$name" broken.elf
	rm -rf out
	run "$muenbuild" inspect broken.elf
	inspected=$status
	cp .stdout report
	cp .stderr complaint
	run "$muenbuild" -u broken.elf --disable-reset -o out
	case $outcome in
	parse-error)
		check "$name: refused by inspect" \
			eval '[ $inspected -eq 65 ] && grep -qF -- "$word" complaint && [ ! -s report ]'
		check "$name: refused by build" \
			eval '[ $status -eq 65 ] && grep -qF -- "$word" .stderr && [ ! -e out ]'
		;;
	muen-error)
		check "$name: told by inspect" \
			eval '[ $inspected -eq 0 ] && grep "on Muen   error" report | grep -qF -- "$word"'
		check "$name: refused by build" \
			eval '[ $status -eq 65 ] && grep -q "mend: " .stderr && [ ! -e out ]'
		;;
	muen-warning)
		check "$name: told by inspect" \
			eval '[ $inspected -eq 0 ] && grep "on Muen   warning" report | grep -qF -- "$word"'
		check "$name: built with a warning" \
			eval '[ $status -eq 0 ] && grep "^warning: " .stderr | grep -qF -- "$word"'
		;;
	good)
		check "$name: nothing to tell" \
			eval '[ $inspected -eq 0 ] && grep -q "nothing is wrong" report'
		check "$name: built" test "$status" -eq 0
		;;
	esac
	rm -rf out
done < <("$mkelf" --broken list)

# ---- system images -------------------------------------------------------------

payload=$build/tests/boot/payload
mkcsl=$build/tests/tools/mkcsl
"$mkcsl" normal "$payload" muen.csl
run "$muenbuild" inspect muen.csl
check 'a command stream: told' grep -q 'a Muen system image (CSL)' .stdout
check '  its entry point' grep -q '^  entry     0x1800000$' .stdout
check '  what it writes' grep -q ' 5  0x[0-9a-f]*  *WRITE  *0x1000000 to 0x10186a7, 97.7 KiB$' .stdout
check '  what it fills' grep -q ' FILL  *0x1200003 to 0x1201002, 4 KiB of 0x5a$' .stdout
check '  what it asks of the processor' \
	grep -q 'leaf 0x1/0x0: edx & 0x1 is 0x1, else "A processor with an FPU is needed"$' .stdout
check '  and nothing of a stand-in kernel' eval '! grep -q stand-in .stdout'
run "$muenbuild" inspect --json muen.csl
check '  JSON' python3 -c '
import json
report = json.load(open(".stdout"))
stream = report["stream"]
assert report["kind"] == "muen system image" and not stream["standin"], report
assert stream["entry"] == "0x1800000" and len(stream["commands"]) == 8, stream
check, fill, entry = stream["commands"][0], stream["commands"][5], stream["commands"][7]
assert check["register"] == "edx" and check["message"].startswith("A processor"), check
assert (fill["address"], fill["size"], fill["pattern"]) == ("0x1200003", "0x1000", 0x5a), fill
assert entry["command"] == "SET_ENTRY_POINT" and entry["address"] == "0x1800000", entry
'
"$mkcsl" standin "$payload" standin.csl
run "$muenbuild" inspect standin.csl
check 'a stand-in kernel: told' grep -q 'the stand-in kernel: not for production' .stdout
run "$muenbuild" inspect --json standin.csl
check '  JSON' grep -q '"standin": true' .stdout
"$mkcsl" overlap "$payload" broken.csl
refuse 'a stream that overlaps' 65 'writes from 0x17fffff to 0x1800000, where command 2' \
	"$muenbuild" inspect broken.csl
"$mkcsl" old "$payload" broken.csl
refuse 'a stream of the older revision' 65 'older revision' "$muenbuild" inspect broken.csl
refuse '  also as a unikernel' 65 'an older revision (CSL)' "$muenbuild" -u broken.csl -o out
refuse 'a stream as a unikernel' 65 'a Muen system image (CSL)' "$muenbuild" -u muen.csl -o out

# A name that is no UTF-8 is told, and the JSON stays JSON.
odd=$'\xff\x1b.muen'
cp "$guests/hello.muen" "$odd"
run "$muenbuild" inspect --json "$odd"
check 'an odd name: JSON' json .stdout
check 'an odd name: in it' grep -qF '"path": "\\xff\\x1b.muen"' .stdout
check 'an odd name: all the rest, too' grep -q '"sha256"' .stdout
finish
