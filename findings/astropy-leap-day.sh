#!/bin/bash
# astropy 5.2.1-2+deb12u1: the "unix" time of a UTC date is wrong by up to 1 s on all of a day that ends in a leap
# second, not in the leap second alone. The error grows evenly from 0 at 00:00:00 to 1 s at the end of the day.
#
# It goes both ways: a log's time_t of noon is read as 12:00:00.5, and the time_t of the last half second as 23:59:60.5,
# in a leap second that no POSIX clock shows. So timestamps of that day, whichever clock they are from, look as if the
# clock had been smeared from midnight to midnight; the usual smear of servers runs from noon to noon.
# "unix_tai" has no such error.
#
# Seen: 2016-12-31T12:00:00 is 1483185600 (POSIX), astropy 1483185599.500006;
#       23:59:59 is 1483228799, astropy 1483228798.000023; 1483185600 is read as 12:00:00.500;
#       1483228799.5 is read as 23:59:60.500; the day before and the day after: no error.
#
# ffntp: ffntp_calendar_from_utc and the page's UTC are POSIX up to the leap second; compare them with astropy through
# TAI (unix_tai), else a correct clock appears wrong by up to 1 s on such a day.

set -euo pipefail
. "$(dirname "$0")/lib/common.sh"

debian python3-astropy=5.2.1-2+deb12u1 python3-numpy=1:1.24.2-1+deb12u1 python3-erfa=2.0.0.1+ds-3+b1 \
	liberfa1=2.0.0-1+b1 python3-configobj=5.0.8-1 python3-ply=3.11-5 python3-yaml=6.0-3+b2 python3-packaging=23.0-1 \
	libblas3=3.11.0-2 \
	liblapack3=3.11.0-2 libgfortran5=12.2.0-14+deb12u1 libquadmath0=12.2.0-14+deb12u1

cat >"$work/days.py" <<'END'
import calendar
import warnings

from astropy.time import Time

warnings.simplefilter('ignore')
for text in ('2016-12-30T12:00:00', '2016-12-31T00:00:00', '2016-12-31T12:00:00', '2016-12-31T23:59:59',
             '2017-01-01T12:00:00'):
    day, clock = text.split('T')
    posix = calendar.timegm((*map(int, day.split('-')), *map(int, clock.split(':'))))
    print(text, posix, f'{Time(text, scale="utc").unix - posix:.3f}')
for posix in (1483185600, 1483228799.5):
    print(posix, Time(posix, format='unix').isot)
END

observe()
{
	local modules=$root/usr/lib/python3/dist-packages libraries
	libraries=$(find "$root/usr/lib" -name '*.so*' -not -path '*/python3/*' -printf '%h\n' | sort -u | paste -sd:)
	export HOME=$work
	LD_LIBRARY_PATH=$libraries PYTHONPATH=$modules "$python" "$work/days.py" >"$work/days" 2>"$work/days.log" || {
		tail -n 3 "$work/days.log"
		cannot "astropy does not run"
	}
	cat "$work/days"
	expect "no error on the day before" "$(sed -n '1s/.* //p' "$work/days")" = 0.000
	expect "no error at the beginning of the day" "$(sed -n '2s/.* //p' "$work/days")" = 0.000
	expect "half a second at noon" "$(sed -n '3s/.* //p' "$work/days")" = -0.500
	expect "a second at the end" "$(sed -n '4s/.* //p' "$work/days")" = -1.000
	expect "no error on the day after" "$(sed -n '5s/.* //p' "$work/days")" = 0.000
	expect "noon is read half a second late" "$(sed -n '6s/.* //p' "$work/days")" = 2016-12-31T12:00:00.500
	expect "half a second before midnight is second 60" "$(sed -n '7s/.* //p' "$work/days")" = 2016-12-31T23:59:60.500
	conclude
}

here
