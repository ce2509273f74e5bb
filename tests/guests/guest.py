"""Guests under QEMU, whose memory is a file that tests read, and chronyd on the host's loopback."""
import contextlib
import functools
import json
import mmap
import os
import re
import socket
import subprocess
import sys
import threading

import chrony
import tap

IMAGE, TRUTH, RELAY = (os.environ.get(name, "") for name in ("GUEST", "TRUTH", "RELAY"))
ARM = os.environ.get("GUEST_ARM", "")
PAGE, PROBE = 0x1000000, 0x1001000
RAM_MIB = 32
HOST = "10.0.2.2"               # the host's loopback, as QEMU's user network shows it

DEVICES = {
    "microvm": ["-device", "virtio-net-device,netdev=net", "-device", "virtio-rng-device"],
    "virt": ["-device", "virtio-net-device,netdev=net", "-device", "virtio-rng-device"],
    "q35": ["-device", "virtio-net-pci,netdev=net,romfile=", "-device", "virtio-rng-pci"],
}


# A card that can be removed from a q35 and inserted again, and its slot, which does this by PCI Express and not by
# ACPI.
CARD = {"driver": "virtio-net-pci", "id": "card", "bus": "place", "netdev": "net", "romfile": ""}
IN_A_SLOT = ["-global", "ICH9-LPC.acpi-pci-hotplug-with-bridge-support=off", "-device", "pcie-root-port,id=place,chassis=1",
             "-device", ",".join(f"{key}={value}" for key, value in CARD.items()), "-device", "virtio-rng-pci"]


def first(priority=1):
    """For preexec_fn: run before the machine's other work, where permitted, because this is a measurement. The process ends with
    us: otherwise it would hold a processor for good."""
    tap.end_with_us()
    with contextlib.suppress(OSError):
        os.sched_setscheduler(0, os.SCHED_RR, os.sched_param(priority))


def very_first():
    """Run before first(): for processes that need some microseconds at a time, because a listening guest may hold a processor longer."""
    first(2)


@contextlib.contextmanager
def awake(folder):
    """Keep the processors that guests are pinned to awake until the block ends. A machine needs time to wake up, a virtual one above
    all; that time adds to one direction of a path more than to the other, which no clock can detect."""
    def idle(processor):
        os.sched_setaffinity(0, {processor})
        os.sched_setscheduler(0, os.SCHED_IDLE, os.sched_param(0))
    with contextlib.ExitStack() as spinning:
        for processor in sorted(os.sched_getaffinity(0))[:2]:
            spinning.enter_context(tap.process([sys.executable, "-c", "while True: pass"], f"{folder}/awake.log",
                                               preexec_fn=functools.partial(idle, processor)))
        yield


def chronyd(folder):
    return chrony.chronyd(folder, preexec_fn=very_first)


@contextlib.contextmanager
def relay(folder, server, loss_percent, delay_ms, queue_ms):
    """A path to the server that loses and delays datagrams. Yields its port."""
    port = tap.free_port()
    with tap.process([RELAY, *map(str, (port, server, loss_percent, delay_ms, queue_ms, 1))], f"{folder}/relay.log",
                     preexec_fn=very_first):
        tap.wait_for(lambda: tap.answers(port), "the relay to let a reply through")
        yield port


def truth(*arguments, patience_s=60):
    """Run tests/guests/truth; return the objects that it prints, one a line."""
    done = subprocess.run([TRUTH, *map(str, arguments)], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                          stderr=subprocess.PIPE, text=True, timeout=patience_s * tap.PATIENCE, preexec_fn=very_first)
    tap.check(done.returncode == 0, f"truth {arguments[0]}: {done.stderr.strip()}")
    return [json.loads(line) for line in done.stdout.splitlines()]


