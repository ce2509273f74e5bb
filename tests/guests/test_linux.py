#!/usr/bin/env python3
"""Events in the life of guests with Debian's own kernels: they are stopped, restored into the past, and moved to another QEMU. ffntpd in
the guest has a poll interval of 64 s, and its readings are compared with the host's clock all the time."""
import contextlib
import re
import struct
import subprocess
import sys
import time

import guest
import linuxworld
import tap
from test_events import disk_of

# After the resumption, no reading is outside its bound later than this. The daemon looks every 0.9 s; on a busy machine QEMUs of the
# same priority take turns of 0.1 s.
DISRUPTED_S = 1.0 + 0.2 * (tap.PATIENCE - 1)
RIGHT_S = 10.0                  # and there are readings again within this
PAUSE_S = 5
WATCHED_S = 18                  # readings are checked for this long after the resumption
POLL_S = 64                     # from the first request on, so that no reply is the first sign of an event
PATIENCE_S = 30                 # beyond an interval, on a busy machine
BOOT_S = 60


def check_right_again(watch, former, resumed_s, what):
    """Check the readings since the guest was resumed, and that the disruption marker is no longer the former one. Return the marker."""
    right_s = watch.wait_for_time(resumed_s + DISRUPTED_S, RIGHT_S) + DISRUPTED_S
    time.sleep(max(0, resumed_s + WATCHED_S - time.monotonic()))
    seen = watch.after(resumed_s)
    wrong = [reading for reading in seen if reading.outside_s > 0]
    refused = [reading for reading in seen if reading.result != 0]
    last_s = wrong[-1].began_s - resumed_s if wrong else 0
    print(f"# {what}: {len(wrong)} of {len(seen)} readings outside, the last {last_s:.2f} s after the resumption, by up to "
          f"{max((reading.outside_s for reading in wrong), default=0):.1f} s; {len(refused)} refused; right again after {right_s:.2f} s; "
          f"bound {seen[-1].bound_s * 1e3:.2f} ms", flush=True)
    tap.check(len(seen) > 10 * WATCHED_S, f"too few readings: {len(seen)}")
    tap.check(seen[-1].marker != former, "the daemon noticed nothing")
    tap.check(last_s <= DISRUPTED_S, f"wrong {last_s} s after the resumption")
    tap.check(right_s <= RIGHT_S * tap.PATIENCE, f"not right again after {right_s} s")
    tap.check(seen[-1].result == 0 and seen[-1].bound_s < 0.1, "it has no time at the end")
    return seen[-1].marker


def resume(running):
    running.order("cont")
    return time.monotonic()


def wait_for_an_interval(running, watch):
    """Wait for the first two replies, which are a full interval apart: the clock is synchronised with the second one."""
    watch.wait_for_time(0, BOOT_S)
    first_s = time.monotonic()
    running.wait_for_line("the clock is synchronised", POLL_S + PATIENCE_S)
    interval_s = time.monotonic() - first_s
    print(f"# the first two replies were {interval_s:.1f} s apart", flush=True)
    tap.check(interval_s > POLL_S - 5, f"the second reply came {interval_s} s after the first: the interval is not {POLL_S} s")
    time.sleep(2)


@contextlib.contextmanager
def watched(running):
    """Yield a watch of a guest that has the time and polls at its full interval."""
    with running, linuxworld.Watch(running) as watch:
        try:
            wait_for_an_interval(running, watch)
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
    """Let a guest live through the events. is_stopped: it can notice that it was stopped and continued. Without the option iburst there is
    one request after the start and after each event, and the next one a full interval later."""
    kernel = linuxworld.Archive(suite).kernel()
    with guest.chronyd(folder) as port:
        image = f"{folder}/initramfs"
        linuxworld.build(image, kernel, f"server {guest.HOST} port {port} minpoll 6 maxpoll 6\n")
        options = [*disk_of(folder), *options]
        running = linuxworld.Linux(folder, kernel, image, options=options, **more)
        with watched(running) as watch:
            first = watch.readings[-1].marker
            stop(running, watch, "past")
            resumed = resume(running)
            if is_stopped:
                check_right_again(watch, first, resumed, "stopped and continued")
            marker = check_right_again(watch, first, restore(running, "past"), "restored from a snapshot")
            move(running, f"{folder}/state")
        with arrived(linuxworld.Linux(folder, kernel, image, name="moved", options=options, **more), f"{folder}/state") as (watch, resumed):
            check_right_again(watch, marker, resumed, "moved to another QEMU")


def test_debian_13(folder):
    live(folder, "trixie", is_stopped=True)


def test_debian_13_with_the_kernel_of_backports(folder):
    live(folder, "trixie-backports", is_stopped=True)


def test_vmclock_shows_what_the_rtc_does_not(folder):
    """The RTC stands still with the guest, and the network card does not announce itself: the disruption marker is the only sign."""
    qemu, environment = linuxworld.Archive("trixie").qemu()
    live(folder, "trixie-backports", is_stopped=False, qemu=qemu, environment=environment,
         devices=["-device", "e1000,netdev=net,romfile="], options=["-device", "vmclock", "-rtc", "clock=vm"])


# --- a page of ours behind a VMClock device ---

