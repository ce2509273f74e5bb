#!/usr/bin/env python3
"""VMClock both ways: pages of other writers, which these tests build from the specification, and pages for guests."""
import os
import sys

import fake
import tap
import tool
import vmclock
from test_leap import table

HAVE_TIME = vmclock.SYNCHRONIZED, vmclock.FREERUNNING
EXPIRED_S = 1782604800      # 2026-06-28


def foreign(folder, page, name="foreign", **changes):
    """Write a VMClock page without this project's block that has the time of ffntpd's page; return its path."""
    return tool.write(folder, name, vmclock.build(vmclock.read(page)._replace(**changes)))


def frozen(folder, page):
    """Copy VMClock's structure from the page of a synchronised daemon, which goes on to update the page. Return the copy's path."""
    return tool.write(folder, "frozen", vmclock.build(vmclock.read(page)._replace(clock_status=vmclock.SYNCHRONIZED)))


def has_cpu_counter(page):
    if vmclock.read(page).counter_id == vmclock.NO_COUNTER:
        raise tap.Skip("the processor's counter cannot be used here")


def check_time(path, bound_ns, tai=False):
    """Check that the reading contains true time, which the server has from the system's clock, and its bound. Return the reading."""
    shift_ns = 37 * 10**9 if tai else 0
    before = tool.now_ns() + shift_ns
    [reading] = tool.objects(["now", "--json", *(["--tai"] if tai else []), "--page", path])
    after = tool.now_ns() + shift_ns
    tap.check(reading["earliest_ns"] <= after and before <= reading["latest_ns"], f"{before} {reading} {after}")
    tap.check(before - bound_ns <= reading["estimate_ns"] <= after + bound_ns, f"{before} {reading} {after}")
    tap.check(bound_ns <= reading["bound_ns"] <= bound_ns + growth_ns(vmclock.read(path), after - shift_ns) + 10**6, f"{bound_ns}: {reading}")
    return reading


def growth_ns(fields, utc_ns):
    """Return by how much the bound of a page grows until this time, by the specification."""
    from_s = fields.time_sec - (-fields.tai_offset_sec if fields.time_type == vmclock.TAI else 0)
    age_ns = utc_ns - from_s * 10**9 - fields.time_frac_sec * 10**9 / 2**64
    return age_ns * fields.counter_period_maxerror_rate_frac_sec / fields.counter_period_frac_sec


def test_a_page_of_another_writer(folder):
    """Its time is read with VMClock's own bound, by all subcommands that read a page; as TAI, and as UTC."""
    with fake.Server() as server, tool.kept_page(folder, server) as page:
        has_cpu_counter(page)
        page = frozen(folder, page)
        fields = vmclock.read(page)
        is_tai = fields.time_type == vmclock.TAI
        # On a busy machine the page's own bound may be larger.
        first_ns, second_ns = (max(ms * 10**6, fields.time_maxerror_nanosec + ms) for ms in (5, 7))
        path = foreign(folder, page, time_maxerror_nanosec=first_ns)
        tap.check(check_time(path, first_ns)["status"] == "synchronised", "status")
        [status] = tool.objects(["status", "--json", "--page", path])
        tap.check(status["sources"] == [] and status["status"] == "synchronised", f"{status}")
        code, output, errors = tool.ffntp("status", "--page", path)
        tap.check(code == 0 and "synchronised" in output, f"{output}{errors}")
        code, output, errors = tool.ffntp("wait", "--timeout", "5", "--page", path)
        tap.check(code == 0, f"{output}{errors}")
        tool.check_refused(["now", "--max-bound", "4000000", "--page", path], "exceeds the requested limit")
        tool.check_refused(["now", "--monotonic", "--page", path], "no monotonic time")
        utc = foreign(folder, page, "utc", time_type=vmclock.UTC, flags=vmclock.BOUNDED, time_maxerror_nanosec=second_ns,
                      time_sec=fields.time_sec + (fields.tai_offset_sec if is_tai else 0))
        check_time(utc, second_ns)
        tool.check_refused(["now", "--tai", "--page", utc], "offset of TAI from UTC is not known")
        if is_tai:
            check_time(path, first_ns, tai=True)


