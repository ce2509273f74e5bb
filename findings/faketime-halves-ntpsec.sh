#!/bin/bash
# ntpsec 1.2.2+dfsg1-1+deb12u1 under libfaketime 0.9.10-2.1 with its clock 3600 s ahead serves a time that is 1800 s
# ahead.
#
# Its receive timestamp is the kernel's, which libfaketime does not reach, and its transmit timestamp is
# clock_gettime's, which it does: T2 is true, T3 is an hour ahead, and a client takes the mean. The reply states that
# the server kept the request for an hour, and the round trip becomes -3600 s. With FAKETIME=-3600s T3 is before T2.
# chronyd 4.3-2+deb12u3 in the same place serves 3600 s. So a test of an NTP client with a "faked" ntpsec shows the
# client half the fault that it was meant to show.
#
# Seen: ntpsec: T2 - T1 0.000041 s, T3 - T4 3599.999979 s; ntpdig: +1800.000018 +/- 1800.000058
#       chronyd: T2 - T1 3600.000110 s, T3 - T4 3599.999985 s; ntpdig: +3600.000032
#
# ffntp: "ffntp query" rejects the replies of such a server: "residence" for +3600s, "timestamps" for -3600s.

set -euo pipefail
. "$(dirname "$0")/lib/common.sh"

version=1.2.2+dfsg1-1+deb12u1
debian ntpsec=$version ntpsec-ntpdig=$version python3-ntp=$version libfaketime=0.9.10-2.1 chrony=4.3-2+deb12u3

cat >"$work/ask.py" <<'END'
import socket
import struct
import time

with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as client:
    client.settimeout(2)
    t1 = time.time()
    client.sendto(struct.pack('>B39xQ', 0x23, 1), ('127.0.0.1', 123))
    reply = client.recv(100)
    t4 = time.time()
t2, t3 = (seconds - 2208988800 + parts / 2**32 for seconds, parts in struct.iter_unpack('>II', reply[32:48]))
print(f'{t2 - t1:.6f} {t3 - t4:.6f}')
END

# ask NAME: print and keep T2 - T1, T3 - T4 and ntpdig's offset.
ask()
{
	read -r forth back < <("$python" "$work/ask.py")
	offset=$(PYTHONPATH=$modules "$python" "$root/usr/bin/ntpdig" 127.0.0.1 | awk '{ print $4 }')
	echo "$1: T2 - T1 $forth s, T3 - T4 $back s; ntpdig: $offset s"
}

observe()
{
	local forth back offset modules=$root/usr/lib/python3/dist-packages
	fake +3600s
	cp "$root"/usr/lib/*/ntp/libntpc.so.1 "$modules/ntp/libntpc.so"
	printf '%s\n' 'restrict 127.0.0.1' 'tos orphan 6 orphanwait 1' >"$work/ntp.conf"
	keep "${faked[@]}" "$root/usr/sbin/ntpd" -n -c "$work/ntp.conf" -f "$work/drift"
	sleep 8
	ask ntpsec
	end_last
	expect "T2 is true" "$(is "$forth > -1 && $forth < 1")" = 1
	expect "T3 is an hour ahead" "$(is "$back > 3599 && $back < 3601")" = 1
	expect "ntpdig finds half of it" "$(is "$offset > 1799 && $offset < 1801")" = 1
	keep "${faked[@]}" "$root/usr/sbin/chronyd" -x -d -u root 'local stratum 10' allow 'cmdport 0' "pidfile $work/pid"
	sleep 3
	ask chronyd
	expect "chronyd has T2 an hour ahead" "$(is "$forth > 3599 && $forth < 3601")" = 1
	expect "ntpdig finds all of it" "$(is "$offset > 3599 && $offset < 3601")" = 1
	conclude
}

alone
