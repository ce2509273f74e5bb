#!/usr/bin/env python3
"""The reports of ffntpd to a service manager: readiness, one line, signs of life, the end."""
import os
import signal
import socket
import subprocess
import sys
import time

import fake
import tap

FFNTPD = os.environ["FFNTPD"]


class Manager:
    """The socket of a service manager."""

    def __init__(self, folder):
        self.path = f"{folder}/notify"
        self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.socket.bind(self.path)
        self.socket.settimeout(20 * tap.PATIENCE)

    def close(self):
        self.socket.close()

    def next(self):
        return dict(line.split("=", 1) for line in self.socket.recv(4096).decode().splitlines())

    def wait_for(self, key, word=""):
        """Return the first message that has the key, with the word in its value."""
        end = time.monotonic() + 30 * tap.PATIENCE
        while time.monotonic() < end:
            message = self.next()
            if word in message.get(key, "\0"):
                return message
        raise AssertionError(f"no {key} with {word}")


def test_a_service(folder):
    manager = Manager(folder)
    page = f"{folder}/page"
    with fake.Server() as server:
        daemon = subprocess.Popen([FFNTPD, "--poll", "1", "--page", page, f"127.0.0.1:{server.port}"],
                                  env=dict(os.environ, NOTIFY_SOCKET=manager.path), stderr=subprocess.DEVNULL)
        try:
            first = manager.next()
            tap.check(first.get("READY") == "1" and first.get("STATUS") == "initialising: no time yet", f"{first}")
            tap.check(os.path.getsize(page) == 4096, "the page is written before the daemon is ready")
            manager.wait_for("WATCHDOG", "1")
            line = manager.wait_for("STATUS", "synchronised")["STATUS"]
            tap.check("error bound" in line and "ms" in line, line)
            before = time.monotonic()
            for _ in range(2):
                manager.wait_for("WATCHDOG")
            tap.check(time.monotonic() - before < 10 * tap.PATIENCE, "signs of life are rare")
            daemon.send_signal(signal.SIGTERM)
            manager.wait_for("STOPPING", "1")
            tap.check(daemon.wait(10 * tap.PATIENCE) == 0, f"{daemon.returncode}")
        finally:
            daemon.kill()
            daemon.wait()


def test_a_reload(folder):
    manager = Manager(folder)
    with fake.Server() as server:
        with open(f"{folder}/conf", "w") as f:
            f.write(f"server 127.0.0.1 port {server.port} iburst\n")
        daemon = subprocess.Popen([FFNTPD, "-c", f"{folder}/conf", "--page", f"{folder}/page"],
                                  env=dict(os.environ, NOTIFY_SOCKET=manager.path), stderr=subprocess.DEVNULL)
        try:
            manager.wait_for("STATUS", "synchronised")
            daemon.send_signal(signal.SIGHUP)
            manager.wait_for("STATUS", "reading the configuration")
            manager.wait_for("STATUS", "error bound")
        finally:
            daemon.kill()
            daemon.wait()


def check_keeps_time(folder, name):
    with fake.Server() as server:
        daemon = subprocess.Popen([FFNTPD, "--poll", "1", "--page", f"{folder}/page", f"127.0.0.1:{server.port}"],
                                  env=dict(os.environ, NOTIFY_SOCKET=name), stderr=subprocess.DEVNULL)
        try:
            tap.wait_for_status(folder, "synchronised")
            daemon.send_signal(signal.SIGTERM)
            tap.check(daemon.wait(10 * tap.PATIENCE) == 0, f"{daemon.returncode}")
        finally:
            daemon.kill()
            daemon.wait()


def test_no_manager_or_a_wrong_one(folder):
    for i, name in enumerate(("", "/", "@", "relative", f"{folder}/none", "/" + "x" * 200, "@nobody-listens-here")):
        os.mkdir(f"{folder}/{i}")
        check_keeps_time(f"{folder}/{i}", name)


def test_a_manager_that_does_not_read(folder):
    manager = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
    manager.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1)
    manager.bind(f"{folder}/notify")
    check_keeps_time(folder, f"{folder}/notify")
    manager.close()


def test_an_abstract_name(folder):
    manager = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
    manager.bind("\0ffntp-" + os.path.basename(folder) + str(os.getpid()))
    manager.settimeout(20 * tap.PATIENCE)
    check_keeps_time(folder, "@" + manager.getsockname()[1:].decode())
    tap.check(manager.recv(4096).startswith(b"READY=1\n"), "no message")
    manager.close()


if __name__ == "__main__":
    tap.run(sys.modules[__name__])
