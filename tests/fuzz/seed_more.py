#!/usr/bin/env python3
"""Writes seeds of the targets scrape, reply, resolve, virtio and xenstore: seed_more.py CORPUS. The same seeds each time."""
import os
import random
import sys

GET = b"GET /metrics HTTP/1.1\r\nHost: localhost\r\n"
SEEDS = {
    "scrape": {
        "get": b"\xff" + GET + b"\r\n", "open": b"\x10" + GET + b"Accept: application/openmetrics-text;version=1.0.0\r\n\r\n",
        "head": b"\x01HEAD /metrics?a=b HTTP/1.0\n\n", "post": b"\xffPOST /metrics HTTP/1.1\r\n\r\n", "path": b"\xffGET / HTTP/1.1\r\n\r\n",
        "none": b"\xffEHLO\r\n\r\n", "nul": b"\xffGET /\0 HTTP/1.1\r\n\r\n", "long": b"\xffGET /" + b"a" * 4200, "cut": b"\x00GET /metr", "empty": b"",
    },
    "reply": {
        "done": b"0 1 server asked with a burst", "just": b"0 ", "busy": b"6 an earlier change waits", "code": b"8 no", "word": b"no", "nul": b"0\0 x",
        "terminal": b"1 \x1b[2J\x7f\x07", "long": b"2 " + b"a" * 800, "digit": b"0", "empty": b"",
    },
    "resolve": {
        "name": b"ntp.example.org", "port": b"ntp.example.org:1123", "v4": b"192.0.2.1", "v4-port": b"192.0.2.1:123", "v6": b"2001:db8::1",
        "v6-port": b"[2001:db8::1]:123", "zone": b"fe80::1%lo", "zone-port": b"[fe80::1%lo]:5", "zone-number": b"fe80::1%1",
        "short": b"127.1", "hex": b"0x7f.1", "srv": b"_ntp._udp.example.org", "open": b"[::1", "none": b":", "port-0": b"a:0",
        "mapped": b"::ffff:192.0.2.1", "empty": b"", "slash": b"a/b",
    },
}


def random_seeds(seed, count, most):
    """The input of the rings is a course of choices, of which any is as good as another."""
    source = random.Random(seed)
    return {f"course-{i}": bytes([1]) + source.randbytes(source.randrange(8, most)) for i in range(count)}


def main():
    seeds = SEEDS | {"virtio": random_seeds(1, 8, 200), "xenstore": random_seeds(2, 8, 200)}
    for target, files in seeds.items():
        os.makedirs(f"{sys.argv[1]}/{target}", exist_ok=True)
        for name, data in files.items():
            with open(f"{sys.argv[1]}/{target}/{name}", "wb") as f:
                f.write(data)


main()