def test_why_a_page_of_another_writer_has_no_time(folder):
    with fake.Server() as server, tool.kept_page(folder, server) as page:
        has_cpu_counter(page)
        page = frozen(folder, page)
        fields = vmclock.read(page)
        for changes, word in (({"flags": fields.flags & ~vmclock.TIME_MAXERROR_VALID}, "does not state the maximum errors"),
                              ({"flags": fields.flags & ~vmclock.PERIOD_MAXERROR_VALID}, "does not state the maximum errors"),
                              ({"counter_id": vmclock.NO_COUNTER}, "has no time"),
                              ({"counter_id": 7}, "has no time"),
                              ({"size": 0x60}, "has no time"),
                              ({"counter_id": 1 - fields.counter_id}, "cannot be read safely here"),
                              ({"time_type": vmclock.MONOTONIC}, "neither UTC nor TAI"),
                              ({"time_type": 200}, "neither UTC nor TAI"),
                              ({"version": 2}, "version"),
                              ({"magic": 1}, "not a clock page"),
                              ({"size": 5000}, "too short"),
                              ({"time_type": vmclock.TAI, "flags": vmclock.BOUNDED}, "offset of TAI from UTC is not known"),
                              ({"clock_status": vmclock.INITIALIZING}, "not synchronised"),
                              ({"clock_status": vmclock.UNRELIABLE}, "disrupted"),
                              ({"clock_status": 99}, "not synchronised"),
                              ({"counter_period_shift": 200}, "does not define"),
                              ({"counter_period_frac_sec": 0}, "does not define"),
                              ({"seq_count": 5}, "being written"),
                              ({"counter_value": fields.counter_value + 10**12}, "disrupted"),
                              ({"counter_value": (fields.counter_value - 10**14) % 2**64}, "stale")):
            path = foreign(folder, page, **changes)
            tool.check_refused(["now", "--page", path], path, word)
        path = foreign(folder, page, clock_status=vmclock.UNKNOWN)
        [status] = tool.objects(["status", "--json", "--page", path])
        tap.check(status["status"] == "unknown", f"{status}")
        os.utime(path, (1, 1))      # only the time of the last change counts, which no program can set
        tool.check_refused(["now", "--page", path], "not synchronised")


def check_translated(folder, guest, offset):
    """Turn the guest's page back into this machine's counter, by the specification: then it must have true time. Return its fields."""
    fields = vmclock.read(guest)
    back = fields._replace(counter_value=(fields.counter_value - offset) % 2**64)
    path = tool.write(folder, "back", vmclock.build(back))
    check_time(path, fields.time_maxerror_nanosec)
    return fields


