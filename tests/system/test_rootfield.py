#!/usr/bin/env python3
"""chrony's extension field F323 in the chain that users have: chronyd at stratum 1, chronyd at stratum 2, ffntpd. The field takes
the rounding of NTPv4's root fields out of the bound; and a server that is silent to it is asked without it."""
import contextlib
import os
import statistics
import struct
import sys
import time

import certificates
import chrony
import fake
import tap
import test_nts as nts

FIELD = struct.pack(">HHI", 0xF323, 28, 0xF5BEDD9A)


@contextlib.contextmanager
def chain(folder, more=""):
    """Run chronyd at stratum 1, and one that follows it; yields the second one's port."""
    for name in "one", "two":
        os.makedirs(f"{folder}/{name}", exist_ok=True)
    with chrony.chronyd(f"{folder}/one") as first:
        upstream = f"server 127.0.0.1 port {first} minpoll -4 maxpoll -4 iburst xleave\nmaxclockerror 0.01\n{more}"
        with chrony.chronyd(f"{folder}/two", upstream, local="") as port:
            yield port


def bounds(folder, port, *options, readings=60, lines=""):
    """Follow the server with these options; return the median of the page's bound (ns), and the last page."""
    os.makedirs(folder, exist_ok=True)
    with open(f"{folder}/conf", "w") as f:
        f.write(f"server 127.0.0.1 port {port} minpoll 0 maxpoll 0 iburst {' '.join(options)}\nmaxclockerror 0.1\n{lines}")
    with tap.daemon(folder, "-c", f"{folder}/conf"):
        tap.wait_for_verdict(folder, "accepted", 10, 60)
        found = []
        for _ in range(readings):
            time.sleep(0.1)
            found.append(tap.probe(folder))
        tap.check(found[-1]["status"] == "synchronised", f"{found[-1]}")
        result = tap.watch(folder, 2)
        tap.check(result["outside"] == 0, f"the bound does not hold: {result}")
    print("#", options, {key: found[-1][key] for key in found[-1] if "error" in key or "root" in key}, found[-1]["sources"][0], flush=True)
    return found


def test_show(folder):
    with chain(folder) as port:
        a = bounds(f"{folder}/a", port, "extfield", "none")
        b = bounds(f"{folder}/b", port, "extfield", "F323")


if __name__ == "__main__":
    tap.run(sys.modules[__name__])
