"""Tests that start real processes: TAP output, servers on free ports of the loopback. All are stopped and removed at the end.

A test is a function test_* that takes a folder of its own; it raises AssertionError to fail and Skip to be skipped.
"""
import concurrent.futures
import contextlib
import ctypes
import json
import os
import random
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
import traceback

FFNTPD, PROBE = os.environ.get("FFNTPD", ""), os.environ.get("PROBE", "")
# By how much a machine may be slower than an idle one (scripts/check sets it): every time limit is multiplied by it. A wait ends as
# soon as its condition holds, so that patience costs time only where a test fails.
PATIENCE = float(os.environ.get("PATIENCE", "1"))


LIBC = ctypes.CDLL(None)
PR_SET_PDEATHSIG = 1


class Skip(Exception):
    pass


def check(condition, what):
    """An assertion that python -O does not remove."""
    if not condition:
        raise AssertionError(what)


# --- running ---

_folders = set()


def make_folder(prefix, parent=None):
    """Make a folder that is removed by remove_folder(), or when the test is interrupted."""
    folder = tempfile.mkdtemp(prefix=prefix, dir=parent)
    _folders.add(folder)
    return folder


def remove_folder(folder):
    shutil.rmtree(folder, ignore_errors=True)
    _folders.discard(folder)


def check_calls(folder):
    """Check that the daemon's sandbox refused no system call that it needs."""
    for name in os.listdir(folder):
        lines = [] if not name.endswith(".log") else open(f"{folder}/{name}", errors="replace").read().splitlines()
        refused = [line for line in lines if "the sandbox refused" in line]
        check(not refused, f"{name}: {refused}")


def outcome(test):
    folder = make_folder("ffntp-test-")
    try:
        test(folder)
        check_calls(folder)
        return "ok", ""
    except Skip as reason:
        return "ok", f" # SKIP {reason}"
    except Exception as problem:
        # The error comes first, in one line; then the trace and all logs.
        logs = "".join(f"--- {name}\n{open(f'{folder}/{name}', errors='replace').read()[-3000:]}"
                       for name in sorted(os.listdir(folder)) if name.endswith(".log"))
        trace, error = traceback.format_exc(), " ".join("".join(traceback.format_exception_only(problem)).split())
        return "not ok", "".join(f"\n# {line}" for line in [error, *(trace + logs).splitlines()])
    finally:
        remove_folder(folder)


def outcomes(tests, together):
    """Run the tests; yield the outcomes in order. With together == 1 the first thread runs them, which alone may enter a namespace
    (namespace.py)."""
    return map(outcome, tests) if together == 1 else concurrent.futures.ThreadPoolExecutor(together).map(outcome, tests)


def interrupted(number, _):
    for each in signal.SIGINT, signal.SIGTERM, signal.SIGHUP:
        signal.signal(each, signal.SIG_IGN)
    raise KeyboardInterrupt


def run_all(tests, together):
    """Print the outcomes; return whether a test failed."""
    failed = False
    for number, ((name, _), (word, rest)) in enumerate(zip(tests, outcomes([each for _, each in tests], together)), 1):
        failed |= word != "ok"
        title = name.removeprefix("test_").replace("_", " ")
        print(f"{word} {number} {title}{rest}", flush=True)
    return failed


def run(module, together=8):
    """Run the module's tests, `together` at a time, because most of them wait."""
    # Under nohup, or in the background of a shell, some signals are ignored, and child processes would inherit that.
    signal.signal(signal.SIGQUIT, signal.SIG_DFL)
    for number in signal.SIGINT, signal.SIGTERM, signal.SIGHUP:
        signal.signal(number, interrupted)
    os.environ["RES_OPTIONS"] = "timeout:1 attempts:1"      # a silent name server is not the subject of these tests
    tests = [(name, each) for name, each in vars(module).items() if name.startswith("test_")]
    print(f"1..{len(tests)}", flush=True)
    try:
        failed = run_all(tests, together)
    except BaseException as problem:
        # Tests in other threads would go on to their ends. The processes that they started end with us.
        with contextlib.suppress(OSError):
            print(f"Bail out! {type(problem).__name__} {problem}", flush=True)
        for folder in list(_folders):
            remove_folder(folder)
        os._exit(1)
    sys.exit(1 if failed else 0)


# --- processes ---

def end_with_us():
    """For preexec_fn: let the kernel kill the process when the thread that started it ends, for whatever reason."""
    LIBC.prctl(PR_SET_PDEATHSIG, signal.SIGKILL)


@contextlib.contextmanager
def process(argv, log, preexec_fn=lambda: None, **options):
    """Run a process until the block ends; its output goes to the file 'log'."""
    def begin():
        end_with_us()
        preexec_fn()
    with open(log, "ab") as output:
        running = subprocess.Popen(argv, stdin=subprocess.DEVNULL, stdout=output, stderr=subprocess.STDOUT, preexec_fn=begin,
                                   **options)
    try:
        yield running
    finally:
        stop(running)


def stop(running, number=signal.SIGTERM, patience_s=10):
    """End a process; return its exit code and the seconds that it took."""
    began = time.monotonic()
    if running.poll() is None:
        running.send_signal(number)
    try:
        running.wait(patience_s * PATIENCE)
    except subprocess.TimeoutExpired:
        running.kill()
        running.wait()
    return running.returncode, time.monotonic() - began


