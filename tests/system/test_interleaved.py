#!/usr/bin/env python3
"""Interleaved mode (RFC 9769) with Debian's chronyd, from the journal of ffntpd: the round trips without the server's
residence are shorter and steadier than in basic mode, because the transmit timestamp is the kernel's."""
import contextlib
import os
import statistics
import struct
import sys

import chrony
import tap

EXCHANGES = 40
SKIPPED = 4         # the first replies are basic


def keep_time(folder, options):
    """Run an ffntpd with each of these options at the same time beside chronyd, until each journal has enough replies; return the lines
    of each journal. Other work of the machine concerns all alike."""
    with contextlib.ExitStack() as stack:
        port = stack.enter_context(chrony.chronyd(folder))
        for name, option in options.items():
            os.mkdir(f"{folder}/{name}")
            with open(f"{folder}/{name}/ffntp.conf", "w") as f:
                f.write(f"server 127.0.0.1 port {port} minpoll 0 maxpoll 0 iburst {option}\njournal {folder}/{name}/journal\n")
            stack.enter_context(tap.daemon(f"{folder}/{name}", "-c", f"{folder}/{name}/ffntp.conf", "-v"))
        for name in options:
            tap.wait_for_status(f"{folder}/{name}", "synchronised")
            tap.wait_for(lambda: sum(line.startswith("datagram") for line in open(f"{folder}/{name}/journal")) > EXCHANGES, "the exchanges", 90)
            tap.check_heard(tap.probe(f"{folder}/{name}"), EXCHANGES - 5)
            tap.check_calls(f"{folder}/{name}")
    return [[line.split() for line in open(f"{folder}/{name}/journal")] for name in options]


def exchanges(lines):
    """Return of each request and its reply: departure and arrival in s of the counter, and both packets' timestamps."""
    at, found, request, period_s = 0, [], None, 0
    for word, *values in lines:
        if word == "session":
            at = int(values[0], 16)
            period_s = struct.unpack(">d", bytes.fromhex(next(v for v in values if v.startswith("period=")).partition("=")[2]))[0]
        elif word not in ("map", "ffntp-journal") and not word.startswith("#"):
            at += int(values[0], 16)
        if word == "request":
            request = [at, int(values[1], 16)]
        elif word == "sent":
            request[0] = at + int(values[1], 16)
        elif word == "datagram" and request is not None:
            origin, receive, transmit = struct.unpack(">QQQ", bytes.fromhex(values[1])[24:48])
            found.append((request[0] * period_s, at * period_s, request[1], origin, receive, transmit))
            request = None
    return found


def delays(found):
    """Return how long request and reply travelled (s), of basic replies and of those that an interleaved one completes."""
    basic, interleaved = [], []
    for former, (ta, tf, nonce, origin, receive, transmit) in zip(found, found[1:]):
        if origin == nonce:
            basic.append(tf - ta - (transmit - receive) / 2**32)
        else:
            interleaved.append(former[1] - former[0] - (transmit - former[4]) / 2**32)
    return basic[SKIPPED:], interleaved[1:]


def spread(values):
    low, _, high = statistics.quantiles(values, n=4)
    return high - low


def test_the_servers_transmit_noise_falls(folder):
    (basic, none), (few, interleaved) = (delays(exchanges(lines)) for lines in keep_time(folder, {"basic": "", "xleave": "xleave"}))
    print("# travel in us, median and quartile range: basic "
          f"{statistics.median(basic) * 1e6:.1f} {spread(basic) * 1e6:.1f}, interleaved "
          f"{statistics.median(interleaved) * 1e6:.1f} {spread(interleaved) * 1e6:.1f}", flush=True)
    tap.check(not none, f"{len(none)} interleaved replies without the option")
    tap.check(len(interleaved) >= EXCHANGES - 10, f"only {len(interleaved)} interleaved replies, {len(few)} basic ones")
    tap.check(0 < statistics.median(interleaved) < statistics.median(basic), "interleaved mode is no better")


if __name__ == "__main__":
    tap.run(sys.modules[__name__])
