#!/bin/bash
# On 2036-02-08, one day into era 1 of NTP, six clients ask a server that agrees with their clock to the millisecond,
# and are wrong in six ways. Nothing else is unusual. chronyd of chrony 4.3-2+deb12u3 is right.
#
# python3-ntplib 0.3.3-3            sends no request: NTPException "Invalid NTP packet fields."
# npm's sntp 3.0.2                  refuses each reply as a forgery: "Wrong originate timestamp"
# npm's ntp-time 2.1.1              half an era off: -2147483648 s (68 years)
# Perl's Net::NTP 1.5-3             a whole era off: -4294967296 s
# npm's ntp-client 0.5.3            returns a date in 1900
# check_ntp_time, monitoring-plugins-basic 2.3.3-5+deb12u2
#                                   "Offset 9.223372035e+18 secs", that is 292 billion years, and CRITICAL
#
# Seen: as above; chronyd -Q: wrong by 0.000045 seconds
#
# ffntp: timestamps are differences modulo 2^64, and a pivot of any date resolves the era (tests/test_instant.c, case
# 17; tests/test_exchange.c, case_17_an_exchange_may_cross_an_era).

set -euo pipefail
. "$(dirname "$0")/lib/common.sh"

debian libfaketime=0.9.10-2.1 chrony=4.3-2+deb12u3 python3-ntplib=0.3.3-3 libnet-ntp-perl=1.5-3 \
	monitoring-plugins-basic=2.3.3-5+deb12u2
npm_packages sntp@3.0.2 ntp-time@2.1.1 ntp-client@0.5.3

by_ntplib='
import ntplib
try:
    print(ntplib.NTPClient().request("127.0.0.1", version=4).offset)
except ntplib.NTPException as error:
    print(error)'
by_sntp='
require("sntp").time({ host: "127.0.0.1", timeout: 3000 })
	.then(reply => console.log(reply.t), error => console.log(error.message))'
by_ntp_time='
const { Client } = require("ntp-time");
new Client("127.0.0.1", 123, { timeout: 3000 }).syncTime()
	.then(reply => console.log(reply.t), error => console.log(error.message))'
by_ntp_client='
require("ntp-client").getNetworkTime("127.0.0.1", 123, (error, date) => console.log(error || date.toISOString()))'

# client TEXT COMMAND...: run it in 2036, and print its output after the text.
client()
{
	local text=$1
	shift
	result=$("${faked[@]}" timeout 20 "$@" 2>/dev/null || true)
	echo "$text: $result"
}

observe()
{
	local ahead result faked
	export NODE_PATH=$work/npm/node_modules PYTHONPATH=$root/usr/lib/python3/dist-packages
	ahead=$(($(date -u -d '2036-02-08 12:00:00' +%s) - $(date +%s)))
	serve ahead=$ahead
	fake "+${ahead}s"
	client "chronyd -Q" bash -c "'$root/usr/sbin/chronyd' -Q -t 10 -u root 'server 127.0.0.1 iburst' 'port 0' 'cmdport 0' \
		'pidfile $work/pid' 2>&1 | sed -n 's/.*wrong by \(-*[0-9.]*\) seconds.*/\1/p'"
	expect "chronyd is right" "$(is "\"$result\" != \"\" && ${result:-9} < 0.1 && ${result:-9} > -0.1")" = 1
	client ntplib "$python" -c "$by_ntplib"
	expect "ntplib sends nothing" "$result" = 'Invalid NTP packet fields.'
	client sntp node -e "$by_sntp"
	expect "sntp refuses an honest reply" "$result" = 'Wrong originate timestamp'
	client ntp-time node -e "$by_ntp_time"
	expect "ntp-time is half an era off" "$(is "${result:-0} > -2147483649 && ${result:-0} < -2147483647")" = 1
	client Net::NTP perl -I "$root/usr/share/perl5" -MNet::NTP \
		-e '%r = get_ntp_response("127.0.0.1", 123); print $r{Offset}'
	expect "Net::NTP is an era off" "$(is "${result:-0} > -4294967297 && ${result:-0} < -4294967295")" = 1
	client ntp-client node -e "$by_ntp_client"
	expect "ntp-client is in 1900" "${result:0:4}" = 1900
	client check_ntp_time "$root/usr/lib/nagios/plugins/check_ntp_time" -H 127.0.0.1 -w 1 -c 2
	expect "check_ntp_time finds more than 10^18 s" "$(expr "$result" : '.*Offset -*[0-9.]*e+18 secs' \> 0)" = 1
	conclude
}

alone
