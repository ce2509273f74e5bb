#!/bin/bash
# The offset of ruby-net-ntp 2.1.3-4 (with ruby3.1 3.1.7+really3.1.2-0+deb12u1) is wrong by as much as half a second,
# differently each time, for a server whose clock is the client's own.
#
# One expects microseconds on the loopback. The request's transmit timestamp, which comes back as the reply's origin
# timestamp and enters the offset, has a fraction that is not the time's: it stays near one value for seconds while the
# true fraction runs from 0 to 1, so that the offset follows a sawtooth of 0.5 s whose mean is not 0. The mean or the
# median of many requests is therefore wrong, too. The seconds of that timestamp count from 1970, so that a server sees
# a client in 1956, or in 2093 if it assumes era 1.
#
# The precision is one too large (-22 for -23), the root delay has no seconds and the root dispersion no fraction (as in
# Perl's Net::NTP, whose offset is right, however), and for a server of stratum 1 or a kiss-o'-death
# reference_clock_identifier raises NoMethodError. Receive and transmit timestamps are right.
#
# Seen: 40 requests 0.13 s apart: offsets from -0.054486 to 0.425206 s, the server's time less than 1 ms off;
#       precision -22, root delay 1.25 s -> 0.25, root dispersion 1.75 s -> 1;
#       reference_clock_identifier: NoMethodError;
#       transmit timestamps in 24 requests within 3 s: fractions .844 to .846, 412931633 s before 1970
#
# ffntp: its requests have random bits there, and a server may see any timestamp of a client (core/exchange.c).

set -euo pipefail
. "$(dirname "$0")/lib/common.sh"

debian ruby-net-ntp=2.1.3-4 ruby3.1=3.1.7+really3.1.2-0+deb12u1 libruby3.1=3.1.7+really3.1.2-0+deb12u1 \
	libgmp10=2:6.2.1+dfsg1-1.1 libcrypt1=1:4.4.33-2

cat >"$work/ask.rb" <<'END'
require 'net/ntp'

reply = nil
40.times do
  reply = Net::NTP.get('127.0.0.1', 123, 3)
  puts format('offset %.6f %.6f', reply.offset, reply.transmit_timestamp - Time.now.to_f)
  sleep 0.13
end
puts "precision #{reply.precision}", "delay #{reply.root_delay}", "dispersion #{reply.root_dispersion}"
begin
  puts "identifier #{reply.reference_clock_identifier}"
rescue NoMethodError
  puts 'identifier NoMethodError'
end
END

found()
{
	awk -v name="$1" '$1 == name { print $2 }' "$work/found"
}

observe()
{
	local gems=$root/usr/share/rubygems-integration/all/gems library=$root/usr/lib/ruby platform least largest clock sent
	platform=$(dirname "$root"/usr/lib/*/libruby-3.1.so.3.1)
	serve precision=-23 root_delay=1.25 root_dispersion=1.75 log="$work/requests"
	LD_LIBRARY_PATH=$platform:$(dirname "$root"/lib/*/libcrypt.so.1) "$root/usr/bin/ruby3.1" --disable-gems \
		-I "$gems/net-ntp-2.1.3/lib" -I "$library/3.1.0" -I "$platform/ruby/3.1.0" "$work/ask.rb" >"$work/found"
	least=$(found offset | sort -n | head -n 1)
	largest=$(found offset | sort -n | tail -n 1)
	clock=$(awk '$1 == "offset" { d = $3 < 0 ? -$3 : $3; if (d > m) m = d } END { print m + 0 }' "$work/found")
	sent=$(tail -n 1 "$work/requests" | cut -d ' ' -f 1)
	echo "ruby-net-ntp 2.1.3: offsets from $least to $largest s; transmit timestamps at most $clock s off;"
	echo "precision $(found precision), root delay $(found delay), root dispersion $(found dispersion)," \
		"identifier $(found identifier); request's transmit timestamp $sent s from 1970"
	expect "the offsets differ by more than 0.35 s" "$(is "$largest - ($least) > 0.35")" = 1
	expect "one is wrong by more than 0.2 s" "$(is "$largest > 0.2 || $least < -0.2")" = 1
	expect "the server's clock is the client's" "$(is "$clock < 0.1")" = 1
	expect "the precision is one too large" "$(found precision)" = -22
	expect "the root delay has no seconds" "$(found delay)" = 0.25
	expect "the root dispersion has no fraction" "$(found dispersion)" = 1
	expect "there is no identifier of a primary server" "$(found identifier)" = NoMethodError
	expect "the request is decades off" "$(is "$sent < 0")" = 1
	conclude
}

alone
