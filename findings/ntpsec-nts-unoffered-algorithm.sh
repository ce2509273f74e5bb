#!/bin/bash
# The key exchange of NTS of ntpsec 1.2.2+dfsg1-1+deb12u1 agrees on an AEAD algorithm that the client did not offer.
#
# A client lists the algorithms that it has, and the server chooses one of them, or answers with an empty list (RFC 8915,
# section 4.1.5). ntpsec chooses 15 (AEAD_AES_SIV_CMAC_256) for a client that offers only 30 (AES-128-GCM-SIV), or only
# 999, which does not exist, and hands out eight cookies with it. A client that does not compare the answer with its
# offer derives keys for an algorithm that it may not have. Beside it, chrony 4.3-2+deb12u3 answers with an empty list.
#
# Seen: ntpsec: offered 15: 15, 8 cookies; 30: 15, 8 cookies; 999: 15, 8 cookies
#       chrony: offered 15: 15, 8 cookies; 30: none, 0 cookies; 999: none, 0 cookies
#
# ffntp: an algorithm that was not offered ends the key exchange (nts/records.c, take_aead; tests/test_nts.c).

set -euo pipefail
. "$(dirname "$0")/lib/common.sh"

debian ntpsec=1.2.2+dfsg1-1+deb12u1 chrony=4.3-2+deb12u3

cat >"$work/offer.py" <<'END'
"""Offer one algorithm after the other to port PORT; print what the server chose, and the number of its cookies."""
import socket
import ssl
import struct
import sys

context = ssl.create_default_context(cafile=sys.argv[2])
context.minimum_version = ssl.TLSVersion.TLSv1_3
context.set_alpn_protocols(['ntske/1'])
for offer in 15, 30, 999:
    request = struct.pack('>HHH HHH HH', 0x8001, 2, 0, 0x8004, 2, offer, 0x8000, 0)
    with socket.create_connection(('127.0.0.1', int(sys.argv[1]))) as connection, \
            context.wrap_socket(connection, server_hostname='localhost') as tls:
        tls.settimeout(5)
        tls.sendall(request)
        message = b''
        while not message.endswith(b'\x80\0\0\0'):
            message += tls.recv(4096)
    chosen, cookies, at = 'none', 0, 0
    while at < len(message):
        kind, size = struct.unpack_from('>HH', message, at)
        if kind & 0x7fff == 4 and size == 2:
            chosen = struct.unpack_from('>H', message, at + 4)[0]
        cookies += kind & 0x7fff == 5
        at += 4 + size
    print(f'{offer} {chosen} {cookies}')
END

make_certificate()
{
	openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout "$work/key" -out "$work/cert" -days 30 \
		-subj /CN=localhost -addext subjectAltName=DNS:localhost 2>/dev/null
}

observe()
{
	command -v openssl >/dev/null || cannot "no openssl"
	make_certificate
	cat >"$work/ntp.conf" <<-END
		tos orphan 6 orphanwait 1
		restrict 127.0.0.1
		nts enable
		nts key $work/key
		nts cert $work/cert
		nts cookie $work/cookies
	END
	mkdir -m 700 "$work/dump"
	cat >"$work/chrony.conf" <<-END
		local stratum 1
		allow
		port 11123
		cmdport 0
		bindcmdaddress /
		pidfile $work/chrony.pid
		ntsport 14460
		ntsserverkey $work/key
		ntsservercert $work/cert
		ntsdumpdir $work/dump
		ntsprocesses 0
	END
	keep "$root/usr/sbin/ntpd" -n -c "$work/ntp.conf" -f "$work/drift"
	keep "$root/usr/sbin/chronyd" -x -d -U -u root -f "$work/chrony.conf"
	sleep 4
	"$python" "$work/offer.py" 4460 "$work/cert" | tee "$work/ntpsec" | sed 's/^/ntpsec: offered, chosen, cookies: /'
	"$python" "$work/offer.py" 14460 "$work/cert" | tee "$work/chrony" | sed 's/^/chrony: offered, chosen, cookies: /'
	expect "ntpsec chooses 15 whatever was offered" "$(tr '\n' ' ' <"$work/ntpsec")" = "15 15 8 30 15 8 999 15 8 "
	expect "chrony chooses what was offered, or none" "$(tr '\n' ' ' <"$work/chrony")" = "15 15 8 30 none 0 999 none 0 "
	conclude
}

alone
