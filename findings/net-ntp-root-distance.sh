#!/bin/bash
# Perl's Net::NTP 1.5 (libnet-ntp-perl 1.5-3) loses a half of each number: of the root delay it returns the fraction
# alone, of the root dispersion the whole seconds alone. So every usual server has a root dispersion of 0.0000.
#
# Its own transmit timestamp, as it is on the wire, has the right second, and a fraction that is not the time's but
# hardly changes: a server that looks at it sees a client that is up to 1 s off, differently each time. The offset is
# right all the same, because it is computed from the local variable and not from the reply's origin timestamp.
#
# Seen: root delay 1.25 s -> 0.25   root dispersion 1.75 s -> 1.0000   root dispersion 0.9 s -> 0.0000   (NTP version 3)
#       offset 0.2500; fractions sent in 12 requests: .0953 to .0975;
#       sent minus arrival: -0.826 s to +0.041 s, on loopback
#
# ffntp: core/wire.c reads both as 32-bit numbers (tests/test_wire.c). A server sees such clients with a wrong time.

set -euo pipefail
. "$(dirname "$0")/lib/common.sh"

debian libnet-ntp-perl=1.5-3

field()
{
	sed -n "s/^$1=//p" "$work/fields"
}

observe()
{
	local i largest
	for i in 1.75 0.9; do
		serve ahead=0.25 root_delay=1.25 root_dispersion=$i stratum=2 refid=c0000201 log="$work/requests"
		perl -I "$root/usr/share/perl5" -MNet::NTP -e 'for (1 .. 6) {
				%r = get_ntp_response("127.0.0.1", 123);
				select(undef, undef, undef, 0.137);
			}
			print "$_=$r{$_}\n" for sort keys %r' >"$work/fields"
		end_last
		echo "root delay 1.25 s -> $(field 'Root Delay'), root dispersion $i s -> $(field 'Root Dispersion')," \
			"offset $(field Offset)"
		expect "the whole seconds of the root delay are missing" "$(is "$(field 'Root Delay') == 0.25")" = 1
		expect "the fraction of the root dispersion is missing" "$(is "$(field 'Root Dispersion') == int($i)")" = 1
		expect "the offset is right" "$(is "$(field Offset) > 0.2 && $(field Offset) < 0.3")" = 1
	done
	awk '{ printf "sent %s, arrived %s: %.3f s\n", $1, $2, $1 - $2 }' "$work/requests"
	largest=$(awk '{ d = $1 - $2; if (d < 0) d = -d; if (d > m) m = d } END { print m }' "$work/requests")
	expect "a transmit timestamp is more than 0.1 s off" "$(is "$largest > 0.1 && $largest < 1.1")" = 1
	conclude
}

alone
