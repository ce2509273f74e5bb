#!/usr/bin/env python3
"""ffntp now and ffntp status: a page that a daemon publishes, and every invalid page."""
import os
import signal
import struct
import subprocess
import sys
import time

import fake
import namespace
import tap
import tool

READING = ["earliest_ns", "estimate_ns", "latest_ns", "esterror_ns", "asymmetry_esterror_ns", "bound_ns", "timescale",
           "status", "leap_second"]

# Offsets of a page's fields: docs/page.md.
AT_MAGIC, AT_SIZE, AT_VERSION, AT_COUNTER_ID, AT_SEQUENCE, AT_STATUS, AT_COUNTER = 0x00, 0x04, 0x08, 0x0a, 0x0c, 0x22, 0x28
AT_BLOCK, AT_BLOCK_VERSION, AT_COUNTER_KIND, AT_BOOT_ID = 0x800, 0x804, 0x808, 0x810
AT_VOID_AFTER, AT_LINE_LIMIT, AT_ASYMMETRY = 0x828, 0x890, 0x8e8
AT_SOURCES = 0x300


def check_both_refuse(path, *words):
    for command in (["now"], ["now", "--json"], ["now", "--tai"], ["status"], ["status", "--json"]):
        tool.check_refused([*command, "--page", path], path, *words)


def test_now_is_now(folder):
    with fake.Server() as server, tool.kept_page(folder, server) as page:
        before = tool.now_ns()
        [reading] = tool.objects(["now", "--json", "--page", page])
        after = tool.now_ns()
        tap.check(list(reading) == READING, f"{reading}")
        tap.check(all(isinstance(reading[key], int) for key in READING[:6]), f"{reading}")
        tap.check(reading["earliest_ns"] <= reading["estimate_ns"] <= reading["latest_ns"], f"{reading}")
        tap.check(reading["earliest_ns"] <= after and before <= reading["latest_ns"], f"{before} {after}: {reading}")
        further = max(reading["estimate_ns"] - reading["earliest_ns"], reading["latest_ns"] - reading["estimate_ns"])
        tap.check(further - 1 <= reading["bound_ns"] <= further + 1, f"{reading}")
        tap.check(0 < reading["esterror_ns"] <= reading["bound_ns"], f"{reading}")
        tap.check(0 < reading["asymmetry_esterror_ns"] < reading["bound_ns"], f"{reading}")
        tap.check(reading["timescale"] == "UTC" and reading["status"] == "synchronised", f"{reading}")


def test_now_for_people(folder):
    with fake.Server() as server, tool.kept_page(folder, server) as page:
        hours = [time.strftime("%Y-%m-%dT%H:", time.gmtime(time.time() - 1))]
        code, output, errors = tool.ffntp("now", "--page", page)
        hours.append(time.strftime("%Y-%m-%dT%H:", time.gmtime(time.time() + 1)))
        tap.check(code == 0 and errors == "" and len(output.splitlines()) == 1, f"{code} {output} {errors}")
        tap.check(output.startswith(tuple(hours)) and "Z +- " in output and output.endswith("s, synchronised\n"), output)


def test_a_limit_on_the_bound(folder):
    with fake.Server() as server, tool.kept_page(folder, server) as page:
        tool.check_refused(["now", "--page", page, "--max-bound", "1"], "bound")
        tap.check(tool.ffntp("now", "--page", page, "--max-bound", "1000000000")[0] == 0, "a second should do")


def test_tai(folder):
    """TAI is known if the daemon found a table of leap seconds; it is never guessed."""
    with fake.Server() as server, tool.kept_page(folder, server) as page:
        [status] = tool.objects(["status", "--json", "--page", page])
        offset_s = status["tai_offset_s"]
        if offset_s is None:
            tool.check_refused(["now", "--page", page, "--tai"], "TAI")
            return
        before = tool.now_ns()
        [reading] = tool.objects(["now", "--json", "--tai", "--page", page])
        after = tool.now_ns()
        tap.check(reading["timescale"] == "TAI", f"{reading}")
        tai = reading["estimate_ns"] - offset_s * 10**9
        tap.check(before - 4 * 10**8 < tai < after + 4 * 10**8, f"{before} {reading} {after}, not {offset_s} s")
        tap.check(" TAI +- " in tool.ffntp("now", "--tai", "--page", page)[1], "the output does not name TAI")


