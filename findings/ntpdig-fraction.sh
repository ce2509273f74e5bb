#!/bin/bash
# ntpdig of ntpsec 1.2.2+dfsg1-1+deb12u1 prints the fraction of a second without its leading zeros.
#
# The server's timestamps end in .000042, .007 and .05 s. ntpdig prints .42, .7000 and .50000: up to 0.95 s late, in its
# text and in the "time" of its JSON. Only fractions of 0.1 s and more are printed as they are. The offset, which is
# printed beside the time, is right.
#
# Seen: fraction 0.000042 -> .42   fraction 0.007 -> .7000   fraction 0.05 -> .50000   fraction 0.25 -> .250000
#
# ffntp: "ffntp now" prints nine digits with leading zeros.

set -euo pipefail
. "$(dirname "$0")/lib/common.sh"

version=1.2.2+dfsg1-1+deb12u1
debian ntpsec-ntpdig=$version python3-ntp=$version

printed_fraction()
{
	serve fraction="$1"
	PYTHONPATH=$modules "$python" "$root/usr/bin/ntpdig" --json 127.0.0.1 >"$work/json"
	end_last
	sed -E 's/.*"time":"[^".]*\.([0-9]*)\+.*/\1/' "$work/json"
}

observe()
{
	local fraction printed
	modules=$root/usr/lib/python3/dist-packages
	# The module looks for its library beside itself first.
	cp "$root"/usr/lib/*/ntp/libntpc.so.1 "$modules/ntp/libntpc.so"
	export TZ=UTC0
	for fraction in 0.000042 0.007 0.05 0.25; do
		printed=$(printed_fraction $fraction)
		echo "fraction $fraction -> .$printed: $(cat "$work/json")"
		case $fraction in
		0.000042) expect ".00004x is printed as .4x" "${#printed}" -le 2 ;;
		0.007) expect ".007 is printed as .7000 or .6999" "${#printed}" = 4 ;;
		0.05) expect ".05 is printed as .50000" "$printed" = 50000 ;;
		0.25) expect ".25 is printed as .250000" "$printed" = 250000 ;;
		esac
	done
	conclude
}

alone
