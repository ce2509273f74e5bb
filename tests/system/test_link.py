#!/usr/bin/env python3
"""A network that is not there yet, goes, and comes back: errors of send and of ICMP are counted, and the daemon does not end."""
import contextlib
import os
import signal
import socket
import struct
import sys
import threading

import fake
import namespace
import tap


def test_a_link_that_comes_up_late_and_flaps(folder):
    namespace.enter()
    with fake.Server(host="") as server, tap.daemon(folder, "--poll", "1", f"127.0.0.1:{server.port}") as running:
        tap.wait_for(lambda: "not sent" in tap.said(folder), "a line about the network")
        tap.check(running.poll() is None, "ended while the network was down")
        namespace.switch_loopback(True)
        tap.wait_for_status(folder, "synchronised")
        namespace.switch_loopback(False)
        tap.wait_for_status(folder, "free-running")
        namespace.switch_loopback(True)
        tap.wait_for_status(folder, "synchronised")
        tap.check(tap.stop(running)[0] == 0, "did not end well")


# --- a resolver that does not answer ---

PATIENT = dict(os.environ, RES_OPTIONS="timeout:30 attempts:1")


def hear(resolver):
    """Return a query to the resolver, and its sender."""
    try:
        return resolver.recvfrom(512)
    except TimeoutError:
        raise tap.Skip("names are looked for elsewhere")


def test_it_can_be_ended_while_it_looks_for_its_servers(folder):
    namespace.enter()
    with namespace.mute_resolver() as resolver, tap.daemon(folder, "slow.example", env=PATIENT) as running:
        hear(resolver)
        tap.check_ends(running)


def record(kind, data):
    """Return a record of the name in question."""
    return b"\xc0\x0c" + struct.pack(">HHIH", kind, 1, 60, len(data)) + data


def service(priority, port, host):
    """Return an SRV record of the name in question."""
    name = b"".join(bytes([len(label)]) + label.encode() for label in host.split(".")) + b"\0"
    return record(33, struct.pack(">HHH", priority, 0, port) + name)


def answer(resolver, query, client, address, services=()):
    """Answer a query for IPv4 addresses with this one, one for SRV records with these, and any other with an empty result."""
    question = query[12:query.index(b"\0", 12) + 5]
    found = {1: [record(1, bytes(map(int, address.split("."))))], 33: services}.get(question[-3], [])
    resolver.sendto(query[:2] + struct.pack(">HHHHH", 0x8180, 1, len(found), 0, 0) + question + b"".join(found), client)


@contextlib.contextmanager
def answering(resolver, address, services=()):
    """Answer all queries until the block ends."""
    def serve():
        while not stopping.is_set():
            with contextlib.suppress(TimeoutError):
                answer(resolver, *resolver.recvfrom(512), address, services)
    stopping, thread = threading.Event(), threading.Thread(target=serve)
    resolver.settimeout(0.1)
    thread.start()
    try:
        yield
    finally:
        stopping.set()
        thread.join()


def test_without_a_network_at_boot_it_stays_and_finds_its_server_later(folder):
    namespace.enter()
    with fake.Server() as server, tap.daemon(folder, "--poll", "1", f"late.example:{server.port}") as running:
        tap.wait_for(lambda: "looked up again" in tap.said(folder), "a line about the name")
        page = tap.probe(folder)
        tap.check(page["status"] == "initialising" and running.poll() is None, f"{page}")
        with namespace.mute_resolver() as resolver, answering(resolver, "127.0.0.1"):
            tap.wait_for(lambda: server.requests, "a request", 60)
            tap.wait_for_status(folder, "synchronised")
        lines = [line for line in tap.said(folder).splitlines() if "looked up again" in line]
        tap.check(all("late.example" in line for line in lines) and len(set(lines)) == len(lines) <= 2, f"{lines}")
        tap.check("asking late.example" in tap.said(folder), tap.said(folder))
        tap.check_ends(running)


def test_a_numeric_server_is_asked_while_a_name_is_looked_for(folder):
    namespace.enter()
    with namespace.mute_resolver() as resolver, fake.Server() as server, \
            tap.daemon(folder, "--poll", "1", "slow.example", f"127.0.0.1:{server.port}", env=PATIENT) as running:
        hear(resolver)
        tap.wait_for(lambda: server.requests, "a request", 4)    # the first one waits for up to 2 s
        tap.wait_for_status(folder, "synchronised")
        tap.check_ends(running)


