#!/usr/bin/env python3
"""Invalid or missing input: the guest prints one clear line on the console, is in a defined state, and never takes a triple fault."""
import contextlib
import os
import struct
import sys
import time

import fake
import guest
import tap


def check_alive(running):
    tap.check(running.is_running(), f"the machine is not running: {running.said()[-500:]}")
    tap.check("exception" not in running.said(), running.said())


def refuse(folder, words, line, **options):
    """Check that the guest prints this line, stops, and stays stopped."""
    with guest.Guest(folder, options.pop("machine", "microvm"), words, **options) as running:
        running.wait_for_line(f"ffntp: stopped: {line}")
        time.sleep(1)
        tap.check(running.said().count("stopped") == 1, running.said())
        check_alive(running)


def test_command_lines_that_make_no_sense(folder):
    for number, (words, line) in enumerate([
            ("", "command line: server=NAME is missing"),
            ("server=", "command line: invalid: server="),
            ("server=10.0.2.2:0", "command line: invalid: server=10.0.2.2:0"),
            ("server=10.0.2.2:65536", "command line: invalid: server=10.0.2.2:65536"),
            ("server=[::1", "command line: invalid: server="),
            ("server=a poll=0", "command line: invalid: poll=0"),
            ("server=a poll=1x", "command line: invalid: poll=1x"),
            ("server=a quiet", "command line: invalid: quiet"),
            ("server=a page=0x1234", "command line: invalid: page=0x1234"),
            ("server=a page=99999999999999999999999", "command line: invalid: page="),
            ("server=a page=0x100000", "command line: page= is not free memory"),
            ("server=a page=0x40000000", "command line: page= is not free memory"),
            ("server=a page=0xfffffffffffff000", "command line: page= is not free memory"),
            ("server=a probe=0xfee00000", "command line: probe= is not free memory"),
            ("follow=xen:dom0", "command line: invalid: follow=xen:dom0"),
            ("server=a ip=10.0.2", "ip= is no IPv4 address"),
            ("server=a ip=10.0.2.15/99", "ip= is no IPv4 address"),
            ("server=a ip=10.0.2.15 gateway=x", "gateway= is no IPv4 address"),
            ("server=a dns=example", "dns= is no address"),
            ("server=a ip6=10.0.0.1", "ip6= is no IPv6 address"),
            ("server=" + "x" * 3000, "command line: invalid: server=xxx"),
            ("\x01\x02\xff" * 50, "command line: invalid: "),
    ]):
        refuse(folder, words, line, name=f"guest{number}", page=False)


def test_no_entropy_no_start(folder):
    refuse(folder, "server=a", "no entropy", cpu="qemu64", devices=["-device", "virtio-net-device,netdev=net"])


def test_no_network_card(folder):
    refuse(folder, "server=a", "there is no network card", devices=["-device", "virtio-rng-device"])
    refuse(folder, "server=a", "there is no network card", name="q35", machine="q35", devices=["-device", "virtio-rng-pci"])


def test_nothing_to_follow(folder):
    refuse(folder, "follow=ivshmem", "there is no page to follow")
    refuse(folder, "follow=xen:3", "command line: follow=xen is for guests of Xen", name="xen")


def test_no_address(folder):
    unconnected = ["-netdev", "hubport,id=nowhere,hubid=1", "-device", "virtio-net-device,netdev=nowhere",
                   "-device", "virtio-rng-device"]
    with guest.Guest(folder, "microvm", "server=ntp.example.org", devices=unconnected) as running:
        running.wait_for_line("no address yet", patience_s=30)
        tap.check(running.page()["status"] == "initialising", running.page())
        check_alive(running)


def test_no_server(folder):
    with guest.Guest(folder, "microvm", f"server={guest.HOST}:{tap.free_port()} poll=1") as running:
        running.wait_for_line("no usable reply; initialising")
        running.wait_for_line("no usable reply from the server for long", patience_s=40)
        tap.check(running.page()["status"] == "initialising", running.page())
        check_alive(running)


