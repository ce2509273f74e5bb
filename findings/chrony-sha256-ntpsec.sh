#!/bin/bash
# chronyd 4.3-2+deb12u3 with a key of SHA256, SHA384 or SHA512 gets no answer from ntpsec 1.2.2+dfsg1-1+deb12u1 that has
# the same key. With the weaker SHA1, and with AES, it is answered.
#
# One expects that a key that both have is enough where both know the hash. But for a hash of more than 160 bits chronyd
# sends, unless it is configured otherwise, version 3 with the whole hash, for old chronyd servers (chrony.conf(5)), and
# ntpsec answers only requests with the first 20 bytes of any hash. With "version 4" in the server's line chronyd sends
# 20 bytes, and is answered. A chronyd server answers all of these requests. So a change from SHA1 to SHA256 on both
# sides loses the server; AES needs no option.
#
# Seen: ntpsec as server: SHA1, AES128: "System clock wrong by ..."; SHA256, SHA384, SHA512: "No suitable source";
#       the same three with "version 4": "System clock wrong by ..."; chronyd as server: all of them answered
#
# ffntp: sends version 4 with at most 20 bytes, and is answered by both servers (tests/system/test_keys.py,
# test_ntpsec.py). The two write a key differently: "AES128 HEX:..." is "AES ..." for ntpsec (docs/ffntp.conf.md).

set -euo pipefail
. "$(dirname "$0")/lib/common.sh"

debian chrony=4.3-2+deb12u3 ntpsec=1.2.2+dfsg1-1+deb12u1

# client NAME PORT KEY OPTION...: ask once; the file NAME has "answered" or "none" afterwards.
client()
{
	local name=$1 port=$2 key=$3
	shift 3
	"$root/usr/sbin/chronyd" -Q -t 15 -U -u root "server 127.0.0.1 port $port iburst key $key $*" 'port 0' 'cmdport 0' \
		"pidfile $work/$name.pid" "keyfile $work/chrony.keys" 2>&1 |
		sed -n 's/.*System clock wrong by.*/answered/p; s/.*No suitable source.*/none/p; s/.*Timeout reached.*/none/p' \
			>"$work/$name" || true
}

observe()
{
	local digits=0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef name number clients=()
	cat >"$work/ntpsec.keys" <<-END
		1 SHA1 ${digits:0:40}
		2 AES ${digits:0:32}
		3 SHA256 $digits
		4 SHA384 $digits
		5 SHA512 $digits
	END
	sed 's/ AES / AES128 /; s/\([^ ]*\)$/HEX:\1/' "$work/ntpsec.keys" >"$work/chrony.keys"
	chmod 600 "$work/ntpsec.keys" "$work/chrony.keys"
	printf '%s\n' 'restrict 127.0.0.1' 'tos orphan 6 orphanwait 1' "keys $work/ntpsec.keys" 'trustedkey 1 2 3 4 5' \
		>"$work/ntp.conf"
	keep "$root/usr/sbin/ntpd" -n -c "$work/ntp.conf" -f "$work/drift"
	keep "$root/usr/sbin/chronyd" -x -d -U -u root 'local stratum 5' allow 'port 11123' 'cmdport 0' 'bindcmdaddress /' \
		"pidfile $work/chrony.pid" "keyfile $work/chrony.keys"
	sleep 8
	while read -r number name _; do
		client "ntpsec-$name" 123 "$number" &
		clients+=($!)
		client "ntpsec-$name-4" 123 "$number" version 4 &
		clients+=($!)
		client "chrony-$name" 11123 "$number" &
		clients+=($!)
	done <"$work/ntpsec.keys"
	wait "${clients[@]}"
	for name in SHA1 AES SHA256 SHA384 SHA512; do
		echo "$name: chronyd asks ntpsec: $(cat "$work/ntpsec-$name"), with version 4: $(cat "$work/ntpsec-$name-4");" \
			"asks chronyd: $(cat "$work/chrony-$name")"
		case $name in
		SHA1 | AES) expect "ntpsec answers $name" "$(cat "$work/ntpsec-$name")" = answered ;;
		*) expect "ntpsec does not answer $name" "$(cat "$work/ntpsec-$name")" = none ;;
		esac
		expect "ntpsec answers version 4" "$(cat "$work/ntpsec-$name-4")" = answered
		expect "chronyd answers" "$(cat "$work/chrony-$name")" = answered
	done
	conclude
}

alone