def test_of_several_servers_each_joins_when_its_name_is_resolved(folder):
    """Neither of two names resolves at the start. The time of the numeric server is used meanwhile."""
    namespace.enter()
    with fake.Server() as first, fake.Server() as second, fake.Server() as third:
        with open(f"{folder}/conf", "w") as f:
            f.write(f"server 127.0.0.1:{first.port} iburst minpoll 0\n" +
                    "".join(f"server {name}.example port {server.port} iburst minpoll 0\n"
                            for name, server in (("late", second), ("later", third))))
        with tap.daemon(folder, "-c", f"{folder}/conf") as running:
            tap.wait_for(lambda: tap.said(folder).count("looked up again") == 2, "a line about each name")
            namespace.switch_loopback(True)
            tap.wait_for_status(folder, "synchronised")
            tap.check(len(tap.probe(folder)["sources"]) == 1, f"{tap.probe(folder)}")
            with namespace.mute_resolver() as resolver, answering(resolver, "127.0.0.1"):
                tap.wait_for(lambda: second.requests and third.requests, "a request to each", 60)
                tap.wait_for(lambda: all(each["accepted"] > 2 for each in tap.probe(folder)["sources"]), "replies of all")
            page = tap.wait_for_status(folder, "synchronised")
            tap.check([each["port"] for each in page["sources"]][0] == first.port and len(page["sources"]) == 3, f"{page}")
            said = tap.said(folder)
            for name in "late", "later":
                tap.check(said.index(f"{name}.example: its address is known now") < said.index(f"now asking {name}.example ("), said)
            tap.check_ends(running)


# --- SRV records ---

def test_the_servers_that_a_domain_names_in_srv_records(folder):
    """A pool follows them on the ports that the records state; a server is the one of the least priority."""
    namespace.enter()
    with namespace.mute_resolver() as resolver, fake.Server() as first, fake.Server() as second, fake.Server() as third:
        services = [service(20, third.port, "c.example"), service(0, first.port, "a.example"), service(10, second.port, "b.example")]
        for line, servers in (("pool _ntp._udp.example maxsources 3", {first, second, third}), ("server _ntp._udp.example", {first})):
            with open(f"{folder}/conf", "w") as f:
                f.write(f"{line} iburst minpoll 0 maxpoll 0\n")
            with answering(resolver, "127.0.0.1", services), tap.daemon(folder, "-c", f"{folder}/conf") as running:
                tap.wait_for_status(folder, "synchronised")
                ports = {server.port for server in servers}
                tap.wait_for(lambda: {each["port"] for each in tap.probe(folder)["sources"]} == ports, f"the ports {ports}")
                tap.check_ends(running)


def test_a_domain_without_srv_records(folder):
    namespace.enter()
    with namespace.mute_resolver() as resolver, answering(resolver, "127.0.0.1"), \
            tap.daemon(folder, "_ntp._udp.example") as running:
        tap.wait_for(lambda: "_ntp._udp.example: the domain names no NTP server in SRV records" in tap.said(folder), "a line about it")
        tap.check_ends(running)


# --- an interface that is made again ---

def test_a_link_local_server_is_asked_over_an_interface_that_is_made_again(folder):
    namespace.enter()
    namespace.switch_loopback(True)
    address = namespace.add_link("usb0")
    with fake.Server(host="::", family=socket.AF_INET6) as server, \
            tap.daemon(folder, "--poll", "1", f"[{address}%usb0]:{server.port}") as running:
        tap.wait_for_status(folder, "synchronised")
        tap.check(f"[{address}%usb0]:{server.port}" in tap.said(folder), f"no zone: {tap.said(folder)}")
        namespace.remove_link("usb0")
        tap.wait_for_status(folder, "free-running")
        tap.check("there is no network interface of that name" in tap.said(folder), tap.said(folder))
        namespace.add_link("usb0")
        asked = len(server.requests)
        tap.wait_for(lambda: len(server.requests) > asked + 3, "requests over the new interface")
        tap.wait_for_status(folder, "synchronised")
        tap.check_ends(running)


def test_the_clock_goes_on_while_other_servers_are_looked_for(folder):
    """The configuration is read twice before the first resolution ends; finally the other server is asked."""
    namespace.enter()
    line = "server {} port {} minpoll 0 maxpoll 0 iburst\n".format
    with namespace.mute_resolver() as resolver, fake.Server() as first, fake.Server() as second:
        conf = f"{folder}/conf"
        with open(conf, "w") as f:
            f.write(line("127.0.0.1", first.port))
        with tap.daemon(folder, "-c", conf, env=PATIENT) as running:
            tap.wait_for_status(folder, "synchronised")
            with open(conf, "w") as f:
                f.write(line("slow.example", second.port))
            running.send_signal(signal.SIGHUP)
            query = hear(resolver)
            running.send_signal(signal.SIGHUP)
            asked = len(first.requests)
            tap.wait_for(lambda: len(first.requests) >= asked + 4, "requests meanwhile")
            tap.check(tap.said(folder).count("reading the configuration") == 1, tap.said(folder))
            answer(resolver, *query, "127.0.0.1")
            with answering(resolver, "127.0.0.1"):
                tap.wait_for(lambda: len(second.requests) > 3, "the other server to be asked")
                tap.wait_for(lambda: tap.said(folder).count("reading the configuration") == 2, "the second signal")
            running.send_signal(signal.SIGHUP)
            tap.check_ends(running)


if __name__ == "__main__":
    tap.run(sys.modules[__name__], together=1)
