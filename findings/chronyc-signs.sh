#!/bin/bash
# chronyc of chrony 4.3-2+deb12u3 prints one offset with both signs: "sources" and "sourcestats" have the local clock
# minus the server's, "ntpdata" has the server's clock minus the local one, and no output names its convention.
#
# The server is 0.25 s ahead, and chronyd only measures it ("noselect"). The log files disagree in the same way:
# measurements.log is positive, statistics.log is negative. "chronyd -Q" has the sign of ntpdata. chronyc -c prints
# bare numbers, so a script that reads both reports cannot see the difference.
#
# Seen: sources -0.250035, sourcestats -0.250036, statistics.log -2.500e-01;
#       ntpdata +0.250035, measurements.log 2.500e-01, "System clock wrong by 0.250031 seconds" (chronyd -Q)
#
# ffntp: its offset is the local clock minus the server's, as in "chronyc sources". docs/glossary.md has "chronyc: same
# sign", which holds for sources and sourcestats alone.

set -euo pipefail
. "$(dirname "$0")/lib/common.sh"

debian chrony=4.3-2+deb12u3

sign()
{
	case $(is "$1 > 0.24 && $1 < 0.26")$(is "$1 < -0.24 && $1 > -0.26") in
	10) echo + ;;
	01) echo - ;;
	*) echo "neither ($1)" ;;
	esac
}

# report NAME FIELD: one field of chronyc's comma-separated output.
report()
{
	"$root/usr/bin/chronyc" -c -h "$work/socket" "$1" | cut -d, -f"$2"
}

# logged NAME FIELD: one field of the last line of a log file.
logged()
{
	tail -n 1 "$work/log/$1.log" | awk "{ print \$$2 }"
}

observe()
{
	local sources sourcestats ntpdata measurements statistics once
	serve ahead=0.25 port=11123
	mkdir -p "$work/log"
	cat >"$work/chrony.conf" <<-END
		server 127.0.0.1 port 11123 iburst minpoll 0 maxpoll 0 noselect
		port 0
		cmdport 0
		bindcmdaddress $work/socket
		pidfile $work/pid
		logdir $work/log
		log measurements statistics
	END
	keep "$root/usr/sbin/chronyd" -x -d -u root -f "$work/chrony.conf"
	sleep 9
	sources=$(report sources 8)
	sourcestats=$(report sourcestats 7)
	ntpdata=$(report ntpdata 19)
	measurements=$(logged measurements 12)
	statistics=$(logged statistics 5)
	end_last
	once=$("$root/usr/sbin/chronyd" -Q -t 10 -u root 'server 127.0.0.1 port 11123 iburst' 'port 0' 'cmdport 0' \
		"pidfile $work/pid" 2>&1 | sed -n 's/.*wrong by \(-*[0-9.]*\) seconds.*/\1/p')
	echo "the server is 0.25 s ahead: sources $sources, sourcestats $sourcestats, ntpdata $ntpdata,"
	echo "measurements.log $measurements, statistics.log $statistics, chronyd -Q $once"
	expect "sources is negative" "$(sign "$sources")" = -
	expect "sourcestats is negative" "$(sign "$sourcestats")" = -
	expect "statistics.log is negative" "$(sign "$statistics")" = -
	expect "ntpdata is positive" "$(sign "$ntpdata")" = +
	expect "measurements.log is positive" "$(sign "$measurements")" = +
	expect "chronyd -Q is positive" "$(sign "$once")" = +
	conclude
}

alone
