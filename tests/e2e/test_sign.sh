#!/bin/bash
# The verbs sign and keys from outside: round trips with OpenSSL's own command in both directions,
# every way to give a passphrase, SoftHSM, a gigabyte, and what has to be refused. Prints TAP.
#
# MUENBUILD is the program to test (default: build/bin/muenbuild).
# shellcheck disable=SC2016

. "${0%/*}/tap.sh"
set -u

# check DESCRIPTION COMMAND...: the command succeeds
check() {
	local description=$1
	shift
	if "$@" >log 2>&1; then ok "$description"; else not_ok "$description"; fi
}

# refuses DESCRIPTION STATUS TEXT COMMAND...: that exit status, the text on stderr
refuses() {
	local description=$1 expected=$2 text=$3 status
	shift 3
	"$@" >out 2>log </dev/null
	status=$?
	if [ $status -eq "$expected" ] && grep -qF -- "$text" log; then
		ok "$description"
	else
		echo "exit status $status; $expected and '$text' were expected" >>log
		not_ok "$description"
	fi
}

# refuses_file: the same for signing `victim`, and no signature is left of it
refuses_file() {
	rm -f victim.sig
	refuses "$@"
	[ ! -e victim.sig ] || { echo 'victim.sig was left' >log && not_ok "$1: nothing left"; }
	[ -z "$(find . -name '.*.tmp')" ] || not_ok "$1: no temporary file left"
}

same() {
	cmp -s "$1" "$2"
}

good='--key keys/sign.key --cert keys/sign.crt --ca keys/ca.crt'
sign() {
	"$muenbuild" sign "$@"
}
openssl_sign() { # FILE OUTPUT [option...]
	openssl cms -sign -binary -noattr -md sha256 -in "$1" -out "$2" -outform DER \
		-signer keys/sign.crt -inkey keys/sign.key -certfile keys/ca.crt "${@:3}"
}
openssl_verify() { # FILE SIGNATURE
	openssl cms -verify -binary -inform DER -in "$2" -content "$1" -CAfile keys/ca.crt \
		-no-CApath -purpose any -out /dev/null
}

head -c 300000 /dev/urandom >image
echo victim >victim

# ---- keys ------------------------------------------------------------------------------------

check 'keys init makes a CA' "$muenbuild" keys init keys --name Example --algorithm rsa2048
check 'the folder is private' test "$(stat -c %a keys)" = 700
check 'the private keys are private' \
	test "$(stat -c %a keys/sign.key keys/ca.key | sort -u)" = 600
check 'OpenSSL accepts the chain' openssl verify -CAfile keys/ca.crt keys/sign.crt
check 'README tells what to embed' grep -q 'TRUST=ca.crt' keys/README.txt
cp keys/ca.key before
refuses 'a second init replaces nothing' 73 'keys/ca.crt' "$muenbuild" keys init keys
check '... and leaves what is there' same before keys/ca.key
check 'keys show tells what iPXE thinks' \
	sh -c '"$1" keys show keys | grep -q "iPXE *accepts what this signs"' sh "$muenbuild"
check 'keys show --json is a document' \
	sh -c '"$1" keys show keys --json | grep -q "\"type\": \"muenbuild.keys-show\""' sh "$muenbuild"

# check_days FILE DAYS: keys check says what OpenSSL's -checkend says
check_days() {
	local ours theirs
	"$muenbuild" keys check "$1" --days "$2" >/dev/null
	ours=$?
	openssl x509 -in "$1" -noout -checkend $(($2 * 86400)) >/dev/null
	theirs=$?
	echo "muenbuild $ours, openssl $theirs"
	[ $ours -eq $theirs ] && [ $ours -le 1 ]
}
for days in 0 30 728 729 730 731 4000; do
	check "keys check agrees with openssl -checkend for $days days" \
		check_days keys/sign.crt $days
done
openssl req -x509 -newkey rsa:2048 -nodes -keyout tls.key -out tls.crt -days 20 \
	-subj /CN=www.example.org 2>/dev/null
chmod 600 tls.key
refuses 'keys check without a file is a usage error' 64 'needs' "$muenbuild" keys check
refuses 'a missing certificate is not "not due"' 66 'nowhere.crt' \
	"$muenbuild" keys check tls.crt nowhere.crt
"$muenbuild" keys check tls.crt keys --days 30 >table 2>log
check 'keys check: something due is exit status 1' test $? -eq 1
check '... first in the table' sh -c 'sed -n 2p table | grep -q "due.*CN=www.example.org"'
check '... with all the others' test "$(wc -l <table)" -eq 4

