#!/usr/bin/env python3
"""Leap seconds in real time: a server whose date is near one, the daemon, its page, and ffntp now and status."""
import contextlib
import hashlib
import os
import signal
import sys
import time

import fake
import tap
import tool

# 2027-06-30 23:59:60 UTC. POSIX gives the midnight after it the same number.
MIDNIGHT_S = 1814400000
# Seconds from a server's start to its midnight: until then a daemon has to have its time and the announcement.
BEFORE_S = 9 + 12 * (tap.PATIENCE - 1)


class Sky:
    """True time that passes midnight after this number of seconds; there a server's POSIX time steps by its leap second."""

    def __init__(self, seconds, indicator=1, sign=1):
        self.begin, self.seconds, self.indicator, self.sign = time.monotonic(), seconds, indicator, sign

    def to_midnight(self):
        """Seconds until the first second of the next day; the leap second is before it."""
        return self.seconds - (time.monotonic() - self.begin)

    def utc(self):
        left = self.to_midnight()
        if self.sign > 0 and left > 0:                     # 23:59:59 twice
            return MIDNIGHT_S - left + (1 if left > 1 else 0)
        if self.sign < 0 and left > 0:                     # 23:59:59 never
            return MIDNIGHT_S - 1 - left
        return MIDNIGHT_S - left

    def answer(self, server, request, number):
        now = fake.ntp(self.utc())
        leap = self.indicator if self.to_midnight() > 0 else 0
        return [fake.reply(request, leap=leap, receive=now, transmit=now)]


def read(page, *options):
    return tool.objects(["now", "--json", "--page", page, *options])[0]


def tai_minus_utc_s(page):
    """Return TAI - UTC by two readings that follow each other within less than a second, which is how long a process may take to start."""
    def found():
        began = time.monotonic()
        apart_s = (read(page, "--tai")["estimate_ns"] - read(page)["estimate_ns"]) * 1e-9
        took_s = time.monotonic() - began
        return took_s < 0.8 and (apart_s, took_s)
    apart_s, took_s = tap.wait_for(found, "two readings, one soon after the other", 30)
    tap.check(round(apart_s + took_s / 2) - took_s - 0.05 < apart_s < round(apart_s + took_s / 2) + 0.05, f"{apart_s} s in {took_s} s")
    return round(apart_s + took_s / 2)


def status(page):
    return tool.objects(["status", "--json", "--page", page])[0]


def check_right(sky, page):
    """Check that the reading lies between two readings of the truth, and its flag where both are in the leap second. Accuracy is not
    checked, because the server is a thread of this test, which waits for its turn. Return None where a leap second may begin or end."""
    before, left_before = sky.utc(), sky.to_midnight()
    reading = read(page)
    left_after = sky.to_midnight()
    slack = min(max(1e8, reading["bound_ns"]), 4e8)         # less than half a second, whatever the bound is
    if any(left_after - slack / 1e9 < edge < left_before + slack / 1e9 for edge in (0, 1)):
        return None
    tap.check(before * 1e9 - slack <= reading["estimate_ns"] <= (before + left_before - left_after) * 1e9 + slack,
              f"{before}: {reading}")
    tap.check(reading["leap_second"] == (sky.sign > 0 and 0 < left_before <= 1), f"{left_before}: {reading}")
    return reading


def configure(folder, servers, conf):
    with open(f"{folder}/conf", "w") as f:
        f.write(conf + "".join(f"server 127.0.0.1 port {server.port} iburst\n" for server in servers))


@contextlib.contextmanager
def kept(folder, *servers, options=(), conf="leapseclist /nonexistent/list\n"):
    """Run a daemon; at its end, its journal with all leap seconds, votes and tables must replay."""
    configure(folder, servers, conf)
    with tap.daemon(folder, "--poll", "1", "--journal", f"{folder}/journal", *options, "-c", f"{folder}/conf"):
        tap.wait_for_status(folder, "synchronised")
        yield f"{folder}/page"
    [result] = tool.objects(["replay", "--json", f"{folder}/journal"])
    tap.check(result["maps_equal"] > 0, f"{result}")


