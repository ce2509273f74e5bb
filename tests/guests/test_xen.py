#!/usr/bin/env python3
"""A guest of real Xen: Debian's hypervisor and dom0 under QEMU, chronyd in dom0, its page read from dom0."""
import json
import os
import re
import subprocess
import sys
import time

import guest
import tap
import xenworld

SECONDS = int(os.environ.get("GUEST_SECONDS", "60"))

# In dom0, whose clock is the truth. The guest is paused for some seconds in the end.
WHAT = """
now() {{ read up idle </proc/uptime; echo $up; }}
echo dom0: create at $(now)
xl create -q /guest.cfg
for i in $(seq 1 400); do
	status=$(truth show 1 {page} 2>/dev/null)
	case "$status" in *synchronised*) break;; esac
	sleep 0.05
done
echo dom0: synchronised at $(now) $status
sleep 16
echo dom0: watch $(truth watch 1 {page} {probe} {seconds})
xl pause guest
sleep 5
xl unpause guest
sleep 3
echo dom0: after $(truth watch 1 {page} {probe} 5)
echo dom0: last $(truth show 1 {page})
"""


def numbers(said, name):
    found = re.search(rf"dom0: {name} (\{{.*\}})", said)
    tap.check(found, f"dom0 did not say '{name}'")
    return json.loads(found[1])


def when(said, name):
    found = re.search(rf"dom0: {name} at ([0-9.]+)", said)
    tap.check(found, f"dom0 did not say '{name}'")
    return float(found[1])


def run(folder):
    """What dom0's console said, until it was turned off."""
    tree = xenworld.unpacked(os.environ["PACKAGES"])
    what = WHAT.format(page=guest.PAGE, probe=guest.PROBE, seconds=SECONDS)
    xenworld.build(folder, tree, guest.IMAGE, os.environ["TRUTH_XEN"], what.replace("$(seq 1 400)", " ".join(map(str, range(400)))),
                   guest.PAGE, guest.PROBE)
    began = time.monotonic()
    with tap.process(xenworld.command(folder), f"{folder}/qemu.log", preexec_fn=guest.first) as qemu:
        try:
            qemu.wait(SECONDS + 120)
        except subprocess.TimeoutExpired:
            pass
    print(f"# Xen, dom0 and guest ran for {time.monotonic() - began:.0f} s", flush=True)
    with open(f"{folder}/console.log", errors="replace") as f:
        return f.read()


def check_bounded(seen, least):
    print(f"# beside dom0's clock: median {seen['median_ns'] / 1e3:.1f} us, 99 % {seen['p99_ns'] / 1e3:.1f} us, bound up to "
          f"{seen['largest_bound_ns'] / 1e3:.1f} us, {seen['readings']} readings, counters known to "
          f"{seen['bracket_ns'] / 1e3:.1f} us", flush=True)
    tap.check(seen["readings"] >= least, f"too few readings: {seen}")
    tap.check(seen["outside"] == 0 and seen["refused"] == 0, f"the bound did not hold: {seen}")
    tap.check(seen["median_ns"] <= seen["largest_bound_ns"], f"the error is not bounded: {seen}")


def test_a_guest_of_xen(folder):
    said = run(folder)
    took = when(said, "synchronised") - when(said, "create")
    print(f"# synchronised {took:.1f} s after xl create", flush=True)
    tap.check(took <= 15, f"{took} s to synchronised")
    check_bounded(numbers(said, "watch"), 10 * SECONDS)
    check_bounded(numbers(said, "after"), 50)
    tap.check(numbers(said, "last")["accepted"] > SECONDS / 2, f"too few polls: {numbers(said, 'last')}")
    tap.check("ffntp: Xen PVH" in said and "exception" not in said, said[-3000:])
    tap.check("was not run for" in said, "the pause was not noticed")


if __name__ == "__main__":
    tap.run(sys.modules[__name__], together=1)
