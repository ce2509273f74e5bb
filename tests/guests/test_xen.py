#!/usr/bin/env python3
"""Guests of real Xen: Debian's hypervisor and dom0 under QEMU, chronyd in dom0, pages read from dom0. One run of it all; what dom0's
console said is judged test by test."""
import json
import os
import re
import subprocess
import sys
import tempfile
import time

import guest
import tap
import xenworld

SECONDS = int(os.environ.get("GUEST_SECONDS", "60"))
AHEAD_S = 3600                  # another clock than dom0's
AHEAD_PORT = 1123
GUESTS = [xenworld.asking("guest", 1), xenworld.asking("ahead", 2, f":{AHEAD_PORT}"), ("follower", "follow=xen", "")]

# In dom0, whose clock is the truth. Domains have the numbers 1, 2, 3 in the order of their creation.
WHAT = f"""
page={guest.PAGE:#x} probe={guest.PROBE:#x}
say() {{
	read up idle </proc/uptime
	echo "dom0: $1 at $up $2"
}}
synchronised() {{
	for i in {" ".join(map(str, range(400)))}; do
		status=$(truth show $1 $page 2>/dev/null)
		case "$status" in *synchronised*) break;; esac
		sleep 0.05
	done
	say $2 "$status"
}}
say create
xl create -q /guest.cfg
synchronised 1 synchronised

# Who may read, and whom to follow: what the user of such guests writes.
xl create -q /follower.cfg
xenstore-write /local/domain/1/data/ffntp/readers 2
xenstore-write /local/domain/2/data/ffntp/follow 1
synchronised 2 followed
sleep 10

say watch "$(truth watch 1 $page $probe {SECONDS})"
say agree "$(truth agree 1 $page $probe 2 $page $probe 5)"

xl pause guest
sleep 5
xl unpause guest
sleep 3
say after "$(truth watch 1 $page $probe 5)"
say last "$(truth show 1 $page)"

truth serve {AHEAD_PORT} {AHEAD_S} &
xl create -q /ahead.cfg
synchronised 3 ahead
truth switch 2 $page $probe 9 {AHEAD_S} >/run/switch &
watching=$!
sleep 2
xenstore-write /local/domain/3/data/ffntp/readers 2
xenstore-write /local/domain/2/data/ffntp/follow 3
wait $watching
say switch "$(cat /run/switch)"
xl destroy ahead
sleep 0.5
say lost "$(truth show 2 $page)"
say alone "$(truth switch 2 $page $probe 2 {AHEAD_S})"
say domains "[$(xl list | grep -c null)]"
"""
_console = []


def console():
    """What dom0's console said, until it was turned off: of one run for all tests."""
    if not _console:
        with tempfile.TemporaryDirectory(prefix="ffntp-xen-") as folder:
            _console.append(run(folder))
    return _console[0]


def run(folder):
    tree = xenworld.unpacked(os.environ["PACKAGES"])
    xenworld.build(folder, tree, guest.IMAGE, os.environ["TRUTH_XEN"], GUESTS, WHAT, guest.PAGE, guest.PROBE)
    began = time.monotonic()
    with tap.process(xenworld.command(folder), f"{folder}/qemu.log", preexec_fn=guest.first) as qemu:
        try:
            qemu.wait(SECONDS + 180)
        except subprocess.TimeoutExpired:
            pass
    print(f"# Xen, dom0 and guests ran for {time.monotonic() - began:.0f} s", flush=True)
    with open(f"{folder}/console.log", errors="replace") as f:
        return f.read()


def said(name):
    """When dom0 said it, and what."""
    found = re.search(rf"dom0: {name} at ([0-9.]+) ?([^\r\n]*)", console())
    tap.check(found, f"dom0 did not say '{name}': {console()[-3000:]}")
    return float(found[1]), json.loads(found[2]) if found[2] else None


def lines_of(name):
    """A guest's console."""
    tap.check(f"dom0: console {name}" in console(), f"no console of {name}: {console()[-3000:]}")
    lines = console().split(f"dom0: console {name}")[1].split("dom0: ")[0]
    tap.check("exception" not in lines, lines[-3000:])
    return lines


def check_bounded(seen, least):
    print(f"# beside dom0's clock: median {seen['median_ns'] / 1e3:.1f} us, 99 % {seen['p99_ns'] / 1e3:.1f} us, bound up to "
          f"{seen['largest_bound_ns'] / 1e3:.1f} us, {seen['readings']} readings, counters known to "
          f"{seen['bracket_ns'] / 1e3:.1f} us", flush=True)
    tap.check(seen["readings"] >= least, f"too few readings: {seen}")
    tap.check(seen["outside"] == 0 and seen["refused"] == 0, f"the bound did not hold: {seen}")
    tap.check(seen["median_ns"] <= seen["largest_bound_ns"], f"the error is not bounded: {seen}")


def test_a_guest_of_xen(_):
    took = said("synchronised")[0] - said("create")[0]
    print(f"# synchronised {took:.1f} s after xl create", flush=True)
    tap.check(took <= 15, f"{took} s to synchronised")
    check_bounded(said("watch")[1], 10 * SECONDS)
    tap.check(said("last")[1]["accepted"] > SECONDS / 2, f"too few polls: {said('last')[1]}")
    tap.check("ffntp: Xen PVH" in lines_of("guest"), lines_of("guest"))


def test_it_is_paused_and_goes_on(_):
    check_bounded(said("after")[1], 50)
    tap.check("was not run for" in lines_of("guest"), "the pause was not noticed")


def test_a_guest_on_its_neighbours_page_agrees_with_it(_):
    seen = said("agree")[1]
    print(f"# apart: median {seen['median_ns']} ns, 99 % {seen['p99_ns']} ns, counters known to {seen['bracket_ns']} ns", flush=True)
    tap.check(seen["readings"] > 100 and seen["refused"] == 0, f"too few readings: {seen}")
    tap.check(seen["p99_ns"] <= 1000, f"they do not agree: {seen}")
    tap.check(seen["apart"] == 0, f"their bounds do not overlap: {seen}")


def test_a_guest_moved_to_another_neighbours_page(_):
    seen = said("switch")[1]
    print(f"# {seen}", flush=True)
    tap.check(seen["first"] > 1000 and seen["second"] > 1000, f"too few readings: {seen}")
    tap.check(seen["wrong"] == 0 and seen["refused"] == 0, f"wrong readings: {seen}")
    tap.check(seen["markers"] == 2, f"not one disruption: {seen}")


def test_the_neighbour_is_destroyed(_):
    """What it said last still holds; its memory is given back."""
    tap.check(said("lost")[1]["status"] == "free-running", f"not free-running: {said('lost')[1]}")
    alone = said("alone")[1]
    tap.check(alone["second"] > 1000 and alone["wrong"] == 0 and alone["refused"] == 0, f"wrong without its neighbour: {alone}")
    tap.check(lines_of("follower").count("domain 3 is gone") == 1, lines_of("follower")[-2000:])
    tap.check(said("domains")[1] == [0], f"a domain could not die: {said('domains')[1]}")


if __name__ == "__main__":
    tap.run(sys.modules[__name__], together=1)
