#!/bin/bash
# Two clients of npm read the precision, a signed exponent of 2, without its sign, each in its own way. A server with a
# precision of 2^-23 s (119 ns) gets from sntp 3.0.2 a "precision" of 1.38e73 ms, which is 4e62 years, and from
# ntp-packet-parser 0.5.0 (in ntp-time-sync) a precision of 233. The finer the server's clock, the larger the number.
#
# ntp-packet-parser also makes a date of each duration: a root delay of 1.5 s is 1900-01-01T00:00:01.500Z.
# isValid of @hapi/sntp 4.0.0, the successor of sntp, is not true but the transmit timestamp, in ms of 1970.
#
# Seen: sntp precision 1.3803492693581128e+73, @hapi/sntp the same, isValid 1795994607915.2;
#       ntp-packet-parser precision 233, rootDelay 1900-01-01T00:00:01.500Z
#
# ffntp: core/wire.c reads an int8_t (tests/test_wire.c). Do not compare a server's precision there with what a program
# of node reports.

set -euo pipefail
. "$(dirname "$0")/lib/common.sh"

npm_packages sntp@3.0.2 @hapi/sntp@4.0.0 ntp-packet-parser@0.5.0

cat >"$work/precision.js" <<'END'
const { NtpPacketParser } = require('ntp-packet-parser');
const dgram = require('dgram');

function parsed() {
	return new Promise(resolve => {
		const socket = dgram.createSocket('udp4');
		const request = Buffer.alloc(48);
		request[0] = 0x23;
		socket.on('message', reply => { socket.close(); resolve(NtpPacketParser.parse(reply)); });
		socket.send(request, 123, '127.0.0.1');
	});
}

(async () => {
	for (const name of ['sntp', '@hapi/sntp']) {
		const reply = await require(name).time({ host: '127.0.0.1', timeout: 3000 });
		console.log(name, reply.precision, reply.isValid);
	}
	const reply = await parsed();
	console.log('ntp-packet-parser', reply.precision, reply.rootDelay.toISOString());
})();
END

found()
{
	awk -v name="$1" -v field="$2" '$1 == name { print $field }' "$work/found"
}

observe()
{
	serve precision=-23 root_delay=1.5
	NODE_PATH=$work/npm/node_modules timeout 20 node "$work/precision.js" >"$work/found"
	cat "$work/found"
	expect "sntp: 2^233 s in ms" "$(is "$(found sntp 2) > 1.38e73 && $(found sntp 2) < 1.39e73")" = 1
	expect "@hapi/sntp: the same" "$(found @hapi/sntp 2)" = "$(found sntp 2)"
	expect "its isValid is a time" "$(is "$(found @hapi/sntp 3) + 0 > 1.7e12")" = 1
	expect "ntp-packet-parser: 233" "$(found ntp-packet-parser 2)" = 233
	expect "and a root delay in 1900" "$(found ntp-packet-parser 3)" = 1900-01-01T00:00:01.500Z
	conclude
}

alone
