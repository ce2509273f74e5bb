#!/usr/bin/env python3
"""Servers that lie, repeat themselves, refuse or flood, end to end: the page shows the verdict on each datagram."""
import os
import signal
import socket
import struct
import sys
import time

import fake
import tap

HOUR_S = 3600.0


def served(folder, answer, *arguments, **options):
    """A fake server, and ffntpd that sends it a request every second."""
    class Both:
        def __enter__(self):
            self.server = fake.Server(answer, **options)
            self.server.__enter__()
            host = "[::1]" if options.get("host") == "::1" else "127.0.0.1"
            self.daemon = tap.daemon(folder, "--poll", "1", *arguments, f"{host}:{self.server.port}")
            self.running = self.daemon.__enter__()
            return self.server

        def __exit__(self, *problem):
            self.daemon.__exit__(*problem)
            self.server.__exit__(*problem)
    return Both()


def check_time(folder, seconds=2):
    """Check the time, to the accuracy that a busy machine and this Python server permit."""
    result = tap.watch(folder, seconds)
    tap.check(result["samples"] > 0 and result["outside"] == 0 and result["median_ns"] < 5000000, f"the time is off: {result}")


def test_a_reply_sent_twice_counts_once(folder):
    with served(folder, lambda server, request, number: [fake.reply(request)] * 2) as server:
        page = tap.wait_for_verdict(folder, "duplicate", 3)
        tap.check(page["verdicts"]["accepted"] <= len(server.requests), f"accepted more replies than requests: {page}")
        check_time(folder)


def test_another_port_is_not_heard(folder):
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as impostor:
        def answer(server, request, number):
            impostor.sendto(fake.reply(request, offset_s=HOUR_S), server.clients[-1])
            return [fake.reply(request)]
        with served(folder, answer):
            page = tap.wait_for_verdict(folder, "accepted", 4)
            usual = page["verdicts"]["accepted"] + page["verdicts"]["contradiction"]     # the latter on a busy machine
            tap.check(sum(page["verdicts"].values()) <= usual + 1, f"processed another sender's datagram: {page}")
            check_time(folder)


def test_no_other_first_byte_than_a_server_s_is_taken_and_none_is_answered(folder):
    wrong = [byte for byte in range(256) if byte & 7 != 4 or not 1 <= byte >> 3 & 7 <= 4]

    def answer(server, request, number):
        return [fake.reply(request, first_byte=byte, offset_s=HOUR_S) for byte in wrong] + [fake.reply(request)]
    with served(folder, answer) as server:
        page = tap.wait_for_verdict(folder, "accepted", 3)
        said = page["verdicts"]
        tap.check(said["mode"] + said["version"] >= 2 * len(wrong), f"not all were refused: {page}")
        check_time(folder)
        said = tap.probe(folder)["verdicts"]
        count = len(server.requests)        # each wrong datagram that was answered would be one more
        tap.check(count <= said["accepted"] + said["contradiction"] + 3, f"something was sent that was no request: {count} {said}")


def test_a_server_that_replies_with_an_older_version_is_a_server(folder):
    for version in (3, 1):
        with served(folder, lambda server, request, number: [fake.reply(request, version=version)]):
            tap.wait_for_verdict(folder, "accepted", 3)
            check_time(folder)


def test_wrong_and_zero_origins_are_dropped_and_the_true_reply_is_taken(folder):
    def answer(server, request, number):
        junk = [fake.reply(request, origin=origin, offset_s=HOUR_S) for origin in (0, 1, 2**64 - 1)]
        return junk + [fake.reply(request)]
    with served(folder, answer):
        page = tap.wait_for_verdict(folder, "accepted", 3)
        tap.check(page["verdicts"]["bogus-origin"] >= 6, f"not all were refused: {page}")
        check_time(folder)


