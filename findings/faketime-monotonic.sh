#!/bin/bash
# libfaketime 0.9.10-2.1 turns the monotonic clocks into the calendar: with FAKETIME=+10d, CLOCK_MONOTONIC,
# CLOCK_MONOTONIC_RAW and CLOCK_BOOTTIME return what CLOCK_REALTIME returns, so the machine seems to run since 1970.
#
# They are not 10 days ahead of themselves, as one would expect, and not left alone. A clock that counts with
# CLOCK_MONOTONIC_RAW (as ffntp can) thus counts with the very clock that the test wants to move.
# FAKETIME_DONT_FAKE_MONOTONIC=1 cures that, but then an absolute sleep by CLOCK_MONOTONIC is still given the offset:
# Python 3.11's time.sleep(1) fails with EINVAL, as its deadline becomes negative. adjtimex() is never faked: its time
# is the true one.
#
# Seen: FAKETIME=+10d: REALTIME, MONOTONIC, MONOTONIC_RAW and BOOTTIME all 1796858699.226, machine up for 7.8 hours;
#       with DONT_FAKE_MONOTONIC: MONOTONIC 27981.659, time.sleep(1): OSError [Errno 22] Invalid argument;
#       adjtimex: 864000 s behind CLOCK_REALTIME
#
# ffntp: ffntpd --counter raw kept time in both modes (offset within 50 us of a server on loopback). "ffntp now" without
# faketime refused the page of a faked ffntpd: "the counter was disrupted".

set -euo pipefail
. "$(dirname "$0")/lib/common.sh"

debian libfaketime=0.9.10-2.1

cat >"$work/clocks.py" <<'END'
import ctypes
import time

names = 'CLOCK_REALTIME', 'CLOCK_MONOTONIC', 'CLOCK_MONOTONIC_RAW', 'CLOCK_BOOTTIME'
for name in names:
    print(name, f'{time.clock_gettime(getattr(time, name)):.3f}')
timex = (ctypes.c_long * 64)()
ctypes.CDLL(None).adjtimex(timex)
print('adjtimex', timex[9])
END
cat >"$work/sleep.py" <<'END'
import time

try:
    time.sleep(1)
except OSError as error:
    print(f'sleep fails: errno {error.errno}')
else:
    print('sleep returns')
END

show()
{
	LD_PRELOAD=$(echo "$root"/usr/lib/*/faketime/libfaketime.so.1) FAKETIME=+10d "$@"
}

clock()
{
	sed -n "s/^$1 //p" "$work/$2"
}

observe()
{
	local name real
	"$python" "$work/clocks.py" >"$work/true"
	show "$python" "$work/clocks.py" >"$work/faked"
	FAKETIME_DONT_FAKE_MONOTONIC=1 show "$python" "$work/clocks.py" >"$work/dont"
	FAKETIME_DONT_FAKE_MONOTONIC=1 show "$python" "$work/sleep.py" >"$work/sleep"
	paste "$work/true" "$work/faked" "$work/dont" |
		awk '{ print $1 ": true " $2 ", faked " $4 ", DONT_FAKE_MONOTONIC " $6 }'
	cat "$work/sleep"
	real=$(clock CLOCK_REALTIME faked)
	expect "CLOCK_REALTIME is 10 days ahead" "$(is "$real - $(clock CLOCK_REALTIME true) - 864000 < 60")" = 1
	for name in CLOCK_MONOTONIC CLOCK_MONOTONIC_RAW CLOCK_BOOTTIME; do
		expect "$name is CLOCK_REALTIME" "$(is "$(clock $name faked) - $real < 1 && $(clock $name faked) - $real > -1")" = 1
		expect "$name is left alone with DONT_FAKE_MONOTONIC" "$(is "$(clock $name dont) - $(clock $name true) < 60")" = 1
	done
	expect "adjtimex has the true time" "$(is "$real - $(clock adjtimex faked) > 863990")" = 1
	expect "a sleep fails with EINVAL" "$(cat "$work/sleep")" = 'sleep fails: errno 22'
	conclude
}

here
