#!/usr/bin/env python3
"""Writes the seeds of fuzz_vmclock: pages from the VMClock specification's structure. Usage: seed_vmclock.py FOLDER"""
import struct
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / 'system'))
from vmclock import LAYOUT  # noqa: E402

HZ = 1 << 30
BOUNDED, TAI, GENERATION = 0x78, 0x01, 0x100


def page(distance=0, size=4096, counter=1, time_type=0, sequence=2, flags=BOUNDED, status=2, tai=0, leap=0, shift=29, period=1 << 63,
         maxerror=2000, seconds=20802 * 86400):
    return struct.pack('<q', distance) + struct.pack(
        LAYOUT, 0x4b4c4356, size, 1, counter, time_type, sequence, 77, flags, status, 0, tai, leap, shift, HZ * 5000, period, 1 << 30,
        1 << 43, seconds, 1 << 62, 300, maxerror, 9)


SEEDS = {
    'utc': page(),
    'tai': page(HZ, time_type=1, flags=BOUNDED | TAI, tai=-37),
    'leap': page(20 * HZ, flags=BOUNDED | TAI, tai=-37, leap=1, seconds=20819 * 86400 - 10),
    'inside_leap': page(leap=3),
    'signals_only': page(counter=255, flags=GENERATION, status=0),
    'no_bound': page(flags=0),
    'unreliable': page(status=4),
    'in_update': page(sequence=3),
    'short': page(size=0x40),
    'coarse': page(-HZ, shift=0, period=1 << 60),
    'shift': page(shift=200),
}


def main():
    for name, bytes_of in SEEDS.items():
        Path(sys.argv[1], name).write_bytes(bytes_of)


main()
