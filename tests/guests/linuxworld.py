"""Guests with Debian's own kernel, and nothing of Debian besides: ffntpd, and tests/guests/answer, which returns readings of its page to
the host. Kernels, and the QEMU of a newer Debian, are unpacked into the build folder. No root is needed."""
import contextlib
import fcntl
import glob
import lzma
import os
import re
import socket
import subprocess
import threading
import time

import guest
import initramfs
import packages
import tap

TOP = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
ANSWER = os.environ.get("ANSWER", "")
# In the order of their dependencies. Modules that a kernel lacks are left out.
MODULES = ["failover", "net_failover", "virtio_net", "e1000", "ptp_vmclock"]
RAM_MIB = 256
PORTS = (7, 8)                  # of the guest: they answer for the daemon's page, and for the hypervisor's
LEAP_TABLE = "/usr/share/zoneinfo/leap-seconds.list"
KEYRING = "/usr/share/keyrings/debian-archive-keyring.gpg"

INIT = """#!/bin/sh
mount -t proc proc /proc; mount -t sysfs sys /sys; mount -t devtmpfs dev /dev; mount -t tmpfs run /run
for m in {modules}; do insmod /modules/$m.ko; done
ip link set lo up; ip addr add 10.0.2.15/24 dev eth0; ip link set eth0 up; ip route add default via 10.0.2.2
while [ "$(cat /sys/class/net/eth0/carrier)" != 1 ]; do sleep 0.1; done    # an e1000 takes two seconds to find its link
mkdir /run/ffntp
echo "guest: Linux $(uname -r), clocksource $(cat /sys/devices/system/clocksource/clocksource0/current_clocksource)"
{commands}
answer {ports[0]} /run/ffntp/page &
answer {ports[1]} /dev/vmclock0 &
ffntpd -c /ffntp.conf --page /run/ffntp/page
echo "guest: ffntpd ended with $?"
while :; do sleep 1000; done
"""


