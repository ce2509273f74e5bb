#!/usr/bin/env python3
"""ffntp metrics: the values of status --json in base units, as prometheus_client's own parsers read them; the file for node_exporter;
the HTTP server and its limits. The metrics of a page without a time are valid, too."""
import calendar
import http.client
import math
import os
import random
import re
import select
import signal
import socket
import stat
import struct
import subprocess
import sys
import time

import fake
import namespace
import tap
import tool
import tool_sources

try:
    from prometheus_client.openmetrics.parser import text_string_to_metric_families as parse_openmetrics
    from prometheus_client.parser import text_string_to_metric_families as parse_prometheus
except ImportError:
    parse_openmetrics = parse_prometheus = None

# Offsets of a page's fields: docs/page.md.
AT_STATUS, AT_COUNTER, AT_BOOT_ID, AT_VOID_AFTER, AT_LINE_LIMIT = 0x22, 0x28, 0x810, 0x828, 0x890
AT_SOURCES, AT_SOURCE_COUNT, AT_REFID, AT_TAI_OFFSET, AT_LEAP, AT_LEAP_SECOND = 0x300, 0x848, 0x18, 0x24, 0x26, 0x858
SCALES = {"_ns": 1e-9, "_ppm": 1e-6, "_percent": 1e-2}
TOP = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))


def samples(text, parse=None):
    """Return the samples of a text by name and labels; the parser, which is not ours, raises on invalid text."""
    if parse_openmetrics is None:
        raise tap.Skip("no prometheus_client (package python3-prometheus-client)")
    found = {}
    for family in (parse or parse_openmetrics)(text):
        for sample in family.samples:
            key = (sample.name, tuple(sorted(sample.labels.items())))
            tap.check(key not in found, f"twice: {key}")
            found[key] = sample.value
    return found


def metrics(*arguments, parse=None):
    code, output, errors = tool.ffntp("metrics", *arguments)
    tap.check(code == 0 and errors == "", f"{code} {errors}")
    return samples(output, parse)


def value(found, name, **labels):
    return found.get((name, tuple(sorted(labels.items()))))


def rows():
    """Return the table of metrics: kind, name, type, writer and key of each."""
    with open(f"{TOP}/tool/metricset.def") as f:
        return re.findall(r'^(METRIC|SOURCE_METRIC)\((\w+), (\w+), "\w*", (\w+), "(\w*)"', f.read(), re.MULTILINE)


def check_close(name, got, expected):
    """A parser's double has 53 bits."""
    if expected is None:
        tap.check(got is None, f"{name}: {got}, but it is unknown")
    else:
        tap.check(got is not None and abs(got - expected) <= 1e-12 * abs(expected) + 1e-15, f"{name}: {got}, not {expected}")


def in_base_units(key, number):
    scale = next((scale for suffix, scale in SCALES.items() if key.endswith(suffix)), 1)
    return None if number is None else number * scale


# Values that change with every reading, and those that are no numbers.
MOVING = ("ffntp_reading_timestamp_seconds", "ffntp_bound_seconds", "ffntp_error_estimate_seconds", "ffntp_system_clock_offset_seconds")
WORDS = ("ffntp_status", "ffntp_page", "ffntp_next_leap_second_timestamp_seconds", "ffntp_source_selection",
         "ffntp_source_reached_requests")


def check_values(found, before, after):
    """Compare the metrics with the status before and after them, of a page that does not change."""
    for kind, name, _, writer, key in rows():
        if not key or name in WORDS:
            continue
        if name in MOVING:
            low, high = sorted(in_base_units(key, status[key]) for status in (before, after))
            slack = 0.001 if name == "ffntp_system_clock_offset_seconds" else 1e-9
            tap.check(low - slack <= value(found, name) <= high + slack, f"{name}: {value(found, name)} not in {low} to {high}")
        elif kind == "METRIC":
            check_close(name, value(found, name), in_base_units(key, before[key]))
        else:
            for source in before["sources"]:
                check_close(name, value(found, name, source=source["address"]), in_base_units(key, source[key]))


