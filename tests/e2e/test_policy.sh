#!/bin/bash
# policy: component specifications to a system, ours or the user's; and whether Muen's tools would
# take what is composed.
. "${0%/*}/lib.sh"

hello=$guests/hello.muen
net=$guests/netecho.muen
two=$guests/netecho2.muen
policy=$shared/muen/policy
specs=$shared/golden/mirage-solo5-net-reset/05-components
schemas=$shared/muen/schema-composed

if [ ! -d "$policy" ] || [ ! -d "$specs" ] || [ ! -d "$schemas" ]; then
	skip 'policies' "no Muen documents in $shared"
	finish
fi
descriptions=("$policy/hardware/qemu-kvm.xml" "$policy/platform/qemu-kvm.xml"
	"$policy/hardware/common_hardware.xml")
muens=("$specs"/cspec_{dbgserver,sm,sl,time,linux,muinit,libmuinit,libmucontrol}.xml
	"$specs"/cspec_{libmutime,libmudebuglog}.xml)

# ---- what we compose: as the main job does it ----------------------------------

# compose NAME OPTION...: builds, checks the rules and the schemas, and that `policy` makes the same
# of the specifications.
compose() {
	local name=$1
	shift
	expect "$name: built" 0 '' documents "$@" -o "$name" -p "$policy" \
		--schema "$schemas/system_src.xsd" --schema "$schemas/component.xsd"
	check "$name: Muen's rules" python3 "$here/check_system.py" "$name/mirage-solo5.xml" \
		"$name/scheduling_plans.xml" "${descriptions[@]}" "${muens[@]}"
}

compose A -u "$hello" --disable-reset
compose B -u "$hello"
compose C -u "$net,name=a" -u "$net,name=b" -c a:service=b:service
compose D -u "$net"
sed 's/^  loader: yes/  loader: no/' "$root/recipes/x86-qemu-solo5.yaml" >noloader.yaml
compose D-no-loader -u "$net" -r ./noloader.yaml
compose E -u "$net,name=a" -u "$two,name=b"
compose mixed -u "$net,name=a" -u "$two,name=b,reset=no" -u "$hello,ticks=7" -c a:service=b:service1
compose one-cpu -u "$net" --cpus 1
compose last-cpu -u "$hello,cpu=1"
ring=()
for i in 1 2 3 4 5 6 7 8; do
	ring+=(-u "$two,name=n$i" -c "n$i:service0=n$((i % 8 + 1)):service1")
done
compose ring "${ring[@]}" --ram 32
forty=()
for i in $(seq 40); do
	forty+=(-u "$hello,name=n$i")
done
compose forty "${forty[@]}" --ram 8

# The check would see what is wrong.
for name in B C E; do
	check "$name: every damage breaks a rule" python3 "$here/check_system.py" --damage \
		"$name/mirage-solo5.xml" "$name/scheduling_plans.xml" "${descriptions[@]}" \
		"${muens[@]}"
done

# ---- the examples that Muen's tools accept pass the same check ------------------

examples=$shared/examples/minimal-systems
component() { # NAME UNIKERNEL [OPTION...]
	"$muenbuild" gencspec "$2" --name "$1" --out-spec "spec_$1.xml" --nocopy --ram 8 "${@:3}" \
		>/dev/null 2>&1
}
"$mkelf" --net service0 uk.muen
for example in A-hello B-hello-reset C-two-direct-noreset C-two-direct-reset D-net-linux-nosl \
	D-net-linux-sl E-two-linux; do
	reset=--disable-reset
	case $example in *-reset) reset= ;; esac
	rm -f spec_*.xml
	component unikernel "$hello" $reset
	component uk1 uk.muen $reset
	component uk2 uk.muen $reset
	# One of them lets Muen hash its pages, which its tools accept; the code would not.
	python3 "$here/check_system.py" "$examples/$example/system.xml" \
		"$examples/$example/scheduling_plans.xml" "${descriptions[@]}" "${muens[@]}" \
		spec_*.xml | grep -v '^pages: .* has a hash$' >problems
	check "$example: accepted" test ! -s problems
	[ -s problems ] && sed 's/^/# /' problems
