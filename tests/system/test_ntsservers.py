#!/usr/bin/env python3
"""A thousand authenticated exchanges with chronyd and with Debian 13's ntpd-rs, with forged and replayed replies in between, and
with cookies that run out; and restarts of ntpd-rs with the same keys and with new ones. test_ntpsec.py has ntpsec."""
import contextlib
import os
import re
import sys

import certificates
import namespace
import ntsload
import packages
import tap
import test_nts as nts


def ntpd_rs_program():
    return packages.program("ntpd-rs", "/usr/bin/ntp-daemon", release="trixie")


@contextlib.contextmanager
def ntpd_rs(folder, port, nts_port, keeps_keys=True):
    """Run ntpd-rs as a server of NTS that takes this machine's time as it is. It cannot set the clock."""
    keys = f'[keyset]\nkey-storage-path = "{folder}/keys"\n' if keeps_keys else ""
    with open(f"{folder}/ntp.toml", "w") as f:
        f.write(f"""[observability]
log-level = "info"
[synchronization]
local-stratum = 1
[[server]]
listen = "127.0.0.1:{port}"
[[nts-ke-server]]
listen = "127.0.0.1:{nts_port}"
certificate-chain-path = "{folder}/server.pem"
private-key-path = "{folder}/server.key"
ntp-port = {port}
{keys}""")
    with tap.process([ntpd_rs_program(), "-c", f"{folder}/ntp.toml"], f"{folder}/ntpd-rs.log",
                     preexec_fn=namespace.without_the_clock if os.geteuid() == 0 else lambda: None) as running:
        tap.wait_for(lambda: tap.answers(port) or running.poll() is not None, "ntpd-rs to answer")
        tap.check(running.poll() is None, "ntpd-rs ended")
        yield


def make_certificates(folder):
    """ntpd-rs reads no key of an elliptic curve as certtool writes it."""
    certificates.make_authority(folder)
    certificates.make_certificate(folder, "server", key="rsa")


def test_a_thousand_exchanges_with_chronyd(folder):
    nts.make_certificates(folder)
    nts_port = tap.free_tcp_port()
    with nts.chronyd(folder, nts_port):
        ntsload.check(folder, nts_port)


def test_a_thousand_exchanges_with_ntpd_rs(folder):
    make_certificates(folder)
    nts_port = tap.free_tcp_port()
    with ntpd_rs(folder, tap.free_port(), nts_port):
        ntsload.check(folder, nts_port)


def restart(folder, keeps_keys, exchanges):
    """ffntpd goes on after a restart of ntpd-rs, with this number of key exchanges in all."""
    make_certificates(folder)
    nts_port, port = tap.free_tcp_port(), tap.free_port()
    with contextlib.ExitStack() as stack:
        with ntpd_rs(folder, port, nts_port, keeps_keys):
            stack.enter_context(tap.daemon(folder, *nts.configured(folder, nts_port)))
            tap.wait_for_verdict(folder, "accepted", 5, 20)
            nts.check_time(folder)
        with ntpd_rs(folder, port, nts_port, keeps_keys):
            before = tap.probe(folder)["verdicts"]["accepted"]
            tap.wait_for_verdict(folder, "accepted", before + 4, 60)
            nts.check_time(folder)
            tap.check(len(re.findall("NTS key exchange: [0-9]+ cookies", tap.said(folder))) == exchanges, tap.said(folder))


def test_ntpd_rs_restarts_with_its_keys(folder):
    restart(folder, True, 1)


def test_ntpd_rs_restarts_with_new_keys(folder):
    restart(folder, False, 2)


if __name__ == "__main__":
    tap.run(sys.modules[__name__])
