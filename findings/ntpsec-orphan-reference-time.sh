#!/bin/bash
# ntpsec 1.2.2+dfsg1-1+deb12u1 in orphan mode ("tos orphan 6"), synchronised to nothing, describes itself as the best of
# servers: no alarm, root delay 0, root dispersion exactly 0. Its reference timestamp is 0, and so its own tool ntpq
# dates its last synchronisation to 2036-02-07, the first second of era 1.
#
# Root dispersion stays 0, while its clock drifts; before orphan mode begins the same server has leap indicator 3,
# stratum 0 and a dispersion that grows. So a client that ranks servers by root distance prefers the server without any
# time to each true one of the same stratum.
#
# Seen: 0x24, stratum 6, root delay 0, root dispersion 0, reference identifier 127.0.0.1, reference timestamp 0, now and
#       20 s later; ntpq: leap=00, stratum=6, rootdisp=0.0, reftime=00000000.00000000 2036-02-07T06:28:16.000Z
#
# ffntp: ffntpd takes such a server for synchronised, as the fields demand, and "ffntp status" shows stratum 6 and a
# root distance of 60 ns. Only the reference timestamp differs, and ntpd-rs 1.4 has 0 there when it is synchronised.

set -euo pipefail
. "$(dirname "$0")/lib/common.sh"

version=1.2.2+dfsg1-1+deb12u1
debian ntpsec=$version python3-ntp=$version

cat >"$work/ask.py" <<'END'
import socket
import struct

with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as client:
    client.settimeout(2)
    client.sendto(struct.pack('>B39xQ', 0x23, 1), ('127.0.0.1', 123))
    first, stratum, delay, dispersion, refid, reference = struct.unpack('>BBxxII4sQ', client.recv(100)[:24])
print(f'{first:#x} {stratum} {delay} {dispersion} {socket.inet_ntoa(refid)} {reference}')
END

observe()
{
	local now later modules=$root/usr/lib/python3/dist-packages
	cp "$root"/usr/lib/*/ntp/libntpc.so.1 "$modules/ntp/libntpc.so"
	printf '%s\n' 'restrict 127.0.0.1' 'tos orphan 6 orphanwait 1' >"$work/ntp.conf"
	keep "$root/usr/sbin/ntpd" -n -c "$work/ntp.conf" -f "$work/drift"
	sleep 8
	now=$("$python" "$work/ask.py")
	PYTHONPATH=$modules "$python" "$root/usr/bin/ntpq" -n -c 'rv 0 leap,stratum,rootdisp,reftime' 127.0.0.1 \
		>"$work/rv" 2>&1
	sleep 20
	later=$("$python" "$work/ask.py")
	echo "first byte, stratum, root delay, root dispersion, reference identifier, reference timestamp: $now"
	echo "20 s later: $later"
	cat "$work/rv"
	expect "no alarm, all fields 0" "$now" = '0x24 6 0 0 127.0.0.1 0'
	expect "and later, too" "$later" = "$now"
	expect "ntpq dates it to 2036" "$(grep -c 'reftime=00000000.00000000 2036-02-07' "$work/rv")" = 1
	conclude
}

alone
