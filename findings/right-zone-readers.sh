#!/bin/bash
# Three readers of time zone files give a zone below right/ a time that is neither the C library's nor that of the same
# zone without right/: zoneinfo of Debian's python3 (3.11.2-1+b1), python3-dateutil 2.8.2-2 and python3-tz 2022.7.1-4.
#
# One expects that they either count the leap seconds of right/Europe/Berlin, as localtime() and date do, and are 27 s
# behind Europe/Berlin all year; or refuse the file (as the module of Ruby, tzinfo, refuses the name). They ignore its
# leap seconds, but take its transitions, whose times include them, as they are. So the result is Europe/Berlin's,
# except for 27 s after each change of summer time, in which it is a whole hour off. The C library of the same process
# is 27 s behind them at any time.
#
# It matters where a machine counts leap seconds in time_t (TZ=right/...), and where such a zone is used to convert a
# log.
#
# Seen, zones of tzdata 2026f-0+deb12u1, right/Europe/Berlin, with date of the machine:
#       1700000000: date 23:12:53+0100, all three 23:13:20+0100
#       1774746000, when summer time begins: date 01:59:33+0100, all three 02:00:00+0100 (Europe/Berlin 03:00:00+0200)
#       1774746026: date 01:59:59+0100, all three 02:00:26+0100; 1774746027: date 03:00:00+0200, all three 03:00:27+0200
#
# ffntp: prints UTC, without the C library or a zone (tool/output.c); its leap seconds come from leap-seconds.list.

set -euo pipefail
. "$(dirname "$0")/lib/common.sh"

debian tzdata=2026f-0+deb12u1 python3-dateutil=2.8.2-2 python3-six=1.16.0-4 python3-tz=2022.7.1-4

cat >"$work/readers.py" <<'END'
"""Print the time_t TIME in the zone of FILE as three readers see it."""
import datetime
import sys
import zoneinfo

import dateutil.tz
import pytz.tzfile

time, name = int(sys.argv[1]), sys.argv[2]
with open(name, 'rb') as first, open(name, 'rb') as second:
    readers = (zoneinfo.ZoneInfo.from_file(first), dateutil.tz.tzfile(name), pytz.tzfile.build_tzinfo('zone', second))
print(*(datetime.datetime.fromtimestamp(time, reader).strftime('%H:%M:%S%z') for reader in readers))
END

# expect_times ZONE TIME DATE READERS: what date and what each of the readers shows.
expect_times()
{
	local shown readers
	shown=$(TZDIR=$root/usr/share/zoneinfo TZ=$1 date -d "@$2" +%H:%M:%S%z)
	readers=$(PYTHONPATH=$root/usr/lib/python3/dist-packages "$python" "$work/readers.py" "$2" \
		"$root/usr/share/zoneinfo/$1")
	echo "$1, $2: date $shown; zoneinfo, dateutil, pytz: $readers"
	expect "date" "$shown" = "$3"
	expect "the readers" "$readers" = "$4 $4 $4"
}

observe()
{
	"$python" --version
	expect_times Europe/Berlin 1774746000 03:00:00+0200 03:00:00+0200
	expect_times right/Europe/Berlin 1700000000 23:12:53+0100 23:13:20+0100
	expect_times right/Europe/Berlin 1774745999 01:59:32+0100 01:59:59+0100
	expect_times right/Europe/Berlin 1774746000 01:59:33+0100 02:00:00+0100
	expect_times right/Europe/Berlin 1774746026 01:59:59+0100 02:00:26+0100
	expect_times right/Europe/Berlin 1774746027 03:00:00+0200 03:00:27+0200
	# The end of summer time.
	expect_times Europe/Berlin 1792890000 02:00:00+0100 02:00:00+0100
	expect_times right/Europe/Berlin 1792890026 02:59:59+0200 03:00:26+0200
	expect_times right/Europe/Berlin 1792890027 02:00:00+0100 02:00:27+0100
	conclude
}

here