def test_status_tells_what_people_look_for(folder):
    with fake.Server() as server, tool.kept_page(folder, server) as page:
        code, output, errors = tool.ffntp("status", "--page", page)
        tap.check(code == 0 and errors == "", f"{code} {errors}")
        tool.check_width(output)
        for word in ("Reference", "Stratum", "Status", "Counter", "Est. error", "Asymmetry", "Bound", "Last update", "Offset", "RTT",
                     "Root distance", f"127.0.0.1:{server.port}", "TEST", "synchronised", "accepted; refused: none"):
            tap.check(word in output, f"no {word}: {output}")


def test_a_long_address_leaves_the_columns_as_they_are(folder):
    long = bytes.fromhex("20010db8aaaabbbbccccddddeeeeffff")
    with fake.Server() as server, tool.kept_page(folder, server) as page:
        with open(page, "rb") as f:
            at = f.read().index(bytes(10) + b"\xff\xff\x7f\0\0\1")
        output = tool.ffntp("status", "--page", tool.patched(folder, page, "long", (at, long)))[1]
        tool.check_width(output)
        [name] = [i for i, line in enumerate(output.splitlines()) if line.startswith("* [2001:db8:aaaa:bbbb:cccc:dddd:eeee:ffff]:")]
        header, _, numbers = output.splitlines()[name - 1:name + 2]
        tap.check(len(numbers) == len(header) == 80, output)


def test_status_as_json(folder):
    with fake.Server() as server, tool.kept_page(folder, server) as page:
        [status] = tool.objects(["status", "--json", "--page", page])
        [source] = status["sources"]
        tap.check(status["status"] == "synchronised" and source["selected"] is True, f"{status}")
        tap.check(source["address"] == f"127.0.0.1:{server.port}" and source["refid"] == "TEST", f"{source}")
        tap.check(source["stratum"] == 1 and source["reach"] & 1 and source["accepted"] > 0, f"{source}")
        tap.check(0 < source["rtt_min_ns"] <= source["rtt_ns"] < 10**9, f"{source}")
        tap.check(status["frequency_hz"] > 1e5 and 0 < status["bound_ns"] < 10**9, f"{status}")
        tap.check(sum(source["refused"].values()) == 0 and "bogus-origin" in source["refused"], f"{source}")


def test_asymmetry_is_a_share_of_the_least_round_trip(folder):
    with fake.Server() as server, tool.kept_page(folder, server) as page:
        [status] = tool.objects(["status", "--json", "--page", page])
        [reading] = tool.objects(["now", "--json", "--page", page])
        least_ns = status["sources"][0]["rtt_min_ns"]
        tap.check(0 < status["asymmetry_esterror_ns"] <= 0.013 * least_ns + 1, f"{status}")
        tap.check(reading["asymmetry_esterror_ns"] <= 0.013 * least_ns + 1, f"{reading} {least_ns}")


def test_a_page_of_a_daemon_from_before_asymmetry_was_told(folder):
    with fake.Server() as server, tool.kept_page(folder, server) as page:
        older = tool.patched(folder, page, "older", (AT_ASYMMETRY, bytes(8)))
        for command in ("now", "status"):
            [said] = tool.objects([command, "--json", "--page", older])
            tap.check(said["asymmetry_esterror_ns"] is None and said["esterror_ns"] > 0, f"{said}")
        output = tool.ffntp("status", "--page", older)[1]
        tap.check([line for line in output.splitlines() if line.startswith("Asymmetry") and "unknown" in line], output)


# Where a source states the estimator: its kind, its noise and wander, its floors and hypotheses.
ESTIMATOR_IN_SOURCE = ((0x17, 1), (0x24, 4), (0x98, 8))
ESTIMATOR_KEYS = ["name", "floor_forward_ns", "floor_backward_ns", "noise_forward_ns", "noise_backward_ns",
                  "asymmetry_esterror_ns", "wander", "hypotheses"]


