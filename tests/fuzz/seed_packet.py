#!/usr/bin/env python3
"""Writes the seeds of fuzz_packet: replies of every kind that the client distinguishes.

Usage: seed_packet.py FOLDER
"""
import os
import struct
import sys

KNOWS_NONCE, KNOWS_OLDER, SENT_LATER, GAVE_UP, HAD_ANOTHER, INTERLEAVED, HAS_FORMER, KNOWS_SECOND = (1 << i for i in range(8))
RECEIVE = 0xe8000000 << 32


def packet(first=0x24, stratum=1, precision=-20, delay=0x100, dispersion=0x200, refid=b'GPS\0', receive=RECEIVE,
           residence=429497, origin=0x1111111111111111):
    return struct.pack('!BBbbII4sQQQQ', first, stratum, 6, precision, delay, dispersion, refid, RECEIVE - (64 << 32),
                       origin, receive, (receive + residence) % 2**64)


def field(kind, length, takes=None):
    return struct.pack('!HH', kind, length) + bytes((takes or length) - 4)


def root_field(delay, dispersion):
    return struct.pack('!HHIIIQI', 0xf323, 28, 0xf5bedd9a, delay, dispersion, RECEIVE, 7)


def zeros(count):
    return bytes(count)


def kiss(code):
    return packet(first=0xe4, stratum=0, refid=code, receive=0, residence=0)


SEEDS = {
    'good': packet(),
    'good-era-end': packet(receive=2**64 - 1000),
    'leap-61': packet(first=0x64),
    'leap-59': packet(first=0xa4),
    'unsynchronised': packet(first=0xe4),
    'stratum-0': packet(stratum=0, refid=zeros(4)),
    'stratum-15': packet(stratum=15),
    'stratum-16': packet(stratum=16),
    'version-3': packet(first=0x1c),
    'client': packet(first=0x23),
    'broadcast': packet(first=0x25),
    'control': packet(first=0x26),
    'rate': kiss(b'RATE'),
    'deny': kiss(b'DENY'),
    'rstr': kiss(b'RSTR'),
    'init': kiss(b'INIT'),
    'other-kiss': kiss(b'XFUN'),
    'no-receive': packet(receive=0),
    'no-transmit': packet(receive=2**64 - 1, residence=1),
    'backwards-a-little': packet(residence=-4294),
    'backwards': packet(residence=-5000),
    'long-residence': packet(residence=1 << 32),
    'root-delay': packet(delay=0xffffffff),
    'root-dispersion': packet(dispersion=0x30000),
    'precision': packet(precision=127),
    'precision-0': packet(precision=0),
    'precision-fine': packet(precision=-128),
    'crypto-nak': packet() + zeros(4),
    'mac-128': packet() + zeros(20),
    'mac-160': packet() + zeros(24),
    'mac-bad': packet() + zeros(12),
    'field': packet() + field(0x0104, 36),
    'field-least': packet() + field(0x0104, 28),
    'field-mac': packet() + field(0x0104, 16) + zeros(20),
    'fields-nts': packet() + field(0x0104, 36) + field(0x0404, 144),
    'fields-many': packet() + 100 * field(0x0104, 16) + zeros(24),
    'root-field': packet(delay=3, dispersion=2) + root_field(3 * 4096 - 100, 2 * 4096),
    'root-field-bad': packet(delay=3, dispersion=2) + root_field(0xffffffff, 0),
    'root-fields': packet(delay=3, dispersion=2) + root_field(1, 1) + root_field(3 * 4096, 2 * 4096 - 1),
    'field-0': packet() + field(0x0104, 0, 28),
    'field-odd': packet() + field(0x0104, 30),
    'field-long': packet() + field(0x0104, 65532, 64),
    'field-short': packet() + field(0x0104, 12, 12) + field(0x0104, 28),
    'short': packet()[:47],
    'empty': b'',
}

AROUND = {
    'known': (KNOWS_NONCE, 0x100000000, 10_000_000),
    'sent-later': (KNOWS_NONCE | SENT_LATER | HAD_ANOTHER, 2**64 - 5_000_000, 10_000_000),
}

OTHERS = {
    'off-path': (0, 1 << 40, 10_000_000),
    'late': (KNOWS_OLDER | HAD_ANOTHER, 1 << 40, 10_000_000),
    'given-up': (KNOWS_NONCE | GAVE_UP, 1 << 40, 10_000_000),
    'no-time-passed': (KNOWS_NONCE, 1 << 40, 0),
    'counter-back': (KNOWS_NONCE, 1 << 40, 2**64 - 1),
    'counter-jumped': (KNOWS_NONCE, 1 << 40, 2**63 - 1),
    'slow': (KNOWS_NONCE, 1 << 40, 17_000_000_000),
    'quick': (KNOWS_NONCE, 1 << 40, 99_000),
}

# The former exchange's receive timestamp, and a request that asks for its transmit timestamp.
FORMER = 0xe8000000fffff000
ASKED = INTERLEAVED | HAS_FORMER | KNOWS_SECOND
AT = (1 << 40, 10_000_000)


def interleaved(residence=4295, **fields):
    """A reply a second after the former exchange, with the time at which the former reply left."""
    receive = FORMER + 2**32
    return packet(receive=receive, residence=FORMER + residence - receive, **fields)


INTERLEAVED_SEEDS = {
    'xleave': (ASKED, interleaved()),
    'xleave-first': (INTERLEAVED | KNOWS_SECOND, interleaved()),
    'xleave-sent-later': (ASKED | SENT_LATER, interleaved()),
    'xleave-basic': (INTERLEAVED | HAS_FORMER | KNOWS_NONCE, packet(receive=FORMER + 2**32)),
    'xleave-late': (ASKED | GAVE_UP, interleaved()),
    'xleave-not-asked': (KNOWS_SECOND, interleaved()),
    'xleave-older': (INTERLEAVED | HAS_FORMER | KNOWS_OLDER, interleaved()),
    'xleave-other-reply': (ASKED, interleaved(residence=1 << 32)),
    'xleave-backwards': (ASKED, interleaved(residence=-5000)),
    'xleave-no-transmit': (ASKED, interleaved(residence=-FORMER)),
    'xleave-root': (ASKED, interleaved(delay=3, dispersion=2) + root_field(3 * 4096 - 100, 2 * 4096)),
    'xleave-kiss': (ASKED, kiss(b'RATE')),
    'xleave-unsynchronised': (ASKED, interleaved(first=0xe4)),
    'xleave-stratum': (ASKED, interleaved(stratum=15)),
}


def write(folder, name, around, datagram):
    with open(os.path.join(folder, name), 'wb') as seed:
        seed.write(struct.pack('!BQQ', *around) + datagram)


def main():
    folder = sys.argv[1]
    os.makedirs(folder, exist_ok=True)
    for seed, datagram in SEEDS.items():
        write(folder, seed, AROUND['known'], datagram)
    write(folder, 'sent-later', AROUND['sent-later'], packet())
    for seed, around in OTHERS.items():
        write(folder, seed, around, packet())
    for seed, (flags, datagram) in INTERLEAVED_SEEDS.items():
        write(folder, seed, (flags, *AT), datagram)
    write(folder, 'xleave-counter-back', (ASKED, 1 << 40, 2**64 - 1), interleaved())


main()
