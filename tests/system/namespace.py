"""Namespaces of the test's own, so that no other process is disturbed: of the network, where the loopback can be switched off and
port 123 is free, and of mounts."""
import ctypes
import errno
import fcntl
import os
import socket
import struct
import subprocess
import time

import tap

CLONE_NEWNS, CLONE_NEWUSER, CLONE_NEWNET = 0x00020000, 0x10000000, 0x40000000
MS_BIND, MS_REC, MS_PRIVATE = 0x1000, 0x4000, 0x40000
SIOCSIFFLAGS, SIOCSIFADDR, IFF_UP = 0x8914, 0x8916, 1
PR_CAPBSET_DROP, CAP_SYS_TIME = 24, 25


def enter():
    """Enter the namespace, before the first thread is started. Raises Skip where this is not permitted."""
    libc = ctypes.CDLL(None, use_errno=True)
    uid, gid = os.geteuid(), os.getegid()
    if libc.unshare(CLONE_NEWNET if uid == 0 else CLONE_NEWUSER | CLONE_NEWNET) != 0:
        raise tap.Skip(f"no network namespace: {os.strerror(ctypes.get_errno())}")
    if uid != 0:
        for name, text in (("setgroups", "deny"), ("uid_map", f"0 {uid} 1"), ("gid_map", f"0 {gid} 1")):
            with open(f"/proc/self/{name}", "w") as f:
                f.write(text)


def switch_loopback(is_up):
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as s:
        fcntl.ioctl(s, SIOCSIFFLAGS, struct.pack("16sh14x", b"lo", IFF_UP if is_up else 0))


def add_address(address):
    """Add an IPv4 address to the loopback; at most one."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as s:
        fcntl.ioctl(s, SIOCSIFADDR, struct.pack("16sHH4s8x", b"lo:1", socket.AF_INET, 0, socket.inet_aton(address)))


RTM_NEWLINK, RTM_DELLINK = 16, 17
NLM_F_REQUEST, NLM_F_ACK, NLM_F_CREATE, NLM_F_EXCL = 0x1, 0x4, 0x400, 0x200
IFLA_ADDRESS, IFLA_IFNAME, IFLA_LINKINFO, IFLA_INFO_KIND = 1, 3, 18, 1


def attribute(kind, data):
    return struct.pack("HH", 4 + len(data), kind) + data + b"\0" * (-len(data) % 4)


def change_link(message, flags, *attributes):
    """Ask the kernel to make or remove a network interface. Raises Skip if it cannot."""
    body = struct.pack("BxHiII", 0, 0, 0, 0, 0) + b"".join(attributes)
    with socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, 0) as s:
        s.send(struct.pack("IHHII", 16 + len(body), message, NLM_F_REQUEST | NLM_F_ACK | flags, 1, 0) + body)
        error = -struct.unpack_from("i", s.recv(4096), 16)[0]
    if error != 0:
        raise tap.Skip(f"no network interface: {os.strerror(error)}")


def add_link(name):
    """Make an interface and its peer, and switch it on. Return its link-local address, the same each time."""
    change_link(RTM_NEWLINK, NLM_F_CREATE | NLM_F_EXCL, attribute(IFLA_ADDRESS, b"\2\0\0\0\0\1"),
                attribute(IFLA_IFNAME, name.encode() + b"\0"), attribute(IFLA_LINKINFO, attribute(IFLA_INFO_KIND, b"veth")))
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as s:
        for other in [other for _, other in socket.if_nameindex() if other != "lo"]:
            fcntl.ioctl(s, SIOCSIFFLAGS, struct.pack("16sh14x", other.encode(), IFF_UP))
    deadline = time.monotonic() + 5 * tap.PATIENCE
    while not any(line.split()[5] == name for line in open("/proc/net/if_inet6")):
        if time.monotonic() > deadline:
            raise tap.Skip("no link-local address")
        time.sleep(0.05)
    return "fe80::ff:fe00:1"


def remove_link(name):
    change_link(RTM_DELLINK, 0, attribute(IFLA_IFNAME, name.encode() + b"\0"))


def mute_resolver():
    """Return a socket that receives the system's DNS queries, after switching the loopback on. Raises Skip without one."""
    with open("/etc/resolv.conf") as f:
        named = [line.split()[1] for line in f if line.startswith("nameserver ")]
    address = named[0] if named else "127.0.0.1"
    if ":" in address:
        raise tap.Skip(f"the nameserver is {address}")
    switch_loopback(True)
    add_address("192.0.2.53" if address.startswith("127.") else address)
    resolver = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    resolver.settimeout(5 * tap.PATIENCE)
    resolver.bind((address, 53))
    return resolver


def without_the_clock():
    """For preexec_fn: remove the capability to set the system clock, so that no program under test can set it."""
    ctypes.CDLL(None).prctl(PR_CAPBSET_DROP, CAP_SYS_TIME, 0, 0, 0)


def separate_mounts(libc):
    """Keep mounts of this namespace from others. Returns 0, or the error."""
    return 0 if libc.mount(None, b"/", None, MS_REC | MS_PRIVATE, None) == 0 else ctypes.get_errno()


def leave_chroot():
    """Make the namespace's own root the root: from a directory outside the root, .. leads there."""
    os.chdir("/")
    os.chroot("/usr")
    while not os.path.samefile("..", "."):
        os.chdir("..")
    os.chroot(".")


def enter_mounts():
    """For preexec_fn, as root: enter a mount namespace whose mounts no other one sees.

    unshare(1) fails in a chroot whose / is no mount point, because mount(2) cannot name the mount that contains it. The process
    leaves the chroot for that call.
    """
    libc = ctypes.CDLL(None, use_errno=True)
    error = 0 if libc.unshare(CLONE_NEWNS) == 0 else ctypes.get_errno()
    if error == 0 and separate_mounts(libc) == errno.EINVAL:
        root = os.open("/", os.O_PATH)
        leave_chroot()
        error = separate_mounts(libc)
        os.fchdir(root)
        os.chroot(".")
        os.close(root)
    if error != 0:
        raise OSError(error, os.strerror(error))


def run_with_mounts(command):
    """Run a command that may mount, as root. Raises Skip where this is not permitted."""
    try:
        done = subprocess.run(command, capture_output=True, text=True, stdin=subprocess.DEVNULL, preexec_fn=enter_mounts)
    except subprocess.SubprocessError:
        raise tap.Skip("no mount namespace") from None
    if "mount:" in done.stderr:
        raise tap.Skip(done.stderr.strip())
    return done


def hosts(path, names):
    """Return a preexec_fn for which each name has its addresses, by an /etc/hosts of the process's own. Raises Skip without permission."""
    if os.geteuid() != 0:
        raise tap.Skip("no mount namespace without root")
    with open(path, "w") as f:
        f.writelines(f"{address} {name}\n" for name, addresses in names.items() for address in addresses)

    def enter():
        enter_mounts()
        libc = ctypes.CDLL(None, use_errno=True)
        if libc.mount(path.encode(), b"/etc/hosts", None, MS_BIND, None) != 0:
            raise OSError(ctypes.get_errno(), "no mount namespace")
    return enter
