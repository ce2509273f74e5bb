#!/usr/bin/env python3
"""Writes the seeds of fuzz_page: a page that is whole, and one damage to each part of it.

Usage: seed_page.py FOLDER
"""
import os
import struct
import sys

SECOND = 1000000000
COPY = 0x158 - 0x010        # from the words of the map to their copy
ALL = 2**64 - 1


def change(offset, bits):
    """Change these bits of the byte at the offset, and those above it in its word."""
    return struct.pack('>H', offset // 8) + struct.pack('<Q', bits << 8 * (offset % 8) & ALL)


def both(offset, bits):
    """The map's word, and its copy, so that they stay equal."""
    return change(offset, bits) + change(offset + COPY, bits)


SEEDS = {
    'whole': b'',
    'magic': change(0x000, 1),
    'size': change(0x004, 0x10000),
    'version': change(0x008, 2),
    'odd-sequence': change(0x00c, 1),
    'marker': both(0x010, ALL),
    'status': both(0x022, 0xf0),
    'tai-offset': both(0x024, 0x7fff),
    'leap': both(0x026, 0x10),
    'shift': both(0x027, 0xff),
    'at': both(0x028, 1 << 63),
    'period': both(0x030, ALL),
    'period-least': both(0x030, 0x7f << 56),
    'period-maxerror': both(0x040, ALL),
    'time': both(0x048, 1 << 63),
    'time-far': both(0x048, 1 << 61),
    'time-era': both(0x048, 1 << 32),
    'map-alone': change(0x030, 1),
    'copy-alone': change(0x158, 1),
    'steady-period': change(0x230, ALL) + change(0x2a0, ALL),
    'steady-elapsed': change(0x240, 1 << 63) + change(0x2b0, 1 << 63),
    'steady-ahead': change(0x260, 1 << 59) + change(0x2d0, 1 << 59),
    'leap-second': change(0x858, ALL) + change(0x1e0, ALL),
    'leap-second-far': change(0x858, 1 << 63) + change(0x1e0, 1 << 63),
    'anchor-count': change(0x840, ALL) + change(0x1c8, ALL),
    'anchors': b''.join(change(offset, ALL) for offset in range(0x900, 0xa00, 0x70)),
    'line': b''.join(change(offset, ALL) for offset in range(0x880, 0x8e8, 8)),
    'sources': change(0x848, ALL) + change(0x1d0, ALL),
    'boot': change(0x810, 1),
}

for name, changes in SEEDS.items():
    with open(os.path.join(sys.argv[1], name), 'wb') as seed:
        seed.write(struct.pack('>Q', SECOND) + changes)
for name, counter in {'counter-back': ALL - SECOND, 'counter-far': 1 << 62, 'counter-half': 1 << 63}.items():
    with open(os.path.join(sys.argv[1], name), 'wb') as seed:
        seed.write(struct.pack('>Q', counter))
