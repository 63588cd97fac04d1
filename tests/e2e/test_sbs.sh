#!/bin/sh
# The verb sbs with a real GnuPG: round trips, refusals, and a checker of our own in Python that
# knows nothing of our code. Prints TAP. MUENBUILD is the program (default: build/bin/muenbuild).

. "${0%/*}/tap.sh"

unset GNUPGHOME

clean_up() {
	for home in keys other; do
		[ ! -d "$work/$home" ] || gpgconf --homedir "$work/$home" --kill all 2>/dev/null
	done
}

# check_result STATUS DESCRIPTION
check_result() {
	if [ "$1" -eq 0 ]; then ok "$2"; else not_ok "$2"; fi
}

# check DESCRIPTION COMMAND...
check() {
	description=$1
	shift
	if "$@" >log 2>&1; then ok "$description"; else not_ok "$description"; fi
}

# check_status DESCRIPTION STATUS TEXT COMMAND...: the exit status, and a text that is shown
check_status() {
	description=$1 expected=$2 text=$3
	shift 3
	"$@" >log 2>&1
	status=$?
	if [ $status -eq "$expected" ] && grep -qF -- "$text" log; then
		ok "$description"
	else
		echo "exit status $status, $expected and '$text' expected" >>log
		not_ok "$description"
	fi
}

if ! command -v gpg >/dev/null; then
	skip "signed block streams with GnuPG" "gnupg is not installed"
	finish
fi

# ---- keys and a stream ----------------------------------------------------------

make_key() { # HOME NAME ALGORITHM: prints the fingerprint
	mkdir -p "$1"
	chmod 700 "$1"
	gpg --homedir "$1" --batch --quiet --passphrase '' --quick-generate-key "$2" "$3" sign \
		never 2>>gpg.log
	gpg --homedir "$1" --batch --with-colons --list-secret-keys "$2" 2>>gpg.log |
		sed -n 's/^fpr:*\([0-9A-F]*\):$/\1/p' | head -n 1
}

key=$(make_key keys 'Muen Build <build@example.org>' rsa4096)
small=$(make_key keys 'Small <small@example.org>' rsa2048)
curve=$(make_key keys 'Curve <curve@example.org>' ed25519)
mkdir other
chmod 700 other

u64() { # NUMBER below 2^31: its 8 bytes
	printf "\\$(printf %03o $(($1 & 255)))\\$(printf %03o $(($1 >> 8 & 255)))"
	printf "\\$(printf %03o $(($1 >> 16 & 255)))\\$(printf %03o $(($1 >> 24 & 255)))\0\0\0\0"
}

{
	printf '\136\266\214\104\242\137\334\212' # the file magic
	u64 0 && u64 300008 && u64 1048576
	seq 1 100000 | head -c 300000
	u64 1 && u64 24 && u64 4194304 && u64 4096 && u64 0
	u64 2 && u64 8 && u64 1048576
} >muen.csl

sbs() {
	action=$1
	shift
	"$muenbuild" sbs "$action" --homedir keys "$@"
}

# ---- signing ---------------------------------------------------------------------

check_status "a stream is signed" 0 "signed by $key Muen Build <build@example.org>" \
	sbs sign muen.csl --key "$key"
check "  beside it, as muen.sbs" test -s muen.sbs
check_status "  and verified" 0 "muen.sbs: accepted" sbs verify muen.sbs
check_status "  also by the verb verify" 0 "muen.sbs: accepted" \
	"$muenbuild" verify --homedir keys muen.sbs --key "$key"
check_status "  which minds the keys" 77 "muen.sbs" "$muenbuild" verify --homedir other muen.sbs
check_status "  and says it as a document" 77 '"verdict": "rejected"' \
	"$muenbuild" verify --homedir other muen.sbs --json
check_status "  iPXE's options are not for it" 64 "--as-of" \
	"$muenbuild" verify --homedir keys muen.sbs --as-of 2026-12-01
check_status "  nor are its options for iPXE" 64 "--homedir is for signed block streams" \
	"$muenbuild" verify --homedir keys muen.csl
