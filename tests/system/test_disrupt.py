#!/usr/bin/env python3
"""Suspends, machines that are stopped and restored, and counters that jump: bend.c bends the clocks of daemon and reader.

The server's time is the true time, and CLOCK_REALTIME for the reader. The daemon asks once at the start, and then every 64 s, so
that only a sign of the disruption makes it ask sooner.
"""
import contextlib
import json
import os
import platform
import signal
import struct
import subprocess
import sys
import time

import fake
import tap

BEND = os.environ["BEND"]
CLOCKS = ("realtime", "boottime", "monotonic", "raw", "tsc")
HOUR_S, TSC_HZ = 3600, 2.4e9
# A second, and the time of noticing. On a busy machine it may be more, but far less than the 64 s until a reply shows the disruption.
SEEN_S = 1.2 * tap.PATIENCE


class Machine:
    """A daemon with its server, whose clocks a test bends."""

    def __init__(self, folder):
        self.folder, self.ahead = folder, dict.fromkeys(CLOCKS, 0)
        self.date_s = time.time()
        with open(f"{folder}/bend", "wb") as f:
            f.write(bytes(4096))
        self.environment = {**os.environ, "LD_PRELOAD": BEND, "BEND": f"{folder}/bend", "BEND_FILES": folder,
                            "ASAN_OPTIONS": "verify_asan_link_order=0:handle_segv=0"}

    def bend(self, **seconds):
        """Let clocks be ahead by this many seconds more, all at one instant as far as a file allows."""
        for clock, ahead_s in seconds.items():
            self.ahead[clock] += round(ahead_s * (TSC_HZ if clock == "tsc" else 1e9))
        with open(f"{self.folder}/bend", "r+b") as f:
            f.write(struct.pack(f"={len(CLOCKS)}q", *(self.ahead[clock] for clock in CLOCKS)))

    def answer(self, server, request, number):
        return [fake.reply(request, offset_s=self.ahead["realtime"] / 1e9)]

    @contextlib.contextmanager
    def clock(self, *arguments, lines="", poll=6):
        with fake.Server(self.answer) as server:
            with open(f"{self.folder}/conf", "w") as f:
                f.write(f"server 127.0.0.1 port {server.port} minpoll {poll} maxpoll {poll}\n{lines}")
            with tap.daemon(self.folder, "-c", f"{self.folder}/conf", *arguments, env=self.environment) as running:
                tap.wait_for(lambda: tap.has_time(tap.probe(self.folder)), "the time")
                self.server, self.marker = server, tap.probe(self.folder)["disruption_marker"]
                yield running

    def probe(self, command, *arguments):
        done = subprocess.run([tap.PROBE, command, f"{self.folder}/page", *arguments], stdin=subprocess.DEVNULL,
                              stdout=subprocess.PIPE, text=True, timeout=30 * tap.PATIENCE, env=self.environment)
        tap.check(done.returncode == 0, f"the page cannot be read: {done.stdout}")
        return json.loads(done.stdout)

    def watch(self, seconds):
        return self.probe("watch", str(seconds))

    def check_noticed(self):
        """From a second after the disruption on no reading is outside of its bound, and soon the time is there again."""
        end = time.monotonic() + SEEN_S
        while time.monotonic() < end and tap.probe(self.folder)["disruption_marker"] == self.marker:
            time.sleep(0.05)
        result = self.watch(0.5)
        tap.check(result["outside"] == 0, f"wrong a second later: {result}")
        page = tap.wait_for(lambda: tap.has_time(tap.probe(self.folder)), "the time", 10)
        tap.check(page["disruption_marker"] != self.marker, "the marker is the same")
        result = self.watch(1)
        tap.check(result["outside"] == 0 and result["refused"] == 0, f"wrong afterwards: {result}")


def need_x86():
    if platform.machine() != "x86_64":
        raise tap.Skip("only an x86 machine's counter can be bent")


def need_guest():
    with open("/proc/cpuinfo") as f:
        if " hypervisor" not in f.read():
            raise tap.Skip("the RTC is read in guests only")


def test_a_suspend(folder):
    machine = Machine(folder)
    with machine.clock("--counter", "raw"):
        machine.bend(realtime=9 * HOUR_S, boottime=9 * HOUR_S)
        machine.check_noticed()


