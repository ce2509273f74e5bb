#!/bin/bash
# ntpsec 1.2.2+dfsg1-1+deb12u1 without a line on access in its configuration answers one request a second for about
# 70 s, and then no more, although one a second is its limit, and a client on the loopback asks.
#
# The built-in default is "noquery limited", for each address. Its score of the rate decays with 20 s, and the sum of
# exactly one request a second ends 2.5 % above the limit of 1 a second; a refused request counts as well, so the
# silence lasts for as long as the client goes on asking. One request in 1.05 s is answered for ever.
#
# Seen: 1.00 s apart: requests 1 to 74 of 100 answered, silence from 75 on; 1.05 s apart: 100 of 100 answered
#
# ffntp: "ffntpd --poll 1" had 75 replies from such a server, then none; it went on asking once a second, and 95 s later
# was still free-running. It would be served with an interval of 2 s, or with "restrict ADDRESS" on the server.

set -euo pipefail
. "$(dirname "$0")/lib/common.sh"

debian ntpsec=1.2.2+dfsg1-1+deb12u1

cat >"$work/ask.py" <<'END'
"""Ask from one address COUNT times, with a period in s; print the number of the last answer, and of all answers."""
import socket
import struct
import sys
import time

address, period, count = sys.argv[1], float(sys.argv[2]), int(sys.argv[3])
with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as client:
    client.bind((address, 0))
    client.settimeout(0.5)
    begin, answered = time.monotonic(), []
    for i in range(count):
        time.sleep(max(0, begin + i * period - time.monotonic()))
        client.sendto(struct.pack('>B39xQ', 0x23, time.monotonic_ns()), ('127.0.0.1', 123))
        try:
            client.recv(100)
            answered.append(i + 1)
        except TimeoutError:
            pass
print(answered[-1], len(answered))
END

observe()
{
	local last answered slow_last slow_answered slow
	echo 'tos orphan 6 orphanwait 1' >"$work/ntp.conf"
	keep "$root/usr/sbin/ntpd" -n -c "$work/ntp.conf" -f "$work/drift"
	sleep 8
	# Each address of the loopback has a score of its own.
	"$python" "$work/ask.py" 127.0.0.2 1.05 100 >"$work/slow" &
	slow=$!
	kept+=("$slow")
	read -r last answered < <("$python" "$work/ask.py" 127.0.0.3 1 100)
	wait "$slow"
	read -r slow_last slow_answered <"$work/slow"
	echo "1 s apart: $answered of 100 answered, the last one $last"
	echo "1.05 s apart: $slow_answered of 100 answered, the last one $slow_last"
	expect "one a second is served for a minute" "$answered" -ge 50
	expect "and then no more" "$last" -le 90
	expect "nothing is missing before that" "$last" = "$answered"
	expect "one in 1.05 s is served" "$slow_answered" -ge 99
	conclude
}

alone