def check_states(found, status):
    for name in ("unknown", "initialising", "synchronised", "free-running", "disrupted"):
        tap.check(value(found, "ffntp_status", ffntp_status=name) == (name == status["status"]), f"{name}: {found}")
    tap.check(value(found, "ffntp_page_info", counter=status["counter"]) == 1, f"{found}")
    for name in ("none", "followed", "combined", "spare", "falseticker", "astray", "no-majority"):
        count = sum(source["selection"] == name for source in status["sources"])
        tap.check(value(found, "ffntp_sources", selection=name) == count, f"{name}: {found}")
        for source in status["sources"]:
            got = value(found, "ffntp_source_selection", source=source["address"], ffntp_source_selection=name)
            tap.check(got == (name == source["selection"]), f"{name} of {source['address']}: {got}")


def check_counts(found, status):
    for source in status["sources"]:
        for verdict, count in {"accepted": source["accepted"], **source["refused"]}.items():
            got = value(found, "ffntp_source_replies_total", source=source["address"], verdict=verdict)
            tap.check(got == count, f"{verdict} of {source['address']}: {got}, not {count}")
        reached = value(found, "ffntp_source_reached_requests", source=source["address"])
        tap.check(reached == bin(source["reach"]).count("1"), f"{reached}: {source}")


def check_times(found, status):
    """Times of earlier events: JSON has their ages, with six digits."""
    reading_s = in_base_units("_ns", status["estimate_ns"])
    age_s = value(found, "ffntp_reading_timestamp_seconds") - value(found, "ffntp_update_timestamp_seconds")
    tap.check(0 <= age_s and abs(reading_s - status["update_age_s"] - value(found, "ffntp_update_timestamp_seconds")) < 0.001, f"{found}")
    for source in status["sources"]:
        got = value(found, "ffntp_source_last_accepted_timestamp_seconds", source=source["address"])
        if source["last_accepted_s"] is None:
            tap.check(got is None, f"{got}")
        else:
            tap.check(abs(reading_s - source["last_accepted_s"] - got) < 0.001, f"{got}: {source}")


def check_equals_status(page):
    [before] = tool.objects(["status", "--json", "--page", page])
    found = metrics("--page", page)
    [after] = tool.objects(["status", "--json", "--page", page])
    tap.check(value(found, "ffntp_up") == 1, f"{found}")
    check_values(found, before, after)
    check_states(found, before)
    check_counts(found, before)
    check_times(found, before)
    return found, before


SOURCES = [{"host": (198, 51, 100, 200), "selection": 1, "share": 67, "poll": 10, "reach": 0o17},
           {"host": (192, 0, 2, 2), "selection": 2, "share": 33, "offset_ns": -999499, "refused": [0, 7]},
           {"host": (192, 0, 2, 3), "selection": 4, "offset_ns": -86400 * 10**9},
           {"host": (192, 0, 2, 4), "selection": 0, "stratum": 0}]


def distant(server, request, number):
    """Answer over a path of 2 ms each way, so that the least delays are known."""
    time.sleep(0.002)
    answer = [fake.reply(request)]
    time.sleep(0.002)
    return answer


def test_the_values_are_those_of_status(folder):
    """A copy of the page does not change, so that the same values are expected of both commands."""
    with fake.Server(distant) as server, tool.kept_page(folder, server) as page:
        tap.wait_for(lambda: "ffntp_source_floor_seconds" in tool.ffntp("metrics", "--page", page)[1], "floors")
        copy, name = tool.patched(folder, page, "copy"), f"127.0.0.1:{server.port}"
        found, _ = check_equals_status(copy)
        tap.check(abs(value(found, "ffntp_reading_timestamp_seconds") - time.time()) < 10 * tap.PATIENCE, f"{found}")
        tap.check(value(found, "ffntp_source_info", source=name, refid="TEST", estimator="law") == 1, f"{found}")
        [status] = tool.objects(["status", "--json", "--estimator", "--page", copy])
        for direction in ("forward", "backward"):
            check_close(direction, value(found, "ffntp_source_floor_seconds", source=name, direction=direction),
                        in_base_units("_ns", status["estimator"][f"floor_{direction}_ns"]))
        tap.check(0 < value(found, "ffntp_bound_growth_ratio") < 0.01, f"{found}")
        check_equals_status(tool_sources.page_of(folder, page, *SOURCES))