@contextlib.contextmanager
def locked(folder):
    with open(f"{folder}/lock", "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


class Archive:
    """Debian's archive of one suite, whatever this machine has: apt with lists and a cache of its own."""

    def __init__(self, suite):
        self.folder, self.has_lists = f"{packages.FOLDER}/{suite}", False
        os.makedirs(f"{self.folder}/lists/partial", exist_ok=True)
        os.makedirs(f"{self.folder}/archives/partial", exist_ok=True)
        open(f"{self.folder}/status", "a").close()
        mirror = subprocess.run(["apt-get", "indextargets", "--format", "$(REPO_URI)", "Created-By: Packages", "Origin: Debian"],
                                capture_output=True, text=True, check=True).stdout.split()
        tap.check(mirror, "apt-get knows no mirror of Debian")
        with open(f"{self.folder}/sources.list", "w") as f:
            f.write(f"deb [signed-by={KEYRING}] {mirror[0]} {suite} main\n")

    def apt(self, *words):
        options = {"Dir::Etc::sourcelist": f"{self.folder}/sources.list", "Dir::Etc::sourceparts": "-",
                   "Dir::State::lists": f"{self.folder}/lists", "Dir::State::status": f"{self.folder}/status",
                   "Dir::Cache": self.folder, "Debug::NoLocking": "1",
                   "Acquire::Retries": "5", "Dir::Cache::pkgcache": "", "Dir::Cache::srcpkgcache": "", "APT::Install-Recommends": "0"}
        command = [words[0], *[word for name, value in options.items() for word in ("-o", f"{name}={value}")], *words[1:]]

        def run():
            return subprocess.run(command, cwd=self.folder, stdin=subprocess.DEVNULL, capture_output=True, text=True)
        done = packages.again(run) if self.has_lists else run()
        if done.returncode:
            raise tap.Skip(f"{' '.join(words)}: {done.stderr.strip().splitlines()[-1:]}")
        return done.stdout

    @staticmethod
    def unpack(debs, tree, *patterns):
        """Unpack packages, or only the files of these patterns, into the tree, and remove the packages."""
        for deb in debs:
            with subprocess.Popen(["dpkg-deb", "--fsys-tarfile", deb], stdout=subprocess.PIPE) as packed:
                subprocess.run(["tar", "-x", "-C", tree, "--wildcards", *patterns], stdin=packed.stdout, stderr=subprocess.DEVNULL,
                               check=not patterns)
            os.remove(deb)

    def tree(self, name, fill):
        """Return a folder that fill(folder) has filled once."""
        path = f"{self.folder}/{name}"
        if not os.path.isdir(path):
            os.makedirs(f"{path}.new", exist_ok=True)
            fill(f"{path}.new")
            os.rename(f"{path}.new", path)
        return path

    def get(self, what):
        """Return the result of what(); if that fails, because there are no lists or old ones, with new lists."""
        with locked(self.folder):
            try:
                return what()
            except tap.Skip:
                self.has_lists = True           # or soon: a failure from now on is one of the mirror
                self.apt("apt-get", "-qq", "update")
                return what()

    def kernel(self):
        """Return a folder with Debian's kernel and the modules that guests need."""
        return self.get(self.find_kernel)

    def qemu(self):
        """Return the command of this suite's QEMU, which runs with the libraries of its own suite, and its environment."""
        return self.get(self.find_qemu)

    def find_kernel(self):
        names, found = ["linux-image-amd64"], []
        while names:
            found.append(names.pop())
            depends = re.findall(r"(?m)^ *Depends: (linux-(?:image|binary|modules)-\d\S*)", self.apt("apt-cache", "depends", found[-1]))
            names += [name for name in depends if name not in found + names]

        def fill(folder):
            self.apt("apt-get", "download", *found[1:])
            debs = [deb for name in found[1:] for deb in glob.glob(f"{self.folder}/{name}_*.deb")]
            self.unpack(debs, folder, "*/vmlinuz*", *[f"*/{module}.ko*" for module in MODULES])
        return self.tree(found[1], fill)

    def find_qemu(self):
        def fill(folder):
            self.apt("apt-get", "-y", "--download-only", "install", "qemu-system-x86", "seabios")
            self.unpack(glob.glob(f"{self.folder}/archives/*.deb"), folder)
        tree = self.tree("qemu", fill)
        libraries = f"{tree}/usr/lib/x86_64-linux-gnu"
        return [f"{libraries}/ld-linux-x86-64.so.2", "--library-path", libraries, f"{tree}/usr/bin/qemu-system-x86_64",
                "-L", f"{tree}/usr/share/qemu", "-L", f"{tree}/usr/share/seabios"], dict(os.environ, QEMU_MODULE_DIR=f"{libraries}/qemu")


def files_of(kernel, name):
    return glob.glob(f"{kernel}/**/{name}", recursive=True)


def build(path, kernel, conf, commands=""):
    """Write an initramfs. commands: of the shell, before the daemon starts."""
    archive = initramfs.Initramfs()
    archive.program("bin/busybox", packages.program("busybox-static", "/bin/busybox"), initramfs.LIBRARIES)
    for name in ("sh", "mount", "insmod", "ip", "sleep", "cat", "mkdir", "echo", "uname"):
        archive.link(f"bin/{name}", "busybox")
    for program in guest.tap.FFNTPD, ANSWER:
        archive.program(f"bin/{os.path.basename(program)}", program, initramfs.LIBRARIES)
    # The daemon's sandbox, which it loads as a module.
    module = "ffntp-callfilter.so"
    archive.program(f"lib/{module}", f"{os.path.dirname(guest.tap.FFNTPD)}/../ports/linux/{module}", initramfs.LIBRARIES)
    archive.copy("lib64/ld-linux-x86-64.so.2", "/lib64/ld-linux-x86-64.so.2")
    present = []
    for module in MODULES:
        for packed in files_of(kernel, f"{module}.ko*"):
            with (lzma.open if packed.endswith(".xz") else open)(packed, "rb") as f:
                archive.file(f"modules/{module}.ko", f.read())
            present.append(module)
    for name in ("proc", "sys", "dev", "run", "tmp", "etc"):
        archive.folder(name)
    archive.copy(LEAP_TABLE.lstrip("/"), LEAP_TABLE)
    archive.file("ffntp.conf", conf.encode())
    archive.file("init", INIT.format(modules=" ".join(present), commands=commands, ports=PORTS).encode())
    archive.write(path)


class Linux(guest.Guest):
    """A guest with a kernel of Debian. words: for the kernel. options: for QEMU."""

    def __init__(self, folder, kernel, image, *, name="guest", words="", options=(), **more):
        self.ports = [tap.free_port() for _ in PORTS]
        [vmlinuz] = files_of(kernel, "vmlinuz*")
        # On a busy machine the kernel would find that its timer does not work, and panic.
        words = f"console=ttyS0 quiet loglevel=3 panic=-1 net.ifnames=0 no_timer_check {words}"
        super().__init__(folder, "q35", words, name=name, image=vmlinuz, page=False, ram_mib=RAM_MIB,
                         network="".join(f",hostfwd=udp:127.0.0.1:{ours}-:{its}" for ours, its in zip(self.ports, PORTS)),
                         options=["-initrd", image, *options], **more)


class Reading:
    """One answer. began_s, ended_s: CLOCK_MONOTONIC around it. outside_s: how far the reading is outside its bound; 0: inside."""

    def __init__(self, began, ended, text):
        (self.began_s, began_ns), (self.ended_s, ended_ns) = began, ended
        self.result, earliest, latest, self.marker = map(int, text.split())
        self.bound_s = (latest - earliest) * 1e-9 / 2
        self.outside_s = max(0, earliest - ended_ns, began_ns - latest) * 1e-9 if self.result == 0 else 0


def clocks():
    return time.monotonic(), time.time_ns()


class Watch:
    """Asks a guest for the time, until the block ends. The truth is this machine's clock before the question and after the answer. port:
    the number in PORTS."""

    PERIOD_S = 0.02

    def __init__(self, running, port=0):
        self.port, self.readings, self.stopping = running.ports[port], [], threading.Event()
        self.thread = threading.Thread(target=self.watch)

    def ask(self, s, number):
        question = b"%d" % number
        began = clocks()
        with contextlib.suppress(TimeoutError, ConnectionError):
            s.send(question)
            while True:
                answer = s.recv(512)
                ended = clocks()
                if answer.split()[0] == question:
                    self.readings.append(Reading(began, ended, answer[len(question):]))
                    return

    def watch(self):
        number = 0
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as s:
            s.settimeout(0.5)
            s.connect(("127.0.0.1", self.port))
            while not self.stopping.is_set():
                number += 1
                self.ask(s, number)
                time.sleep(self.PERIOD_S)

    def __enter__(self):
        self.thread.start()
        return self

    def __exit__(self, *unused):
        self.stopping.set()
        self.thread.join()

    def after(self, from_s):
        """Return the answers to questions since then."""
        return [reading for reading in list(self.readings) if reading.began_s >= from_s]

    def wait_for_time(self, from_s, patience_s):
        """Wait for a reading that is not refused, to a question after from_s; return the seconds from then to it."""
        def found():
            return [reading for reading in self.after(from_s) if reading.result == 0]
        return tap.wait_for(found, "the guest to have the time", patience_s)[0].ended_s - from_s