def test_a_suspend_after_which_the_counter_is_lower(folder):
    need_x86()
    machine = Machine(folder)
    with machine.clock("--counter", "tsc"):
        machine.bend(realtime=HOUR_S, boottime=HOUR_S, tsc=-90)
        machine.check_noticed()


def test_a_counter_that_jumps_beside_the_kernels_clock(folder):
    """CLOCK_BOOTTIME shows nothing, as where the kernel does not know of the suspend."""
    need_x86()
    machine = Machine(folder)
    with machine.clock("--counter", "tsc"):
        machine.bend(realtime=5, tsc=-90)
        machine.check_noticed()
        machine.marker = tap.probe(folder)["disruption_marker"]
        machine.bend(tsc=1000)
        machine.check_noticed()


def test_a_guest_that_is_restored(folder):
    """loadvm: all clocks of the machine go back by a minute, and the true time does not."""
    need_x86()
    for counter in "tsc", "raw":
        machine = Machine(folder)
        with machine.clock("--counter", counter):
            machine.bend(boottime=-60, monotonic=-60, raw=-60, tsc=-60)
            machine.check_noticed()
        os.remove(f"{folder}/page")


def check_reader(folder, counter, **seconds):
    """The daemon sleeps longer than a reader: the reader who asks for it gets no wrong time, and the others do."""
    machine = Machine(folder)
    with machine.clock("--counter", counter) as running:
        tap.check(machine.probe("check") == {"plain": "ok", "checked": "ok"}, "disrupted before")
        running.send_signal(signal.SIGSTOP)
        machine.bend(**seconds)
        result = machine.probe("check")
        running.send_signal(signal.SIGCONT)
        tap.check(result["plain"] == "ok" and "disrupted" in result["checked"], f"{result}")
        tap.wait_for(lambda: machine.probe("check")["checked"] == "ok", "the time", 10)


def test_a_reader_that_wakes_up_first(folder):
    check_reader(folder, "raw", realtime=HOUR_S, boottime=HOUR_S)


def test_a_reader_of_a_counter_that_jumped(folder):
    need_x86()
    check_reader(folder, "tsc", tsc=90)


def write_rtc(folder, date_s):
    with open(f"{folder}/rtc.new", "w") as f:
        f.write(f"{int(date_s)}\n")
    os.rename(f"{folder}/rtc.new", f"{folder}/rtc")


def test_a_guest_that_is_stopped_is_found_by_its_rtc(folder):
    """stop and cont: the true time and the RTC are 5 s ahead of all that the machine counts."""
    need_guest()
    machine = Machine(folder)
    write_rtc(folder, time.time())
    with machine.clock("--counter", "raw"):
        machine.bend(realtime=5)
        write_rtc(folder, time.time() + 5)
        machine.check_noticed()


def test_a_guest_that_is_stopped_without_a_sign_is_found_by_the_next_reply(folder):
    machine = Machine(folder)
    with machine.clock("--counter", "raw", lines="counterjumps yes\n", poll=3):
        before = len(machine.server.requests)
        machine.bend(realtime=0.5)
        tap.wait_for(lambda: len(machine.server.requests) > before, "the next request")
        tap.wait_for(lambda: tap.probe(folder)["disruption_marker"] != machine.marker, "the disruption")
        tap.check(machine.watch(1)["outside"] == 0, "wrong after the reply that shows it")
        tap.wait_for(lambda: tap.has_time(tap.probe(folder)), "the time", 10)
        tap.check(machine.watch(1)["outside"] == 0, "wrong afterwards")


def test_vmclock_shows_a_migration(folder):
    """The machine went on for some ms less than the true time: nothing but the hypervisor knows."""
    machine = Machine(folder)
    with open(f"{folder}/vmclock", "wb") as f:
        f.write(struct.pack("<II", 0x4b4c4356, 4096).ljust(4096, b"\0"))
    with machine.clock("--counter", "raw"):
        machine.bend(realtime=0.5)
        with open(f"{folder}/vmclock", "r+b") as f:
            f.seek(0x10)
            f.write(struct.pack("<Q", 1))
        machine.check_noticed()


if __name__ == "__main__":
    tap.run(sys.modules[__name__])