"$muenbuild" keys init ca --algorithm p256 >log 2>&1
check_status "  with a CA, a signature for iPXE beside it is meant" 66 "muen.sbs.sig" \
	"$muenbuild" verify muen.sbs --ca ca/ca.crt
check_status "  by its key" 0 "accepted" sbs verify muen.sbs --key "$key"
check "  and comes out as it went in" sh -c '"$1" sbs verify --homedir keys muen.sbs -o out.csl \
	&& cmp out.csl muen.csl' sh "$muenbuild"
check "  and from a fingerprint with blanks, in another block size" sbs sign muen.csl -o b.sbs \
	--block-size 4K --key "$(echo "$key" | tr A-F a-f | sed 's/..../& /g; s/ $//')"
check "  and another" sbs sign muen.csl -o c.sbs --block-size 129 --key "0x$key"

check_status "inspect tells what is in it" 0 "a signed Muen system image (SBS)" \
	"$muenbuild" inspect muen.sbs
cp log told
check "  block by block" grep -q "contents  293.1 KiB in 5 blocks of 65536 bytes" told
check "  command by command" grep -q "FILL  *0x400000 to 0x400fff, 4 KiB of 0x00" told
check "  and that the signature is another matter" grep -q "muenbuild sbs verify muen.sbs" told
if command -v python3 >/dev/null; then
	check "  JSON" sh -c '"$1" inspect --json muen.sbs >j && python3 -c "import json; \
d = json.load(open(\"j\")); assert d[\"kind\"] == \"signed muen system image\" and \
d[\"block_count\"] == 5 and d[\"stream\"][\"commands\"][1][\"address\"] == \"0x400000\""' sh "$muenbuild"
else
	skip "  JSON" "python3 is not installed"
fi

head -c 100 muen.sbs >header
tail -c +101 muen.sbs | head -c 566 >signature
check "GnuPG alone verifies the signature" gpg --homedir keys --batch --verify signature header

sbs sign muen.csl -o again.sbs --key "$key" >log 2>&1
head -c 100 again.sbs | cmp -s - header && tail -c +667 again.sbs >blocks &&
	tail -c +667 muen.sbs | cmp -s - blocks
check_result $? "all but the signature is the same every time"

cat >checker.py <<'PYTHON'
import hashlib, struct, sys

data = open(sys.argv[1], "rb").read()
fields = struct.unpack("<IIIIHHHHHHHHI64s", data[:100])
magic, count, size, signature, header, length, h1, h2, h3, h4, scheme, zero, padding, root = fields
assert magic == 0xe6019598 and header == 100 and length == 64, fields
assert (h1, h2, h3, h4, scheme, zero) == (4, 0, 0, 0, 1, 0), fields
assert signature == 566 and len(data) == 100 + 566 + count * size, fields
blocks = [data[666 + i * size:666 + (i + 1) * size] for i in range(count)]
expected = root
for block in blocks:
    assert hashlib.sha512(block).digest() == expected
    expected = block[:64]
assert expected == bytes(64)
payload = b"".join(block[64:] for block in blocks)
assert payload[:padding] == bytes(padding)
assert payload[padding:] == open(sys.argv[2], "rb").read()
PYTHON
for stream in muen.sbs b.sbs c.sbs; do
	if command -v python3 >/dev/null; then
		check "an independent checker accepts $stream" python3 checker.py $stream muen.csl
	else
		skip "an independent checker accepts $stream" "python3 is not installed"
	fi
done

if command -v python3 >/dev/null; then
	check "--json tells of the signature" sh -c '"$1" sbs sign --homedir keys muen.csl -o j.sbs \
		--key "$2" --json >j && python3 -c "import json; d = json.load(open(\"j\")); \
assert d[\"type\"] == \"muenbuild.sbs\" and d[\"block_count\"] == 5 and d[\"content_size\"] == \
$(wc -c <muen.csl) and d[\"signer\"][\"fingerprint\"] == \"$2\" and d[\"stream\"][\"entry_point\"] == \
1048576"' sh "$muenbuild" "$key"
else
	skip "--json tells of the signature" "python3 is not installed"