def test_status_of_the_estimator(folder):
    for name in tool.estimators():
        os.mkdir(f"{folder}/{name}")  # so that the page of the former daemon is not taken over
        with fake.Server() as server, tool.kept_page(f"{folder}/{name}", server, "--estimator", name) as page:
            [status] = tool.objects(["status", "--json", "--estimator", "--page", page])
            said = status["estimator"]
            tap.check(list(said) == ESTIMATOR_KEYS and said["name"] == name, f"{said}")
            if said["floor_forward_ns"] is None:
                continue  # an estimator need not describe itself
            round_trip_ns = said["floor_forward_ns"] + said["floor_backward_ns"]
            tap.check(0 < round_trip_ns < 1.5 * status["sources"][0]["rtt_min_ns"] + 50000, f"{status}")
            tap.check(all(said[key] is None or 0 <= said[key] < 10**9 for key in ESTIMATOR_KEYS[1:6]), f"{said}")
            tap.check(0 < len(said["hypotheses"]) <= 4, f"{said}")
            tap.check(0.8 < sum(each["probability"] for each in said["hypotheses"]) < 1.2, f"{said}")
            code, output, errors = tool.ffntp("status", "--estimator", "--page", page)
            tap.check(code == 0 and errors == "", f"{code} {errors}")
            tool.check_width(output)
            for word in (f"Estimator     : {name}", "Floor forward", "Floor backward", "Noise forward", "Noise backward", "Wander",
                         "Hypotheses"):
                tap.check(word in output, f"no {word}: {output}")
            tap.check("Floor forward" not in tool.ffntp("status", "--page", page)[1], "not asked for")
            [plain] = tool.objects(["status", "--json", "--page", page])
            tap.check("estimator" not in plain, f"{plain}")


def test_a_page_that_does_not_state_the_estimator(folder):
    with fake.Server() as server, tool.kept_page(folder, server) as page:
        older = tool.patched(folder, page, "older", *((AT_SOURCES + at, bytes(size)) for at, size in ESTIMATOR_IN_SOURCE))
        [status] = tool.objects(["status", "--json", "--estimator", "--page", older])
        tap.check(status["estimator"] is None and status["sources"][0]["accepted"] > 0, f"{status}")
        output = tool.ffntp("status", "--estimator", "--page", older)[1]
        tap.check("Estimator     : unknown" in output, output)
        strange = tool.patched(folder, page, "strange", *((AT_SOURCES + at, b"\xff" * size) for at, size in ESTIMATOR_IN_SOURCE))
        [status] = tool.objects(["status", "--json", "--estimator", "--page", strange])
        tap.check(status["estimator"]["name"] == "unknown", f"{status}")


def test_refusals_are_counted_by_name(folder):
    def with_a_bogus_one(server, request, number):
        return [fake.reply(request, origin=1), fake.reply(request)]
    with fake.Server(with_a_bogus_one) as server, tool.kept_page(folder, server) as page:
        [status] = tool.objects(["status", "--json", "--page", page])
        tap.check(status["sources"][0]["refused"]["bogus-origin"] > 0, f"{status}")
        tap.check(" bogus-origin" in tool.ffntp("status", "--page", page)[1], "not told")


def test_a_clock_that_is_not_set_yet(folder):
    with fake.Server(lambda *unused: []) as server, tap.daemon(folder, f"127.0.0.1:{server.port}"):
        tap.wait_for(lambda: os.path.exists(f"{folder}/page"), "a page")
        tool.check_refused(["now", "--page", f"{folder}/page"], "not synchronised")
        [status] = tool.objects(["status", "--json", "--page", f"{folder}/page"])
        tap.check(status["status"] == "initialising" and status["estimate_ns"] is None, f"{status}")
        tap.check(status["asymmetry_esterror_ns"] is None, f"{status}")
        code, output, _ = tool.ffntp("status", "--page", f"{folder}/page")
        tap.check(code == 0 and "initialising" in output, output)
        tap.wait_for(lambda: "not answered yet" in tool.ffntp("status", "--page", f"{folder}/page")[1], "a server's name")


def test_pages_that_are_none(folder):
    check_both_refuse(f"{folder}/missing", "no clock page", "is ffntpd running?")
    check_both_refuse(f"{folder}/missing/page", "no clock page")
    check_both_refuse(folder)
    check_both_refuse("/dev/zero")
    check_both_refuse(tool.write(folder, "empty", ""), "short")
    check_both_refuse(tool.write(folder, "text", "12:00\n" * 1000), "not a clock page")
    check_both_refuse(tool.write(folder, "zero", bytes(4096)), "not a clock page")
    os.mkfifo(f"{folder}/fifo")
    check_both_refuse(f"{folder}/fifo")


