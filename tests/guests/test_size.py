#!/usr/bin/env python3
"""The size of a guest, the memory it uses, and the time until it is synchronised: printed, and held to limits."""
import glob
import os
import re
import subprocess
import sys
import time

import guest
import tap

KIB = 1024


def sizes(files):
    """Text and data of objects, from size(1)."""
    lines = subprocess.run(["size", *files], capture_output=True, text=True, check=True).stdout.splitlines()[1:]
    return sum(int(line.split()[0]) for line in lines), sum(int(line.split()[1]) + int(line.split()[2]) for line in lines)


def linked(path):
    """Code and constants of the core that the linker took, from its map, where a long name has a line of its own."""
    with open(path) as f:
        placed = f.read().partition("Linker script and memory map")[2]
    sections = re.findall(r"^ \.(?:text|rodata)\S*\s+0x[0-9a-f]+\s+(0x[0-9a-f]+) \S*/core/\w+\.o$", placed, re.MULTILINE)
    return sum(int(size, 16) for size in sections)


def test_sizes(folder):
    build = os.environ["GUEST_BUILD"]
    core, core_data = sizes(glob.glob(f"{build}/x86_64/core/*.o"))
    taken = linked(f"{build}/ffntp-x86_64.map")
    whole, whole_data = sizes([guest.IMAGE])
    print(f"# core: {taken} bytes of text in the guest, of {core} in all, and {core_data} of data; whole guest: {whole} bytes "
          f"of text, {whole_data} of data, stack and buffers", flush=True)
    tap.check(20 * KIB < taken <= 70 * KIB, f"the core has {taken} bytes of text in a guest")
    tap.check(whole <= 256 * KIB, f"the guest has {whole} bytes of text")
    tap.check(core_data == 0, f"the core has {core_data} bytes of data")


def boot(folder, machine):
    began = time.monotonic()
    with guest.chronyd(folder) as port:
        began = time.monotonic()
        with guest.Guest(folder, machine, f"server={guest.HOST}:{port} poll=1") as running:
            running.wait_for_status("synchronised")
            took = time.monotonic() - began
            image = re.search(r"image (\d+) KiB", running.said())
    print(f"# {machine}: {image.group(1)} KiB of memory used, page apart; {took:.2f} s from QEMU's start to synchronised",
          flush=True)
    tap.check(took <= 10 * tap.PATIENCE, f"{took} s to synchronised")


def test_boot_on_microvm(folder):
    boot(folder, "microvm")


def test_boot_on_q35(folder):
    boot(folder, "q35")


if __name__ == "__main__":
    tap.run(sys.modules[__name__], together=1)
