#!/usr/bin/env python3
"""Events in the life of guests with Debian's own kernels: they are stopped, restored into the past, and moved to another QEMU. ffntpd in
the guest has a poll interval of 64 s, and its readings are compared with the host's clock all the time."""
import contextlib
import os
import sys
import time

import guest
import linuxworld
import tap
from test_events import disk_of

DISRUPTED_S = 1.0               # after the resumption, no reading is outside its bound later than this
RIGHT_S = 10.0                  # and there are readings again within this
PAUSE_S = 5
BURST_S = 18                    # eight requests, 2 s apart: afterwards the next reply is up to a minute away
BOOT_S = 60


def check_right_again(watch, resumed_s, what):
    """Wait for the end of the burst after an event; check the readings since the guest was resumed."""
    right_s = watch.wait_for_time(resumed_s + DISRUPTED_S, RIGHT_S) + DISRUPTED_S
    time.sleep(max(0, resumed_s + BURST_S - time.monotonic()))
    seen = watch.after(resumed_s)
    wrong = [reading for reading in seen if reading.outside_s > 0]
    refused = [reading for reading in seen if reading.result != 0]
    last_s = wrong[-1].began_s - resumed_s if wrong else 0
    print(f"# {what}: {len(wrong)} of {len(seen)} readings outside, the last {last_s:.2f} s after the resumption, by up to "
          f"{max((reading.outside_s for reading in wrong), default=0):.1f} s; {len(refused)} refused; right again after {right_s:.2f} s; "
          f"bound {seen[-1].bound_s * 1e3:.2f} ms", flush=True)
    tap.check(len(seen) > 10 * BURST_S, f"too few readings: {len(seen)}")
    tap.check(wrong or refused, "the event had no effect")
    tap.check(last_s <= DISRUPTED_S, f"wrong {last_s} s after the resumption")
    tap.check(right_s <= RIGHT_S, f"not right again after {right_s} s")
    tap.check(seen[-1].result == 0 and seen[-1].bound_s < 0.1, "it has no time at the end")


def resume(running):
    running.order("cont")
    return time.monotonic()


@contextlib.contextmanager
def watched(running):
    """Yield a watch of a guest that has the time, after its first burst."""
    with running, linuxworld.Watch(running) as watch:
        try:
            watch.wait_for_time(0, BOOT_S)
            time.sleep(BURST_S)
            yield watch
        except AssertionError as problem:
            raise AssertionError(f"{problem}; the guest: {running.said()[-1500:]}") from problem
        wrong = [reading for reading in watch.readings if reading.outside_s > 0]
        print(f"# {len(watch.readings)} readings, {len(wrong)} outside", flush=True)


def stop(running, watch, snapshot):
    running.order("stop")
    stopped_s = time.monotonic()
    tap.check(all(reading.outside_s == 0 for reading in watch.after(0)), "wrong before any event")
    running.human(f"savevm {snapshot}")
    time.sleep(max(0, stopped_s + PAUSE_S - time.monotonic()))


def restore(running, snapshot):
    running.order("stop")
    running.human(f"loadvm {snapshot}")
    return resume(running)


def move(running, path):
    """Write the guest to a file, and end QEMU."""
    running.order("stop")
    running.order("migrate", uri=f"exec:cat >{path}")
    tap.wait_for(lambda: running.order("query-migrate").get("status") == "completed", "the migration to the file")
    running.process.kill()
    running.process.wait()
    time.sleep(PAUSE_S)


@contextlib.contextmanager
def arrived(running, path):
    """Yield a guest that continues in another QEMU, and the time when it does."""
    running.command += ["-incoming", f"exec:cat {path}"]
    with running, linuxworld.Watch(running) as watch:
        tap.wait_for(lambda: running.order("query-status")["status"] not in ("inmigrate", "prelaunch"), "the migration from the file")
        yield watch, resume(running)


def live(folder, suite, *, is_stopped, options=(), **more):
    """Let a guest live through the events. is_stopped: it can notice that it was stopped and continued."""
    kernel = linuxworld.Archive(suite).kernel()
    with guest.chronyd(folder) as port:
        image = f"{folder}/initramfs"
        linuxworld.build(image, kernel, f"server {guest.HOST} port {port} iburst minpoll 6 maxpoll 6\n")
        options = [*disk_of(folder), *options]
        running = linuxworld.Linux(folder, kernel, image, options=options, **more)
        with watched(running) as watch:
            stop(running, watch, "past")
            resumed = resume(running)
            if is_stopped:
                check_right_again(watch, resumed, "stopped and continued")
            else:
                time.sleep(3)
            check_right_again(watch, restore(running, "past"), "restored from a snapshot")
            move(running, f"{folder}/state")
        with arrived(linuxworld.Linux(folder, kernel, image, name="moved", options=options, **more), f"{folder}/state") as (watch, resumed):
            check_right_again(watch, resumed, "moved to another QEMU")


def test_debian_13(folder):
    live(folder, "trixie", is_stopped=True)


def test_debian_13_with_the_kernel_of_backports(folder):
    live(folder, "trixie-backports", is_stopped=True)


def test_vmclock_shows_what_the_rtc_does_not(folder):
    """The RTC stands still with the guest: VMClock's disruption marker is the only sign."""
    qemu, environment = linuxworld.Archive("trixie").qemu()
    live(folder, "trixie-backports", is_stopped=False, qemu=qemu, environment=environment,
         options=["-device", "vmclock", "-rtc", "clock=vm"])


if __name__ == "__main__":
    tap.run(sys.modules[__name__], together=int(os.environ.get("TOGETHER", "2")))