class Guest:
    """A guest that runs until the block ends. Its console is folder/NAME.log, its memory a file in memory."""

    def __init__(self, folder, machine, words, *, name="guest", devices=None, cpu="max", options=(), image=None,
                 page=True, ram_mib=RAM_MIB, network="", qemu=(), environment=None):
        """page: the guest takes the addresses of its pages. network: more properties of QEMU's user network. qemu: the command, instead of
        the installed one, and its environment."""
        self.log = f"{folder}/{name}.log"
        self.qmp_path = f"{folder}/{name}.qmp"
        self.shared = tap.make_folder("ffntp-guest-", "/dev/shm" if os.path.isdir("/dev/shm") else None)
        self.memory = f"{self.shared}/memory"
        is_arm = machine == "virt"
        base = 0x40000000 if is_arm else 0      # where the machine's memory begins
        own = f" page={base + PAGE:#x} probe={base + PROBE:#x}" if page else ""
        self.environment = environment
        self.command = [
            *(qemu or ["qemu-system-aarch64" if is_arm else "qemu-system-x86_64"]), "-M", f"{machine},accel=tcg,memory-backend=ram", "-cpu", cpu, "-m", str(ram_mib), "-nodefaults",
            "-no-reboot", "-display", "none", "-serial", f"file:{self.log}",
            "-qmp", f"unix:{self.qmp_path},server=on,wait=off",
            "-object", f"memory-backend-file,id=ram,size={ram_mib}M,mem-path={self.memory},share=on",
            "-netdev", f"user,id=net,ipv4=on,ipv6=on{network}", *(DEVICES[machine] if devices is None else devices), *options,
            "-kernel", image or (ARM if is_arm else IMAGE), "-append", words + own]
        self.stderr = open(f"{folder}/{name}.qemu.log", "wb")

    def __enter__(self):
        self.process = subprocess.Popen(self.command, stdin=subprocess.DEVNULL, stdout=self.stderr, stderr=self.stderr,
                                        preexec_fn=first, env=self.environment)
        return self

    def __exit__(self, *unused):
        tap.stop(self.process)
        self.stderr.close()
        tap.remove_folder(self.shared)

    # --- QEMU's monitor ---

    @contextlib.contextmanager
    def monitor(self):
        tap.wait_for(lambda: os.path.exists(self.qmp_path), "QEMU's monitor")
        with socket.socket(socket.AF_UNIX) as s:
            s.connect(self.qmp_path)
            s.settimeout(60 * tap.PATIENCE)
            with s.makefile("rw") as stream:
                stream.readline()
                self.say(stream, "qmp_capabilities")
                yield stream

    @staticmethod
    def say(stream, command, **arguments):
        stream.write(json.dumps({"execute": command, "arguments": arguments}) + "\n")
        stream.flush()
        while True:
            answer = json.loads(stream.readline())
            if "error" in answer:
                raise AssertionError(f"QEMU: {command}: {answer['error']['desc']}")
            if "return" in answer:
                return answer["return"]

    def order(self, command, **arguments):
        with self.monitor() as stream:
            return self.say(stream, command, **arguments)

    def human(self, line):
        """Run a command of the monitor for people. Its output, if any, is an error."""
        said = self.order("human-monitor-command", **{"command-line": line})
        tap.check(not said.strip(), f"QEMU: {line}: {said}")

    def insert(self, **card):
        """Insert the card; arguments replace its properties."""
        self.order("device_add", **{**CARD, **card})

    @contextlib.contextmanager
    def bytes_of(self, symbol):
        """Yield the memory of a variable of the image, to be read and written while the guest runs."""
        listed = subprocess.run(["nm", IMAGE], check=True, stdout=subprocess.PIPE, text=True).stdout
        address = int(re.search(rf"^([0-9a-f]+) . {symbol}$", listed, re.M)[1], 16)
        with open(self.memory, "r+b") as file, mmap.mmap(file.fileno(), 0) as memory, memoryview(memory) as view:
            with view[address:] as seen:
                yield seen

    def is_running(self):
        return self.process.poll() is None and self.order("query-status")["status"] == "running"

    def pin(self):
        """Pin the guest's processor to one of ours and QEMU's other threads to another, so that neither waits for the other."""
        processors = sorted(os.sched_getaffinity(0))
        if len(processors) < 2:
            return
        with contextlib.suppress(OSError):
            for thread in os.listdir(f"/proc/{self.process.pid}/task"):
                os.sched_setaffinity(int(thread), {processors[1]})
            os.sched_setaffinity(self.order("query-cpus-fast")[0]["thread-id"], {processors[0]})

    # --- its console ---

    def said(self):
        if not os.path.exists(self.log):
            return ""
        with open(self.log, errors="replace") as f:
            return f.read()

    def wait_for_line(self, pattern, patience_s=20):
        def found():
            tap.check(self.process.poll() is None, f"QEMU ended: {self.process.returncode}")
            return re.search(pattern, self.said())
        return tap.wait_for(found, f"the guest to print '{pattern}'", patience_s)

    # --- its page ---

    def page(self):
        return truth("show", self.memory, PAGE)[0]

    def wait_for_status(self, status, patience_s=10):
        tap.wait_for(lambda: os.path.exists(self.memory) and os.path.getsize(self.memory) > 0, "the guest's memory")
        return tap.wait_for(lambda: self.page().get("status") == status, f"status {status}", patience_s)

    def watch(self, seconds):
        return truth("watch", self.memory, PAGE, PROBE, seconds, patience_s=seconds + 60)[0]

    @contextlib.contextmanager
    def statuses(self):
        """Yield a list of the page's status and its changes, which grows until the block ends."""
        changes = []
        with subprocess.Popen([TRUTH, "statuses", self.memory, str(PAGE), "600"], text=True, stdin=subprocess.DEVNULL,
                              stdout=subprocess.PIPE, preexec_fn=first) as watching:
            listening = threading.Thread(target=lambda: changes.extend(map(json.loads, watching.stdout)))
            listening.start()
            try:
                tap.wait_for(lambda: changes, "a first status")
                yield changes
            finally:
                tap.stop(watching)
                listening.join()


def check_watched(seen, seconds, bound_ms=20):
    print(f"# median {seen['median_ns'] / 1e3:.1f} us, 99 % {seen['p99_ns'] / 1e3:.1f} us, largest "
          f"{seen['max_ns'] / 1e3:.1f} us, bound up to {seen['largest_bound_ns'] / 1e3:.1f} us, {seen['outside']} outside of "
          f"{seen['readings']} readings", flush=True)
    tap.check(abs(seen.get("host_set_ns", 0)) < 100000, f"the host's clock was set meanwhile: {seen}")
    tap.check(abs(seen["counter_moved_ns"]) < 5000, f"the guest's counter is not the host's: {seen}")
    tap.check(seen["readings"] >= 5 * seconds, f"too few readings: {seen}")
    tap.check(seen["outside"] == 0, f"the bound did not hold: {seen}")
    tap.check(seen["refused"] == 0 and seen["busy"] <= seen["readings"] / 20, f"the page could not be read: {seen}")
    tap.check(seen["largest_bound_ns"] < bound_ms * 1e6, f"the bound tells nothing: {seen}")