# ---- round trips -------------------------------------------------------------------------------

check 'sign' sign $good image
check 'OpenSSL verifies what muenbuild signs' openssl_verify image image.sig
check 'muenbuild verifies what muenbuild signs' "$muenbuild" verify image --ca keys/ca.crt
openssl_sign image theirs.sig
check 'the bytes are those of openssl cms -sign -binary -noattr' same image.sig theirs.sig
check 'muenbuild verifies what OpenSSL signs' \
	"$muenbuild" verify image theirs.sig --ca keys/ca.crt
cp image.sig first.sig
check 'signing again' sign $good image
check '... gives the same bytes' same image.sig first.sig
for digest in sha384 sha512; do
	check "sign with $digest" sign $good --digest $digest image
	check "... verified by OpenSSL" openssl_verify image image.sig
	check "... accepted by iPXE's rules" "$muenbuild" verify image --ca keys/ca.crt
	openssl_sign image theirs.sig -md $digest
	check "... with the bytes of OpenSSL's" same image.sig theirs.sig
done
: >empty
check 'an empty file is signed' sign $good empty
check '... and verified by OpenSSL' openssl_verify empty empty.sig
head -c 299999 image >image.short
check 'a signature for another file is refused' sh -c \
	'"$1" verify image.short image.sig --ca keys/ca.crt; test $? -eq 77' sh "$muenbuild"

check 'a signature for another file' sh -c 'cp image changed && printf x >>changed &&
	! "$1" verify changed image.sig --ca keys/ca.crt --json >out; grep -q "\"rule\": \"other-file\"" out
	' sh "$muenbuild"
check '... is told apart from a changed file' sh -c 'cp image.sig changed.sig
	! "$1" verify changed --ca keys/ca.crt --json >out; grep -q "\"rule\": \"wrong-content\"" out
	' sh "$muenbuild"
check 'several files at once' sign $good image empty victim --output signed
check '... all in the folder' test "$(find signed -type f | wc -l)" -eq 3
check '... are what they are alone' sh -c 'cd signed && openssl cms -verify -binary -inform DER \
	-in victim.sig -content ../victim -CAfile ../keys/ca.crt -purpose any -out /dev/null'
refuses 'two outputs of one name' 64 'victim.sig' sign $good victim ./victim
rm -f victim.sig
check 'a dry run' sign $good --dry-run victim
check '... writes nothing' test ! -e victim.sig
check '--json tells the verdict' \
	sh -c '"$1" sign $2 victim --json | grep -q "\"verdict\": \"accepted\""' sh "$muenbuild" "$good"

# ---- intermediates and elliptic curves -------------------------------------------------------------

