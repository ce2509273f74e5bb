#!/bin/bash
# Rate limiting of ntpsec 1.2.2+dfsg1-1+deb12u1 makes two client libraries report that a wrong clock is right:
# python3-ntplib 0.3.3-3 and npm's sntp 3.0.2 (5.6 million downloads a month).
#
# In its RATE packets ntpsec puts the client's transmit timestamp into the receive and the transmit timestamp, and
# both libraries compute the offset of such a packet like that of any other: minus half the round trip. The client's
# clock is 250 s ahead here; the first 20 requests show that, the next ones show 0, without an exception. sntp even has
# isValid true, beside stratum "death" and leap indicator "alarm". The limits are those of Debian's own configuration
# file ("restrict default kod nomodify nopeer noquery limited").
#
# Seen: ntplib: requests 0 to 19: offset -250.000 s, stratum 6; 20 to 29: -0.000015 s, stratum 0; then silence
#       sntp, 45 s later: -249.999 s, stratum secondary; then 0.000 or -0.0005 s, isValid true, stratum death, leap alarm
#
# ffntp: a RATE packet is never a time (core/exchange.c, judge_kiss; test_exchange has kisses of any timestamps).

set -euo pipefail
. "$(dirname "$0")/lib/common.sh"

debian ntpsec=1.2.2+dfsg1-1+deb12u1 libfaketime=0.9.10-2.1 python3-ntplib=0.3.3-3
npm_packages sntp@3.0.2

cat >"$work/by_ntplib.py" <<'END'
import ntplib

client = ntplib.NTPClient()
for i in range(30):
    try:
        reply = client.request('127.0.0.1', version=4, timeout=0.5)
    except ntplib.NTPException:
        break
    print(i, reply.stratum, f'{reply.offset:.6f}')
END

cat >"$work/by_sntp.js" <<'END'
const sntp = require('sntp');
(async () => {
	for (let i = 0; i < 30; i++) {
		let reply;
		try {
			reply = await sntp.time({ host: '127.0.0.1', timeout: 500 });
		} catch (error) {
			break;
		}
		console.log(i, reply.stratum, (reply.t / 1000).toFixed(6), reply.isValid, reply.leapIndicator);
	}
})();
END

# count FILE CONDITION: how many lines fulfil a condition of awk.
count()
{
	awk "$2 { n++ } END { print n + 0 }" "$1"
}

observe()
{
	cat >"$work/ntp.conf" <<-END
		restrict default kod nomodify nopeer noquery limited
		tos orphan 6 orphanwait 1
	END
	keep "$root/usr/sbin/ntpd" -n -c "$work/ntp.conf" -f "$work/drift"
	sleep 8
	fake +250s
	PYTHONPATH=$root/usr/lib/python3/dist-packages "${faked[@]}" "$python" "$work/by_ntplib.py" >"$work/ntplib"
	# The limiter forgets with a time constant of 20 s.
	sleep 45
	NODE_PATH=$work/npm/node_modules "${faked[@]}" node "$work/by_sntp.js" >"$work/sntp"
	sed 's/^/ntplib: /; 4,18d; 23,30d' "$work/ntplib"
	sed 's/^/sntp: /; 4,12d; 23,30d' "$work/sntp"
	expect "ntplib shows 250 s at first" "$(count "$work/ntplib" '$2 == 6 && $3 < -249')" -ge 10
	expect "then nothing to correct, with stratum 0" "$(count "$work/ntplib" '$2 == 0 && $3 > -0.1 && $3 < 0.1')" -ge 3
	expect "sntp shows 250 s at first" "$(count "$work/sntp" '$2 == "secondary" && $3 < -249')" -ge 3
	expect "then nothing to correct, and isValid" \
		"$(count "$work/sntp" '$2 == "death" && $3 > -0.1 && $3 < 0.1 && $4 == "true" && $5 == "alarm"')" -ge 3
	conclude
}

alone