def check_ends(running, number=signal.SIGTERM, within_s=2):
    """End a process; check that it ends well, and soon."""
    code, seconds = stop(running, number)
    check(code == 0 and seconds < within_s * PATIENCE, f"exit code {code} after {seconds} s")


def wait_for(condition, what, patience_s=20):
    """Return the first true value of condition()."""
    patience_s *= PATIENCE
    end = time.monotonic() + patience_s
    while True:
        is_over = time.monotonic() >= end
        value = condition()
        if value:
            return value
        check(not is_over, f"waited {patience_s:g} s for {what}")
        time.sleep(0.05)


def copy_program(source, target):
    """Copy a program in a process of its own; return the copy's path. A process that another thread starts while we write the file would
    inherit our descriptor, and until it closes that, the copy cannot be run (ETXTBSY)."""
    subprocess.run(["cp", source, target], check=True)
    return f"{target}/{os.path.basename(source)}" if os.path.isdir(target) else target


def lowest_ephemeral():
    """Return the first port that the kernel gives to sockets without one: those of clients, which come and go all the time."""
    with open("/proc/sys/net/ipv4/ip_local_port_range") as f:
        return int(f.read().split()[0])


_ports = set()


def free_port(kind=socket.SOCK_DGRAM):
    """Return a port that is free, and that neither the kernel nor a later call here gives to anybody else."""
    end = lowest_ephemeral()
    candidates = range(max(1024, end - 20000), end) if end > 5000 else range(20000, 65536)
    for _ in range(1000):
        port = random.choice(candidates)
        with socket.socket(socket.AF_INET, kind) as s, contextlib.suppress(OSError):
            s.bind(("127.0.0.1", port))
            if port not in _ports:
                _ports.add(port)
                return port
    raise AssertionError("no free port")


def free_tcp_port():
    return free_port(socket.SOCK_STREAM)


def answers(port, host="127.0.0.1"):
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as s:
        s.settimeout(0.2 * PATIENCE)
        try:
            s.connect((host, port))
            s.send(b"\x23" + bytes(39) + os.urandom(8))
            reply = s.recv(1024)
        except OSError:
            return False
    return len(reply) >= 48 and reply[0] >> 6 != 3 and 0 < reply[1] < 16


def daemon(folder, *arguments, name="ffntpd", **options):
    """Run ffntpd with a page in the folder. bend.c makes system calls of its own when the counter is read."""
    outside = ["--sandbox", "off"] if "BEND" in options.get("env", ()) else []
    return process([FFNTPD, "--page", f"{folder}/page", *outside, *arguments], f"{folder}/{name}.log", **options)


def run_daemon(folder, *arguments, patience_s=20, **options):
    """Run ffntpd to its end; return its exit code and its output."""
    done = subprocess.run([FFNTPD, *arguments], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT, text=True, timeout=patience_s * PATIENCE, cwd=folder, **options)
    return done.returncode, done.stdout


def said(folder, name="ffntpd"):
    with open(f"{folder}/{name}.log", errors="replace") as f:
        return f.read()


# --- the page ---

def probe(folder):
    """Return the page's contents, or None if the page cannot be read."""
    done = subprocess.run([PROBE, "show", f"{folder}/page"], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                          stderr=subprocess.DEVNULL, text=True, timeout=10 * PATIENCE)
    return json.loads(done.stdout) if done.returncode == 0 else None


def has_time(page):
    """Return the page if it has the time, otherwise None."""
    return page if page and page["status"] in ("free-running", "synchronised") else None


def wait_for_status(folder, status, patience_s=20):
    def reached():
        page = probe(folder)
        return page if page and page["status"] == status else None
    return wait_for(reached, f"status {status}", patience_s)


def wait_for_verdict(folder, name, count=1, patience_s=20):
    def reached():
        page = probe(folder)
        return page if page and page["verdicts"][name] >= count else None
    return wait_for(reached, f"{count} of {name}", patience_s)


def watch(folder, seconds):
    """Compare the page with CLOCK_REALTIME, every 50 ms."""
    done = subprocess.run([PROBE, "watch", f"{folder}/page", str(seconds)], stdin=subprocess.DEVNULL,
                          stdout=subprocess.PIPE, text=True, timeout=seconds + 30 * PATIENCE)
    check(done.returncode == 0, f"the page cannot be watched: {done.stdout}")
    return json.loads(done.stdout)


def check_heard(page, replies):
    """Check the verdicts. On a busy machine the estimator may reject some exchanges, which is no fault of network or page."""
    verdicts = page["verdicts"]
    check(verdicts["accepted"] + verdicts["contradiction"] >= replies, f"too few replies came: {page}")
    check(verdicts["accepted"] >= replies / 2, f"too few replies were accepted: {page}")


def check_watched(result, seconds, median_ns=10000):
    check(result["samples"] >= 5 * seconds, f"too few readings: {result}")
    check(result["median_ns"] <= median_ns, f"the median error is too large: {result}")
    check(result["outside"] == 0, f"the bound did not hold: {result}")
    check(result["refused"] == 0, f"readings were refused, by cause {result['causes']}: {result}")
