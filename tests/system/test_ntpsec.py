#!/usr/bin/env python3
"""
Against ntpsec's ntpd: a minute at a request a second, two and a half more with its usual limit of the rate, and with
symmetric keys. It always binds port 123, and so runs in a network namespace.
"""
import contextlib
import os
import sys
import time

import certificates
import namespace
import ntsload
import packages
import tap

SECONDS = 60
CONFIG = """disable ntp
tos orphan 5 orphanwait 1
tos minsane 1 minclock 1
driftfile /nonexistent
"""
UNLIMITED = "restrict default noquery\n"


KEY = "00112233445566778899aabbccddeeff"


@contextlib.contextmanager
def ntpd(folder, more=UNLIMITED, enters=True):
    """Run ntpd, in a namespace of its own if enters. more: further lines of its configuration."""
    program = packages.program("ntpsec", "/usr/sbin/ntpd")
    if enters:
        namespace.enter()
        namespace.switch_loopback(True)
    with open(f"{folder}/ntp.conf", "w") as f:
        f.write(CONFIG + more)
    with tap.process([program, "-n", "-g", "-c", f"{folder}/ntp.conf"], f"{folder}/ntpd.log",
                     preexec_fn=namespace.without_the_clock):
        yield


def test_time_from_ntpsec(folder):
    with ntpd(folder), tap.daemon(folder, "--poll", "1", "-v", "127.0.0.1"):
        tap.wait_for_status(folder, "synchronised", 60)
        tap.check_watched(tap.watch(folder, SECONDS), SECONDS)


def test_a_rate_is_found_that_ntpsec_serves(folder):
    """One request a second is over its limit after 75 s, and it counts what it drops."""
    with ntpd(folder, ""), tap.daemon(folder, "--poll", "1", "-v", "127.0.0.1"):
        tap.wait_for_status(folder, "synchronised", 60)
        tap.wait_for(lambda: tap.probe(folder)["poll_log2_s"] == 1, "an interval of 2 s", 110)
        for _ in range(4):
            before = tap.probe(folder)["verdicts"]["accepted"]
            time.sleep(15)
            after = tap.probe(folder)["verdicts"]["accepted"]
            tap.check(after >= before + 4, f"{after - before} replies in 15 s")


@contextlib.contextmanager
def with_keys(folder, number, ours):
    """Run ntpd with two keys, and ffntpd with one of that number."""
    with open(f"{folder}/ntp.keys", "w") as f:
        f.write(f"10 AES {KEY}\n11 SHA256 {KEY}\n")
    for name, text in ("keys", ours), ("conf", f"server 127.0.0.1 iburst key {number}\nkeyfile {folder}/keys\n"):
        with open(f"{folder}/{name}", "w") as f:
            f.write(text)
    with ntpd(folder, UNLIMITED + f"keys {folder}/ntp.keys\ntrustedkey 10 11\n"), \
            tap.daemon(folder, "--poll", "1", "-v", "-c", f"{folder}/conf"):
        yield


def check_right_key(folder, number, ours):
    with with_keys(folder, number, ours):
        page = tap.wait_for_status(folder, "synchronised", 60)
        tap.check(page["verdicts"]["authentication"] == 0, f"{page}")


def test_the_right_key_of_type_aes128(folder):
    check_right_key(folder, 10, f"10 AES128 HEX:{KEY}\n")


def test_the_right_key_of_type_sha256(folder):
    check_right_key(folder, 11, f"11 SHA256 HEX:{KEY}\n")


def test_a_wrong_key_gives_no_time(folder):
    """ntpd drops a request with a wrong MAC, but answers one without a MAC as soon as it has the time."""
    with with_keys(folder, 10, f"10 AES128 HEX:{KEY[:-1]}e\n"):
        # It is asked rarely, because its rate limit counts all requests from an address.
        tap.wait_for(lambda: time.sleep(10) or tap.answers(123), "ntpd to have the time", 60)
        time.sleep(5)       # of requests with the wrong key
        page = tap.probe(folder)
        tap.check(page["status"] == "initialising" and page["verdicts"]["accepted"] == 0, f"{page}")
    tap.check("no usable reply" in tap.said(folder), tap.said(folder))


def serve_nts(folder):
    """Make certificates; return the lines of ntpd's configuration. It binds port 4460."""
    certificates.make_authority(folder)
    certificates.make_certificate(folder, "server")
    with open(f"{folder}/conf", "w") as f:
        f.write(f"server localhost nts iburst\nnosystemcert\nntstrustedcerts {folder}/ca.pem\n")
    return (f"{UNLIMITED}restrict 127.0.0.1\nnts enable\nnts key {folder}/server.key\nnts cert {folder}/server.pem\n"
            f"nts cookie {folder}/cookie-keys\n")


def test_authenticated_time_by_nts(folder):
    """ntpd is silent when it cannot use a cookie; that leads to new keys."""
    lines = serve_nts(folder)
    with contextlib.ExitStack() as stack:
        with ntpd(folder, lines):
            stack.enter_context(tap.daemon(folder, "--poll", "1", "-v", "-c", f"{folder}/conf"))
            page = tap.wait_for_status(folder, "synchronised", 60)
            tap.check(page["verdicts"]["authentication"] == 0, f"{page}")
        os.unlink(f"{folder}/cookie-keys")
        before = tap.probe(folder)["verdicts"]["accepted"]
        with ntpd(folder, lines, enters=False):
            tap.wait_for(lambda: tap.said(folder).count("NTS key exchange: 8 cookies") >= 2, "new keys", 120)
            tap.wait_for_verdict(folder, "accepted", before + 3, 60)


def test_a_thousand_exchanges_by_nts(folder):
    with ntpd(folder, serve_nts(folder)):
        tap.wait_for(lambda: "NTSs: Private Key OK" in tap.said(folder, "ntpd"), "ntpd to serve keys")
        ntsload.check(folder, 4460)


if __name__ == "__main__":
    tap.run(sys.modules[__name__], together=1)