def through_midnight(folder, sky):
    flagged = readings = 0
    with fake.Server(sky.answer) as server, kept(folder, server) as page:
        tap.wait_for(lambda: "of this month" in status(page)["leap"], "the announcement")
        tap.check(sky.to_midnight() > 1, "the announcement came too late for this test")
        while sky.to_midnight() > -4 or readings < 15:
            reading = check_right(sky, page)
            readings += reading is not None
            if reading and reading["leap_second"]:
                flagged += 1
                text = tool.ffntp("now", "--page", page)[1]
                tap.check(text.startswith("2027-06-30T23:59:60.") or sky.to_midnight() <= 0.1, text)
                tap.check(status(page)["leap"] == "a second is being inserted" or sky.to_midnight() <= 0.1, f"{status(page)}")
        tap.check(status(page)["tai_offset_s"] is None, f"{status(page)}")
        tap.check("at the end of last month" in status(page)["leap"], f"{status(page)}")
        [source] = status(page)["sources"]
        # On a busy machine some replies are rejected; an error of a second would lead to the rejection of all later
        # ones.
        tap.check(source["refused"]["contradiction"] < 3, f"{source}")
    return flagged


def test_a_second_is_inserted(folder):
    """A machine on which a reading takes a second may miss the second; then the next daemon has one more."""
    for number in range(4):
        place = f"{folder}/{number}"
        os.mkdir(place)
        flagged = through_midnight(place, Sky(BEFORE_S))
        said = tap.said(place)
        tap.check("the sandbox refused" not in said, said)
        if flagged > 0:
            break
    tap.check(flagged > 0, "never looked inside 23:59:60")
    tap.check("23:59:60" in said and "inserted at the end of this month" in said and "was inserted" in said, said)


def test_a_second_is_left_out(folder):
    through_midnight(folder, Sky(BEFORE_S, indicator=2, sign=-1))
    tap.check("left out" in tap.said(folder), tap.said(folder))


def test_servers_can_be_ignored(folder):
    sky = Sky(40000)
    with fake.Server(sky.answer) as server, kept(folder, server, conf="leapindicators ignore\n") as page:
        tap.wait_for(lambda: status(page)["sources"][0]["accepted"] > 3, "replies")
        tap.check(status(page)["leap"] == "none" and status(page)["next_leap_second"] is None, f"{status(page)}")
        tap.check(status(page)["sources"][0]["leap"] == 1, f"{status(page)}")


def test_nothing_is_taken_back_by_who_has_no_time(folder):
    """The configuration is read again, with a server that does not answer: the earlier announcement is neither repeated nor withdrawn."""
    sky = Sky(40000)
    with fake.Server(sky.answer) as server, fake.Server(lambda *unused: []) as silent:
        configure(folder, [server], "leapseclist /nonexistent/list\n")
        with tap.daemon(folder, "--poll", "1", "-c", f"{folder}/conf") as running:
            tap.wait_for(lambda: "a leap second is inserted" in tap.said(folder), "the announcement")
            configure(folder, [silent], "leapseclist /nonexistent/list\n")
            running.send_signal(signal.SIGHUP)
            tap.wait_for(lambda: "no usable reply" in tap.said(folder), "a line about it")
            tap.wait_for(lambda: len(silent.requests) > 3, "more requests")
    tap.check("withdrawn" not in tap.said(folder) and tap.said(folder).count("is inserted") == 1, tap.said(folder))


def announced(folder, indicators, expected=False):
    """Return the status after each of the servers has announced one of the indicators."""
    skies = [Sky(40000, indicator) for indicator in indicators]
    with contextlib.ExitStack() as stack:
        servers = [stack.enter_context(fake.Server(sky.answer)) for sky in skies]
        configure(folder, servers, "leapseclist /nonexistent/list\n")
        stack.enter_context(tap.daemon(folder, "--poll", "1", "-c", f"{folder}/conf"))
        tap.wait_for_status(folder, "synchronised")
        tap.wait_for(lambda: all(len(server.requests) > 5 for server in servers), "each server to be asked")
        if expected:
            tap.wait_for(lambda: status(f"{folder}/page")["next_leap_second"], "the announcement")
        return status(f"{folder}/page")


def test_most_servers_are_believed(folder):
    said = announced(folder, [0, 1, 1], expected=True)
    tap.check(said["next_leap_second"] == {"day": "2027-06-30", "seconds": 1}, f"{said}")
    tap.check(said["leap"] == "a second inserted at the end of this month", f"{said}")