def test_both_formats_have_the_same_values(folder):
    with fake.Server() as server, tool.kept_page(folder, server) as page:
        copy = tool_sources.page_of(folder, page, *SOURCES)
        first, second = metrics("--page", copy), metrics("--page", copy, "--format", "prometheus", parse=parse_prometheus)
        tap.check(list(first) == list(second), f"{set(first) ^ set(second)}")
        different = {name for name, _ in first if name not in MOVING + ("ffntp_update_timestamp_seconds",
                                                                     "ffntp_source_last_accepted_timestamp_seconds")
                     and [first[key] for key in first if key[0] == name] != [second[key] for key in first if key[0] == name]}
        tap.check(not different, f"{different}")
        text = tool.ffntp("metrics", "--page", copy, "--format", "prometheus")[1]
        tap.check("# EOF" not in text and "# UNIT" not in text and " stateset" not in text and " info" not in text, text)
        text = tool.ffntp("metrics", "--page", copy)[1]
        tap.check(text.endswith("\n# EOF\n") and text.count("# EOF") == 1, text[-100:])


def test_each_metric_of_the_table_is_there(folder):
    """All but those whose value this page does not have."""
    with fake.Server() as server, tool.kept_page(folder, server, "--counter", "raw") as page:
        text = tool.ffntp("metrics", "--page", page)[1]
        described = re.findall(r"^# TYPE (\w+)", text, re.MULTILINE)
        optional = {"ffntp_source_floor_seconds", "ffntp_next_leap_second_timestamp_seconds", "ffntp_tai_offset_seconds",
                    "ffntp_tai_expiry_timestamp_seconds"}
        missing = [name for _, name, _, _, _ in rows() if name not in described and name not in optional]
        tap.check(not missing and len(described) > 30, f"{missing}")
        tap.check(described == [name for _, name, _, _, _ in rows() if name in described], "the order")


def test_a_leap_second_that_is_announced(folder):
    """At the end of next year: its 23:59:60 begins at the page's time of the midnight, before TAI - UTC changes."""
    year = time.gmtime().tm_year + 1
    midnight = calendar.timegm((year + 1, 1, 1, 0, 0, 0))
    with fake.Server() as server, tool.kept_page(folder, server) as page:
        with open(page, "rb") as f:
            offset_s = -struct.unpack_from("<h", f.read(), AT_TAI_OFFSET)[0]
        for sign, change in ((1, "inserted"), (-1, "left out")):
            copy = tool.patched(folder, page, "leap", (AT_LEAP, bytes([1 if sign > 0 else 2])),
                                (AT_LEAP_SECOND, struct.pack("<Q", (midnight + offset_s - (sign < 0)) << 8 | sign & 255)))
            [status] = tool.objects(["status", "--json", "--page", copy])
            tap.check(status["next_leap_second"] == {"day": f"{year}-12-31", "seconds": sign}, f"{status}")
            got = value(metrics("--page", copy), "ffntp_next_leap_second_timestamp_seconds", change=change)
            tap.check(got == midnight, f"{sign}: {got}")


def check_no_time(found, reason):
    tap.check(value(found, "ffntp_up", reason=reason) == 0, f"not {reason}: {found}")
    tap.check(not [name for name, _ in found if name in ("ffntp_bound_seconds", "ffntp_reading_timestamp_seconds",
                                                         "ffntp_update_timestamp_seconds")], f"{found}")


def test_no_page(folder):
    found = metrics("--page", f"{folder}/missing")
    check_no_time(found, "missing")
    tap.check({name for name, _ in found} == {"ffntp_build_info", "ffntp_up"}, f"{found}")
    check_no_time(metrics("--page", tool.write(folder, "short", "x")), "truncated")
    check_no_time(metrics("--page", tool.write(folder, "zero", bytes(4096))), "foreign")
    check_no_time(metrics("--page", f"{folder}/missing", "--format", "prometheus", parse=parse_prometheus), "missing")