extensions() { # CA:TRUE or CA:FALSE, usages
	printf 'basicConstraints=critical,%s\nkeyUsage=critical,%s\n' "$1" "$2"
	[ $# -lt 3 ] || printf 'extendedKeyUsage=%s\n' "$3"
}
# issue NAME ISSUER DAYS [extension lines on stdin]: NAME.key and NAME.crt
issue() {
	[ -e "$1.key" ] || openssl genpkey -quiet -algorithm RSA -pkeyopt rsa_keygen_bits:2048 \
		-out "$1.key" 2>/dev/null
	chmod 600 "$1.key"
	openssl req -new -key "$1.key" -subj "/CN=$1" -out "$1.csr" &&
		openssl x509 -req -in "$1.csr" -CA "$2.crt" -CAkey "$2.key" -days "$3" \
			-set_serial 0x$RANDOM$RANDOM -extfile /dev/stdin -out "$1.crt" 2>/dev/null
}
cp keys/ca.crt ca.crt
cp keys/ca.key ca.key
extensions CA:TRUE,pathlen:1 keyCertSign,cRLSign >ca.ext
openssl req -x509 -new -key ca.key -subj /CN=root -days 999 -out root.crt \
	-config <(printf '[req]\ndistinguished_name=d\nx509_extensions=e\n[d]\n[e]\n'; cat ca.ext)
cp ca.key root.key
extensions CA:TRUE keyCertSign,cRLSign | issue middle root 900
extensions CA:FALSE digitalSignature codeSigning | issue leaf middle 800
check 'a chain over an intermediate CA' \
	sign --key leaf.key --cert leaf.crt --ca root.crt --ca middle.crt image
check '... is complete in the signature' "$muenbuild" verify image --ca root.crt
check '... three certificates' test "$(openssl cms -cmsout -print -noout -inform DER \
	-in image.sig | grep -c 'd.certificate')" -eq 3
refuses_file 'a missing intermediate' 77 '0216eb3c' \
	sign --key leaf.key --cert leaf.crt --ca root.crt victim
refuses_file 'a missing root' 77 'CN=root' \
	sign --key leaf.key --cert leaf.crt --ca middle.crt victim

openssl genpkey -quiet -algorithm EC -pkeyopt ec_paramgen_curve:P-256 -out elliptic.key 2>/dev/null
extensions CA:FALSE digitalSignature codeSigning | issue elliptic root 100
elliptic='--key elliptic.key --cert elliptic.crt --ca root.crt'
refuses 'an elliptic curve is warned about' 0 '1.21.1' sign $elliptic image
check '... verified by iPXE 2.0.0' "$muenbuild" verify image --ca root.crt --ipxe 2.0.0
check '... and by OpenSSL' openssl cms -verify -binary -inform DER -in image.sig \
	-content image -CAfile root.crt -purpose any -out /dev/null
refuses_file '... and refused for iPXE 1.21.1' 77 '3c00e103' sign $elliptic --ipxe 1.21.1 victim

# ---- passphrases -------------------------------------------------------------------------------------

openssl pkey -in keys/sign.key -aes256 -passout pass:opensesame -out locked.key
openssl pkey -in keys/sign.key -aes256 -passout pass:opensesame -traditional -out old.key
chmod 600 locked.key old.key
printf 'opensesame\n' >passphrase
printf 'wrong\n' >wrong
chmod 600 passphrase wrong
locked='--key locked.key --cert keys/sign.crt --ca keys/ca.crt'
export SECRET=opensesame
openssl_sign image theirs.sig
from_descriptor() {
	sign $locked image --passphrase-fd 7 7<passphrase
}
check 'passphrase from a file' sign $locked image --passphrase-file passphrase
check '... signs the same' same image.sig theirs.sig
check 'passphrase from the environment' sign $locked image --passphrase-env SECRET
check 'passphrase from a descriptor' from_descriptor
check 'passphrase for a traditional PEM key' sign --key old.key --cert keys/sign.crt \
	--ca keys/ca.crt image --passphrase-env SECRET
chmod 644 passphrase
refuses 'an open passphrase file is warned about' 0 'chmod 600 passphrase' \
	sign $locked image --passphrase-file passphrase
chmod 644 keys/sign.key
refuses 'an open key file is warned about' 0 'chmod 600 keys/sign.key' sign $good image
chmod 600 keys/sign.key
refuses_file 'a wrong passphrase' 77 'locked.key' sign $locked victim --passphrase-file wrong
refuses_file 'an unset variable' 64 'NOWHERE' sign $locked victim --passphrase-env NOWHERE
refuses_file 'a passphrase on the command line' 64 'unknown option' \
	sign $locked victim --passphrase opensesame
if command -v setsid >/dev/null; then
	refuses_file 'no terminal' 64 '--passphrase-file' setsid -w "$muenbuild" sign $locked victim
else
	skip 'no terminal' 'setsid is not installed'
fi

# terminal ANSWER[,ANSWER] COMMAND...: runs the command on a terminal of its own, types an answer
# at every prompt, and prints what the terminal shows
terminal() {
	python3 - "$@" <<'PYTHON'
import os, pty, select, sys, termios, time

def wait_for_silence(fd):
    """The prompt comes just before the echo is turned off: a person does not type that fast."""
    for _ in range(500):
        if not termios.tcgetattr(fd)[3] & termios.ECHO:
            return
        time.sleep(0.01)

answers = sys.argv[1].split(",")
pid, fd = pty.fork()
if pid == 0:
    os.execvp(sys.argv[2], sys.argv[2:])
shown = b""
while True:
    ready = select.select([fd], [], [], 30)[0]
    if not ready:
        os.kill(pid, 9)
    try:
        data = os.read(fd, 1024)
    except OSError:
        break
    if not data:
        break
    shown += data
    if data.rstrip().endswith(b":") and answers:
        wait_for_silence(fd)
        os.write(fd, answers.pop(0).encode() + b"\n")
sys.stdout.buffer.write(shown)
sys.exit(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]))
PYTHON
}
if python3 -c 'import pty, os; os.waitstatus_to_exitcode' 2>/dev/null; then
	terminal opensesame "$muenbuild" sign $locked image >shown 2>log
	check 'passphrase from the terminal' test $? -eq 0
	check '... signs the same' same image.sig theirs.sig
	check '... with a prompt that names the key' grep -q 'Passphrase for locked.key' shown
	check '... and without echo' sh -c '! grep -q opensesame shown'
	check 'a new passphrase is asked for twice' \
		terminal secret1,secret1 "$muenbuild" keys init twice --encrypt --algorithm p256
	check '... and opens the key' openssl pkey -in twice/ca.key -passin pass:secret1 -noout
	terminal secret1,secret2 "$muenbuild" keys init never --encrypt --algorithm p256 >log
	check '... two different ones are refused' test $? -eq 64
	check '... and nothing is made' test ! -e never
