#!/bin/bash
# qemu-system-x86 1:7.2+dfsg-7+deb12u18+b3 with a TZ below right/ counts the leap seconds of its own zone twice: the
# guest's RTC is 54 s behind the date that the option -rtc states, and 54 s behind the host's "date -u".
#
# One expects no difference, because the RTC is in UTC whatever TZ is, or 27 s, because gmtime() counts leap seconds
# with such a TZ (right-zone-gmtime). With "-rtc base=2026-06-15T12:00:00" the guest reads 11:59:06, with each zone
# below right/ (tzdata 2026f-0+deb12u1), and 12:00:00 with UTC0. A host that has right/UTC, whose time_t includes the
# leap seconds, is 27 s ahead in "date -u", so that its guests start 27 s behind UTC, and a guest with a stated date 54
# s behind that. A guest kernel takes its first time from the RTC.
#
# Seen, by a boot sector that reads the RTC: base=2026-06-15T12:00:00: UTC0 12:00:00, right/UTC and right/Europe/Berlin
#       11:59:06; base=utc: UTC0 17:23:50 at 17:23:50, right/UTC 17:22:58 at 17:23:52
#
# ffntp: ffntpd in a guest looks for changes of the RTC against its counter, which a constant error does not disturb. A
# test of a guest that starts at a stated date must not inherit such a TZ.

set -euo pipefail
. "$(dirname "$0")/lib/common.sh"

debian qemu-system-x86=1:7.2+dfsg-7+deb12u18+b3 qemu-system-common=1:7.2+dfsg-7+deb12u18+b3 \
	qemu-system-data=1:7.2+dfsg-7+deb12u18 seabios=1.16.2-1 tzdata=2026f-0+deb12u1 libaio1=0.3.113-4 \
	libbpf1=1:1.1.2-0+deb12u1 libcapstone4=4.0.2-5 libelf1=0.188-2.1 libfdt1=1.6.1-4+b1 libfuse3-3=3.14.0-4 \
	libglib2.0-0=2.74.6-2+deb12u9 libgmp10=2:6.2.1+dfsg1-1.1 libgnutls30=3.7.9-2+deb12u7 libhogweed6=3.8.1-2 \
	libibverbs1=44.0-2 libidn2-0=2.3.3-1+b1 libjpeg62-turbo=1:2.1.5-2 libnettle8=3.8.1-2 libnuma1=2.0.16-1 \
	libp11-kit0=0.24.1-2 libpixman-1-0=0.42.2-1 libpmem1=1.12.1-2 libdaxctl1=76.1-1 libndctl6=76.1-1 \
	libnl-3-200=3.7.0-0.2+b1 libnl-route-3-200=3.7.0-0.2+b1 libpng16-16=1.6.39-2+deb12u6 librdmacm1=44.0-2 \
	libsasl2-2=2.1.28+dfsg-10+deb12u1 libseccomp2=2.5.4-1+deb12u1 libslirp0=4.7.0-1 libssl3=3.0.22-1~deb12u2 \
	libtasn1-6=4.19.0-2+deb12u1 libunistring2=1.0-2 liburing2=2.3-3 libvdeplug2=4.0.1-4 libffi8=3.4.4-1 \
	libkmod2=30+20221128-1

# Write a boot sector that sends hours, minutes and seconds of the RTC (BCD) to port 0xe9, and ends QEMU by port 0xf4.
make_disk()
{
	"$python" - "$work/disk" <<-'END'
		import sys
		code = b''.join(bytes((0xb0, register, 0xe6, 0x70, 0xe4, 0x71, 0xe6, 0xe9)) for register in (4, 2, 0))
		with open(sys.argv[1], 'wb') as disk:
		    disk.write((code + bytes((0xe6, 0xf4, 0xf4))).ljust(510, b'\0') + b'\x55\xaa')
	END
}

# guest TZ BASE: start a guest; $rtc becomes the time of day (s) that it reads.
guest()
{
	rm -f "$work/rtc"
	TZ=$1 TZDIR=$root/usr/share/zoneinfo QEMU_MODULE_DIR=$modules LD_LIBRARY_PATH=$libraries timeout 60 \
		"$root/usr/bin/qemu-system-x86_64" -L "$root/usr/share/qemu" -L "$root/usr/share/seabios" -display none \
		-nodefaults -accel tcg -rtc "base=$2" -drive "format=raw,file=$work/disk,if=ide" \
		-chardev "file,id=rtc,path=$work/rtc" -device isa-debugcon,chardev=rtc,iobase=0xe9 \
		-device isa-debug-exit,iobase=0xf4 >"$work/log" 2>&1 || true
	[ "$(stat -c %s "$work/rtc" 2>/dev/null)" = 3 ] || cannot "QEMU: $(tail -n 1 "$work/log")"
	rtc=$(od -An -tx1 "$work/rtc" | awk '{ print $1 * 3600 + $2 * 60 + $3 }')
}

# behind SECONDS SECONDS: by how many seconds of a day the first is behind the second.
behind()
{
	echo $((($2 - $1 + 86400 + 43200) % 86400 - 43200))
}

observe()
{
	local zone late modules libraries now rtc
	modules=$(dirname "$root"/usr/lib/*/qemu/accel-tcg-x86_64.so)
	libraries=$(find "$root" -name '*.so*' -not -path '*/qemu/*' -printf '%h\n' | sort -u | paste -sd:)
	make_disk
	for zone in UTC0 right/UTC right/Europe/Berlin; do
		guest $zone 2026-06-15T12:00:00
		late=$(behind "$rtc" 43200)
		echo "TZ=$zone, base=2026-06-15T12:00:00: the guest's RTC is $late s behind"
		# It runs while the firmware starts.
		case $zone in
		UTC0) expect "the stated date" "$(is "$late > -20 && $late <= 0")" = 1 ;;
		*) expect "54 s behind the stated date" "$(is "$late > 34 && $late <= 54")" = 1 ;;
		esac
	done
	for zone in UTC0 right/UTC; do
		now=$(($(date +%s) % 86400))
		guest $zone utc
		late=$(behind "$rtc" $now)
		echo "TZ=$zone, base=utc: the guest's RTC is $late s behind date -u"
		case $zone in
		UTC0) expect "the host's time" "$(is "$late > -20 && $late <= 1")" = 1 ;;
		*) expect "54 s behind the host's" "$(is "$late > 34 && $late <= 55")" = 1 ;;
		esac
	done
	conclude
}

here