def test_a_page_without_a_time(folder):
    with fake.Server() as server, tool.kept_page(folder, server) as page:
        disrupted = metrics("--page", tool.patched(folder, page, "disrupted", (AT_STATUS, b"\4")))
        check_no_time(disrupted, "disrupted")
        tap.check(value(disrupted, "ffntp_status", ffntp_status="disrupted") == 1, f"{disrupted}")
        tap.check(value(disrupted, "ffntp_source_stratum", source=f"127.0.0.1:{server.port}") == 1, "the servers")
        set_back = tool.patched(folder, page, "set-back", (AT_COUNTER, struct.pack("<Q", 1 << 62)), (AT_VOID_AFTER, struct.pack("<Q", 1 << 63)),
                                (AT_LINE_LIMIT, bytes(8)))
        check_no_time(metrics("--page", set_back), "disrupted")
        check_no_time(metrics("--page", tool.patched(folder, page, "unset", (AT_STATUS, b"\1"))), "initialising")
        with open(page, "rb") as f:
            f.seek(AT_COUNTER)
            at = f.read(8)
        stale = tool.patched(folder, page, "stale", (AT_VOID_AFTER, at), (AT_LINE_LIMIT, bytes(8)))
        check_no_time(metrics("--page", stale), "stale")
        rebooted = tool.patched(folder, page, "rebooted", (AT_BOOT_ID, bytes(range(16))))
        if subprocess.run(["stat", "-f", "-c", "%T", rebooted], capture_output=True, text=True).stdout.strip() != "tmpfs":
            check_no_time(metrics("--page", rebooted), "other-boot")
            check_no_time(metrics("--page", tool.patched(folder, page, "bootless", (AT_BOOT_ID, bytes(16)))), "unknown-boot")


# --- containers ---

def in_container(folder, page, script=""):
    """Return the metrics as a container has them that has a boot id of its own, and runs as a different user."""
    if os.geteuid() != 0:
        raise tap.Skip("only root can mount")
    os.chmod(folder, 0o755)
    program, boot_id = tap.copy_program(tool.FFNTP, folder), tool.write(folder, "boot_id", "01234567-89ab-4cde-8f01-23456789abcd\n")
    reader = f"exec setpriv --reuid 54321 --regid 54321 --clear-groups {program} metrics --page {page}"
    done = namespace.run_with_mounts(["sh", "-ec", f"mount --bind {boot_id} /proc/sys/kernel/random/boot_id; {script} {reader}"])
    tap.check(done.returncode == 0 and done.stderr == "", f"{done}")
    return samples(done.stdout)


def test_a_container_reads_the_page_of_its_host(folder):
    """A page on a tmpfs is of this boot, whatever boot id the container has. On a disk it could be of an earlier one."""
    with fake.Server() as server, tool.kept_page(folder, server) as page:
        mount = f"mount -t tmpfs -o mode=755 none {folder}/run; cp {page} {folder}/run/page; mount -o remount,ro {folder}/run;"
        os.mkdir(f"{folder}/run")
        tap.check(value(in_container(folder, f"{folder}/run/page", mount), "ffntp_up") == 1, "a page in memory")
        if subprocess.run(["stat", "-f", "-c", "%T", page], capture_output=True, text=True).stdout.strip() != "tmpfs":
            check_no_time(in_container(folder, page), "other-boot")


def test_a_time_namespace_of_a_container(folder):
    """CLOCK_MONOTONIC_RAW is shifted there, so that a page of that counter cannot be used."""
    with fake.Server() as server, tool.kept_page(folder, server, "--counter", "raw") as page:
        done = subprocess.run(["unshare", "--time", "--monotonic", "100", "--fork", tool.FFNTP, "metrics", "--page", page], capture_output=True,
                              text=True)
        if done.returncode != 0:
            raise tap.Skip(f"no time namespace: {done.stderr.strip()}")
        check_no_time(samples(done.stdout), "other-time-namespace")


