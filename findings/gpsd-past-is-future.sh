#!/bin/bash
# gpsd 3.22-4.1+deb12u1 moves each date before 2017 by 1024 weeks into the future, although NMEA has no week number: a
# receiver (or a simulator, or a log) at 2016-12-31 23:59:57 is reported as 2036-08-16 23:59:57.
#
# One expects the date of the sentences, or an error. Receivers whose week number has overflowed show a date 1024 weeks
# ago, and gpsd repairs that by its number of leap seconds, 18 since 2017: an earlier date "cannot" have 18. For NMEA
# that number is compiled in, as the sentences do not carry one. The correction is for every date before the 18th leap
# second, however plausible, and so the time jumps back by 19 years 7 months at 2017-01-01, when the receiver passes the
# leap second: 2036-08-16 23:59:59, 2017-01-01 00:00:00. Second 60 itself is reported as 00:00:00, so that this second
# is there twice.
#
# It matters for tests: the last leap second is the obvious one to replay, and what gpsd reports to its clients is what
# tests of a clock read. Nothing in the JSON shows the change; a line of gpsd's log does.
#
# Seen: 2005-06-15 12:00:00 -> 2025-01-29T12:00:00.000Z   2016-12-31 23:59:57 -> 2036-08-16T23:59:57.000Z
#       2016-12-31 23:59:59 -> 2036-08-16T23:59:59.000Z   2016-12-31 23:59:60 -> 2017-01-01T00:00:00.000Z
#       2017-01-01 00:00:00 -> 2017-01-01T00:00:00.000Z   2026-11-30 12:00:00 -> 2026-11-30T12:00:00.000Z
#
# ffntp: reads no NMEA and nothing of gpsd.

set -euo pipefail
. "$(dirname "$0")/lib/common.sh"

debian gpsd=3.22-4.1+deb12u1 libbluetooth3=5.66-1+deb12u2 libusb-1.0-0=2:1.0.26-1 libdbus-1-3=1.14.10-1~deb12u1

cat >"$work/receive.py" <<'END'
"""Be a receiver that shows each of the times given as DATE TIME; print what gpsd reports of it."""
import functools
import json
import operator
import socket
import sys
import time


def sentence(text):
    return f'${text}*{functools.reduce(operator.xor, text.encode()):02X}\r\n'.encode()


def connect():
    for _ in range(100):
        try:
            return socket.create_connection(('127.0.0.1', 2947))
        except ConnectionRefusedError:
            time.sleep(0.1)
    sys.exit('gpsd did not start')


with connect() as client, socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as receiver:
    client.settimeout(10)
    client.sendall(b'?WATCH={"enable":true,"json":true};\n')
    lines = client.makefile('rb')
    while json.loads(lines.readline())['class'] != 'WATCH':
        pass
    for day, clock in (argument.split() for argument in sys.argv[1:]):
        hms, dmy = clock.replace(':', ''), day[8:] + day[5:7] + day[2:4]
        fix = sentence(f'GPRMC,{hms}.00,A,4800.000,N,00200.000,E,0.0,0.0,{dmy},,')
        fix += sentence(f'GPGGA,{hms}.00,4800.000,N,00200.000,E,1,08,0.9,100.0,M,46.9,M,,')
        reported = None
        # gpsd recognises the device, and the end of a cycle of sentences, in the first fixes.
        for _ in range(20):
            receiver.sendto(fix, ('127.0.0.1', 5000))
            time.sleep(0.2)
            client.sendall(b'?POLL;\n')
            while True:
                report = json.loads(lines.readline())
                if report['class'] == 'POLL':
                    break
            fixes = [tpv['time'] for tpv in report['tpv'] if 'time' in tpv]
            if fixes and fixes == reported:
                break
            reported = fixes
        print(day, clock, *reported)
END

# reported TIME: what gpsd reports of it.
reported()
{
	sed -n "s/^$1 //p" "$work/found"
}

observe()
{
	LD_LIBRARY_PATH=$(find "$root" -name '*.so*' -printf '%h\n' | sort -u | paste -sd:) \
		keep "$root/usr/sbin/gpsd" -N -n -D 1 udp://127.0.0.1:5000
	"$python" "$work/receive.py" '2005-06-15 12:00:00' '2016-12-31 23:59:57' '2016-12-31 23:59:59' '2016-12-31 23:59:60' \
		'2017-01-01 00:00:00' '2026-11-30 12:00:00' >"$work/found" || cannot "$(tail -n 3 "$work/kept.log")"
	sed 's/^/gpsd 3.22: /' "$work/found"
	grep -m 1 -o 'leap second 18 inconsistent.*' "$work/kept.log" || true
	expect "2005 is 2025" "$(reported '2005-06-15 12:00:00')" = 2025-01-29T12:00:00.000Z
	expect "2016 is 2036" "$(reported '2016-12-31 23:59:57')" = 2036-08-16T23:59:57.000Z
	expect "until the leap second" "$(reported '2016-12-31 23:59:59')" = 2036-08-16T23:59:59.000Z
	expect "which is the next second" "$(reported '2016-12-31 23:59:60')" = 2017-01-01T00:00:00.000Z
	expect "2017 is 2017" "$(reported '2017-01-01 00:00:00')" = 2017-01-01T00:00:00.000Z
	expect "the present is right" "$(reported '2026-11-30 12:00:00')" = 2026-11-30T12:00:00.000Z
	conclude
}

alone
