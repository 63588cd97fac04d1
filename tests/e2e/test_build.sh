#!/bin/bash
# The main job: from unikernels to a folder that mucfgmerge takes.
. "${0%/*}/lib.sh"

hello=$guests/hello.muen
net=$guests/netecho.muen
schemas=$shared/muen/schema-composed
policy=$shared/muen/policy

# ---- one unikernel -----------------------------------------------------------

run documents --unikernel "$hello" --bootparams "Hi there"
check 'the verb is implied' test "$status" -eq 0
check 'no words on stderr' test ! -s .stderr
for file in component_unikernel.xml hello.muen mirage-solo5.xml scheduling_plans.xml \
	system_config.xml subject_unikernel.xml subject_unikernel_mon.xml channels_unikernel.xml \
	events_unikernel.xml memory_unikernel.xml build.json; do
	check "writes $file" test -s "out/$file"
	check "tells of $file" grep -qF "  $file " .stdout
done
check 'writes nothing else' test "$(find out -type f | wc -l)" -eq 11
check 'no temporary files' test -z "$(find out -name '.*' -type f)"
for words in 'unikernel  (' 'muen, ABI 4' 'subject info 05' 'Hi there' 'boot_info' 'ram' 'next'; do
	check "tells '$words'" grep -qF "$words" .stdout
done
check 'build.json is JSON' json out/build.json
check 'build.json has a type' grep -qF '"type": "muenbuild.build"' out/build.json
check 'build.json has a version' grep -qF '"version": 1' out/build.json
check 'build.json has the SHA-256' grep -qF "$(sha256sum <"$hello" | cut -d' ' -f1)" out/build.json

# Every file that is read is named with its digest.
run documents -u "$hello" -p "$policy" --template "$policy/system/mirageos/mirage-solo5.xml" \
	--schedule "$policy/scheduling/mirage-solo5-qemu-kvm.xml" -o inputs
if [ -e "$policy" ]; then
	check 'build.json names every input' python3 -c '
import hashlib, json
inputs = json.load(open("inputs/build.json"))["inputs"]
whats = [i["what"] for i in inputs]
assert whats == ["recipe", "hardware", "additional hardware", "platform", "unikernel", "template",
                 "scheduling plan"], whats
for i in inputs[1:]:
    data = open(i["path"], "rb").read()
    assert (i["size"], i["sha256"]) == (len(data), hashlib.sha256(data).hexdigest()), i'
else
	skip 'build.json names every input' 'no Muen policy tree'
fi
rm -rf inputs

run documents build -u "$hello" -b "Hi there" -o again
check 'with the verb, the same' same out again
rm -rf again

# ---- JSON, dry run -----------------------------------------------------------

run documents -u "$net" -o dry --dry-run --json
check 'a dry run succeeds' test "$status" -eq 0
check 'a dry run writes nothing' test ! -e dry
check 'the report is JSON' json .stdout
check 'the report names the files' grep -q '"name": "mirage-solo5.xml"' .stdout
cp .stdout report
run documents -u "$net" -o dry --json
check 'the report is build.json, and names that too' python3 -c '
import json
told, written = json.load(open(".stdout")), json.load(open("dry/build.json"))
assert told["files"].pop()["name"] == "build.json"
assert told == written
'
check 'a dry run tells the same' same report .stdout
rm -rf dry

# ---- determinism -------------------------------------------------------------

mkdir elsewhere one two
run documents -u "$net" -o one/out
(cd elsewhere && umask 077 && env -i TZ=Asia/Tokyo LANG=de_DE.UTF-8 LC_ALL=C.UTF-8 USER=nobody \
	HOME=/nonexistent COLUMNS=20 "$muenbuild" --no-image -u "$net" -o "$work/two/out" >/dev/null)
check 'the same bytes in another folder, umask, time zone, locale' same one/out two/out
check 'files as the umask wants them' test "$(stat -c %a two/out/build.json)" = 600
run documents -u "$net" -o one/out
check 'the same again over what is there' same one/out two/out
check 'no absolute path of the folder' test -z "$(grep -rF "$work" one/out)"
rm -rf elsewhere one two out

# ---- schemas -----------------------------------------------------------------