def test_a_page_for_a_guest(folder):
    guest, offset, text = f"{folder}/guest", 2**64 - 123456789012, "-123456789012"
    table(f"{folder}/list", EXPIRED_S)
    silent = [True]
    tool.write(folder, "guest", bytes(vmclock.PAGE))    # as a machine monitor creates it
    inode = os.stat(guest).st_ino
    with fake.Server(lambda server, request, number: [] if silent[0] else fake.honest(server, request, number)) as server:
        conf = tool.write(folder, "conf", f"leapseclist {folder}/list\nserver 127.0.0.1 port {server.port} iburst\n")

        def run():
            return tap.daemon(folder, "--poll", "1", "-c", conf, "--guest-page", guest, "--counter-offset", text)
        with run() as running:
            page = tap.wait_for(lambda: tap.probe(folder), "a page") and f"{folder}/page"
            has_cpu_counter(page)
            tap.wait_for(lambda: vmclock.read(guest).magic == vmclock.MAGIC, "the guest's page")
            # Linux decides when it finds the device: the type and the offset are there before the first reply, by an expired table.
            first = vmclock.read(guest)
            tap.check((first.time_type, first.tai_offset_sec, first.clock_status, first.counter_id) ==
                      (vmclock.TAI, -37, vmclock.INITIALIZING, vmclock.read(page).counter_id), f"{first}")
            tap.check(first.flags & vmclock.TAI_OFFSET_VALID, f"{first}")
            silent[0] = False
            tap.wait_for_status(folder, "synchronised")
            tap.wait_for(lambda: vmclock.read(guest).clock_status == vmclock.SYNCHRONIZED, "the guest's time")
            fields = check_translated(folder, guest, offset)
            tap.check(fields.time_type == vmclock.TAI and fields.flags & vmclock.BOUNDED == vmclock.BOUNDED, f"{fields}")
            tool.check_refused(["now", "--page", guest], "only that guest can read it")
            tap.stop(running)
        last = vmclock.read(guest)
        tap.check(last.clock_status == vmclock.UNRELIABLE, f"Linux's driver goes on unless the status is 4: {last}")
        tap.check(vmclock.read(page).clock_status in HAVE_TIME, "this machine's readers go on until void_after")
        with run() as running:
            tap.wait_for(lambda: vmclock.read(guest).clock_status == vmclock.SYNCHRONIZED, "the guest's time again")
            again = check_translated(folder, guest, offset)
            tap.check(again.disruption_marker != fields.disruption_marker, f"{again}")
            tap.check(again.time_type == vmclock.TAI and os.stat(guest).st_ino == inode, "the machine monitor has mapped this file")
            running.kill()
            running.wait()
        killed = vmclock.read(guest)
        tap.check(killed.clock_status in HAVE_TIME, f"as docs/vmclock.md states: {killed}")


def test_a_page_that_was_made_without_tai_stays_utc(folder):
    guest = f"{folder}/guest"
    with fake.Server() as server:
        for conf, flag in (("leapseclist /nonexistent/list\n", 0), (f"leapseclist {folder}/list\n", 1)):
            table(f"{folder}/list", EXPIRED_S)
            path = tool.write(folder, "conf", f"{conf}server 127.0.0.1 port {server.port} iburst\n")
            with tap.daemon(folder, "--poll", "1", "-c", path, "--guest-page", guest, "--counter-offset", "0"):
                tap.wait_for_status(folder, "synchronised")
                has_cpu_counter(f"{folder}/page")
                tap.wait_for(lambda: vmclock.read(guest).clock_status == vmclock.SYNCHRONIZED, "the guest's time")
                fields = check_translated(folder, guest, 0)
                tap.check(fields.time_type == vmclock.UTC, f"{fields}")
                tap.check(fields.flags & vmclock.TAI_OFFSET_VALID == flag, f"{fields}")
                tap.check(fields.tai_offset_sec == -37 * flag, f"{fields}")


def test_options_of_guests(folder):
    def refused(*options, word, code=2):
        got, output = tap.run_daemon(folder, "--page", f"{folder}/page", *options, "127.0.0.1:1")
        tap.check(got == code and word in output, f"{options}: {got} {output}")
    refused("--guest-page", "g", word="--counter-offset N must follow it")
    refused("--guest-page", "", word="not the name of a file")
    refused("--counter-offset", "3", word="must follow the --guest-page")
    refused("--guest-page", "g", "--counter-offset", "1", "--counter-offset", "2", word="must follow the --guest-page")
    for offset in "", "x", "1.5", "0x10", "18446744073709551616", "-9223372036854775809", "1 ":
        refused("--guest-page", "g", "--counter-offset", offset, word="not a whole number")
    refused("--counter", "raw", "--guest-page", f"{folder}/g", "--counter-offset", "0", word="which guests cannot read", code=1)
    tool.write(folder, "text", "this is no page\n" * 1000)
    refused("--guest-page", f"{folder}/text", "--counter-offset", "0", word=f"{folder}/text: not a clock page", code=1)
    refused("--guest-page", f"{folder}/page", "--counter-offset", "0", word="another daemon keeps this clock page", code=1)


if __name__ == "__main__":
    tap.run(sys.modules[__name__])
