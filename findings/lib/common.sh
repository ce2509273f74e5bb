# shellcheck shell=bash
# Helpers of the findings. A script sources this file, installs its packages with debian and npm_packages, and ends with
# "alone" or "here", which runs its function "observe". The temporary folder and every process started with "keep" are
# removed at the end.
#
# Exit status of a finding: 0 the behaviour is still as described, 1 it has changed, 77 it could not be tried here.

set -euo pipefail

# Debian's modules hold compiled code for Debian's own interpreter.
python=/usr/bin/python3

cannot()
{
	echo "cannot be tried: $*" >&2
	exit 77
}

clean_up()
{
	local pid
	for pid in "${kept[@]}"; do
		kill "$pid" 2>/dev/null || true
		wait "$pid" 2>/dev/null || true
	done
	if [ "$is_inside" = no ]; then
		rm -rf "$work"
	fi
}

kept=()
is_inside=no
if [ "${1-}" = inside ]; then
	is_inside=yes
	work=$FINDING_WORK
else
	work=$(mktemp -d)
fi
root=$work/root
trap clean_up EXIT
trap 'exit 1' INT TERM

# debian PACKAGE=VERSION...: unpack these packages below $root. Their scripts are not run.
debian()
{
	[ "$is_inside" = no ] || return 0
	mkdir -p "$work/packages" "$root"
	(cd "$work/packages" && apt-get -qq -o APT::Sandbox::User=root download "$@") >"$work/apt.log" 2>&1 || {
		cat "$work/apt.log" >&2
		cannot "apt-get does not find one of $*"
	}
	local package
	for package in "$work"/packages/*.deb; do
		dpkg -x "$package" "$root"
	done
}

# npm_packages NAME@VERSION...: install these below $work/npm. Their scripts are not run.
npm_packages()
{
	[ "$is_inside" = no ] || return 0
	mkdir -p "$work/npm"
	npm install --prefix "$work/npm" --ignore-scripts --no-audit --no-fund --loglevel=error "$@" >"$work/npm.log" 2>&1 || {
		cat "$work/npm.log" >&2
		cannot "npm does not find one of $*"
	}
}

# Run observe in this process.
here()
{
	observe
}

# Run the script again in a user and a network namespace, where observe finds a loopback of its own and every port free.
# No process in there may set the machine's clock, because that privilege belongs to the first user namespace.
alone()
{
	if [ "$is_inside" = yes ]; then
		ip link set lo up
		observe
		return
	fi
	unshare -Urn true 2>/dev/null || cannot "no user namespace"
	FINDING_WORK=$work unshare -Urn bash "$0" inside
}

# keep COMMAND...: start a program (no shell function) in the background, which clean_up ends.
keep()
{
	"$@" >>"$work/kept.log" 2>&1 &
	kept+=($!)
}

# serve OPTION=VALUE...: start the server of server.py, and wait until it is there.
serve()
{
	rm -f "$work/serving"
	keep "$python" "$(dirname "$0")/lib/server.py" ready="$work/serving" "$@"
	wait_for "$work/serving"
}

# End the process that was kept last.
end_last()
{
	local last=$((${#kept[@]} - 1))
	kill "${kept[$last]}" 2>/dev/null || true
	wait "${kept[$last]}" 2>/dev/null || true
	unset "kept[$last]"
}

wait_for()
{
	local i
	for ((i = 0; i < 100; i++)); do
		[ ! -e "$1" ] || return 0
		sleep 0.1
	done
	cannot "a process did not start: $(tail -n 3 "$work/kept.log")"
}

# fake AHEAD: let "${faked[@]}" COMMAND... run a command whose CLOCK_REALTIME is ahead by that (libfaketime is among the
# packages). It is no function, because keep has to know the process itself.
fake()
{
	faked=(env "LD_PRELOAD=$(echo "$root"/usr/lib/*/faketime/libfaketime.so.1)" "FAKETIME=$1"
		FAKETIME_DONT_FAKE_MONOTONIC=1)
}

# expect TEXT CONDITION...: the behaviour has changed unless the condition (of test) holds.
changes=0
expect()
{
	local text=$1
	shift
	if test "$@"; then
		echo "as described: $text"
	else
		echo "CHANGED: $text ($*)"
		changes=$((changes + 1))
	fi
}

# is EXPRESSION: print 1 if this arithmetic expression of awk holds, else 0.
is()
{
	awk "BEGIN { print ($1) ? 1 : 0 }"
}

# The last command of observe.
conclude()
{
	[ "$changes" = 0 ] || exit 1
}
