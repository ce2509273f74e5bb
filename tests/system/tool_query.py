#!/usr/bin/env python3
"""ffntp query: the servers' answers, and its errors if servers send nothing useful."""
import signal
import socket
import subprocess
import sys
import time

import fake
import tap
import tool


def query(*servers, code=0):
    return tool.objects(["query", "--json", *servers], code=code)


def check_offset(found, offset_s):
    """Check the offset. offset_s: seconds by which the server is ahead of us."""
    away_ns = found["offset_ns"] + offset_s * 1e9
    tap.check(abs(away_ns) <= found["bound_ns"] + 1e3, f"{found}")
    tap.check(found["bound_ns"] < 50e6 * tap.PATIENCE and 0 < found["rtt_ns"] < 100e6 * tap.PATIENCE, f"{found}")
    tap.check(found["stratum"] == 1 and found["refid"] == "TEST" and found["answers"] == 4, f"{found}")


def test_a_server_that_agrees(folder):
    with fake.Server() as server:
        [found] = query(f"127.0.0.1:{server.port}")
        check_offset(found, 0)
        tap.check(len(server.requests) == 4, f"asked {len(server.requests)} times")


def test_servers_that_are_ahead_and_behind(folder):
    for offset_s in (5.25, -86400.5, 40 * 365 * 86400.0):
        with fake.Server(lambda server, request, number: [fake.reply(request, offset_s=offset_s)]) as server:
            [found] = query(f"127.0.0.1:{server.port}")
            check_offset(found, offset_s)


def test_for_people(folder):
    with fake.Server() as server:
        code, output, errors = tool.ffntp("query", f"127.0.0.1:{server.port}")
        tap.check(code == 0 and errors == "" and len(output.splitlines()) == 2, f"{code} {output} {errors}")
        tap.check(f"127.0.0.1:{server.port} " in output and "TEST" in output, output)
        tool.check_width(output)


def test_long_names_and_large_numbers_leave_the_columns_as_they_are(folder):
    """An IPv6 address written in full is a long name that needs no resolver."""
    def far(server, request, number):
        return [fake.reply(request, stratum=2, refid=b"\xff" * 4, offset_s=60 * 365 * 86400.0)]
    with fake.Server(far) as server:
        short, long = f"127.0.0.1:{server.port}", f"[0:0:0:0:0:ffff:127.0.0.1]:{server.port}"
        code, output, errors = tool.ffntp("query", short, long)
        lines = output.splitlines()
        tap.check(code == 0 and len(lines) == 4 and lines[2] == long, f"{code} {output} {errors}")
        tool.check_width(output)
        tap.check(lines[1].index("255.255.255.255") == lines[3].index("255.255.255.255") == lines[0].index("refid"), output)


def test_ipv6(folder):
    try:
        server = fake.Server(host="::1", family=socket.AF_INET6)
    except OSError as problem:
        raise tap.Skip(f"no IPv6 loopback: {problem}")
    with server:
        [found] = query(f"[::1]:{server.port}")
        check_offset(found, 0)


def test_one_that_answers_is_enough(folder):
    with fake.Server() as server:
        silent = tap.free_port()
        results = query(f"127.0.0.1:{silent}", f"127.0.0.1:{server.port}")
        tap.check([result["answers"] for result in results] == [0, 4], f"{results}")
        tap.check("error" in results[0] and "offset_ns" not in results[0], f"{results}")
        check_offset(results[1], 0)


def refused(answer, *words):
    with fake.Server(answer) as server:
        tool.check_refused(["query", f"127.0.0.1:{server.port}"], f"127.0.0.1:{server.port}: ", *words)


def test_servers_that_are_of_no_use(folder):
    refused(lambda server, request, number: [fake.reply(request, leap=3)], "unsynchronised")
    refused(lambda server, request, number: [fake.reply(request, root_dispersion_s=16)], "root-distance")


def test_a_kiss_ends_it(folder):
    for code, name in ((b"DENY", "kiss-deny"), (b"RATE", "kiss-rate")):
        with fake.Server(lambda server, request, number: [fake.kiss(request, code)]) as server:
            tool.check_refused(["query", f"127.0.0.1:{server.port}"], name)
            tap.check(len(server.requests) == 1, f"asked {len(server.requests)} times")


def test_a_forger_is_not_heard(folder):
    refused(lambda server, request, number: [fake.reply(request, origin=7, offset_s=100)], "bogus-origin")


def test_nobody_answers(folder):
    began = time.monotonic()
    refused(lambda *unused: [], "no answer")
    tap.check(time.monotonic() - began < 10 * tap.PATIENCE, "took too long")
    tool.check_refused(["query", f"127.0.0.1:{tap.free_port()}"], "Connection refused")


def test_names_that_are_none(folder):
    tool.check_refused(["query", "no-such-host.invalid"], "no-such-host.invalid: ", patience_s=60)
    tool.check_refused(["query", "127.0.0.1:99999"], "127.0.0.1:99999: ")
    tool.check_refused(["query", "127.0.0.1:"], "127.0.0.1:: ")
    tool.check_refused(["query", ""], ": ")
    tool.check_refused(["query", "[::1"], "[::1: ")
    tool.check_refused(["query", *["127.0.0.1:1"] * 17], "17", code=2)


def test_a_name_that_is_none_is_told_before_anybody_is_asked(folder):
    with fake.Server() as server:
        tool.check_refused(["query", f"127.0.0.1:{server.port}", "127.0.0.1:99999"], "99999")
        tap.check(not server.requests, "asked all the same")


def test_an_interrupt_ends_it(folder):
    with fake.Server(lambda *unused: []) as server:
        running = subprocess.Popen([tool.FFNTP, "query", f"127.0.0.1:{server.port}"], stdout=subprocess.PIPE,
                                   stderr=subprocess.PIPE)
        tap.wait_for(lambda: server.requests, "a request")
        running.send_signal(signal.SIGINT)
        output, errors = running.communicate(timeout=5 * tap.PATIENCE)
        tap.check(running.returncode != 0, "ended well")
        tap.check(output == b"" and errors == b"", f"{output} {errors}")


if __name__ == "__main__":
    tap.run(sys.modules[__name__], together=4)
