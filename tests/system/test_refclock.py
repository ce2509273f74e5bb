#!/usr/bin/env python3
"""A PTP hardware clock that a preload pretends, whose time is CLOCK_REALTIME: the clock that ffntpd keeps by it, beside that truth."""
import errno
import json
import os
import signal
import subprocess
import sys

import fake
import tap

FFNTP, PTP = os.environ["FFNTP"], os.environ["PTP"]
DEVICE = "/dev/ptp9"
BEFORE_NS, AFTER_NS = 2000, 200


def environment(folder):
    return dict(os.environ, LD_PRELOAD=PTP, FAKE_PTP=DEVICE, FAKE_PTP_STATE=f"{folder}/state",
                ASAN_OPTIONS="verify_asan_link_order=0")


def set_device(folder, **state):
    """Replace the device's state at once."""
    with open(f"{folder}/state.new", "w") as f:
        f.write(" ".join(f"{name} {value}" for name, value in state.items()) + "\n")
    os.rename(f"{folder}/state.new", f"{folder}/state")


def write_config(folder, text):
    with open(f"{folder}/conf", "w") as f:
        f.write(text + "\n")


def daemon(folder, *arguments):
    return tap.daemon(folder, "-c", f"{folder}/conf", *arguments, env=environment(folder))


def tool(folder, *arguments):
    done = subprocess.run([FFNTP, *arguments], stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=30 * tap.PATIENCE)
    tap.check(done.returncode == 0, f"{arguments}: {done.stdout}{done.stderr}")
    return done.stdout


def check_error(folder, most_ns, seconds=3):
    """The bound holds always, and the median error is at most this."""
    watched = tap.watch(folder, seconds)
    tap.check(watched["samples"] >= 5 * seconds and watched["refused"] == 0, f"{watched}")
    tap.check(watched["outside"] == 0, f"the bound did not hold: {watched}")
    tap.check(watched["median_ns"] <= most_ns, f"the error is above {most_ns} ns: {watched}")
    return watched


def check_way(folder, text, most_ns, **state):
    """Read the device in one way, and replay the journal."""
    set_device(folder, **state)
    write_config(folder, f"refclock PHC {DEVICE} poll 0 maxerror 1e-6")
    with daemon(folder, "--journal", f"{folder}/journal") as running:
        tap.wait_for(lambda: "the clock is synchronised" in tap.said(folder), "the time")
        tap.check(f"PHC0 ({DEVICE}) is read with {text}; its error is taken to be up to 1e-06 s\n" in tap.said(folder),
                  tap.said(folder))
        tap.wait_for_verdict(folder, "accepted", 4)
        check_error(folder, most_ns)
        tap.check(tap.stop(running)[0] == 0, "did not end well")
    tap.check(", all equal\n" in tool(folder, "replay", f"{folder}/journal"), "the journal differs")


# The pairs of system clock and counter add some 0.1 us to a reading; on a busy machine 1 us, with a sanitizer more.

def test_timestamps_of_monotonic_raw(folder):
    check_way(folder, "timestamps of CLOCK_MONOTONIC_RAW", (BEFORE_NS + AFTER_NS) / 2 + 1000, raw=1, before=BEFORE_NS, after=AFTER_NS)


def test_timestamps_of_realtime(folder):
    check_way(folder, "timestamps of CLOCK_REALTIME", (BEFORE_NS + AFTER_NS) / 2 + 1000, before=BEFORE_NS, after=AFTER_NS)


def test_precise_cross_timestamps(folder):
    check_way(folder, "precise cross-timestamps", 1000, precise=1)


def test_readings_of_the_counter(folder):
    check_way(folder, "readings of the counter", 20000, extended=0, before=AFTER_NS, after=BEFORE_NS)


def test_it_is_shown(folder):
    set_device(folder, precise=1)
    write_config(folder, f"refclock PHC {DEVICE} poll 0 maxerror 2e-6 refid GPS")
    with daemon(folder):
        tap.wait_for_status(folder, "synchronised")
        source, = json.loads(tool(folder, "sources", "--json", "--page", f"{folder}/page"))["sources"]
        tap.check(source["address"] == source["refid"] == "GPS" and source["is_refclock"] and source["stratum"] == 0, f"{source}")
        tap.check(source["poll_s"] == 1 and source["root_dispersion_ns"] == 2001, f"{source}")
        rows = tool(folder, "sources", "--page", f"{folder}/page").splitlines()
        tap.check(rows[1].split()[:3] == ["*", "GPS", "0"], f"{rows}")
        tracking = tool(folder, "tracking", "--page", f"{folder}/page")
        tap.check("GPS, a reference clock of this machine" in tracking, tracking)


def test_tai(folder):
    """The device is 37 s ahead of UTC: it keeps TAI."""
    set_device(folder, precise=1, shift=37 * 10**9)
    write_config(folder, f"refclock PHC {DEVICE} poll 0 maxerror 1e-6 tai")
    with daemon(folder):
        tap.wait_for_status(folder, "synchronised")
        check_error(folder, 2000, 1)


def test_the_offset_is_added(folder):
    set_device(folder, precise=1, shift=250_000_000)
    write_config(folder, f"refclock PHC {DEVICE} poll 0 maxerror 1e-6 offset -0.25")
    with daemon(folder):
        tap.wait_for_status(folder, "synchronised")
        check_error(folder, 2000, 1)


