#!/bin/bash
# gencspec: one unikernel to a component specification.
. "${0%/*}/lib.sh"

hello=$guests/hello.muen
net=$guests/netecho.muen
schema=$shared/muen/schema-composed/component.xsd

# ---- options that users of Muen's converter know -----------------------------

run "$muenbuild" gencspec "$hello"
check 'written to out/' test "$status" -eq 0 -a -s out/component_unikernel.xml
check 'with a copy' test -s out/hello.muen
check 'and nothing else' test "$(find out | wc -l)" -eq 3
check 'resettable' grep -qF 'name="resettable" value="true"' out/component_unikernel.xml
check 'NOPs over .interp' test "$(dd if=out/hello.muen bs=1 skip=4096 count=4 2>/dev/null |
	od -An -tx1 | tr -d ' ')" = 90909090
rm -rf out

run "$muenbuild" gencspec "$net" --name web --bootparams 'a  b' --ram 64 --channel-size 64M \
	--disable-reset --nocopy --out-spec spec.xml
check 'all options' test "$status" -eq 0
check 'no copy' test "$(find . -name '*.muen')" = ''
check 'a note on what that means' grep -q '^note: ' .stderr
for part in 'component name="web"' 'value="a  b"' 'size="16#0400_0000#"' 'value="false"' \
	'filename="netecho.muen"' 'filename="web_bi"' 'logical="service|in"'; do
	check "has $part" grep -qF "$part" spec.xml
done
run "$muenbuild" gencspec "$hello" --out_spec old.xml -o copies
check 'the old spelling, with another folder for the copy' test -s old.xml -a -s copies/hello.muen
run "$muenbuild" gencspec "$hello" '--out-spec=sub' --nocopy --dry-run
check 'a dry run writes nothing' test "$status" -eq 0 -a ! -e sub
run "$muenbuild" gencspec "$net" --json -n
check 'JSON' json .stdout
check 'its type' grep -qF '"type": "muenbuild.gencspec"' .stdout
rm -rf copies old.xml

# As Muen's own: UNIKERNEL SOURCE FOLDER.
source=$shared/muen/policy/system/mirageos/cspec_src.xml
if [ -e "$source" ]; then
	run "$muenbuild" gencspec "$net" "$source" given --schema "$schema"
	check "with Muen's own source specification" test "$status" -eq 0
	run "$muenbuild" gencspec "$net" --output built-in --schema "$schema"
	check 'which says what the built-in one says' \
		same given/component_unikernel.xml built-in/component_unikernel.xml
	check "and fits Muen's schema" xmllint --noout --schema "$schema" \
		given/component_unikernel.xml
	run "$muenbuild" -u "$net" --source "$source" -o main --schema "$schema"
	check 'the main job with it' test "$status" -eq 0
	rm -rf given built-in main
else
	skip 'source' "no $source"
fi

# ---- what is refused -----------------------------------------------------------

refuse 'no file' 64 'needs FILE' "$muenbuild" gencspec
refuse 'four operands' 64 "'d'" "$muenbuild" gencspec a b c d
refuse 'RAM 0' 64 "'0' is not a size" "$muenbuild" gencspec "$hello" --ram 0
refuse 'RAM that is none' 64 "'lots'" "$muenbuild" gencspec "$hello" --ram lots
refuse 'RAM below 0' 64 "'-1'" "$muenbuild" gencspec "$hello" --ram -1
refuse 'RAM with a fraction' 64 "'1.5G'" "$muenbuild" gencspec "$hello" --ram 1.5G
refuse 'RAM beyond 2^64' 64 "'99999999999999999999'" "$muenbuild" gencspec "$hello" \
	--ram 99999999999999999999
refuse 'RAM that is no page' 64 '4 KiB' "$muenbuild" gencspec "$hello" --ram 5000B
refuse 'RAM up to the subject info' 65 'overlap' "$muenbuild" gencspec "$hello" --ram 64G
refuse 'RAM beyond all' 65 'address space ends' "$muenbuild" gencspec "$hello" --ram 131072G
refuse 'channels 0' 64 "'0' is not a size" "$muenbuild" gencspec "$net" --channel-size 0
refuse 'channels too large' 65 'overlap' "$muenbuild" gencspec "$net" --channel-size 32G
refuse 'subject info 6' 64 "'6' is not" "$muenbuild" gencspec "$hello" --subject-info 6
refuse 'another subject info' 65 'revision 05' "$muenbuild" gencspec "$hello" --subject-info 4
refuse 'a block device' 65 'block device' "$muenbuild" gencspec "$guests/block.muen"
refuse 'another target' 65 'target hvt' "$muenbuild" gencspec "$guests/hello.hvt"
refuse 'long parameters' 64 'holds at most 4055' "$muenbuild" gencspec "$hello" --bootparams \
	"$(printf '%4056s' x)"
expect 'the longest parameters' 0 '' "$muenbuild" gencspec "$hello" --bootparams \
	"$(printf 'x%4054s' x)"
rm -rf out
refuse 'a line break' 64 'control character 0x0a' "$muenbuild" gencspec "$hello" --bootparams $'a\nb'
refuse 'Latin-1' 64 'UTF-8' "$muenbuild" gencspec "$hello" --bootparams $'caf\xe9'
refuse 'a variable' 64 "'\$x'" "$muenbuild" gencspec "$hello" --bootparams '$x'
for name in '' '$a' 'a|b' 'a/b' $'a\tb' abcdefghijklmnopqrstuvwxyz1; do
	refuse "name '$name'" 64 'name' "$muenbuild" gencspec "$hello" --name "$name"
done
for file in '$x.muen' $'a\nb.muen' $'\xff.muen'; do
	cp "$hello" "$file"
	refuse "file $(printf %q "$file")" 64 'cannot stand in a policy' "$muenbuild" gencspec "$file"
done

# An output never replaces what it is made of.
mkdir in
cp "$net" in/net.muen
echo '<component name="mine" profile="native"/>' >in/source.xml
cp -r in before
refuse 'a copy over the unikernel' 64 'is an input' "$muenbuild" gencspec in/net.muen -o in
refuse 'a copy over it, by another way' 64 'is an input' "$muenbuild" gencspec in/net.muen \
	-o ../"${PWD##*/}"/in
refuse 'a specification over the unikernel' 64 'is an input' "$muenbuild" gencspec in/net.muen \
	--out-spec in/net.muen --nocopy
refuse 'a specification over its source' 64 'is an input' "$muenbuild" gencspec "$hello" \
	--source in/source.xml --out-spec in/source.xml --nocopy
refuse 'the main job over the unikernel' 64 'is an input' "$muenbuild" -u in/net.muen -o in
check 'all is as before' same in before
rm -rf in before
finish