def test_a_name_that_nobody_knows(folder):
    with guest.Guest(folder, "microvm", "server=no.such.name.invalid dns=10.0.2.9") as running:
        running.wait_for_line("no server yet|no address is known for the server", patience_s=40)
        tap.check(running.page()["status"] == "initialising", running.page())
        check_alive(running)


RUBBISH = [lambda request: b"", lambda request: b"x", lambda request: os.urandom(47), lambda request: os.urandom(48),
           lambda request: os.urandom(1400), lambda request: fake.reply(request, origin=1),
           lambda request: fake.reply(request, stratum=0, refid=b"XXXX"), lambda request: fake.reply(request, leap=3),
           lambda request: fake.reply(request, mode=6), lambda request: fake.reply(request)[:40]]


def rubbish(server, request, number):
    """All kinds of rubbish, a different kind first each time, because the guest examines a reply to a request at once."""
    first = number % len(RUBBISH)
    return [each(request) for each in RUBBISH[first:] + RUBBISH[:first]]


UNANSWERED, KISSED = 3, 5
PORT_KEPT_S = 30                # ports/lwip/udp.c


def asking_for_patience(server, request, number):
    """No answer to one request, and a kiss-o'-death to a later one."""
    if number == UNANSWERED:
        return []
    return [fake.kiss(request, b"RATE")] if number == KISSED else fake.honest(server, request, number)


def gaps_s(server):
    """Times (s) between each request and the one before it."""
    return [after - before for (before, _), (after, _) in zip(server.requests, server.requests[1:])]


def test_a_port_is_kept_while_requests_on_it_are_answered(folder):
    """The server sees it, because QEMU's user network has a port of its own for each of the guest's."""
    with fake.Server(asking_for_patience) as server, \
            guest.Guest(folder, "microvm", f"server={guest.HOST}:{server.port} poll=18") as running:
        tap.wait_for(lambda: max(gaps_s(server), default=0) > PORT_KEPT_S, "a request long after the one before", 90)
        for number, gap_s in enumerate(gaps_s(server), 1):
            is_other = server.clients[number] != server.clients[number - 1]
            tap.check(is_other == (number == UNANSWERED + 1 or gap_s > PORT_KEPT_S),
                      f"request {number}, {gap_s:.1f} s after the one before, of these ports: {server.clients}")
        check_alive(running)


def test_a_server_that_answers_rubbish(folder):
    with fake.Server(rubbish) as server, guest.Guest(folder, "microvm", f"server={guest.HOST}:{server.port} poll=1") as running:
        tap.wait_for(lambda: len(server.requests) > len(RUBBISH), "a request for each to be the first", 60)
        running.wait_for_line("reply refused: ")
        page = running.page()
        tap.check(page["status"] == "initialising" and page["accepted"] == 0, f"rubbish was accepted: {page}")
        check_alive(running)


def test_a_network_card_without_a_link(folder):
    with fake.Server() as server, guest.Guest(folder, "q35", f"server={guest.HOST}:{server.port} poll=1") as running:
        running.wait_for_status("synchronised")
        time.sleep(2)
        running.human("set_link net off")
        running.wait_for_line("the network card has no link")
        running.wait_for_status("free-running", patience_s=20)
        check_alive(running)
        running.human("set_link net on")
        running.wait_for_line("the network card has a link")
        running.wait_for_status("synchronised", patience_s=20)
        tap.check(running.said().count("no link") == 1, running.said())


@contextlib.contextmanager
def guest_with_a_slot(folder):
    """A guest that has been synchronised for long enough to become free-running when it loses its server."""
    with guest.chronyd(folder) as port:
        dump = ["-object", f"filter-dump,id=dump,netdev=net,file={folder}/frames"]
        with guest.Guest(folder, "q35", f"server={guest.HOST}:{port} poll=1", devices=guest.IN_A_SLOT, options=dump) as running:
            running.wait_for_status("synchronised")
            time.sleep(2)
            yield running


