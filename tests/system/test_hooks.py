#!/usr/bin/env python3
"""The scripts of the Debian package that hand DHCP's servers to the daemon, and switch servers on and off: in copies that
name a folder of the test, beside a tool that writes its arguments down."""
import os
import pathlib
import shutil
import subprocess
import sys

import fake
import tap

HOOKS = pathlib.Path(__file__).resolve().parents[2] / "debian/hooks"
FFNTP = os.environ["FFNTP"]


def make_program(path, text):
    pathlib.Path(f"{path}.text").write_text(text)
    os.chmod(f"{path}.text", 0o755)
    tap.copy_program(f"{path}.text", path)
    os.remove(f"{path}.text")


def install(folder):
    """Copy the scripts; return where they are."""
    os.makedirs(f"{folder}/bin", exist_ok=True)
    for script in HOOKS.iterdir():
        text = script.read_text().replace("/run/ffntp-dhcp", f"{folder}/dhcp").replace("/usr/lib/ffntp/", f"{folder}/bin/")
        make_program(f"{folder}/bin/{script.name}", text)
    make_program(f"{folder}/bin/ffntp", f'#!/bin/sh\necho "$*" >> {folder}/called\n')


def run(folder, *command, shell="/bin/sh", **variables):
    """Run a script with no other variables; return what it printed."""
    done = subprocess.run([shell, *command], env=dict(variables, PATH=f"{folder}/bin:/usr/bin:/bin"), cwd=folder,
                          stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=20 * tap.PATIENCE)
    tap.check(done.returncode == 0, f"{command}: {done}")
    return done.stdout.decode(errors="replace")


def called(folder):
    """Return the tool's calls since the last time."""
    path = pathlib.Path(f"{folder}/called")
    lines = path.read_text().splitlines() if path.exists() else []
    path.unlink(missing_ok=True)
    return lines


def sources(folder):
    """Return the files by name, hidden ones too."""
    path = pathlib.Path(f"{folder}/dhcp")
    return {file.name: file.read_text() for file in path.iterdir()} if path.exists() else {}


def test_dhclient(folder):
    install(folder)

    def lease(reason, servers, interface="eth0"):
        text = run(folder, "-c", ". ./bin/dhclient-exit-hook; echo goes on", reason=reason, interface=interface,
                   new_ntp_servers=servers)
        tap.check(text.endswith("goes on\n"), text)      # it is sourced: it must not exit
        return text
    lease("BOUND", "192.0.2.1 192.0.2.2")
    tap.check(sources(folder) == {"eth0.dhclient.sources": "server 192.0.2.1 iburst\nserver 192.0.2.2 iburst\n"}, f"{sources(folder)}")
    tap.check(called(folder) == ["reload sources"], "the daemon reads it")
    lease("RENEW", "192.0.2.1 192.0.2.2")
    tap.check(called(folder) == [], "nothing changed")
    lease("PREINIT", "192.0.2.9")
    lease("BOUND", "192.0.2.3", "wlan0.4")
    tap.check(sorted(sources(folder)) == ["eth0.dhclient.sources", "wlan0.4.dhclient.sources"], f"{sources(folder)}")
    lease("EXPIRE", "192.0.2.1")
    lease("BOUND", "", "wlan0.4")
    tap.check(sources(folder) == {} and called(folder) == ["reload sources"] * 3, f"{sources(folder)}")


def test_networkmanager(folder):
    install(folder)
    run(folder, "bin/networkmanager", "eth0", "up", DHCP4_NTP_SERVERS="192.0.2.1", DHCP6_DHCP6_NTP_SERVERS="2001:db8::1")
    tap.check(sources(folder) == {"eth0.v4.sources": "server 192.0.2.1 iburst\n", "eth0.v6.sources": "server 2001:db8::1 iburst\n"},
              f"{sources(folder)}")
    tap.check(called(folder) == ["reload sources", "reload sources", "onoffline"], "in this order")
    run(folder, "bin/networkmanager", "eth0", "dhcp4-change", DHCP4_NTP_SERVERS="192.0.2.2")
    tap.check(sources(folder)["eth0.v4.sources"] == "server 192.0.2.2 iburst\n" and len(sources(folder)) == 2, f"{sources(folder)}")
    run(folder, "bin/networkmanager", "", "connectivity-change")
    run(folder, "bin/networkmanager", "eth0", "hostname")
    tap.check(called(folder) == ["reload sources", "onoffline"], "and nothing else")
    run(folder, "bin/networkmanager", "eth0", "down")
    tap.check(sources(folder) == {} and called(folder) == ["reload sources", "reload sources", "onoffline"], f"{sources(folder)}")
    run(folder, "bin/networkmanager")
    tap.check(called(folder) == [], "nothing to do")