validate() { # FOLDER SYSTEM
	for file in "$1"/component_*.xml; do
		check "$file fits component.xsd" xmllint --noout --schema "$schemas/component.xsd" "$file"
	done
	for file in "$1"/*.xml; do
		check "$file is well-formed" xmllint --noout --nonet "$file"
	done
}

if [ -d "$schemas" ]; then
	for case in "hello -u $hello" "quiet -u $hello --disable-reset" "net -u $net" \
		"two -u $net,name=a -u $guests/netecho2.muen,name=b" \
		"direct -u $net,name=a -u $net,name=b --connect a:service=b:service"; do
		set -- $case
		name=$1
		shift
		expect "$name fits Muen's schemas" 0 '' documents "$@" -o "$name" -p "$policy" \
			--schema "$schemas/component.xsd" --schema "$schemas/system_src.xsd"
		validate "$name"
	done
	check 'what lies in the policy folder is not missing' test -z "$(grep 'still missing' .stdout)"
	refuse 'a system schema needs the policy folder' 64 '--policy-dir' "$muenbuild" -u "$hello" \
		--schema "$schemas/system_src.xsd"
	printf '<xs:schema xmlns:xs="http://www.w3.org/2001/XMLSchema"><xs:element name="component">%s' \
		'<xs:complexType/></xs:element></xs:schema>' >strict.xsd
	refuse 'a schema that does not fit' 65 'strict.xsd' "$muenbuild" -u "$hello" \
		--schema strict.xsd
	rm -rf hello quiet net two direct strict.xsd
else
	skip 'schemas' "no $schemas"
fi

# ---- several unikernels ------------------------------------------------------

run documents -u "$net,name=web,ram=64,ticks=30,cpu=1,reset=no" -b 'for web' \
	-u "$net,name=dns,channel-size=2M,bootparams=for dns, really" -u "$hello"
check 'three unikernels' test "$status" -eq 0
check 'each has its parameters' grep -qF 'value="for dns, really"' out/component_dns.xml
check 'each its RAM' grep -qF 'size="16#0400_0000#"' out/component_web.xml
check 'each its channels' grep -qF 'size="16#0020_0000#"' out/component_dns.xml
check 'reset for some only' grep -qF 'name="resettable" value="false"' out/component_web.xml
check 'named after the file' test -s out/component_hello.xml
check 'two copies of one file' test -s out/netecho.muen -a -s out/dns_netecho.muen
check 'each refers to its own' grep -qF 'filename="dns_netecho.muen"' out/component_dns.xml
check 'interfaces are told apart' grep -qF 'unikernel_iface=web_service,dns_service' \
	out/mirage-solo5.xml
rm -rf out

refuse 'two equal names' 64 "the name 'x'" "$muenbuild" -u "$net,name=x" -u "$hello,name=x"
refuse 'a name with a slash' 64 "'a/b'" "$muenbuild" -u "$hello,name=a/b"
refuse 'a name of the system' 64 "'time' is taken" "$muenbuild" -u "$hello,name=time"
refuse 'the name of an output' 64 'two outputs would have this name' "$muenbuild" -u "$hello" \
	--system component_unikernel
refuse 'also in a dry run' 64 'two outputs would have this name' "$muenbuild" -u "$hello" \
	--system system_config -n
refuse 'a system with a slash' 64 "'a/b'" "$muenbuild" -u "$hello" --system a/b
refuse 'a link to nobody' 64 "no unikernel 'y'" "$muenbuild" -u "$net,name=x" -u "$net,name=z" \
	--connect x:service=y:service
refuse 'a link that is none' 64 'NAME:DEVICE=NAME:DEVICE' "$muenbuild" -u "$net" --connect x
refuse 'links of different sizes' 64 '--connect' "$muenbuild" -u "$net,name=x" \
	-u "$net,name=z,channel-size=2M" --connect x:service=z:service
refuse 'network without network' 64 'has no network' "$muenbuild" -u "$net" -r x86-qemu-solo5-test
for revision in 02 03 04; do
	refuse "subject info $revision beside 05" 65 'one Muen provides only one' "$muenbuild" \
		-u "$guests/sinfo$revision/hello.muen,name=old" -u "$hello,name=new"
	expect "subject info $revision" 0 '' documents -u "$guests/sinfo$revision/hello.muen" \
		--subject-info "${revision#0}"
	refuse "subject info $revision for 05" 65 "expects subject info revision $revision" \
		"$muenbuild" -u "$guests/sinfo$revision/hello.muen" --subject-info 5
done
if [ -d "$policy" ]; then
	eight=()
	for i in 1 2 3 4 5 6 7 8; do
		eight+=(-u "$hello,name=u$i")
	done
	expect 'eight unikernels of 512 MiB fit' 0 '' documents "${eight[@]}" -p "$policy" -n
	refuse 'the ninth does not' 65 'the RAM of u9 (512 MiB) does not fit' "$muenbuild" \
		"${eight[@]}" -u "$hello,name=u9" -p "$policy"
fi
rm -rf out
finish