def count(running, line):
    return running.said().count(f"ffntp: the network card {line}")


def check_card(running, line, times=1):
    """Check that the guest prints the line, and once for each time that it happened."""
    tap.wait_for(lambda: count(running, line) >= times, f"the card that {line}, {times} times")
    tap.check(count(running, line) == times, running.said())
    check_alive(running)


def check_bound(running):
    """Check that the bound contains the true time; return the largest bound, in ns."""
    seen = running.watch(2)
    tap.check(seen["outside"] == 0 and seen["refused"] == 0 and seen["readings"] > 20, f"the bound did not hold: {seen}")
    return seen["largest_bound_ns"]


def senders(folder):
    """The hardware addresses of the cards whose frames were seen."""
    with open(f"{folder}/frames", "rb") as f:
        dump = f.read()
    seen, at = set(), 24                # a capture file has a head, and one for each frame
    while at + 16 <= len(dump):
        seen.add(dump[at + 22:at + 28])
        at += 16 + struct.unpack_from("<I", dump, at + 8)[0]
    return seen


def check_without_card(running):
    check_card(running, "is gone")
    running.wait_for_status("free-running", patience_s=20)


def check_with_card(running):
    check_card(running, "has a link")
    running.wait_for_status("synchronised", patience_s=20)


def test_a_network_card_that_is_asked_for_and_another_in_its_place(folder):
    with guest_with_a_slot(folder) as running:
        running.order("device_del", id="card")
        check_without_card(running)
        bounds = [check_bound(running) for _ in range(2)]
        print(f"# without the card, the bound went from {bounds[0] / 1e3:.1f} to {bounds[1] / 1e3:.1f} us", flush=True)
        tap.check(bounds[0] < bounds[1], f"the bound does not grow: {bounds}")
        tap.check(count(running, "is gone") == 1, running.said())
        running.insert(mac="52:54:00:00:00:99")
        check_with_card(running)
        check_bound(running)
        tap.check(bytes.fromhex("525400000099") in senders(folder), "it goes on under the former card's number")


def test_a_network_card_that_is_torn_out(folder):
    with guest_with_a_slot(folder) as running:
        running.order("qom-set", path="card", property="realized", value=False)
        check_without_card(running)
        running.insert(id="another")
        check_with_card(running)
        running.order("device_del", id="another")
        check_card(running, "is gone", 2)


RING = 16
USED = 4096         # in a queue, ports/guest/virtio.h: flags, index, and the buffers that the card has used


def hand_back(queue, buffers, count):
    """In the card's place, report `count` used buffers: slot and length of each."""
    struct.pack_into(f"<{2 * RING}I", queue, USED + 4, *buffers)
    struct.pack_into("<H", queue, USED + 2, struct.unpack_from("<H", queue, USED + 2)[0] + count & 0xffff)


def forget_buffers(queue):
    """In the guest's place, leave buffers of no length, so that QEMU's card wants a reset."""
    queue[:16 * RING] = bytes(16 * RING)


LIES = [lambda queue: hand_back(queue, [0xffffffff] * 2 * RING, 1), lambda queue: hand_back(queue, [3, 60] * RING, 5),
        lambda queue: hand_back(queue, [each for slot in range(RING) for each in (slot, 0xffffffff)], RING),
        forget_buffers]


def test_a_network_card_that_lies_or_wants_a_reset(folder):
    with guest_with_a_slot(folder) as running, running.bytes_of("receive_queue") as queue:
        for times, lie in enumerate(LIES, 1):
            lie(queue)
            check_card(running, "is gone", times)
            check_card(running, "has a link", times)
        time.sleep(2)
        check_card(running, "has a link", len(LIES))
        running.wait_for_status("synchronised", patience_s=20)


def test_a_server_by_ipv6(folder):
    with guest.chronyd(folder) as port, guest.Guest(folder, "q35", f"server=[fec0::2]:{port} poll=1") as running:
        running.wait_for_status("synchronised")


if __name__ == "__main__":
    tap.run(sys.modules[__name__], together=3)
