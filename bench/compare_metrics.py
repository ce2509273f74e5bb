#!/usr/bin/env python3
"""Compares the cost of `ffntp metrics` with that of `chronyc -c tracking`, side by side, on one machine.

Usage: compare_metrics.py BUILD [RUNS]

BUILD: a build folder, such as build/plain, whose programs are installed into a temporary folder: a program in a build folder has a
search path to its modules, which costs it a tenth of its start. Starts Debian's chronyd, which serves the time on the loopback and does not set the clock,
and ffntpd, which follows it. Both commands run RUNS times, 300 by default, in turn. Prints the medians of their wall-clock time and of
their CPU time, with the ratio.
"""
import os
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

TOP = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(TOP / "tests/system"))


def environment(build, folder):
    subprocess.run(["meson", "install", "-C", build, "--no-rebuild", "--quiet", "--destdir", f"{folder}/installed"], check=True)
    [program] = Path(f"{folder}/installed").glob("**/bin/ffntp")
    os.environ.update(FFNTP=str(program), FFNTPD=f"{build}/daemon/ffntpd", PROBE=f"{build}/tests/system/probe",
                      PACKAGES=f"{build}/tests/system/packages")


def cpu_s():
    usage = resource.getrusage(resource.RUSAGE_CHILDREN)
    return usage.ru_utime + usage.ru_stime


def measure(commands, runs):
    """Return the seconds of wall-clock time and of CPU time of each run, by command."""
    wall, cpu = ({name: [] for name in commands} for _ in range(2))
    for _ in range(runs):
        for name, command in commands.items():
            before_s, cpu_before_s = time.perf_counter(), cpu_s()
            subprocess.run(command, stdout=subprocess.DEVNULL, check=True)
            wall[name].append(time.perf_counter() - before_s)
            cpu[name].append(cpu_s() - cpu_before_s)
    return wall, cpu


def report(kind, seconds):
    medians = {name: statistics.median(values) for name, values in seconds.items()}
    for name, median in medians.items():
        low, _, high = statistics.quantiles(seconds[name])
        print(f"{kind} {name:20} median {1e3 * median:.3f} ms, quartiles {1e3 * low:.3f} to {1e3 * high:.3f} ms")
    first, second = medians.values()
    print(f"{kind} ratio {first / second:.2f}")


def compare(folder, runs):
    import chrony
    import packages
    import tap
    import tool
    os.mkdir(f"{folder}/run", 0o750)
    address = f"{folder}/run/chronyd.sock"
    with chrony.chronyd(folder, f"bindcmdaddress {address}\n") as port, tap.daemon(folder, "--poll", "1", f"127.0.0.1:{port}"):
        tap.wait_for_status(folder, "synchronised")
        wall, cpu = measure({"ffntp metrics": [tool.FFNTP, "metrics", "--page", f"{folder}/page"],
                             "chronyc -c tracking": [packages.program("chrony", "/usr/bin/chronyc"), "-h", address, "-c", "tracking"]}, runs)
    report("wall", wall)
    report("cpu ", cpu)


def main():
    if len(sys.argv) not in (2, 3):
        sys.exit("usage: compare_metrics.py BUILD [RUNS]")
    with tempfile.TemporaryDirectory(prefix="ffntp-bench-") as folder:
        environment(Path(sys.argv[1]).resolve(), folder)
        compare(folder, int(sys.argv[2]) if len(sys.argv) > 2 else 300)


main()
