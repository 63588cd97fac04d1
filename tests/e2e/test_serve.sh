#!/bin/bash
# The web server for trying: what it serves, what it never serves, and how it ends.
. "${0%/*}/lib.sh"

server=
clean_up() {
	[ -z "$server" ] || kill "$server" 2>/dev/null
}

# start OPTION...: its address in $url once it can be asked. With the signals of a terminal: a shell
# script's background jobs have SIGINT ignored.
start() {
	: >url
	python3 -c 'import os, signal, sys
signal.signal(signal.SIGINT, signal.SIG_DFL)
os.execvp(sys.argv[1], sys.argv[1:])' "$muenbuild" serve "$@" >url 2>log &
	server=$!
	for _ in $(seq 100); do
		[ -s url ] && break
		sleep 0.05
	done
	url=$(cat url)
	port=${url##*:}
	port=${port%/}
}

# stop SIGNAL: its exit status in $status
stop() {
	status=0
	kill -s "$1" "$server"
	wait "$server" || status=$?
	server=
}

# ask METHOD PATH [HEADER=VALUE...]: the path is sent as it is; .answer has status, headers, body.
ask() {
	timeout 20 python3 - "$port" "$@" >.answer <<'PY'
import hashlib, http.client, sys
port, method, path, *headers = sys.argv[1:]
connection = http.client.HTTPConnection("127.0.0.1", int(port), timeout=10)
connection.putrequest(method, path, skip_accept_encoding=True)
for header in headers:
    connection.putheader(*header.split("=", 1))
connection.endheaders()
answer = connection.getresponse()
body = answer.read()
print(answer.status)
for name, value in answer.getheaders():
    print(f"{name}: {value}")
print("length", len(body))
print("sha256", hashlib.sha256(body).hexdigest())
print(body[:4000].decode("latin-1"))
PY
}

# answers NAME STATUS TEXT METHOD PATH [HEADER=VALUE...]
answers() {
	local name=$1 wanted=$2 text=$3
	shift 3
	ask "$@"
	if [ "$(head -n 1 .answer)" = "$wanted" ] && grep -qF -- "$text" .answer; then
		ok "$name"
	else
		fail "$name" "$wanted and '$text' were expected:" "$(cat .answer)" "$(tail -n 3 log)"
	fi
}

sum() {
	echo "sha256 $(sha256sum | cut -d' ' -f1)"
}

mkdir -p www/sub 'www/a & b'
head -c 3000000 /dev/urandom >www/muen.iso
echo '#!ipxe' >www/boot.ipxe
: >www/empty
echo inside >www/sub/'odd <name>&.txt'
echo hidden >www/.muen.iso.1-2.tmp
echo outside >outside
ln -s ../outside www/leads-out
ln -s "$work/outside" www/leads-out-absolute
ln -s .. www/up
ln -s sub/../muen.iso www/stays-in
mkfifo www/pipe

# ---- files and ranges -----------------------------------------------------------

start www --port 0
check 'prints its address' grep -qx 'http://127\.0\.0\.1:[1-9][0-9]*/' url
check 'and nothing else' test "$(wc -l <url)" -eq 1
answers 'a file' 200 "$(sum <www/muen.iso)" GET /muen.iso
check '  its type' grep -qi '^Content-Type: application/x-iso9660-image' .answer
check '  its length' grep -qix 'Content-Length: 3000000' .answer
check '  ranges are possible' grep -qix 'Accept-Ranges: bytes' .answer
answers 'its head' 200 'Content-Length: 3000000' HEAD /muen.iso
check '  without its body' grep -qx 'length 0' .answer
answers 'some bytes' 206 "$(tail -c +1001 www/muen.iso | head -c 2048 | sum)" GET /muen.iso \
	Range=bytes=1000-3047
check '  which it names' grep -qix 'Content-Range: bytes 1000-3047/3000000' .answer
answers 'its end' 206 "$(tail -c 100 www/muen.iso | sum)" GET /muen.iso Range=bytes=-100
answers 'from the middle on' 206 "$(tail -c +2000001 www/muen.iso | sum)" GET /muen.iso \
	Range=bytes=2000000-
answers 'the head of a part' 206 'Content-Range: bytes 0-511/3000000' HEAD /muen.iso \
	Range=bytes=0-511
answers 'behind the end' 416 'Content-Range: bytes */3000000' GET /muen.iso Range=bytes=3000000-
answers 'two ranges: all of it' 200 'length 3000000' GET /muen.iso Range=bytes=0-1,4-5
answers 'a range if it is the same: all of it' 200 'length 3000000' GET /muen.iso \
	Range=bytes=0-1 'If-Range="x"'
answers 'an empty file' 200 'length 0' GET /empty
answers 'a script is text' 200 'Content-Type: text/plain' GET /boot.ipxe
answers 'an odd name' 200 'inside' GET '/sub/odd%20%3Cname%3E&.txt'
answers 'a query is passed over' 200 '#!ipxe' GET '/boot.ipxe?mac=00:11'
answers 'a link that stays inside' 200 'length 3000000' GET /stays-in

# ---- folders ---------------------------------------------------------------------

answers 'the list of files' 200 '<a href="./muen.iso">muen.iso</a>' GET /
check '  with sizes' grep -qF '3000000' .answer
check '  and folders' grep -qF '<a href="./a%20%26%20b/">a &#38; b/</a>' .answer
check '  without hidden files' eval '! grep -qF .tmp .answer'
answers 'names are escaped' 200 'odd &#60;name&#62;&#38;.txt' GET /sub/
answers 'a folder without its slash' 301 'Location: ./sub/' GET /sub
answers 'a file with a slash' 404 '' GET /boot.ipxe/

# ---- what is never served ----------------------------------------------------------

for path in /../outside /%2e%2e/outside /sub/../../outside /sub/%2e%2e%2f%2e%2e%2foutside \
	/%2foutside //outside /./boot.ipxe /.muen.iso.1-2.tmp /boot.ipxe%00 /%zz /missing /pipe \
	"/$(printf 'x%.0s' $(seq 3000))"; do
	answers "not ${path:0:40}" 404 'no such file' GET "$path"
	check '  nothing of what lies outside' eval '! grep -qx outside .answer'
done
for path in /leads-out /leads-out-absolute /up/outside; do
	answers "not $path" 403 'leads out of the folder' GET "$path"
	check '  nothing of what lies outside' eval '! grep -qx outside .answer'
done
answers 'no other methods' 405 'Allow: GET, HEAD' DELETE /boot.ipxe
answers 'and no bodies' 405 '' POST /boot.ipxe Content-Length=0
if [ "$(id -u)" -ne 0 ]; then
	chmod 000 www/empty
	answers 'what may not be read' 403 'may not be read' GET /empty
else
	skip 'what may not be read' 'root may read everything'
fi
check 'a line for each request' grep -qx 'GET /muen.iso 206 from 1000 2048 bytes' log
check 'which is printable' eval 'ask GET /%1b%5b31m; printf "GET /\033[31m HTTP/1.0\r\n\r\n" \
	>/dev/tcp/127.0.0.1/$port; sleep 0.3; ! grep -q "$(printf "\033")" log'

# Everything at once, and a client that goes away in the middle.
check 'many clients' timeout 60 python3 -c '
import hashlib, socket, sys, threading, urllib.request
port = int(sys.argv[1])
wanted = hashlib.sha256(open("www/muen.iso", "rb").read()).digest()
gone = socket.create_connection(("127.0.0.1", port))
gone.send(b"GET /muen.iso HTTP/1.1\r\nHost: x\r\n\r\n")
gone.recv(10)
gone.close()
good = []
def fetch():
    body = urllib.request.urlopen(f"http://127.0.0.1:{port}/muen.iso", timeout=30).read()
    good.append(hashlib.sha256(body).digest() == wanted)
threads = [threading.Thread(target=fetch) for _ in range(20)]
for t in threads: t.start()
for t in threads: t.join()
assert len(good) == 20 and all(good)
' "$port"
check 'on loopback alone' eval '! (exec 3<>/dev/tcp/127.0.0.2/$port) 2>/dev/null'

# ---- the end, and what cannot be --------------------------------------------------------

refuse 'a port that is taken' 69 '--port 0' timeout 10 "$muenbuild" serve www --port "$port"
for signal in INT TERM HUP; do
	[ -n "$server" ] || start www -p 0
	stop $signal
	check "ends on SIG$signal" test "$status" -eq 0
	check '  and listens no more' eval '! (exec 3<>/dev/tcp/127.0.0.1/$port) 2>/dev/null'
done
refuse 'no folder' 66 'nowhere' timeout 10 "$muenbuild" serve nowhere
refuse 'a file' 66 'outside' timeout 10 "$muenbuild" serve outside
refuse 'no operand' 64 'DIR' timeout 10 "$muenbuild" serve
refuse 'no port' 64 "--port: 'x'" timeout 10 "$muenbuild" serve www --port x
refuse 'a port too large' 64 "--port: '65536'" timeout 10 "$muenbuild" serve www --port 65536
finish