def test_pages_that_were_spoilt(folder):
    with fake.Server() as server, tool.kept_page(folder, server) as page:
        with open(page, "rb") as f:
            whole = f.read()
        check_both_refuse(tool.write(folder, "truncated", whole[:1000]), "short")
        check_both_refuse(tool.patched(folder, page, "foreign", (AT_MAGIC, b"KLCV")), "not a clock page")
        check_both_refuse(tool.patched(folder, page, "huge", (AT_SIZE, struct.pack("<I", 1 << 20))))
        check_both_refuse(tool.patched(folder, page, "newer", (AT_VERSION, struct.pack("<H", 99))), "version", "update")
        # Without the block it is a VMClock page: test_vmclock.py. This one has no counter that VMClock knows.
        check_both_refuse(tool.patched(folder, page, "block", (AT_BLOCK, bytes(4)), (AT_COUNTER_ID, b"\xff")), "has no time")
        check_both_refuse(tool.patched(folder, page, "later", (AT_BLOCK_VERSION, struct.pack("<H", 99))), "version")
        rebooted = tool.patched(folder, page, "rebooted", (AT_BOOT_ID, bytes(range(16))))
        if subprocess.run(["stat", "-f", "-c", "%T", rebooted], capture_output=True, text=True).stdout.strip() != "tmpfs":
            check_both_refuse(rebooted, "before this machine")
        check_both_refuse(tool.patched(folder, page, "odd", (AT_SEQUENCE, struct.pack("<I", 77))))
        check_both_refuse(tool.patched(folder, page, "counter", (AT_COUNTER_KIND, struct.pack("<Q", 4))))


def test_a_stale_page(folder):
    with fake.Server() as server, tool.kept_page(folder, server) as page:
        with open(page, "rb") as f:
            f.seek(AT_COUNTER)
            at = f.read(8)
        stale = tool.patched(folder, page, "stale", (AT_VOID_AFTER, at), (AT_LINE_LIMIT, bytes(8)))
        check_both_refuse(stale, "stale", "start it again")


def test_a_page_that_its_daemon_left(folder):
    """The bound grows; no reading is without one."""
    with fake.Server() as server, tap.daemon(folder, "--poll", "1", f"127.0.0.1:{server.port}") as running:
        tap.wait_for_status(folder, "synchronised")
        tap.stop(running, signal.SIGKILL)
        [first] = tool.objects(["now", "--json", "--page", f"{folder}/page"])
        time.sleep(1)
        [second] = tool.objects(["now", "--json", "--page", f"{folder}/page"])
        widths = [reading["latest_ns"] - reading["earliest_ns"] for reading in (first, second)]
        tap.check(widths[1] > widths[0], f"did not grow: {widths}")
        tap.check(second["earliest_ns"] <= tool.now_ns(), f"{second}")


def test_the_usual_place(folder):
    environment = dict(os.environ, XDG_RUNTIME_DIR=folder)
    if os.geteuid() != 0:
        tool.check_refused(["now"], f"{folder}/ffntp/page", "ffntpd", "--page", env=environment)
    elif not os.path.exists("/run/ffntp/page"):
        tool.check_refused(["now"], "/run/ffntp/page", "ffntpd", "--page", env=environment)


def test_the_page_that_is_found_is_named(folder):
    """A user finds root's page, which has no time yet. The message does not mention the user's own page, because there is none."""
    if os.geteuid() != 0:
        raise tap.Skip("not root")
    os.chmod(folder, 0o755)
    program = tap.copy_program(tool.FFNTP, folder)       # the build may be in a folder that an ordinary user cannot enter
    script = ("mount -t tmpfs tmpfs /run && mkdir /run/ffntp && cp $0/page /run/ffntp && chmod 644 /run/ffntp/page &&"
              " exec setpriv --reuid 65534 --clear-groups --reset-env $1 now")
    with fake.Server(lambda *unused: []) as server, tap.daemon(folder, f"127.0.0.1:{server.port}"):
        tap.wait_for(lambda: tap.probe(folder), "a page")
        done = namespace.run_with_mounts(["sh", "-c", script, folder, program])
    tap.check(done.returncode == 1 and done.stderr.startswith("ffntp now: /run/ffntp/page: ") and "not synchronised" in done.stderr, f"{done}")


def test_a_page_that_may_not_be_read(folder):
    path = tool.write(folder, "private", bytes(4096))
    os.chmod(path, 0)
    options = {}
    if os.geteuid() == 0:
        def become_nobody():
            os.setgroups([])
            os.setgid(65534)
            os.setuid(65534)
        os.chmod(folder, 0o755)
        options = {"preexec_fn": become_nobody}
    program = tap.copy_program(tool.FFNTP, folder)       # the build may be in a folder that an ordinary user cannot enter
    done = subprocess.run([program, "now", "--page", path], capture_output=True, text=True, **options)
    tap.check(done.returncode == 1 and done.stdout == "" and "this user may not read it" in done.stderr, f"{done}")