def test_labels_are_escaped_and_unique(folder):
    """A server states a reference id with a quote and a backslash; the same server is on the page twice."""
    with fake.Server() as server, tool.kept_page(folder, server) as page:
        hostile = tool_sources.page_of(folder, page, {"host": (192, 0, 2, 1), "selection": 1, "stratum": 1},
                                       {"host": (192, 0, 2, 1), "selection": 2}, {"host": (192, 0, 2, 2), "selection": 77})
        copy = tool.patched(folder, hostile, "hostile", (AT_SOURCES + AT_REFID, struct.pack("<I", int.from_bytes(b'"\\{"', "big"))))
        for format, parse in (("openmetrics", parse_openmetrics), ("prometheus", parse_prometheus)):
            found = metrics("--page", copy, "--format", format, parse=parse)
            tap.check([labels["refid"] for name, labels in ((name, dict(labels)) for name, labels in found) if name == "ffntp_source_info"]
                      == ['"\\{"', "10.1.2.3"], f"{found}")
            tap.check(value(found, "ffntp_source_share_ratio", source="192.0.2.1:123") == 1, f"{found}")


def test_pages_of_nonsense_give_valid_text(folder):
    """Random bytes in the map and in the servers, of a page that is a page by its heads."""
    rng = random.Random(1)
    with fake.Server() as server, tool.kept_page(folder, server) as page:
        for number in range(60):
            patches = [(at, rng.randbytes(rng.choice((1, 2, 8)))) for at in
                       (rng.choice((rng.randrange(0x10, 0x68), rng.randrange(AT_SOURCES, 0x800), rng.randrange(0x828, 0x900)))
                        for _ in range(rng.choice((1, 10, 100))))]
            copy = tool.patched(folder, page, "nonsense", *patches, (AT_SOURCE_COUNT, struct.pack("<Q", rng.randrange(1, 9))))
            for format, parse in (("openmetrics", parse_openmetrics), ("prometheus", parse_prometheus)):
                found = metrics("--page", copy, "--format", format, parse=parse)
                tap.check([name for name, _ in found].count("ffntp_up") == 1, f"{number}: {found}")
                tap.check(all(math.isfinite(each) for each in found.values()), f"{number}: {found}")


# --- the file for node_exporter ---

def test_a_file_is_replaced_as_a_whole(folder):
    with fake.Server() as server, tool.kept_page(folder, server) as page:
        path = tool.write(folder, "ffntp.prom", "the former file\n")
        os.mkdir(f"{folder}/empty")
        before = os.stat(path).st_ino
        code, output, errors = tool.ffntp("metrics", "--page", page, "--textfile", path, umask=0o077)
        tap.check(code == 0 and output == "" and errors == "", f"{code} {output} {errors}")
        status = os.stat(path)
        tap.check(stat.S_IMODE(status.st_mode) == 0o644 and status.st_ino != before, f"{status}")
        with open(path) as f:
            tap.check(value(samples(f.read(), parse_prometheus), "ffntp_up") == 1, "the file")
        tap.check([name for name in os.listdir(folder) if name.startswith("ffntp.prom")] == ["ffntp.prom"], f"{os.listdir(folder)}")


def test_a_file_that_cannot_be_written(folder):
    for path, word in ((f"{folder}/missing/ffntp.prom", "No such file"), (folder, "directory"), ("/proc/ffntp.prom", "")):
        tool.check_refused(["metrics", "--textfile", path], path, word)
    tap.check(os.listdir(folder) == [] and not [name for name in os.listdir(os.path.dirname(folder)) if name.startswith(
        os.path.basename(folder) + ".")], "left behind")


def test_a_file_every_second(folder):
    path = f"{folder}/ffntp.prom"
    for number in signal.SIGTERM, signal.SIGINT:
        with tap.process([tool.FFNTP, "metrics", "--page", f"{folder}/missing", "--textfile", path, "--every", "1"],
                         f"{folder}/metrics.log") as running:
            first = tap.wait_for(lambda: os.path.exists(path) and os.stat(path).st_ino, "a file")
            tap.wait_for(lambda: os.stat(path).st_ino != first, "the next one")
            code, took_s = tap.stop(running, number)
            tap.check(code == 0 and took_s < 5 * tap.PATIENCE, f"{code} after {took_s} s")
        tap.check(tap.said(folder, "metrics") == "", tap.said(folder, "metrics"))