# The guest answers its probe, the memory of the card in slot 0x11, before it starts the daemon.
MEASURE = """probe=/sys/bus/pci/devices/0000:00:11.0
echo 1 >$probe/enable
answer probe $probe/resource2
echo "guest: $(cat /sys/class/ptp/ptp0/clock_name)"
"""
SHOWN_S = 15
PROBE_WORDS, OFFSET_WORD, END_WORD = 8, 4, 7    # as in truth.c and answer.c


def table(folder):
    """Compile the table of docs/vmclock.md that makes a VMClock device of the card in slot 0x10."""
    with open(f"{linuxworld.TOP}/docs/vmclock.md") as f:
        [source] = re.findall(r"(?m)^    DefinitionBlock.*\n(?:(?:    .*)?\n)*?^    }\n", f.read())
    with open(f"{folder}/vmclock.asl", "w") as f:
        f.write(source)
    done = subprocess.run(["iasl", f"{folder}/vmclock.asl"], cwd=folder, stdin=subprocess.DEVNULL, capture_output=True, text=True)
    tap.check(done.returncode == 0, f"iasl: {done.stdout}{done.stderr}")
    return ["-acpitable", f"file={folder}/vmclock.aml"]


def card(name, path, slot, more=""):
    return ["-object", f"memory-backend-file,id={name},mem-path={path},size=4096,share=on{more}", "-device",
            f"ivshmem-plain,memdev={name},addr={slot:#x}"]


def measured_offset(probe):
    """Return the guest's counter minus this machine's."""
    guest.truth("tell", probe, 0, 0)
    with open(probe, "rb") as f:
        return struct.unpack(f"<{PROBE_WORDS}q", f.read(8 * PROBE_WORDS))[OFFSET_WORD]


def end_probe(probe):
    with open(probe, "r+b") as f:
        f.seek(8 * END_WORD)
        f.write(struct.pack("<q", 1))


def host(folder, page, port, offset):
    return tap.daemon(folder, "--poll", "1", "--guest-page", page, "--counter-offset", str(offset), f"127.0.0.1:{port}",
                      preexec_fn=guest.first)


def check_all_inside(watch, seconds, what):
    """Check the readings of the last seconds."""
    seen = watch.after(time.monotonic() - seconds)
    wrong = [reading for reading in seen if reading.outside_s > 0]
    bounds = sorted(reading.bound_s * 1e6 for reading in seen)
    print(f"# {what}: {len(wrong)} of {len(seen)} readings outside; bound: median {bounds[len(bounds) // 2]:.0f} us, at most "
          f"{bounds[-1]:.0f} us", flush=True)
    tap.check(len(seen) > 10 * seconds, f"too few readings: {len(seen)}")
    tap.check(all(reading.result == 0 for reading in seen), f"refused: {[reading.result for reading in seen]}")
    tap.check(not wrong, f"outside by {max(reading.outside_s for reading in wrong) if wrong else 0} s")


def show_page(folder, source):
    """Show a guest our page as a VMClock device. source: the only one in the configuration of its daemon."""
    kernel = linuxworld.Archive("trixie-backports").kernel()
    qemu, environment = linuxworld.Archive("trixie").qemu()
    shared = tap.make_folder("ffntp-cards-", "/dev/shm")
    page, probe, image = f"{shared}/page", f"{shared}/probe", f"{folder}/initramfs"
    with open(probe, "wb") as f:
        f.write(bytes(4096))
    linuxworld.build(image, kernel, f"{source}\n", MEASURE)
    options = [*card("clock", page, 0x10, ",readonly=on"), *card("probe", probe, 0x11), *table(folder)]
    with contextlib.ExitStack() as cleaning, guest.chronyd(folder) as port:
        cleaning.callback(tap.remove_folder, shared)
        with host(folder, page, port, 0):
            tap.wait_for_status(folder, "synchronised")
            running = cleaning.enter_context(linuxworld.Linux(folder, kernel, image, words="tsc=reliable clocksource=tsc", qemu=qemu,
                                                              environment=environment, options=options))
            running.wait_for_line("guest: Linux", BOOT_S)
            offset = measured_offset(probe)
        with host(folder, page, port, offset):
            tap.wait_for_status(folder, "synchronised")
            end_probe(probe)
            running.wait_for_line("guest: .*vmclock", BOOT_S)
            with linuxworld.Watch(running) as daemon, linuxworld.Watch(running, 1) as device:
                daemon.wait_for_time(0, BOOT_S)
                device.wait_for_time(0, BOOT_S)
                time.sleep(SHOWN_S)
                check_all_inside(daemon, SHOWN_S, f"the daemon's page, by {source}")
                check_all_inside(device, SHOWN_S, "/dev/vmclock0")


def test_a_page_of_ours_is_a_ptp_clock_of_the_guest(folder):
    show_page(folder, "refclock PHC /dev/ptp0 tai poll 1 maxerror 1e-5")


def test_a_page_of_ours_is_a_source_of_the_guest(folder):
    show_page(folder, "refclock VMCLOCK /dev/vmclock0 poll 1")


if __name__ == "__main__":
    tap.run(sys.modules[__name__], together=3)
