"""Debian's openntpd. It may not set the clock here, so that it never has the time, and each of its replies is marked so."""
import contextlib
import ctypes
import os

import namespace
import packages
import tap

MS_BIND = 0x1000
USER, USER_ID = "ntpd", 64990
STATE = "/var/lib/openntpd"


def mount(libc, source, target, kind=None, flags=0):
    if libc.mount(source.encode(), target.encode(), kind, flags, None) != 0:
        raise OSError(ctypes.get_errno(), f"mount {target}")


def write_users(folder):
    """Copy the system's users and groups, with the one that openntpd's package would make."""
    os.makedirs(f"{folder}/home", mode=0o755)
    for name, line in ("passwd", f"{USER}:x:{USER_ID}:{USER_ID}::{folder}/home:/usr/sbin/nologin\n"), ("group", f"{USER}:x:{USER_ID}:\n"):
        with open(f"/etc/{name}") as system, open(f"{folder}/{name}", "w") as f:
            f.writelines(each for each in system if not each.startswith(f"{USER}:"))
            f.write(line)


def program():
    return packages.program("openntpd", "/usr/sbin/ntpd")


@contextlib.contextmanager
def ntpd(folder, address):
    """Run openntpd's ntpd at port 123 of an address of this network namespace. Raises Skip without root."""
    if os.geteuid() != 0:
        raise tap.Skip("no mount namespace without root")
    write_users(folder)
    with open(f"{folder}/openntpd.conf", "w") as f:
        f.write(f"listen on {address}\n")

    def begin():
        namespace.without_the_clock()
        namespace.enter_mounts()
        libc = ctypes.CDLL(None, use_errno=True)
        for name in "passwd", "group":
            mount(libc, f"{folder}/{name}", f"/etc/{name}", flags=MS_BIND)
        mount(libc, "none", "/var/lib", b"tmpfs")
        os.makedirs(f"{STATE}/run")
        os.makedirs(f"{STATE}/db")
    with tap.process([program(), "-d", "-f", f"{folder}/openntpd.conf"], f"{folder}/openntpd.log", preexec_fn=begin) as running:
        tap.wait_for(lambda: "ntp engine ready" in tap.said(folder, "openntpd") or running.poll() is not None, "openntpd")
        tap.check(running.poll() is None, tap.said(folder, "openntpd"))
        yield