def test_a_zone_that_counts_leap_seconds(folder):
    """TZ=right/UTC, of a zone made here: C's gmtime would be late by the leap seconds."""
    leaps = tool.write(folder, "leaps", "Leap 1972 Jun 30 23:59:60 + S\nLeap 2016 Dec 31 23:59:60 + S\n")
    zone = tool.write(folder, "zone", "Zone right 0 - UTC\n")
    made = subprocess.run(["/usr/sbin/zic", "-L", leaps, "-d", folder, zone], capture_output=True, text=True)
    tap.check(made.returncode == 0, f"{made}")
    right = dict(os.environ, TZ=f":{folder}/right")
    late = subprocess.run([sys.executable, "-c", "import time; print(time.gmtime(1800000030).tm_sec)"], env=right,
                          capture_output=True, text=True).stdout.strip()
    tap.check(late == str(time.gmtime(1800000030).tm_sec - 2), f"the zone has no effect: {late}")
    with fake.Server() as server, tool.kept_page(folder, server) as page:
        # The clock may be wrong by some ms, which matters where a second begins.
        before = time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(time.time() - 0.3))
        output = subprocess.run([tool.FFNTP, "now", "--page", page], env=right, capture_output=True, text=True).stdout
        after = time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(time.time() + 0.3))
        tap.check(before <= output[:19] <= after, f"{before} {output} {after}")


# Two users who are neither root nor each other.
DAEMON, READER = 12345, 54321


class Places:
    """The usual places of a reader, in a mount namespace of its own: /run is empty, and the reader's own directory is known."""

    def __init__(self, folder, page):
        if os.geteuid() != 0:
            raise tap.Skip("only root can make files of other users")
        self.folder, self.page = folder, page
        self.program = tap.copy_program(tool.FFNTP, folder)
        self.own = f"{folder}/own"
        os.chmod(folder, 0o755)
        os.makedirs(f"{self.own}/ffntp")

    def now(self, script):
        """Run the script, then ffntp now as the reader. In the script, $page is a page that has the time."""
        reader = f"XDG_RUNTIME_DIR={self.own} exec setpriv --reuid {READER} --regid {READER} --clear-groups {self.program} now"
        text = f"mount -t tmpfs -o mode=755 none /run; mkdir /run/ffntp; page={self.page}; {script}; {reader}"
        return namespace.run_with_mounts(["sh", "-ec", text])


def check_reads(done):
    tap.check(done.returncode == 0 and "synchronised" in done.stdout and done.stderr == "", f"{done}")


def check_says(done, *words):
    tap.check(done.returncode == 1 and done.stdout == "" and len(done.stderr.splitlines()) == 1, f"{done}")
    tap.check(all(word in done.stderr for word in words), f"{done}")


def test_a_daemon_with_a_user_of_its_own(folder):
    copy = f"cp $page /run/ffntp/page; chown {DAEMON} /run/ffntp/page"
    with fake.Server() as server, tool.kept_page(folder, server) as page:
        places = Places(folder, page)
        check_reads(places.now(f"{copy}; chown {DAEMON} /run/ffntp"))
        check_reads(places.now(copy))
        check_says(places.now(f"{copy}; chown {DAEMON} /run/ffntp; chmod 777 /run/ffntp"), "/run/ffntp/page", "not trusted")
        check_says(places.now(f"{copy}; chown {READER + 1} /run/ffntp"), "/run/ffntp/page", "not trusted")
        check_says(places.now(f"{copy}; chown {DAEMON} /run/ffntp; chmod 775 /run"), "/run/ffntp/page", "not trusted")
        check_says(places.now(f"{copy}; chown {DAEMON} /run/ffntp /run"), "/run/ffntp/page", "not trusted")
        check_says(places.now(f"{copy}; chmod 600 /run/ffntp/page"), "/run/ffntp/page", "this user may not read it")


def test_a_page_of_ones_own_beside_a_page_without_the_time(folder):
    with fake.Server() as server, tool.kept_page(folder, server) as page:
        places = Places(folder, page)
        stale = tool.patched(folder, page, "stale", (AT_VOID_AFTER, struct.pack("<Q", 1)), (AT_LINE_LIMIT, bytes(8)))
        own = f"cp $page {places.own}/ffntp/page; chown {READER} {places.own}/ffntp/page"
        check_says(places.now(f"cp {stale} /run/ffntp/page"), "/run/ffntp/page")
        check_reads(places.now(f"cp {stale} /run/ffntp/page; {own}"))
        check_reads(places.now(f"echo nonsense > /run/ffntp/page; {own}"))
        check_says(places.now(f"cp {stale} /run/ffntp/page; cp {stale} {places.own}/ffntp/page"), "/run/ffntp/page")


if __name__ == "__main__":
    tap.run(sys.modules[__name__], together=4)
