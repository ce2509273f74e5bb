#!/bin/bash
# systemd-nspawn and systemd 252.39-1~deb12u2: in one booted container there are two boot ids. A container gets a
# boot id of its own (/proc/sys/kernel/random/boot_id). A service of the container that asks for ProtectKernelTunables=yes
# or ProtectControlGroups=yes reads a different one: the host's. Services with PrivateDevices=yes, ProtectSystem=strict and
# others read the container's.
#
# A boot id is what programs compare to find out whether a file, a clock's page or a journal is of this boot.
#
# Seen: container 01d0effd-..., ProtectSystem 01d0effd-..., PrivateDevices 01d0effd-..., ProtectKernelTunables
#       5d124526-..., ProtectControlGroups 5d124526-..., host 5d124526-...
#
# ffntp: the page of a hardened ffntpd in such a container was refused as one "from before this machine last started". A
# page on a tmpfs is now of this boot, whatever the boot ids are: test_reader, case_33_boot_ids_do_not_matter_in_memory.

set -euo pipefail
. "$(dirname "$0")/lib/common.sh"

version=252
[ "$(id -u)" = 0 ] || cannot "only root can boot a container"
command -v debootstrap >/dev/null && command -v systemd-nspawn >/dev/null ||
	cannot "debootstrap and systemd-container are not installed"

options="ProtectSystem=strict PrivateDevices=yes ProtectKernelTunables=yes ProtectControlGroups=yes"

observe()
{
	local mirror machine=$work/machine container host name id
	mirror=$(apt-get indextargets --format '$(REPO_URI)' 'Created-By: Packages' | head -n 1)
	debootstrap --variant=minbase --include=systemd,systemd-sysv,dbus bookworm "$machine" "$mirror" >"$work/log" 2>&1 ||
		cannot "debootstrap: $(tail -n 1 "$work/log")"
	cat >"$machine/root/ask" <<END
echo container \$(cat /proc/sys/kernel/random/boot_id)
echo version \$(systemctl --version | awk 'NR == 1 { print \$2 }')
for option in $options; do
	echo \$option \$(systemd-run --quiet --pipe --wait -p \$option cat /proc/sys/kernel/random/boot_id)
done
END
	cat >"$machine/etc/systemd/system/ask.service" <<'END'
[Unit]
After=dbus.service
[Service]
Type=oneshot
ExecStart=sh -c 'sh /root/ask >/root/answer 2>&1; systemctl poweroff'
END
	mkdir -p "$machine/etc/systemd/system/multi-user.target.wants"
	ln -s ../ask.service "$machine/etc/systemd/system/multi-user.target.wants/"
	timeout 120 systemd-nspawn --quiet --boot --directory "$machine" --register=no --keep-unit --private-network \
		--machine ffntp-finding </dev/null >"$work/boot" 2>&1 || true
	[ -s "$machine/root/answer" ] || cannot "the container did not boot: $(tail -n 2 "$work/boot")"
	host=$(cat /proc/sys/kernel/random/boot_id)
	echo "host $host"
	cat "$machine/root/answer"
	container=$(awk '$1 == "container" { print $2 }' "$machine/root/answer")
	expect "systemd is of version $version" "$(awk '$1 == "version" { print $2 }' "$machine/root/answer")" = "$version"
	expect "the container has a boot id of its own" "$container" != "$host"
	while read -r name id; do
		case $name in
		ProtectKernelTunables=* | ProtectControlGroups=*)
			expect "a service with $name reads the host's" "$id" = "$host"
			;;
		Protect* | Private*)
			expect "a service with $name reads the container's" "$id" = "$container"
			;;
		esac
	done <"$machine/root/answer"
	conclude
}

here