def check_failure(folder, error, *words):
    set_device(folder, precise=1, error=error)
    lines = tap.wait_for(lambda: [line for line in tap.said(folder).splitlines() if os.strerror(error) in line], os.strerror(error))
    tap.check(len(lines) == 1 and DEVICE in lines[0] and all(word in lines[0] for word in words), f"{lines}")


def test_a_lost_device_is_reported_once_and_comes_back(folder):
    set_device(folder, precise=1)
    write_config(folder, f"refclock PHC {DEVICE} poll 0")
    with daemon(folder) as running:
        tap.wait_for_status(folder, "synchronised")
        tap.check("up to 0.001 s, because nothing states it: state it with maxerror" in tap.said(folder), tap.said(folder))
        check_failure(folder, errno.ENODEV, "the device is gone", "tried again")
        tap.check(running.poll() is None, "ended")
        set_device(folder, precise=1)
        tap.wait_for(lambda: tap.said(folder).count("is read with precise cross-timestamps") == 2, "the device again")
        tap.check("no usable reply" not in tap.said(folder), tap.said(folder))


def test_a_device_that_may_not_be_read(folder):
    set_device(folder, error=errno.EACCES)
    write_config(folder, f"refclock PHC {DEVICE}")
    with daemon(folder) as running:
        check_failure(folder, errno.EACCES, "udev rule", "ffntpd(8)")
        page = tap.probe(folder)
        tap.check(page["status"] == "initialising" and running.poll() is None, f"{page}")


def test_a_file_that_is_no_clock(folder):
    """Without the preload: a real device of another kind, and one that does not exist."""
    for path, words in ("/dev/null", "it is not a PTP hardware clock"), (f"{folder}/none", "there is no such device"):
        write_config(folder, f"refclock PHC {path}")
        with tap.daemon(folder, "-c", f"{folder}/conf"):
            tap.wait_for(lambda: f"PHC0 ({path}): " in tap.said(folder) and words in tap.said(folder), words)


def test_beside_a_server(folder):
    """Both are members; a reload that leaves the clock's line as it is goes on with it."""
    set_device(folder, precise=1)
    with fake.Server() as server:
        line = f"refclock PHC {DEVICE} poll 0 maxerror 1e-5\nserver 127.0.0.1 port {server.port} minpoll 0 maxpoll 0 iburst\n"
        write_config(folder, line)
        with daemon(folder) as running:
            tap.wait_for_status(folder, "synchronised")
            page = tap.wait_for(lambda: next((page for page in [tap.probe(folder)] if len(page["sources"]) == 2 and
                                              all(source["accepted"] >= 4 for source in page["sources"])), None), "both sources")
            tap.check({source["port"] for source in page["sources"]} == {0, server.port}, f"{page}")
            tap.check(all(source["selection"] in ("followed", "combined", "spare") for source in page["sources"]), f"{page}")
            check_error(folder, 20000, 1)
            write_config(folder, line.replace("iburst", ""))
            running.send_signal(signal.SIGHUP)
            tap.wait_for(lambda: "reading the configuration again" in tap.said(folder), "the reload")
            tap.wait_for_verdict(folder, "accepted", 8)
            tap.check(tap.said(folder).count("is read with") == 1, tap.said(folder))


def copy_page(folder):
    """Copy the page of ffntpd without its own block: the rest is a VMClock page, as of a hypervisor that ended."""
    def copy():
        with open(f"{folder}/page", "rb") as f:
            page = f.read()
        with open(f"{folder}/vmclock", "wb") as f:
            f.write(page[:0x800] + bytes(0x800))
        with open(f"{folder}/page", "rb") as f:
            return page[0x0c] % 2 == 0 and f.read(16) == page[:16]
    tap.wait_for(copy, "a page between two updates")


def test_a_vmclock_page(folder):
    set_device(folder, precise=1)
    write_config(folder, f"refclock PHC {DEVICE} poll 0 maxerror 1e-6")
    with daemon(folder):
        tap.wait_for_verdict(folder, "accepted", 6)
        if "with the time stamp counter" not in tap.said(folder):
            raise tap.Skip("VMClock has no number for this machine's counter")
        copy_page(folder)
        write_config(folder, f"refclock VMCLOCK {folder}/page\nrefclock VMCLOCK {folder}/none")
        with tap.process([tap.FFNTPD, "-c", f"{folder}/conf", "--page", f"{folder}/other"], f"{folder}/other.log"):
            for words in "a page of ffntpd itself: a clock cannot follow itself", "there is no such device: the hypervisor has to offer a VMClock":
                tap.wait_for(lambda: words in tap.said(folder, "other"), words)
    write_config(folder, f"refclock VMCLOCK {folder}/vmclock poll 0")
    with tap.daemon(folder, "-c", f"{folder}/conf", "--counter", "tsc", "--journal", f"{folder}/journal", name="guest") as running:
        tap.wait_for(lambda: "the clock is synchronised" in tap.said(folder, "guest"), "the time")
        tap.check("VMC0" in tap.said(folder, "guest") and "the bound of its VMClock page" in tap.said(folder, "guest"), "the line")
        check_error(folder, 20000, 2)
        tap.stop(running)
    tap.check(", all equal\n" in tool(folder, "replay", f"{folder}/journal"), "the journal differs")


tap.run(sys.modules[__name__])