else
	skip 'passphrase from the terminal' 'python3 is not installed'
fi

check 'keys init with encrypted keys' \
	"$muenbuild" keys init secret --algorithm p256 --passphrase-env SECRET
check '... which the passphrase opens' \
	openssl pkey -in secret/sign.key -passin env:SECRET -noout
check 'keys renew with an encrypted CA key' "$muenbuild" keys renew secret --passphrase-env SECRET
refuses '... not with a wrong passphrase' 77 'ca.key' \
	"$muenbuild" keys renew secret --passphrase-file wrong
check 'keys show asks for nothing' \
	sh -c '"$1" keys show secret </dev/null | grep -q "private key, encrypted"' sh "$muenbuild"

# ---- tokens ----------------------------------------------------------------------------------------------

module=
for candidate in /usr/lib/softhsm/libsofthsm2.so /usr/lib/*/softhsm/libsofthsm2.so; do
	[ ! -e "$candidate" ] || module=$candidate
done
engines=$(openssl version -e | sed 's/.*"\(.*\)"/\1/')
if [ -n "$module" ] && command -v softhsm2-util >/dev/null && [ -e "$engines/pkcs11.so" ]; then
	mkdir tokens
	printf 'directories.tokendir = %s/tokens\nobjectstore.backend = file\n' "$work" >softhsm.conf
	export SOFTHSM2_CONF=$work/softhsm.conf PIN=1234
	softhsm2-util --init-token --free --label box --so-pin 0000 --pin 1234 >/dev/null
	for pair in keys/sign.key:rsa:01 elliptic.key:ec:02; do
		IFS=: read -r file label id <<<"$pair"
		openssl pkcs8 -topk8 -nocrypt -in "$file" -out pkcs8.key
		softhsm2-util --import pkcs8.key --token box --label "$label" --id "$id" --pin 1234 \
			>/dev/null
	done
	uri="pkcs11:token=box;object=rsa"
	chain='--cert keys/sign.crt --ca keys/ca.crt'
	check 'SoftHSM signs (module-path)' \
		sign --key "$uri?module-path=$module" $chain image --passphrase-env PIN
	check '... the same bytes as the key file' same image.sig theirs.sig
	export PKCS11_MODULE_PATH=$module
	check 'SoftHSM signs several files' \
		sign --key "$uri" $chain image victim empty --passphrase-env PIN
	check '... verified by OpenSSL' openssl_verify victim victim.sig
	check 'SoftHSM signs with an elliptic key' sign --key 'pkcs11:token=box;object=ec' \
		--cert elliptic.crt --ca root.crt image --passphrase-env PIN
	check '... accepted by iPXE 2.0.0' "$muenbuild" verify image --ca root.crt --ipxe 2.0.0
	printf '1234\n' >pin
	chmod 600 pin
	check 'SoftHSM with a pin-source' \
		sign --key "$uri?pin-source=file:$work/pin" $chain image
	refuses_file 'a wrong PIN' 77 'PIN' sign --key "$uri" $chain victim --passphrase-file wrong
	refuses_file 'a PIN on the command line' 64 'pin-value' \
		sign --key "$uri?pin-value=1234" $chain victim
	refuses_file 'no such key in the token' 66 'object=nothing' sign \
		--key 'pkcs11:token=box;object=nothing' $chain victim --passphrase-env PIN
	refuses_file 'a key in the token of another certificate' 77 '0227e13c' \
		sign --key "$uri" --cert leaf.crt --ca middle.crt --ca root.crt victim \
		--passphrase-env PIN
	refuses_file 'a PKCS#11 module that is not there' 69 '/nowhere.so' \
		sign --key "$uri?module-path=/nowhere.so" $chain victim --passphrase-env PIN
	check '... and the package that has one is said' \
		test -n "$(grep 'package softhsm2' log)"
	refuses_file 'a PKCS#11 module that is none' 69 'image' \
		sign --key "$uri?module-path=$work/image" $chain victim --passphrase-env PIN
	refuses_file 'a library that is no PKCS#11 module' 65 'C_GetFunctionList' \
		sign --key "$uri?module-path=libcrypto.so.3" $chain victim --passphrase-env PIN
	check '... and nobody else speaks of it' test "$(wc -l <log)" -eq 2
	refuses_file 'no engine' 69 'libengine-pkcs11-openssl' env OPENSSL_ENGINES="$work" \
		OPENSSL_MODULES="$work" "$muenbuild" sign --key "$uri" $chain victim \
		--passphrase-env PIN
	unset PKCS11_MODULE_PATH
else
	skip 'SoftHSM' 'softhsm2 and libengine-pkcs11-openssl are not installed'
fi

# ---- a gigabyte ----------------------------------------------------------------------------------------------

truncate -s 1G large
# peak COMMAND...: its largest resident set in KiB
peak() {
	python3 -c 'import resource, subprocess, sys
status = subprocess.run(sys.argv[1:], stdout=subprocess.DEVNULL).returncode
print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss)
sys.exit(status)' "$@"
}
if command -v python3 >/dev/null; then
	memory=$(peak "$muenbuild" sign $good large 2>log)
	check 'a gigabyte is signed' test -s large.sig
	echo "$memory KiB" >log
	check '... in 64 MiB at most' test "$memory" -le 65536
	check '... and verified by OpenSSL' openssl_verify large large.sig
else
	skip 'a gigabyte' 'python3 is not installed to measure'
fi
rm -f large

# ---- what is refused ----------------------------------------------------------------------------------------------

extensions CA:FALSE digitalSignature | issue nopurpose root 100
extensions CA:FALSE nonRepudiation codeSigning | issue norepudiation root 100
extensions CA:FALSE digitalSignature emailProtection | issue mail root 100
printf 'extendedKeyUsage=codeSigning\n' | issue nousage root 100
{
	extensions CA:FALSE digitalSignature codeSigning
	printf 'certificatePolicies=critical,1.2.3.4\n'
} | issue policy root 100
for refusal in nopurpose:022ae23c norepudiation:022ae13c mail:022ae23c nousage:022ae13c \
	policy:3c16e203; do
	name=${refusal%:*}
	refuses_file "pre-flight: $name" 77 "${refusal#*:}" \
		sign --key "$name.key" --cert "$name.crt" --ca root.crt victim
done
openssl genpkey -quiet -algorithm ED25519 -out edwards.key
extensions CA:FALSE digitalSignature codeSigning | issue edwards root 100
refuses_file 'pre-flight: Ed25519' 77 '3c00e103' \
	sign --key edwards.key --cert edwards.crt --ca root.crt victim
openssl genpkey -quiet -algorithm EC -pkeyopt ec_paramgen_curve:P-521 -out huge.key 2>/dev/null
extensions CA:FALSE digitalSignature codeSigning | issue huge root 100
refuses_file 'pre-flight: P-521' 77 '3c00e103' \
	sign --key huge.key --cert huge.crt --ca root.crt victim
refuses_file 'pre-flight: the key of another certificate' 77 'key-matches-certificate' \
	sign --key keys/ca.key --cert keys/sign.crt --ca keys/ca.crt victim
refuses_file 'pre-flight: another CA' 77 '0216eb3c' \
	sign --key keys/sign.key --cert keys/sign.crt --ca root.crt victim
future=$(($(date +%s) + 900 * 86400))
refuses_file 'pre-flight: expired' 77 '0216e43c' sign $good victim --as-of "@$future"
refuses_file 'pre-flight: not yet valid' 77 'rule' sign $good victim --as-of 2020-01-01
refuses_file 'pre-flight: less than the margin' 77 '--margin' sign $good victim --margin 731
check 'pre-flight: just the margin' sign $good victim --margin 729
refuses 'pre-flight as JSON' 77 '022ae23c' \
	sign --key mail.key --cert mail.crt --ca root.crt victim --json
check '... names the code' grep -q '"code": "022ae23c"' out
check '... the verdict' grep -q '"verdict": "rejected"' out
check '... and the certificate' grep -q '"certificate": "CN=mail"' out

head -c 500 keys/sign.key >short.key
head -c 500 keys/sign.crt >short.crt
chmod 600 short.key
refuses_file 'a truncated key' 65 'short.key' \
	sign --key short.key --cert keys/sign.crt --ca keys/ca.crt victim
refuses_file 'a truncated certificate' 65 'short.crt' \
	sign --key keys/sign.key --cert short.crt --ca keys/ca.crt victim
refuses_file 'a certificate for a key' 65 'CERTIFICATE' \
	sign --key keys/sign.crt --cert keys/sign.crt --ca keys/ca.crt victim
check '... which is not called an open key' test -z "$(grep chmod log)"
refuses_file 'a key for a certificate' 65 'no certificate' \
	sign --key keys/sign.key --cert keys/sign.key --ca keys/ca.crt victim
refuses_file 'a folder for a key' 66 'is a folder' \
	sign --key keys --cert keys/sign.crt --ca keys/ca.crt victim
refuses_file 'no such CA' 66 'nowhere' sign --key keys/sign.key --cert keys/sign.crt \
	--ca nowhere victim
refuses_file 'a folder to sign' 66 'is a folder' sign $good keys
refuses_file 'a file that is not there' 66 'nowhere' sign $good victim nowhere
refuses_file 'no key' 64 '--key' sign --cert keys/sign.crt --ca keys/ca.crt victim
refuses_file 'no file' 64 'FILE' sign $good
refuses_file 'an unknown digest' 64 'md5' sign $good --digest md5 victim
refuses_file 'a folder that cannot be written' 73 '/proc/self' \
	sign $good victim --output /proc/self/nowhere
if [ "$(id -u)" -ne 0 ]; then
	chmod 000 victim
	refuses_file 'an unreadable file' 66 'Permission denied' sign $good victim
	chmod 644 victim
else
	skip 'an unreadable file' 'root reads everything'
fi
echo old >victim.sig
refuses 'a refusal' 77 'rule' sign $good victim --margin 9999
check '... leaves the old signature' test "$(cat victim.sig)" = old

if command -v xorriso >/dev/null; then
	mkdir tree
	echo x >tree/x
	xorriso -as mkisofs -quiet -o victim.iso tree 2>/dev/null
	refuses 'an ISO that memdisk cannot boot' 65 'El Torito' sign $good victim.iso
	check '... leaves no signature' test ! -e victim.iso.sig
	check '... and is signed with --any-iso' sign $good victim.iso --any-iso
else
	skip 'an ISO that memdisk cannot boot' 'xorriso is not installed'
fi

# ---- provenance ---------------------------------------------------------------------------------------------

attest() {
	sign $good image --attest --material victim --parameter recipe=minimal \
		--builder-id https://example.org/ci "$@"
}
check 'sign --attest' attest
check '... signs the statement' openssl_verify image.intoto.json image.intoto.json.sig
check '... accepted by iPXE'"'"'s rules' "$muenbuild" verify image.intoto.json --ca keys/ca.crt
check '... which names the subject by its digest' \
	grep -q "$(sha256sum image | cut -d' ' -f1)" image.intoto.json
check '... and the material' grep -q "$(sha256sum victim | cut -d' ' -f1)" image.intoto.json
cp image.intoto.json first.json
check 'attesting again' attest --digest sha512
check '... gives the same statement' same image.intoto.json first.json
refuses_file 'materials without --attest' 64 '--attest' sign $good victim --material image

# ---- renewal -----------------------------------------------------------------------------------------------

cp keys/sign.crt before.crt
cp keys/ca.crt before-ca.crt
check 'keys renew' "$muenbuild" keys renew keys --days 100
check '... makes another certificate' sh -c '! cmp -s before.crt keys/sign.crt'
check '... of the same CA' same before-ca.crt keys/ca.crt
check '... for the same key' sh -c 'test "$(openssl x509 -in before.crt -noout -pubkey)" = \
	"$(openssl x509 -in keys/sign.crt -noout -pubkey)"'
check 'what it signs is accepted where the CA is trusted' sh -c \
	'"$1" sign $2 image && "$1" verify image --ca before-ca.crt' sh "$muenbuild" "$good"
SOURCE_DATE_EPOCH=$(date +%s)
export SOURCE_DATE_EPOCH
"$muenbuild" keys renew keys >/dev/null
cp keys/sign.crt first.crt
"$muenbuild" keys renew keys >/dev/null
check 'SOURCE_DATE_EPOCH gives the same certificate' same keys/sign.crt first.crt
unset SOURCE_DATE_EPOCH
check 'keys renew --new-key' "$muenbuild" keys renew keys --new-key
check '... fits the certificate' sign $good image
refuses 'more days than the CA lives' 64 'CN=Example CA' "$muenbuild" keys renew keys --days 3700

finish