def test_ifupdown(folder):
    install(folder)
    run(folder, "bin/ifupdown", IFACE="lo", METHOD="loopback")
    tap.check(called(folder) == [], "the loopback leads to no server")
    run(folder, "bin/ifupdown", IFACE="eth0", METHOD="dhcp")
    tap.check(called(folder) == ["onoffline"], "it does")
    os.remove(f"{folder}/bin/ffntp")
    run(folder, "bin/ifupdown", IFACE="eth0")            # not installed any more: no error


def test_hostile_leases(folder):
    """Only names and addresses pass, whoever answers DHCP requests."""
    install(folder)
    hostile = ("$(touch {0}/pwned) `touch {0}/pwned` ;touch 192.0.2.1;x a|b a&b * /etc/* ../x a/b -iburst .x :x a:b 1.2.3.4:5 a::b:x "
               "a_b 'a' \"a\" a#b a%b \x01 \x1b[2J \xff {1} 192.0.2.7 a-b.example 2001:db8::7").format(folder, "a" * 254)
    for reply in hostile, hostile.replace(" ", "\n"), hostile.replace(" ", "\t"):
        text = run(folder, "bin/ffntp-dhcp", "eth0", "v4", reply)
        tap.check(sources(folder) == {"eth0.v4.sources": "server 192.0.2.7 iburst\nserver a-b.example iburst\nserver 2001:db8::7 iburst\n"},
                  f"{sources(folder)}")
        tap.check("\x1b" not in text and "pwned" not in text, "nothing of it is printed")
        run(folder, "bin/ffntp-dhcp", "eth0", "v4", "")
    run(folder, "bin/ffntp-dhcp", "eth0", "v4", " ".join(f"192.0.2.{i}" for i in range(100)))
    tap.check(sources(folder)["eth0.v4.sources"].count("\n") == 8, "no more than eight")
    run(folder, "bin/ffntp-dhcp", "eth0", "v4", "")
    for interface in "../x", "a/b", "", ".x", "a b", "a\nb", "x" * 41:
        done = subprocess.run(["/bin/sh", f"{folder}/bin/ffntp-dhcp", interface, "v4", "192.0.2.1"], stdin=subprocess.DEVNULL,
                              capture_output=True)
        tap.check(done.returncode == 2, f"{interface}: {done}")
    tap.check(sources(folder) == {} and not os.path.exists(f"{folder}/pwned"), "no file")


def test_the_daemon_asks_the_servers_of_a_lease(folder):
    """With the tool itself, and a lease of servers at port 123, which no test may use: the daemon has their names."""
    install(folder)
    os.remove(f"{folder}/bin/ffntp")
    make_program(f"{folder}/bin/ffntp", f'#!/bin/sh\nexec {FFNTP} "$@" --page {folder}/page\n')
    with fake.Server() as server:
        pathlib.Path(f"{folder}/conf").write_text(f"server 127.0.0.1 port {server.port} iburst\nsourcedir {folder}/dhcp\n")
        with tap.daemon(folder, "-c", f"{folder}/conf"):
            tap.wait_for_status(folder, "synchronised")
            run(folder, "bin/ffntp-dhcp", "eth0", "v4", "127.0.0.3")
            tap.wait_for(lambda: "now asking 127.0.0.3 (127.0.0.3:123)" in tap.said(folder), "the server of the lease")
            run(folder, "bin/networkmanager", "eth0", "down")
            run(folder, "bin/ffntp-dhcp", "eth0", "v4", "")
            tap.wait_for(lambda: len(tap.probe(folder)["sources"]) == 1, "it to leave")


def test_shellcheck(folder):
    if not shutil.which("shellcheck"):
        raise tap.Skip("shellcheck is not installed")
    done = subprocess.run(["shellcheck", *sorted(HOOKS.iterdir())], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, text=True)
    tap.check(done.returncode == 0, done.stdout)


tap.run(sys.modules["__main__"])
