#!/bin/bash
# ptp4l of linuxptp 3.1.1-4+b2: a clock that may only be a slave (-s) takes part in the election of the grandmaster. If
# its priority1 is lower than that of the only grandmaster it wins, and then follows nobody and serves nobody.
#
# So "--priority1 100 -s" beside a grandmaster with the default 128 never synchronises, whereas the same clock with 129
# does. pmc shows it as its own grandmaster, stepsRemoved 0, with slaveOnly 1 and clockClass 255, the class of a clock
# that is never one. Setting priority1 with pmc in a running slave has the same effect at once.
#
# Seen: -s --priority1 129: "master offset", stepsRemoved 1
#       -s --priority1 100: no "master offset" in 20 s; "master state recommended in slave only mode",
#       "defaultDS.priority1 probably misconfigured"; pmc: stepsRemoved 0, grandmasterIdentity its own
#
# ffntp: is not concerned, because it reads no PTP.

set -euo pipefail
. "$(dirname "$0")/lib/common.sh"

debian linuxptp=3.1.1-4+b2

# slave PRIORITY1: run a slave for 20 s; its log is in $work/slave, what pmc shows of it in $work/shown.
slave()
{
	: >"$work/kept.log"
	keep nsenter -t "$other" -n "$root/usr/sbin/ptp4l" -S -s -i right -m --free_running 1 --priority1 "$1" \
		--uds_address "$work/slave_socket"
	sleep 20
	"$root/usr/sbin/pmc" -u -b 0 -s "$work/slave_socket" -i "$work/pmc_socket" 'GET CURRENT_DATA_SET' \
		'GET DEFAULT_DATA_SET' 'GET PARENT_DATA_SET' >"$work/shown"
	end_last
	cp "$work/kept.log" "$work/slave"
	echo "slave only, priority1 $1: stepsRemoved $(shown stepsRemoved), slaveOnly $(shown slaveOnly)," \
		"lines of offsets $(grep -c 'master offset' "$work/slave" || true)"
	grep -m 2 -e 'recommended in slave only' -e 'probably misconfigured' "$work/slave" || true
}

shown()
{
	awk -v name="$1" '$1 == name { print $2; exit }' "$work/shown"
}

observe()
{
	local other
	keep unshare -n sleep 120
	other=$!
	sleep 0.5
	ip link add left type veth peer name right
	ip link set right netns "$other"
	ip addr add 192.0.2.1/24 dev left
	ip link set left up
	nsenter -t "$other" -n ip addr add 192.0.2.2/24 dev right
	nsenter -t "$other" -n ip link set right up
	keep "$root/usr/sbin/ptp4l" -S -i left --free_running 1 --uds_address "$work/master_socket"
	slave 129
	expect "with 129 it follows" "$(grep -c 'master offset' "$work/slave")" -gt 0
	expect "its master is one step away" "$(shown stepsRemoved)" = 1
	slave 100
	expect "with 100 it does not" "$(grep -c 'master offset' "$work/slave")" = 0
	expect "it is its own grandmaster" "$(shown stepsRemoved) $(shown grandmasterIdentity)" = "0 $(shown clockIdentity)"
	expect "although it may only be a slave" "$(shown slaveOnly)" = 1
	conclude
}

alone