# --- HTTP ---

def listening(folder, page, port):
    return tap.process([tool.FFNTP, "metrics", "--page", page, "--listen", f"127.0.0.1:{port}"], f"{folder}/listen.log")


def wait_for_port(folder, port):
    tap.wait_for(lambda: tap.said(folder, "listen") == f"http://127.0.0.1:{port}/metrics\n", "a server")


def get(port, path="/metrics", method="GET", headers=None):
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=20 * tap.PATIENCE)
    connection.request(method, path, headers=headers or {})
    answer = connection.getresponse()
    text = answer.read().decode()
    connection.close()
    return answer, text


# As Prometheus sends it.
ACCEPT = ("application/openmetrics-text;version=1.0.0,application/openmetrics-text;version=0.0.1;q=0.75,"
          "text/plain;version=0.0.4;q=0.5,*/*;q=0.1")


def test_scrapes(folder):
    port = tap.free_tcp_port()
    with fake.Server() as server, tool.kept_page(folder, server) as page, listening(folder, page, port) as running:
        wait_for_port(folder, port)
        answer, text = get(port, headers={"Accept": ACCEPT})
        tap.check(answer.status == 200 and answer.headers["Content-Type"].startswith("application/openmetrics-text; version=1.0.0"), f"{answer}")
        tap.check(value(samples(text), "ffntp_up") == 1, text)
        answer, text = get(port, "/metrics?collect=all")
        tap.check(answer.status == 200 and answer.headers["Content-Type"].startswith("text/plain; version=0.0.4"), f"{answer}")
        tap.check(value(samples(text, parse_prometheus), "ffntp_up") == 1, text)
        answer, text = get(port, method="HEAD")
        tap.check(answer.status == 200 and text == "" and int(answer.headers["Content-Length"]) > 1000, f"{answer}")
        for path, method, status in (("/", "GET", 404), ("/metricsx", "GET", 404), ("/metrics", "POST", 405), ("/metrics", "DELETE", 405)):
            answer, text = get(port, path, method)
            tap.check(answer.status == status and len(text.splitlines()) == 1, f"{method} {path}: {answer.status} {text}")
        tool.check_refused(["metrics", "--listen", f"127.0.0.1:{port}"], f"127.0.0.1:{port}", "in use")
        code, took_s = tap.stop(running)
        tap.check(code == 0 and took_s < 5 * tap.PATIENCE, f"{code} after {took_s} s")


def test_the_page_may_come_later(folder):
    port = tap.free_tcp_port()
    with listening(folder, f"{folder}/page", port):
        wait_for_port(folder, port)
        check_no_time(samples(get(port, headers={"Accept": ACCEPT})[1]), "missing")
        with fake.Server() as server, tool.kept_page(folder, server):
            tap.check(value(samples(get(port, headers={"Accept": ACCEPT})[1]), "ffntp_up") == 1, "no time")


def exchange(port, request, patience_s=20):
    """Send bytes; return all that comes back before the server closes the connection."""
    with socket.create_connection(("127.0.0.1", port), timeout=patience_s * tap.PATIENCE) as s:
        s.sendall(request)
        answer = b""
        try:
            while part := s.recv(65536):
                answer += part
        except ConnectionError:
            pass
        return answer


