#!/usr/bin/env python3
"""Writes the seeds of fuzz_cookies: seed_cookies.py FOLDER."""
import os
import struct
import sys


def sized(data):
    return struct.pack('!H', len(data)) + data


def total(data):
    value = 0xcbf29ce484222325
    for byte in data:
        value = (value ^ byte) * 0x100000001b3 % 2**64
    return struct.pack('!Q', value)


def dump(host=b'time.example.org', asked=b'192.0.2.1:4460', server=b'192.0.2.1:123', cookies=(bytes(100),) * 8, aead=15, more=b'',
         magic=0x66666e7470000001):
    data = struct.pack('!Q', magic) + bytes(32) + struct.pack('!q', 1796000000) + sized(host) + sized(asked) + sized(server)
    data += struct.pack('!H', aead) + bytes(64) + struct.pack('!H', len(cookies)) + b''.join(sized(each) for each in cookies) + more
    return data + total(data)


SEEDS = {
    'good': dump(),
    'one': dump(cookies=(bytes(256),)),
    'gcm-siv': dump(aead=30, cookies=(bytes(64), bytes(96))),
    'ipv6': dump(asked=b'[fe80::1%eth0]:4460', server=b'[2001:db8::1]:123'),
    'none': dump(cookies=()),
    'nine': dump(cookies=(bytes(16),) * 9),
    'odd-cookie': dump(cookies=(bytes(17),)),
    'long-cookie': dump(cookies=(bytes(260),)),
    'no-host': dump(host=b''),
    'long-host': dump(host=b'a' * 256),
    'control-character': dump(server=b'192.0.2.1\n:123'),
    'more': dump(more=bytes(4)),
    'version': dump(magic=0x66666e7470000002),
    'cut': dump()[:-1],
    'sum': dump()[:-8] + bytes(8),
    'short': bytes(7),
}


def main():
    os.makedirs(sys.argv[1], exist_ok=True)
    for name, data in SEEDS.items():
        with open(os.path.join(sys.argv[1], name), 'wb') as seed:
            seed.write(data)


main()
