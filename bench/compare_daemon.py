#!/usr/bin/env python3
"""Compares the memory and the CPU time of ffntpd with those of chronyd, side by side, on one machine.

Usage: compare_daemon.py BUILD [SECONDS]

BUILD: a build folder, such as build/plain, whose daemon is installed into a temporary folder. Starts Debian's chronyd as a server on the
loopback, which does not set the clock, and chronyd and ffntpd as its clients, each with a request a second. Measures for SECONDS, 600 by
default, once both are synchronised. Started by root, it runs ffntpd as a user, as the service does. Prints the medians of their private memory and of their CPU time per second, with the ratios.

Private memory is what a process has written to (Private_Dirty in smaps_rollup): the pages of programs and libraries that are only read
are in the cache of files, and in the same memory for all processes that use them.
"""
import contextlib
import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

TOP = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(TOP / "tests/system"))

# A sample covers this time (s): long enough for ten exchanges, and short enough for the median to leave out busy moments of the machine.
SAMPLE_S = 10
# A user without rights: nobody.
USER = 65534


def environment(build, folder):
    subprocess.run(["meson", "install", "-C", build, "--no-rebuild", "--quiet", "--destdir", f"{folder}/installed"], check=True)
    [program] = Path(f"{folder}/installed").glob("**/sbin/ffntpd")
    os.sync()       # a page of a file that is not on the disk yet counts as private to the process that maps it
    [module] = Path(f"{folder}/installed").glob("**/ffntp-callfilter.so")
    os.environ.update(FFNTPD=str(program), LD_LIBRARY_PATH=str(module.parent), PROBE=f"{build}/tests/system/probe", PACKAGES=f"{build}/tests/system/packages")


def private_kb(pid):
    with open(f"/proc/{pid}/smaps_rollup") as f:
        return sum(int(line.split()[1]) for line in f if line.startswith("Private_Dirty"))


def cpu_s(pid):
    """The time that all threads of a process have run."""
    total_ns = 0
    for thread in Path(f"/proc/{pid}/task").iterdir():
        total_ns += int((thread / "schedstat").read_text().split()[0])
    return total_ns * 1e-9


def measure(pids, seconds):
    """Return the samples of memory (kB) and of CPU time (us per second) of each process, by name."""
    memory, cpu = ({name: [] for name in pids} for _ in range(2))
    before, began = {name: cpu_s(pid) for name, pid in pids.items()}, time.monotonic()
    for _ in range(max(1, round(seconds / SAMPLE_S))):
        time.sleep(SAMPLE_S)
        after, ended = {name: cpu_s(pid) for name, pid in pids.items()}, time.monotonic()
        for name, pid in pids.items():
            memory[name].append(private_kb(pid))
            cpu[name].append(1e6 * (after[name] - before[name]) / (ended - began))
        before, began = after, ended
    return memory, cpu


def report(kind, unit, samples):
    medians = {name: statistics.median(values) for name, values in samples.items()}
    for name, median in medians.items():
        print(f"{kind} {name:8} median {median:.0f} {unit}, {min(samples[name]):.0f} to {max(samples[name]):.0f} {unit}")
    ours, theirs = medians.values()
    print(f"{kind} ratio {ours / theirs:.2f}")


@contextlib.contextmanager
def chronyd_client(folder, port):
    """Run chronyd as a client with a request a second; yields its process, once it is synchronised."""
    import packages
    import tap
    with open(f"{folder}/client.conf", "w") as f:
        f.write(f"server 127.0.0.1 port {port} minpoll 0 maxpoll 0 iburst\nport 0\ncmdport 0\nbindcmdaddress /\n"
                f"pidfile {folder}/client.pid\n")
    user = ["-u", "root"] if os.geteuid() == 0 else ["-U"]
    argv = [packages.program("chrony", "/usr/sbin/chronyd"), "-x", "-d", *user, "-f", f"{folder}/client.conf"]
    with tap.process(argv, f"{folder}/client.log") as running:
        tap.wait_for(lambda: "Selected source" in tap.said(folder, "client"), "chronyd to be synchronised", 60)
        yield running


def become_user():
    """For preexec_fn, as root."""
    os.setgroups([])
    os.setgid(USER)
    os.setuid(USER)


@contextlib.contextmanager
def ffntpd_client(folder, port):
    """Run ffntpd likewise."""
    import tap
    own, is_root = f"{folder}/own", os.geteuid() == 0
    os.mkdir(own)
    if is_root:
        os.chmod(folder, 0o755)
        os.chown(own, USER, USER)
    with tap.daemon(own, "--poll", "1", f"127.0.0.1:{port}", **({"preexec_fn": become_user} if is_root else {})) as running:
        tap.wait_for_status(own, "synchronised")
        yield running


def compare(folder, seconds):
    import chrony
    with chrony.chronyd(folder) as port, chronyd_client(folder, port) as theirs, ffntpd_client(folder, port) as ours:
        memory, cpu = measure({"ffntpd": ours.pid, "chronyd": theirs.pid}, seconds)
    report("private memory", "kB", memory)
    report("CPU per second", "us", cpu)


def main():
    if len(sys.argv) not in (2, 3):
        sys.exit("usage: compare_daemon.py BUILD [SECONDS]")
    with tempfile.TemporaryDirectory(prefix="ffntp-bench-") as folder:
        environment(Path(sys.argv[1]).resolve(), folder)
        compare(folder, float(sys.argv[2]) if len(sys.argv) > 2 else 600)


main()