def test_requests_that_are_none(folder):
    port = tap.free_tcp_port()
    with listening(folder, f"{folder}/page", port) as running:
        wait_for_port(folder, port)
        for request, status in ((b"\r\n\r\n", b"400"), (b"GET\r\n\r\n", b"400"), (b"GET /metrics\r\n\r\n", b"400"),
                                (b"GET /metrics HTTP/2.0\r\n\r\n", b"400"), (b"GET http://x/metrics HTTP/1.1\r\n\r\n", b"400"),
                                (b"GET /metrics HTTP/1.0\n\n", b"200"), (b"get /metrics HTTP/1.1\r\n\r\n", b"405"),
                                (b"GET /" + b"x" * 5000, b"431"), (b"GET /metrics HTTP/1.1\r\nX: " + b"y" * 10**7, b"431"),
                                (b"GET /metrics HTTP/1.1\r\nContent-Length: 9\r\n\r\n" + b"z" * 9, b"200")):
            answer = exchange(port, request)
            tap.check(answer.startswith(b"HTTP/1.1 " + status + b" "), f"{request[:50]}: {answer[:50]}")
        answer = exchange(port, b"HEAD /metrics HTTP/1.1\r\n\r\n")
        tap.check(answer.startswith(b"HTTP/1.1 200 ") and answer.endswith(b"\r\n\r\n"), f"{answer}")
        with socket.create_connection(("127.0.0.1", port)) as s:
            for byte in b"GET /metrics HTTP/1.1\r\n\r\n":
                s.send(bytes([byte]))
            tap.check(s.recv(65536).startswith(b"HTTP/1.1 200 "), "byte by byte")
        tap.check(running.poll() is None and tap.said(folder, "listen").count("\n") == 1, tap.said(folder, "listen"))


def ticks_of(running):
    with open(f"/proc/{running.pid}/stat") as f:
        return sum(int(number) for number in f.read().split()[13:15])


def test_idle_connections_hinder_nobody_for_long(folder):
    """More connections than are served at once, none of which sends a request."""
    port = tap.free_tcp_port()
    with listening(folder, f"{folder}/page", port) as running:
        wait_for_port(folder, port)
        before = ticks_of(running)
        idle = [socket.create_connection(("127.0.0.1", port)) for _ in range(24)]
        opened = f"/proc/{running.pid}/fd"
        descriptors = tap.wait_for(lambda: len(os.listdir(opened)) >= 16 and os.listdir(opened), "connections")
        tap.check(len(descriptors) <= 3 + 2 + 16, f"{descriptors}")
        tap.check(get(port)[0].status == 200, "no answer")
        ticks = ticks_of(running) - before
        tap.check(ticks < 100, f"{ticks} ticks of CPU")
        for each in idle:
            each.close()


def test_a_scraper_is_served_while_slow_clients_hold_all_connections(folder):
    """The oldest of them ends; the others go on."""
    port = tap.free_tcp_port()
    with listening(folder, f"{folder}/page", port) as running:
        wait_for_port(folder, port)
        opened = f"/proc/{running.pid}/fd"
        before, began = len(os.listdir(opened)), time.monotonic()
        slow = []
        for number in range(16):
            slow.append(socket.create_connection(("127.0.0.1", port)))
            slow[-1].send(b"GET /metrics")
            tap.wait_for(lambda: len(os.listdir(opened)) == before + number + 1, f"connection {number}")
        asked = time.monotonic()
        tap.check(get(port)[0].status == 200, "no answer")
        ended = select.select(slow, [], [], 0)[0]
        # On a busy machine the slow clients' 5 s may soon be over. An answer that waits for that takes 5 s from the first of them on.
        late = asked - began > 2 or time.monotonic() - began > 4.5 and tap.PATIENCE > 1
        tap.check(late or time.monotonic() - began < 4.5, "the answer came when the time of a slow client was over")
        tap.check(late or ended == slow[:1], f"{[slow.index(each) for each in ended]} ended, not the first")
        for each in slow:
            each.close()


def test_options_that_do_not_fit(folder):
    for arguments, word in ((["--format", "xml"], "--format"), (["--textfile", "x", "--listen", "127.0.0.1:1"], "exclude"),
                            (["--every", "5"], "--textfile"), (["--every", "0", "--textfile", "x"], "--every"),
                            (["--format", "prometheus", "--listen", "127.0.0.1:1"], "--format"), (["--listen", "localhost:1"], "localhost:1"),
                            (["--listen", ""], "--listen"), (["--listen", "127.0.0.1:70000"], "70000"), (["surplus"], "surplus")):
        tool.check_refused(["metrics", *arguments], word, code=2)
    tool.check_refused(["metrics", "--listen", "192.0.2.1:9976"], "192.0.2.1:9976", "assign")


if __name__ == "__main__":
    tap.run(sys.modules[__name__], together=4)
