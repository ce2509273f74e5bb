#!/usr/bin/env python3
"""Writes the seeds of fuzz_client: the events of clients in ordinary operation.

Usage: seed_client.py FOLDER
"""
import os
import struct
import sys

RADCLOCK, MAY_JUMP, TAI, FAST, SHORT = 1, 2, 4, 8, 16


def leap(ticks):
    return struct.pack('!BQ', 0, ticks)


def wait(us):
    return b'\1' + us.to_bytes(3, 'big')


def reply(leap=0, stratum=1, precision=-20, delay=0x100, dispersion=0x200, refid=b'GPS\0', receive=0, residence=1000):
    return struct.pack('!BBBbII4sQI', 3, leap, stratum, precision, delay, dispersion, refid, receive, residence)


def exchange(there_us=2000, back_us=2000, error=0):
    return struct.pack('!BHHi', 4, there_us, back_us, error) + bytes(8)


def exchanges(count, interval_s=16):
    """Make exchanges. Each is followed by a reading at a far counter value, which takes 8 bytes of the input: zeros, here."""
    return struct.pack('!BBB', 5, count, interval_s - 1) + bytes(8 * count)


def datagram(data):
    return struct.pack('!BB', 6, len(data)) + data + bytes(8)


ASK = b'\2'
SENT = b'\7' + (2**31 - 5000).to_bytes(4, 'big')
TIMER, DISRUPTED, CHANGED = b'\x08' + bytes(8), b'\x09' + bytes(8), b'\x0a' + bytes(8)
MINUTE = 60 * 10**9

SEEDS = {
    'steady': exchanges(63) + exchanges(63) + exchanges(63),
    'fast': exchanges(63, 1) + exchanges(63, 1),
    'rare': exchanges(63, 256),
    'server-jumps': exchanges(40) + exchange(error=2**31 - 1) * 20 + exchanges(20),
    'server-drifts': exchanges(40) + b''.join(exchange(error=i * 10**6) + wait(16 * 10**6) for i in range(20)),
    'counter-jumps': exchanges(40) + leap(3600 * 10**9) + exchanges(40),
    'counter-returns': exchanges(40) + leap(2**64 - MINUTE) + exchanges(40),
    'counter-far': exchanges(40) + leap(2**63) + exchanges(40) + leap(2**63 - 1) + exchanges(10),
    'silent': exchanges(40) + TIMER * 60,
    'disrupted': exchanges(40) + DISRUPTED + exchanges(40),
    'changed': exchanges(40) + CHANGED + exchanges(40),
    'path': exchanges(20) + exchange(20000, 2000) * 10 + exchange(2000, 65535) * 10 + exchange(0, 0) * 10,
    'kisses': ASK + wait(1000) + reply(3, 0, refid=b'RATE') +
              ASK + wait(1000) + reply(3, 0, refid=b'DENY') + TIMER * 10,
    'anything': ASK + wait(1000) + reply() + ASK + SENT + wait(10) + reply(receive=2**64 - 1) +
                ASK + reply(stratum=16),
    'datagrams': datagram(b'') + datagram(bytes(48)) + datagram(b'\x24\1\6\xec' + bytes(60)),
}


def main():
    folder = sys.argv[1]
    os.makedirs(folder, exist_ok=True)
    for name, steps in SEEDS.items():
        for suffix, bits in (('law', TAI | SHORT), ('radclock', RADCLOCK | MAY_JUMP | FAST)):
            with open(os.path.join(folder, f'{name}-{suffix}'), 'wb') as seed:
                seed.write(bytes([bits]) + steps)


main()