done

# ---- the verb ------------------------------------------------------------------

for name in A D E; do
	run "$muenbuild" policy "$name"/component_*.xml -o again -p "$policy" --json
	check "$name: policy" test "$status" -eq 0
	check "$name: JSON" json .stdout
	for file in mirage-solo5.xml scheduling_plans.xml system_config.xml; do
		check "$name: the same $file" same "$name/$file" "again/$file"
	done
	rm -rf again
done
refuse 'no specification' 64 'needs SPEC' "$muenbuild" policy
refuse 'a missing one' 66 'nowhere.xml' "$muenbuild" policy nowhere.xml
refuse 'a unikernel' 65 'hello.muen' "$muenbuild" policy "$hello"
refuse 'a system' 65 'a <component> was expected' "$muenbuild" policy A/mirage-solo5.xml
refuse 'twice' 64 "name 'unikernel'" "$muenbuild" policy A/component_unikernel.xml \
	D/component_unikernel.xml
refuse 'a key of build' 64 'only ticks= and cpu=' "$muenbuild" policy A/component_unikernel.xml,ram=1
refuse 'a recipe that is not there' 66 'nonesuch' "$muenbuild" policy A/component_unikernel.xml \
	-r nonesuch
refuse 'a policy folder that is not there' 66 '--policy-dir' "$muenbuild" policy \
	A/component_unikernel.xml -p /nonexistent
refuse 'too many CPUs' 64 'would use 3 CPUs' "$muenbuild" policy A/component_unikernel.xml \
	-p "$policy" --cpus 3
check 'ticks and a CPU' "$muenbuild" policy A/component_unikernel.xml,ticks=99,cpu=1 -o keys
check 'are in the plan' grep -q 'partition="unikernel" ticks="99"' keys/scheduling_plans.xml

# ---- Muen's own template ---------------------------------------------------------

template=$policy/system/mirageos/mirage-solo5.xml
plan=$policy/scheduling/mirage-solo5-qemu-kvm.xml
run documents -u "$net" -t "$template" --schedule "$plan" -p "$policy" -o templated \
	--schema "$schemas/component.xsd"
check "Muen's template" test "$status" -eq 0
check 'its subject' grep -q 'subject name="unikernel"' templated/subject_unikernel.xml
check 'its channels' grep -q 'name="unikernel_service_in"' templated/channels_unikernel.xml
check 'the plan' xmllint --noout templated/scheduling_plans.xml
run "$muenbuild" policy D/component_unikernel.xml -t "$template" -o unplanned
check 'without a plan, that is missing' grep -q 'scheduling plan: name it with --schedule' .stdout
refuse 'a template that lacks the subject' 65 "refers to the component 'web'" "$muenbuild" \
	-u "$net,name=web" -t "$template"
mkdir mine
cp "$template" mine/mirage-solo5.xml
refuse 'over the template' 64 'is an input' "$muenbuild" -u "$net" -t mine/mirage-solo5.xml -o mine
check 'which is as it was' same "$template" mine/mirage-solo5.xml

# Files that include each other, twice each.
mkdir bomb
cat >bomb/bomb.xml <<'XML'
<system><config/><subjects><subject name="a"><events/><component ref="unikernel"/></subject>
<include href="half.xml"/><include href="half.xml"/></subjects></system>
XML
printf '<include>%s%s</include>' '<include href="half.xml"/>' '<include href="half.xml"/>' \
	>bomb/half.xml
refuse 'includes without end' 65 'include' timeout 20 "$muenbuild" -u "$hello" -t bomb/bomb.xml \
	-p "$policy" --schema "$schemas/system_src.xsd"

# The next command works from the output folder, also if the policy folder was named from here.
ln -s "$policy" tree
run documents -u "$hello" -p tree -o next
check 'an absolute policy folder in the next command' grep -qF ":$(readlink -f "$policy") " .stdout
finish