def test_few_are_not(folder):
    said = announced(folder, [1, 0, 0])
    tap.check(said["next_leap_second"] is None and said["leap"] == "none", f"{said}")


def table(path, expires_s, *more):
    """Write a table in IERS's format, with the last two leap seconds there were and the given ones."""
    entries = [(3644697600, 36), (3692217600, 37), *more]
    digits = f"3960835200{expires_s + fake.NTP_UNIX_S}" + "".join(f"{at}{offset}" for at, offset in entries)
    words = hashlib.sha1(digits.encode()).hexdigest()
    with open(f"{path}.new", "w") as f:
        f.write(f"#$ 3960835200\n#@ {expires_s + fake.NTP_UNIX_S}\n")
        f.writelines(f"{at} {offset}\n" for at, offset in entries)
        f.write("#h " + " ".join(words[i:i + 8] for i in range(0, 40, 8)) + "\n")
    os.rename(f"{path}.new", path)


def test_an_expired_table_stays_in_force(folder):
    """TAI is known, marked, and logged once; a leap second that the server announces then changes TAI - UTC."""
    path = f"{folder}/list"
    table(path, 1800000000)
    sky = Sky(BEFORE_S + 3)
    with fake.Server(sky.answer) as server, kept(folder, server, conf=f"leapseclist {path}\n") as page:
        said = status(page)
        tap.check(said["tai_offset_s"] == 37 and said["tai_expires"] == "2027-01-15" and said["tai_expired"], f"{said}")
        tap.check("37 s, by a table that expired on 2027-01-15; update tzdata" in tool.ffntp("status", "--page", page)[1],
                  tool.ffntp("status", "--page", page)[1])
        announced = tap.wait_for(lambda: status(page)["next_leap_second"], "the announcement")
        tap.check(announced == {"day": "2027-06-30", "seconds": 1}, f"{announced}")
        tap.check(tai_minus_utc_s(page) == 37, "TAI - UTC")
        tap.check(sky.to_midnight() > 1, "all this took too long for this test")
        tap.wait_for(lambda: sky.to_midnight() < -2, "midnight")
        tap.wait_for(lambda: status(page)["tai_offset_s"] == 38, f"the leap second: {status(page)}")
        tap.check(tai_minus_utc_s(page) == 38, "TAI - UTC")
        tap.check(check_right(sky, page) is not None and status(page)["tai_expired"], f"{status(page)}")
    said = tap.said(folder)
    tap.check(f"{path}: the table of leap seconds expired on 2027-01-15; TAI - UTC stays 37 s; update the file" in said, said)
    tap.check(said.count("expired on") == 1, said)


def test_a_table_expires(folder):
    """The table expires at midnight: one line, and TAI continues. A stopped daemon's page gives TAI, too."""
    path = f"{folder}/list"
    table(path, MIDNIGHT_S)
    sky = Sky(8, indicator=0, sign=0)
    with fake.Server(sky.answer) as server, kept(folder, server, conf=f"leapseclist {path}\n") as page:
        said = status(page)
        tap.check(sky.to_midnight() < 0 or (said["tai_offset_s"] == 37 and not said["tai_expired"]), f"{said}")
        tap.check(sky.to_midnight() < 0 or "expired" not in tap.said(folder), tap.said(folder))
        tap.wait_for(lambda: "expired on 2027-07-01; TAI - UTC stays 37 s" in tap.said(folder), "the line")
        tap.check(sky.to_midnight() < 0.01, f"{sky.to_midnight()} s before midnight")
        tap.wait_for(lambda: status(page)["tai_expired"], "the mark")
    tap.check(status(page)["tai_offset_s"] == 37 and status(page)["tai_expired"], f"{status(page)}")
    read(page, "--tai")