fi

# ---- refusals --------------------------------------------------------------------

check_status "a key is needed" 64 "needs --key" sbs sign muen.csl -o no.sbs
check_status "a short key id is refused" 64 "is not a key's fingerprint" \
	sbs sign muen.csl -o no.sbs --key "$(echo "$key" | tail -c 17)"
check_status "a key that is not there is said" 66 "no secret key" sbs sign muen.csl -o no.sbs \
	--key 0123456789ABCDEF0123456789ABCDEF01234567
check_status "RSA 2048 is refused" 65 "RSA 4096 only, found: RSA 2048" \
	sbs sign muen.csl -o no.sbs --key "$small"
check_status "an elliptic curve is refused" 65 "RSA 4096 only" \
	sbs sign muen.csl -o no.sbs --key "$curve"
echo 'digest-algo SHA256' >keys/gpg.conf
check_status "another digest is refused" 65 "the digest SHA256" \
	sbs sign muen.csl -o no.sbs --key "$key"
echo 'set-policy-url http://example.org/' >keys/gpg.conf
check_status "a longer signature is refused" 65 "takes exactly 566" \
	sbs sign muen.csl -o no.sbs --key "$key"
rm keys/gpg.conf
check_status "what is no command stream is refused" 65 "is not a command stream" \
	sbs sign checker.py -o no.sbs --key "$key"
head -c 1000 muen.csl >short.csl
check_status "a stream that is cut off is refused" 65 "what is left of the stream expected" \
	sbs sign short.csl -o no.sbs --key "$key"
check_status "  but signed with --raw" 0 "signed by" sbs sign short.csl --key "$key" --raw
check_status "  which inspect tells" 0 "stream    none that a loader takes" \
	"$muenbuild" inspect short.sbs
: >empty.csl
check_status "an empty file is refused" 65 "there is nothing to sign" \
	sbs sign empty.csl -o no.sbs --key "$key" --raw
check_status "a home folder that is not there is said" 66 "nowhere" \
	"$muenbuild" sbs sign muen.csl -o no.sbs --key "$key" --homedir nowhere
check_status "a block size that is too small is refused" 64 "--block-size: 127" \
	sbs sign muen.csl -o no.sbs --key "$key" --block-size 127
check_status "a folder that is not there is said" 73 "nowhere/no.sbs" \
	sbs sign muen.csl -o nowhere/no.sbs --key "$key"
check "none of these has left a file" sh -c 'set -- no.sbs .[a-z]*; [ "$*" = "no.sbs .[a-z]*" ] &&
	[ ! -e no.sbs ]'

# ---- verifying what is not right ---------------------------------------------------

flip() { # FILE OFFSET: changes one bit
	byte=$(od -An -tu1 -j "$2" -N 1 muen.sbs | tr -d ' ')
	cp muen.sbs "$1"
	printf "\\$(printf %03o $((byte ^ 1)))" | dd of="$1" bs=1 seek="$2" conv=notrunc 2>/dev/null
}

flip bad.sbs 32
check_status "a changed header is refused" 77 "is not one of this header" sbs verify bad.sbs
flip bad.sbs 0
check_status "another magic is refused" 65 "is not a signed block stream" sbs verify bad.sbs
flip bad.sbs 500
check_status "a changed signature is refused" 77 "is not one of this header" sbs verify bad.sbs
flip bad.sbs 100000
check_status "a changed block is refused" 77 "block 2 of 5" sbs verify bad.sbs -o no.csl
check_status "  by inspect, too" 77 "block 2 of 5" "$muenbuild" inspect bad.sbs
check "  and nothing is written" test ! -e no.csl
cat muen.sbs muen.sbs >bad.sbs
check_status "an appended byte is refused" 65 "its header promises" sbs verify bad.sbs
head -c 665 muen.sbs >bad.sbs
check_status "half a signature is refused" 65 "is not a signed block stream" sbs verify bad.sbs

