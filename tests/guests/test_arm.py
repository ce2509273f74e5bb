#!/usr/bin/env python3
"""The guest on aarch64: QEMU's -M virt, whose counter is CNTVCT at 62.5 MHz."""
import sys
import time

import guest
import tap


def test_virt_keeps_time(folder):
    with guest.chronyd(folder) as port, guest.Guest(folder, "virt", f"server={guest.HOST}:{port} poll=1") as running:
        running.wait_for_status("synchronised")
        time.sleep(8)
        seen = guest.truth("samples", running.memory, guest.PAGE, guest.PROBE, 20)[0]
        guest.check_watched(seen, 10)
        tap.check("exception" not in running.said(), running.said())


def test_stopped_and_continued(folder):
    with guest.chronyd(folder) as port, guest.Guest(folder, "virt", f"server={guest.HOST}:{port} poll=4") as running:
        running.wait_for_status("synchronised")
        time.sleep(3)
        running.human("stop")
        time.sleep(10)
        running.human("cont")
        running.wait_for_line("stood still or jumped; disrupted")
        running.wait_for_status("synchronised")


def test_refusals(folder):
    for number, (words, line, options) in enumerate([
            ("", "command line: server=NAME is missing", {}),
            ("server=a page=0x41000001", "command line: invalid: page=", {}),
            ("server=a page=0x40400000", "command line: page= is not free memory", {}),
            ("server=a page=0x80000000", "command line: page= is not free memory", {}),
            ("server=a", "no entropy", {"cpu": "cortex-a57", "devices": ["-device", "virtio-net-device,netdev=net"]}),
            ("server=a", "there is no network card", {"devices": ["-device", "virtio-rng-device"]})]):
        with guest.Guest(folder, "virt", words, name=f"guest{number}", page=False, **options) as running:
            running.wait_for_line(f"ffntp: stopped: {line}")
            tap.check(running.is_running(), "the machine is not running")


if __name__ == "__main__":
    tap.run(sys.modules[__name__], together=2)