# The verdict on a whole reply with one fault, and the reply.
BAD_REPLIES = [
    ("length", lambda request: fake.reply(request)[:47]),
    ("length", lambda request: b""),
    ("length", lambda request: fake.reply(request) + b"\0"),
    ("length", lambda request: fake.reply(request) + bytes(3000)),
    ("length", lambda request: fake.reply(request) + bytes(60000)),
    ("length", lambda request: fake.reply(request) + struct.pack(">HH", 0x104, 0xffff) + bytes(60)),
    ("unsynchronised", lambda request: fake.reply(request, leap=3)),
    ("unsynchronised", lambda request: fake.reply(request, stratum=16)),
    ("timestamps", lambda request: fake.reply(request, receive=0)),
    ("timestamps", lambda request: fake.reply(request, transmit=0)),
    ("timestamps", lambda request: fake.reply(request, transmit=fake.ntp(time.time() - 1))),
    ("root-distance", lambda request: fake.reply(request, root_dispersion_s=16)),
    ("root-distance", lambda request: fake.reply(request, root_delay_s=30000)),
    ("residence", lambda request: fake.reply(request, receive=fake.ntp(time.time() - 10))),
]


def test_each_bad_reply_is_refused_by_its_name(folder):
    def answer(server, request, number):
        return [BAD_REPLIES[number][1](request) if number < len(BAD_REPLIES) else fake.reply(request)]
    expected = {}
    for name, _ in BAD_REPLIES:
        expected[name] = expected.get(name, 0) + 1
    with served(folder, answer):
        page = tap.wait_for_verdict(folder, "accepted", 2, 40)
        found = {name: count for name, count in page["verdicts"].items() if count and name != "accepted"}
        tap.check(found == expected, f"{found} instead of {expected}")
        check_time(folder)


def test_kiss_rate_slows_the_requests(folder):
    def answer(server, request, number):
        return [fake.kiss(request, b"RATE") if 2 <= number < 4 else fake.reply(request)]
    with served(folder, answer) as server:
        page = tap.wait_for_verdict(folder, "kiss-rate", 2)
        tap.check(page["poll_log2_s"] == 2, f"not four times slower: {page}")
        before = len(server.requests)
        tap.wait_for(lambda: len(server.requests) > before + 1, "two requests", 12)
        times = [at for at, _ in server.requests[before - 1:]]
        tap.check(all(later - at > 3 for at, later in zip(times, times[1:])), f"the interval is not four seconds: {times}")
        tap.wait_for_status(folder, "synchronised")


def test_kiss_rate_is_remembered_across_restarts(folder):
    """The second daemon waits until the interval since the last request has passed, and sends no burst; so does the third one, although
    the second one was killed. A file that cannot be used is replaced."""
    os.mkdir(f"{folder}/kept", 0o700)
    kept = f"{folder}/kept/state"

    def answer(server, request, number):
        return [fake.kiss(request, b"RATE") if number == 1 else fake.reply(request)]

    with fake.Server(answer) as server:
        with open(f"{folder}/conf", "w") as f:
            f.write(f"statefile {kept}\nserver 127.0.0.1 port {server.port} minpoll 1 maxpoll 10 iburst\n")

        def run(name, requests, number=signal.SIGTERM):
            """Run a daemon until the server has got some requests; return their times."""
            before = len(server.requests)
            with tap.process([tap.FFNTPD, "--page", f"{folder}/page", "-c", f"{folder}/conf"], f"{folder}/{name}.log") as running:
                tap.wait_for(lambda: len(server.requests) >= before + requests, "requests", 60)
                time.sleep(1.2)         # a step of the daemon, which also writes the file
                tap.stop(running, number)
            os.unlink(f"{folder}/page")
            return [at for at, _ in server.requests[before:]]
        first = run("first", 2)
        tap.check(os.stat(kept).st_mode & 0o777 == 0o600, "others may read the file")
        second = run("second", 1, signal.SIGKILL)
        third = run("third", 2)
        tap.check(second[0] - first[-1] > 3.9, f"asked again {second[0] - first[-1]} s after the last request, which the server refused")
        tap.check(third[0] - second[0] > 3.9, f"asked again {third[0] - second[0]} s after the last request")
        tap.check(third[1] - third[0] > 3.9, f"a burst, or a shorter interval: {third[1] - third[0]} s")
        tap.check("has asked for fewer requests before: one in 4 s" in tap.said(folder, "second"), tap.said(folder, "second"))
        with open(kept, "wb") as f:
            f.write(b"\0garbage\x1b")
        fourth = run("fourth", 2)
        tap.check("it is no state file of this version; it is not used" in tap.said(folder, "fourth"), tap.said(folder, "fourth"))
        tap.check(fourth[1] - fourth[0] < 3.5, "it still waits")