def test_a_strict_table_expires(folder):
    """The daemon is gone before the table expires at midnight: readers of its page refuse TAI from then on, and so does the next daemon."""
    path = f"{folder}/list"
    table(path, MIDNIGHT_S)
    conf = f"leapseclist {path}\nleapexpiry strict\n"
    sky = Sky(8, indicator=0, sign=0)
    with fake.Server(sky.answer) as server:
        with kept(folder, server, conf=conf) as page:
            said = status(page)
        tap.check(sky.to_midnight() < 0 or said["tai_offset_s"] == 37, f"{said}")
        tap.wait_for(lambda: sky.to_midnight() < -0.5, "midnight")
        tap.check(status(page)["tai_offset_s"] is None and status(page)["tai_expired"], f"{status(page)}")
        code, _, complaint = tool.ffntp("now", "--tai", "--page", page)
        tap.check(code == 1 and "offset of TAI from UTC is not known" in complaint, complaint)
        with kept(folder, server, conf=conf) as page:
            tap.wait_for(lambda: "TAI is unknown, because leapexpiry is strict" in tap.said(folder), "the line")
            tap.check(status(page)["tai_offset_s"] is None, f"{status(page)}")


def test_a_table_is_followed(folder):
    """The first table has expired, which is strict; ffntpd finds a new one within a minute."""
    path = f"{folder}/list"
    table(path, 1800000000)
    sky = Sky(100000, indicator=0)
    conf = f"leapseclist {path}\nleapexpiry strict\n"
    with fake.Server(sky.answer) as server, kept(folder, server, conf=conf) as page:
        said = status(page)
        tap.check(said["tai_offset_s"] is None and said["tai_expires"] == "2027-01-15", f"{said}")
        tap.check("not known, by a table that expired on 2027-01-15" in tool.ffntp("status", "--page", page)[1], "not told")
        table(path, MIDNIGHT_S + 100 * 86400, (MIDNIGHT_S + fake.NTP_UNIX_S, 38))
        tap.wait_for(lambda: status(page)["tai_offset_s"] == 37, "the new table", patience_s=80)
        said = status(page)
        tap.check(said["tai_expires"] == "2027-10-09" and said["next_leap_second"]["day"] == "2027-06-30", f"{said}")
        tap.check(tai_minus_utc_s(page) == 37, "TAI - UTC")
        # From noon UTC on smeared UTC falls behind: by half a second in the 12 hours until midnight.
        began, smeared, behind = time.monotonic(), read(page, "--smear"), max(0, 43201 - sky.to_midnight()) / 86401
        apart = read(page)["estimate_ns"] / 1e9 - smeared["estimate_ns"] / 1e9 - behind
        tap.check(-0.1 < apart < 0.1 + time.monotonic() - began, f"{apart}: {smeared}")
        tap.check(smeared["timescale"] == "UTC smeared", f"{smeared}")


def test_a_table_that_cannot_be_read_again_is_kept(folder):
    """The file is half written, or gone: its former contents hold."""
    path = f"{folder}/list"
    table(path, MIDNIGHT_S + 100 * 86400)
    with fake.Server(Sky(100000, indicator=0).answer) as server:
        configure(folder, [server], f"leapseclist {path}\n")
        with tap.daemon(folder, "--poll", "1", "-c", f"{folder}/conf") as running:
            marker = tap.wait_for_status(folder, "synchronised")["disruption_marker"]
            tap.check(status(f"{folder}/page")["tai_offset_s"] == 37, "the table was not read")
            for spoil, complaint in ((lambda: os.truncate(path, 40), "checksum"), (lambda: os.remove(path), "No such file")):
                spoil()
                asked = len(server.requests)
                running.send_signal(signal.SIGHUP)
                tap.wait_for(lambda: running.poll() is not None or len(server.requests) > asked + 2, "more requests")
                tap.check(running.poll() is None, f"ended: {running.returncode}")
                tap.wait_for(lambda: complaint in tap.said(folder), complaint)
                tap.check(status(f"{folder}/page")["tai_offset_s"] == 37, f"{status(f'{folder}/page')}")
                tap.check(tap.probe(folder)["disruption_marker"] == marker, "broke its promises")


def test_a_nonsense_table_is_told_of(folder):
    with open(f"{folder}/list", "w") as f:
        f.write("#@ 3991593600\n3692217600 37\n")
    with fake.Server() as server, kept(folder, server, conf=f"leapseclist {folder}/list\n") as page:
        tap.check(status(page)["tai_offset_s"] is None, f"{status(page)}")
    tap.check("without a checksum" in tap.said(folder), tap.said(folder))


if __name__ == "__main__":
    tap.run(sys.modules[__name__])