bad=0
unhashed=
for offset in $(seq 100 7 665); do
	flip bad.sbs "$offset"
	sbs verify bad.sbs >log 2>&1
	status=$?
	[ $status -eq 77 ] || { [ $status -eq 0 ] && unhashed="$unhashed $offset"; } ||
		bad="$bad $offset:$status"
done
# What a signature holds beside the number is not all covered by it: its unhashed subpackets and
# the two bytes for a quick check. GnuPG and GRUB take the key from them, no more.
description="a changed byte of the signature is refused wherever it counts"
if [ "$bad" = 0 ] && [ "$(echo $unhashed | wc -w)" -le 3 ]; then
	ok "$description"
else
	echo "OFFSET:STATUS $bad, accepted:$unhashed" >log
	not_ok "$description"
fi

check_status "a stranger's signature is refused" 77 "is not in GnuPG's home other" \
	"$muenbuild" sbs verify muen.sbs --homedir other
check_status "another key than the expected one is refused" 77 "expected was $small" \
	sbs verify muen.sbs --key "$small"
check_status "a missing file is said" 66 "missing.sbs" sbs verify missing.sbs
cp muen.csl same.csl
ln same.csl same.sbs
check_status "input and output must be two files" 64 "are the same file" \
	sbs sign same.csl --key "$key"
check "  and the input is as it was" cmp same.csl muen.csl
check_status "--block-size is not for verify" 64 "is for 'muenbuild sbs sign'" \
	sbs verify muen.sbs --block-size 4K
check_status "-o - is not possible" 64 "'-' is not possible" sbs verify muen.sbs -o -
check_status "an unknown action is said" 64 "cannot 'bless'" sbs bless muen.sbs
flip bad.sbs 100000
check_status "--json tells the verdict" 77 '"verdict": "rejected"' sbs verify bad.sbs --json

gpg --homedir keys --batch --yes --quiet --quick-set-expire "$key" seconds=1 2>>gpg.log
sleep 2
check_status "an expired key is a warning" 0 "has expired" sbs verify muen.sbs
check_status "  and does not sign" 77 "key $key is expired" \
	sbs sign muen.csl -o no.sbs --key "$key"
gpg --homedir keys --batch --yes --quiet --quick-set-expire "$key" 0 2>>gpg.log
sed 's/^:-----BEGIN/-----BEGIN/' "keys/openpgp-revocs.d/$key.rev" |
	gpg --homedir keys --batch --quiet --import 2>>gpg.log
check_status "a revoked key is refused" 77 "is revoked" sbs verify muen.sbs

# ---- large ones --------------------------------------------------------------------

large=$(make_key other 'Large <large@example.org>' rsa4096)
if { (ulimit -v 150000 && "$muenbuild" --version); } >log 2>&1; then
	truncate -s 300M large
	(
		ulimit -v 150000
		"$muenbuild" sbs sign --homedir other large --raw --key "$large" -o large.sbs &&
			"$muenbuild" sbs verify --homedir other large.sbs
	) >log 2>&1
	check_result $? "300 MiB need no 150 MB of memory"
	rm -f large large.sbs
else
	skip "300 MiB need no 150 MB of memory" "the program needs more by itself (sanitized?)"
fi

# ---- subkeys -----------------------------------------------------------------------

gpg --homedir other --batch --quiet --passphrase '' --quick-add-key "$large" rsa4096 sign never \
	2>>gpg.log
subkey=$(gpg --homedir other --batch --with-colons --list-secret-keys "$large" 2>>gpg.log |
	sed -n 's/^fpr:*\([0-9A-F]*\):$/\1/p' | tail -n 1)
check_status "GnuPG signs with the newest signing subkey" 0 "signed by $subkey" \
	"$muenbuild" sbs sign --homedir other muen.csl -o sub.sbs --key "$large"
check "  which --key may name" "$muenbuild" sbs verify --homedir other sub.sbs --key "$subkey"
check "  by its primary key, too" "$muenbuild" sbs verify --homedir other sub.sbs --key "$large"

finish