def test_kiss_deny_slows_the_requests_but_does_not_end_them(folder):
    with open(f"{folder}/conf", "w") as f:
        f.write("maxclockerror 1\n")
    server = fake.Server(lambda server, request, number: [fake.kiss(request, b"DENY") if number == 0 else fake.reply(request)])
    with server:
        with open(f"{folder}/conf", "a") as f:
            f.write(f"server 127.0.0.1 port {server.port} minpoll 0 maxpoll 2 iburst\n")
        with tap.daemon(folder, "-c", f"{folder}/conf"):
            tap.wait_for_status(folder, "synchronised")
            tap.check(server.requests[1][0] - server.requests[0][0] > 3, "asked again at once")
            tap.check(tap.said(folder).count("kiss-deny") == 1, "not one line")


def test_a_server_that_refuses_service_delays_no_other(folder):
    with fake.Server(lambda server, request, number: [fake.kiss(request, b"RSTR")]) as first, fake.Server() as second, \
            tap.daemon(folder, "--poll", "1", f"127.0.0.1:{first.port}", f"127.0.0.1:{second.port}"):
        tap.wait_for_status(folder, "synchronised")
        asked, elapsed_s = len(first.requests), time.monotonic() - first.requests[0][0]
        tap.check(asked <= 1 + 2 * elapsed_s, f"{asked} requests in {elapsed_s} s to a server that refuses")


def test_a_flood_of_forged_kisses_changes_nothing_and_fills_no_log(folder):
    codes = [b"RATE", b"DENY", b"RSTR", b"XXXX"]

    def answer(server, request, number):
        """The pauses let a daemon that waits for a processor empty its socket, which takes some 270 datagrams."""
        forged = [fake.kiss(request, codes[i % 4], origin=int.from_bytes(os.urandom(8), "big")) for i in range(100)]
        for _ in range(20):
            yield from forged
            time.sleep(0.005)
        yield fake.reply(request)
    with served(folder, answer, "-v") as server:
        tap.wait_for_verdict(folder, "bogus-origin", 4000, 30)
        page = tap.wait_for_verdict(folder, "accepted", 4, 30)
        tap.check(page["poll_log2_s"] == 0, f"the interval changed: {page}")
        tap.check(len(tap.said(folder).splitlines()) < 20 + 2 * len(server.requests), "a line for each forged datagram")


def test_an_unknown_kiss_is_no_reply_and_no_reason_to_slow_down(folder):
    def answer(server, request, number):
        return [fake.kiss(request, b"WHAT") if number == 1 else fake.reply(request)]
    with served(folder, answer):
        tap.wait_for_verdict(folder, "kiss-other")
        page = tap.wait_for_verdict(folder, "accepted", 3)
        tap.check(page["poll_log2_s"] == 0, f"the interval changed: {page}")


def test_a_late_reply_is_not_taken(folder):
    held = []

    def answer(server, request, number):
        held.append(request)
        return [fake.reply(held[number - 1])] if number % 2 else []
    with served(folder, answer) as server:
        tap.wait_for(lambda: len(server.requests) >= 6, "six requests")
        page = tap.probe(folder)
        tap.check(page["verdicts"]["accepted"] == 0, f"a reply to another request was taken: {page}")
        tap.check(page["verdicts"]["late"] >= 1, f"no reply was late: {page}")


def test_over_ipv6(folder):
    try:
        socket.socket(socket.AF_INET6, socket.SOCK_DGRAM).bind(("::1", 0))
    except OSError as problem:
        raise tap.Skip(f"no IPv6 loopback: {problem}")
    with served(folder, fake.honest, host="::1", family=socket.AF_INET6):
        page = tap.wait_for_status(folder, "synchronised")
        tap.check(page["address"] == f"{1:032x}", f"not ::1: {page}")
        check_time(folder)


if __name__ == "__main__":
    tap.run(sys.modules[__name__])
