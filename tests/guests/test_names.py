#!/usr/bin/env python3
"""A guest whose command line names its server: dnsmasq and chronyd run in a network namespace of their own."""
import contextlib
import signal
import sys

import guest
import namespace
import tap

HERE, NOWHERE = "10.9.9.2", "192.0.2.1"      # the first is an address of the namespace


@contextlib.contextmanager
def names(folder, hosts):
    """dnsmasq on port 53. Yields a function that replaces its names: {name: address}."""
    def tell(hosts):
        with open(f"{folder}/hosts", "w") as f:
            f.writelines(f"{address} {name}\n" for name, address in hosts.items())
    tell(hosts)
    # dnsmasq stays in the foreground and under our user, because an ordinary user's namespace has no other.
    with tap.process(["dnsmasq", "--no-daemon", "--conf-file=/dev/null", "--no-resolv", "--no-hosts", "--local=/test/", "--local-ttl=1",
                      "--log-queries", "--log-facility=-", f"--addn-hosts={folder}/hosts"], f"{folder}/dnsmasq.log") as running:
        def change(hosts):
            tell(hosts)
            running.send_signal(signal.SIGHUP)
        yield change


def test_names(folder):
    namespace.enter()
    namespace.switch_loopback(True)
    namespace.add_address(HERE)
    with guest.chronyd(folder) as port, names(folder, {"first.test": NOWHERE, "six.test": "fec0::2"}) as change:
        six = guest.Guest(folder, "q35", f"server=six.test:{port} dns={guest.HOST} poll=1", name="six")
        moves = guest.Guest(folder, "microvm", f"server=first.test:{port} dns={guest.HOST} poll=1", name="moves")
        with six, moves:
            six.wait_for_status("synchronised")
            six.wait_for_line(r"asking \[?FEC0::2")
            moves.wait_for_line(f"asking {NOWHERE}")
            change({"first.test": HERE})
            moves.wait_for_line(f"now asking {HERE}", patience_s=60)
            moves.wait_for_status("synchronised")
            tap.check("exception" not in six.said() + moves.said(), moves.said())


if __name__ == "__main__":
    tap.run(sys.modules[__name__], together=1)
