#!/bin/bash
# With TZ=right/UTC, gmtime() of libc6 2.36-9+deb12u14 counts leap seconds, although its name suggests that it does not
# depend on TZ. Programs of one machine then differ by 27 s about the UTC of one time_t.
#
# C's gmtime_r, Python's time.gmtime and datetime.now(timezone.utc), which call it, are 27 s early; any zone below
# right/ does that (right/Europe/Berlin too). "date -u", perl's gmtime and node's toISOString are not affected. In the
# leap second itself Python's gmtime has second 60, and its datetime has 59. The zones are of tzdata 2026f-0+deb12u1,
# and Python is 3.11.2-6+deb12u9; date and perl are those installed.
#
# Seen, for time_t 1700000000, with TZ=right/Europe/Berlin:
#       date -u, perl: 2023-11-14 22:13:20     python3 gmtime, datetime: 2023-11-14 22:12:53
#       for 1483228826: python3 gmtime 23:59:60, datetime 23:59:59
#
# ffntp: "ffntp now" formats UTC with gmtime_r (tool/output.c, output_time), and with TZ=right/UTC printed a time that
# was 27 s early, followed by Z. The core's ffntp_calendar_from_utc does not depend on TZ.

set -euo pipefail
. "$(dirname "$0")/lib/common.sh"

debian tzdata=2026f-0+deb12u1 libc6=2.36-9+deb12u14 python3.11-minimal=3.11.2-6+deb12u9 \
	libpython3.11-minimal=3.11.2-6+deb12u9

format='"%Y-%m-%d %H:%M:%S"'

by_date() { date -u -d "@$1" '+%Y-%m-%d %H:%M:%S'; }
by_perl() { perl -MPOSIX=strftime -e "print strftime($format, gmtime($1))"; }
# Python with the C library of the package.
pinned_python()
{
	local library loader
	library=$(dirname "$root"/lib/*/libc.so.6)
	loader=$(echo "$library"/ld-linux-*.so.*)
	PYTHONHOME="$root/usr" "$loader" --library-path "$library:$(dirname /lib/*/libz.so.1)" "$root/usr/bin/python3.11" \
		-c "$1"
}
by_python() { pinned_python "import time; print(time.strftime($format, time.gmtime($1)))"; }
by_datetime()
{
	pinned_python "import datetime as d; print(d.datetime.fromtimestamp($1, d.timezone.utc).strftime($format))"
}

observe()
{
	local zone expected found
	export TZDIR=$root/usr/share/zoneinfo
	for zone in UTC right/UTC right/Europe/Berlin; do
		expected='2023-11-14 22:13:20'
		export TZ=$zone
		echo "TZ=$zone: date -u $(by_date 1700000000), perl $(by_perl 1700000000)," \
			"python3 gmtime $(by_python 1700000000), datetime $(by_datetime 1700000000)"
		expect "$zone: date -u does not depend on TZ" "$(by_date 1700000000)" = "$expected"
		[ $zone = UTC ] || expected='2023-11-14 22:12:53'
		expect "$zone: gmtime has $expected" "$(by_python 1700000000)" = "$expected"
		expect "$zone: datetime in UTC has $expected" "$(by_datetime 1700000000)" = "$expected"
	done
	found="$(by_python 1483228826) and $(by_datetime 1483228826)"
	echo "TZ=$zone, the leap second: gmtime and datetime have $found"
	expect "second 60 and second 59" "$found" = '2016-12-31 23:59:60 and 2016-12-31 23:59:59'
	conclude
}

here
