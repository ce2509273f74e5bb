#!/usr/bin/env python3
"""What makes no sense, or is not there: one clear line on the console, a defined state, and never a triple fault."""
import os
import sys
import time

import fake
import guest
import tap


def check_alive(running):
    tap.check(running.is_running(), f"the machine is not running: {running.said()[-500:]}")
    tap.check("exception" not in running.said(), running.said())


def refuse(folder, words, line, **options):
    """It says this line, stops, and stays."""
    with guest.Guest(folder, options.pop("machine", "microvm"), words, **options) as running:
        running.wait_for_line(f"ffntp: stopped: {line}")
        time.sleep(1)
        tap.check(running.said().count("stopped") == 1, running.said())
        check_alive(running)


def test_command_lines_that_make_no_sense(folder):
    for number, (words, line) in enumerate([
            ("", "command line: no server=NAME"),
            ("server=", "command line: what is meant by server="),
            ("server=10.0.2.2:0", "command line: what is meant by server=10.0.2.2:0"),
            ("server=10.0.2.2:65536", "command line: what is meant by"),
            ("server=[::1", "command line: what is meant by"),
            ("server=a poll=0", "command line: what is meant by poll=0"),
            ("server=a poll=1x", "command line: what is meant by poll=1x"),
            ("server=a quiet", "command line: what is meant by quiet"),
            ("server=a page=0x1234", "command line: what is meant by page=0x1234"),
            ("server=a page=99999999999999999999999", "command line: what is meant by page="),
            ("server=a page=0x100000", "command line: page= is not free memory"),
            ("server=a page=0x40000000", "command line: page= is not free memory"),
            ("server=a page=0xfffffffffffff000", "command line: page= is not free memory"),
            ("server=a probe=0xfee00000", "command line: probe= is not free memory"),
            ("server=a ip=10.0.2", "ip= is no IPv4 address"),
            ("server=a ip=10.0.2.15/99", "ip= is no IPv4 address"),
            ("server=a ip=10.0.2.15 gateway=x", "gateway= is no IPv4 address"),
            ("server=a dns=example", "dns= is no address"),
            ("server=a ip6=10.0.0.1", "ip6= is no IPv6 address"),
            ("server=" + "x" * 3000, "command line: what is meant by server=xxx"),
            ("\x01\x02\xff" * 50, "command line: what is meant by"),
    ]):
        refuse(folder, words, line, name=f"guest{number}", page=False)


def test_no_entropy_no_start(folder):
    refuse(folder, "server=a", "no entropy", cpu="qemu64", devices=["-device", "virtio-net-device,netdev=net"])


def test_no_network_card(folder):
    refuse(folder, "server=a", "there is no network card", devices=["-device", "virtio-rng-device"])
    refuse(folder, "server=a", "there is no network card", name="q35", machine="q35", devices=["-device", "virtio-rng-pci"])


def test_nothing_to_follow(folder):
    refuse(folder, "follow=ivshmem", "there is no page to follow")


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
        running.wait_for_line("the server has not been of use for long", patience_s=40)
        tap.check(running.page()["status"] == "initialising", running.page())
        check_alive(running)


def test_a_name_that_nobody_knows(folder):
    with guest.Guest(folder, "microvm", "server=no.such.name.invalid dns=10.0.2.9") as running:
        running.wait_for_line("no server yet|nobody knows the server's address", patience_s=40)
        tap.check(running.page()["status"] == "initialising", running.page())
        check_alive(running)


RUBBISH = [lambda request: b"", lambda request: b"x", lambda request: os.urandom(47), lambda request: os.urandom(48),
           lambda request: os.urandom(1400), lambda request: fake.reply(request, origin=1),
           lambda request: fake.reply(request, stratum=0, refid=b"XXXX"), lambda request: fake.reply(request, leap=3),
           lambda request: fake.reply(request, mode=6), lambda request: fake.reply(request)[:40]]


def test_a_server_that_answers_rubbish(folder):
    answer = lambda server, request, number: [rubbish(request) for rubbish in RUBBISH]
    with fake.Server(answer) as server, guest.Guest(folder, "microvm", f"server={guest.HOST}:{server.port} poll=1") as running:
        running.wait_for_line("a reply was refused: ")
        time.sleep(10)
        page = running.page()
        tap.check(page["status"] == "initialising" and page["accepted"] == 0, f"rubbish was believed: {page}")
        check_alive(running)


def test_a_network_card_that_vanishes_and_comes_back(folder):
    with fake.Server() as server, guest.Guest(folder, "q35", f"server={guest.HOST}:{server.port} poll=1") as running:
        running.wait_for_status("synchronised")
        time.sleep(2)
        running.human("set_link net off")
        running.wait_for_line("the network card has no link, or is gone")
        running.wait_for_status("free-running", patience_s=20)
        check_alive(running)
        running.human("set_link net on")
        running.wait_for_line("the network card has a link")
        running.wait_for_status("synchronised", patience_s=20)
        tap.check(running.said().count("no link") == 1, running.said())


def test_a_server_by_ipv6(folder):
    with guest.chronyd(folder) as port, guest.Guest(folder, "q35", f"server=[fec0::2]:{port} poll=1") as running:
        running.wait_for_status("synchronised")


if __name__ == "__main__":
    tap.run(sys.modules[__name__], together=3)
