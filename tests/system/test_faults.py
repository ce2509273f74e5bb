#!/usr/bin/env python3
"""ffntpd while system calls fail: it goes on, or ends with a clear line; its page is never wrong; no file is left half written.

    test_faults.py        a part that takes seconds
    test_faults.py all    each call of a session in turn: of every thread the first, the second, and so on

strace makes the calls fail. A session: servers by address and by name, one with NTS that is not there, directories, keys, a journal
that is renamed, a guest's page, a clock log, a reload, a command, a page that is removed. Meanwhile a reader compares the page with
the true time, which the server has.
"""
import concurrent.futures
import contextlib
import errno
import fcntl
import glob
import json
import os
import random
import re
import resource
import shutil
import signal
import socket
import subprocess
import sys
import time

import certificates
import fake
import tap

# Calls and their errors, which take turns over the calls of a session. brk has no errno value.
FILES = ("ENOSPC", "EIO", "EROFS", "EDQUOT", "EPERM", "ENOMEM")
TABLE = {
    "access": ("EACCES", "EIO"), "accept4": ("EMFILE", "ENOMEM", "EINTR", "ENETDOWN"), "bind": ("ENOSPC", "EROFS", "EADDRINUSE"),
    "capget": ("EPERM",), "chmod": ("EPERM", "EROFS"), "clock_nanosleep": ("EINTR",),
    "clone": ("EAGAIN", "ENOMEM", "EPERM"), "close": ("EIO", "EINTR", "ENOSPC", "EDQUOT"),
    "connect": ("ENETDOWN", "EPERM", "EINTR", "ENOMEM"), "fchmod": ("EPERM", "EROFS", "EIO"), "fcntl": ("ENOLCK", "EINTR", "EIO"),
    "flock": ("EINTR", "ENOLCK", "EIO"), "ftruncate": FILES, "getdents64": ("EIO", "ENOMEM"),
    "getrandom": ("EINTR", "EAGAIN", "ENOSYS"), "getsockname": ("ENOBUFS",), "getsockopt": ("ENOMEM",), "ioctl": ("EIO", "ENOTTY"),
    "landlock_add_rule": ("ENOMEM",), "landlock_create_ruleset": ("EMFILE", "ENOMEM", "ENOSYS"),
    "landlock_restrict_self": ("ENOMEM", "EPERM"), "listen": ("EADDRINUSE",), "lseek": ("EIO",), "memfd_create": ("EMFILE", "ENOMEM"), "mkdir": FILES,
    "mmap": ("ENOMEM", "EAGAIN", "EPERM"), "mprotect": ("ENOMEM",), "munmap": ("ENOMEM",), "newfstatat": ("ENOMEM", "EIO", "EACCES"),
    "openat": ("EMFILE", "ENFILE", "EINTR", *FILES), "poll": ("EINTR", "ENOMEM"), "prctl": ("EINVAL", "EPERM"),
    "pread64": ("EIO", "EINTR"), "pwrite64": ("EINTR", *FILES), "read": ("EIO", "EINTR", "ENOMEM"), "recvfrom": ("EINTR", "ENOMEM"),
    "recvmsg": ("EINTR", "ENOMEM", "EIO"), "rename": FILES, "seccomp": ("ENOMEM", "EINVAL"),
    "sendto": ("ENETDOWN", "EPERM", "EINTR", "ENOBUFS", "ENOMEM"), "setsockopt": ("EPERM", "ENOMEM"),
    "socket": ("EMFILE", "ENFILE", "ENOBUFS", "ENOMEM", "EPERM"), "timerfd_create": ("EMFILE", "ENOMEM"),
    "timerfd_settime": ("EINVAL",), "unlink": FILES, "write": ("EINTR", *FILES),
}
# Calls that may fail for ever, from a call on; each with the errors of a system that is exhausted.
LASTING = {"openat": ("EMFILE", "EROFS"), "socket": ("EMFILE", "ENETDOWN"), "sendto": ("ENETDOWN", "EPERM"), "write": ("ENOSPC", "EIO"),
           "poll": ("ENOMEM",), "mmap": ("ENOMEM",), "clone": ("EAGAIN",), "getrandom": ("ENOSYS",), "recvmsg": ("EIO",),
           "newfstatat": ("EIO",), "accept4": ("EMFILE",), "rename": ("EROFS",), "connect": ("ENETDOWN",), "read": ("EIO",)}

# Reasons in words of their own: the loader's, GnuTLS's, and of a counter that was read in place of the processor's.
OTHER_WORDS = "failed to map segment|cannot map|shared object|memory protections|can(not)? be read|Error while reading file|CLOCK_MONOTONIC_RAW"

SESSION_S = 4.2
# The end of the journal of a daemon that was killed.
LEFT = "a line that a killed daemon left"
LINES_MOST = 60
CPU_MOST_S = 1.5
# A page for guests needs the processor's counter.
with open("/sys/devices/system/clocksource/clocksource0/current_clocksource") as clocksource:
    GUESTS = clocksource.read().strip() in ("tsc", "arch_sys_counter")
# Calls that only some sessions make.
RARE = {"ioctl", "getsockopt", "lseek", "munmap"}
ALL = sys.argv[1:] == ["all"]


# --- a session ---

def prepare(folder, port):
    """Write the files of a session."""
    for name in "conf.d", "sources.d":
        os.mkdir(f"{folder}/{name}")
    files = {"conf": f"confdir {folder}/conf.d\nsourcedir {folder}/sources.d\nserver 127.0.0.1 port {port} iburst minpoll 0 maxpoll 0\n"
                     f"keyfile {folder}/keys\njournal {folder}/journal\njournalsize 16k\n",
             "conf.d/keyed.conf": f"server 127.0.0.2 port {port} key 1 noselect iburst\n",
             "conf.d/nts.conf": f"server 127.0.0.3 nts ntsport 1 noselect\nntstrustedcerts {AUTHORITY}\n",
             "sources.d/named.sources": f"server localhost port {port} noselect iburst\n",
             "keys": f"1 AES128 HEX:{'12' * 16}\n"}
    for name, text in files.items():
        with open(f"{folder}/{name}", "w") as f:
            f.write(text)
    os.chmod(f"{folder}/keys", 0o600)
    shutil.copy(JOURNAL, f"{folder}/journal")
    with open(f"{folder}/journal", "a") as f:
        f.write(LEFT)


def command(folder):
    """Send a command, and read its result or not."""
    with contextlib.suppress(OSError), socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET) as s:
        s.settimeout(1)
        s.connect(f"{folder}/own/page.control")
        s.send(b"offline 127.0.0.2")
        s.recv(1000)


class Session:
    """A daemon for SESSION_S, and what came of it."""

    def __init__(self, folder, port, before=(), is_lasting=False, error=0, **options):
        self.folder, self.is_lasting, self.error = folder, is_lasting, error
        prepare(folder, port)
        self.page = f"{folder}/own/page"
        self.argv = [*before, tap.FFNTPD, "-c", f"{folder}/conf", "--page", self.page, "--clock-log", f"{folder}/clock"]
        if GUESTS:
            self.argv += ["--guest-page", f"{folder}/own/guest", "--counter-offset", "0"]
        self.options = options

    def run(self):
        with open(f"{self.folder}/ffntpd.log", "wb") as log:
            options = {"stdout": log, "stderr": log, "stdin": subprocess.DEVNULL, **self.options}
            self.running = subprocess.Popen(self.argv, **options)
        try:
            self.act()
            self.cpu_s = self.cpu()
            self.code = tap.stop(self.running)[0]
        finally:
            if self.running.poll() is None:
                self.running.kill()
                self.running.wait()
        with open(f"{self.folder}/ffntpd.log", errors="replace") as f:
            self.lines = f.read().splitlines()
        return self

    def act(self):
        """A reader looks all the time; a user changes things."""
        page = self.page
        self.readers = []
        self.wait(time.monotonic() + 2 * tap.PATIENCE, lambda: os.path.exists(page))
        began = time.monotonic()
        self.wait(began + 0.6)
        self.read(page, 1.9)
        self.wait(began + 2.6)
        self.signal(signal.SIGHUP)
        command(self.folder)
        self.wait(began + 2.9)
        with contextlib.suppress(OSError):
            os.unlink(page)
        self.wait(began + SESSION_S - 0.4)
        self.read(page, 0.3)
        if not self.is_lasting:
            self.wait(began + SESSION_S + 10 * tap.PATIENCE, self.tells_time)
        self.is_over = self.running.poll() is not None
        self.results = [reader.communicate()[0] for reader in self.readers]

    def read(self, page, seconds):
        if self.running.poll() is None and os.path.exists(page):
            self.readers.append(subprocess.Popen([tap.PROBE, "watch", page, str(seconds)], stdin=subprocess.DEVNULL,
                                                 stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True))

    def signal(self, number):
        if self.running.poll() is None:
            self.running.send_signal(number)

    def wait(self, until, condition=lambda: False):
        while time.monotonic() < until and self.running.poll() is None and not condition():
            time.sleep(0.05)

    def tells_time(self):
        return tap.has_time(tap.probe(f"{self.folder}/own"))

    def cpu(self):
        with contextlib.suppress(OSError), open(f"/proc/{self.running.pid}/stat") as f:
            fields = f.read().rpartition(")")[2].split()
            return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")
        return 0

    # --- the judgement ---

    def problems(self):
        return [*self.problems_of_end(), *self.problems_of_page(), *self.problems_of_files(), *self.problems_of_log()]

    def problems_of_end(self):
        if self.code == 0:
            return ["ends with 0 without a signal"] if self.is_over else []
        if not any(line.startswith("ffntpd: ") for line in self.lines) and self.code in (127, -signal.SIGSEGV, -signal.SIGABRT):
            return []   # the loader ended, before the daemon began
        if self.code not in (1, 2):
            return [f"ends with {self.code}"]
        reason = f"{re.escape(os.strerror(self.error))}|{OTHER_WORDS}" if self.error else "."
        return [] if self.lines and re.search(f"ffntpd: .+: .*({reason})", self.lines[-1]) else ["ends without a clear line"]

    def problems_of_page(self):
        results = [json.loads(result) for result in self.results if result.startswith("{")]
        wrong = [f"the page is wrong: {result}" for result in results if result["outside"]]
        has_to_know = self.code == 0 and not self.is_lasting
        return wrong + (["does not tell time again"] if has_to_know and not self.tells_time() else [])

    def problems_of_files(self):
        own = sorted(os.listdir(f"{self.folder}/own")) if os.path.isdir(f"{self.folder}/own") else []
        found = [f"left behind: {name}" for name in own if name not in ("page", "page.lock", "page.control", "guest", "guest.lock")]
        found += [f"{name} is half written" for name in ("page", "guest")
                  if name in own and os.path.getsize(f"{self.folder}/own/{name}") != 4096]
        for name in "journal", "journal.1":
            if os.path.exists(f"{self.folder}/{name}"):
                with open(f"{self.folder}/{name}", "rb") as f:
                    text = f.read().removesuffix(LEFT.encode())     # if this daemon ended before it
                if text and (not text.endswith(b"\n") or not text.startswith(b"ffntp-journal ")):
                    found.append(f"{name} is half written: {text[-80:]}")
        return found

    def problems_of_log(self):
        found = [f"{len(self.lines)} lines"] if len(self.lines) > LINES_MOST else []
        found += [line for line in self.lines if "the sandbox refused" in line]
        return found + ([f"{self.cpu_s} s of the processor"] if self.cpu_s > CPU_MOST_S else [])


# --- many sessions ---

def inject(call, error, when):
    """The words of strace; the daemon is the process that is started, and strace its tracer."""
    return ["strace", "-D", "-f", "-qqq", "--seccomp-bpf", "-o", "/dev/null", "-e", f"trace={call}", "-e", "signal=none",
            "-e", f"inject={call}:error={error}:when={when}"]


def judge(folder, port, name, before, **options):
    os.mkdir(f"{folder}/{name}")
    session = Session(f"{folder}/{name}", port, before, **options).run()
    problems = session.problems()
    shutil.rmtree(f"{folder}/{name}")
    return f"{name}: {'; '.join(problems)}\n#   " + "\n#   ".join(session.lines[-6:]) if problems else None


def judge_all(folder, cases, together=24 if ALL else 40):
    """Run sessions, a dict from names to (words, options); fail with all problems."""
    with fake.Server() as server, concurrent.futures.ThreadPoolExecutor(together) as pool:
        futures = [pool.submit(judge, folder, server.port, name, before, **options) for name, (before, options) in cases.items()]
        problems = [problem for problem in (future.result() for future in futures) if problem]
    tap.check(not problems, f"{len(problems)} of {len(cases)}\n# " + "\n# ".join(problems))


def is_open(path):
    """Return whether a process has the file open."""
    for link in glob.glob("/proc/[0-9]*/fd/*"):
        with contextlib.suppress(OSError):
            if os.readlink(link) == path:
                return True
    return False


def count_calls(folder):
    """Return how often each call of the table is made in a session, at most, by one thread."""
    os.mkdir(f"{folder}/counted")
    with fake.Server() as server:
        session = Session(f"{folder}/counted", server.port,
                          ["strace", "-D", "-f", "-qqq", "-o", f"{folder}/calls", "-e", "trace=" + ",".join(TABLE)]).run()
    tap.check(not session.problems() and session.code == 0, f"{session.problems()}: {session.lines}")
    tap.wait_for(lambda: not is_open(f"{folder}/calls"), "strace, which ends after the daemon")
    counts = {}
    with open(f"{folder}/calls") as f:
        for line in f:
            found = re.match(r"(\d+) +(\w+)\(", line)
            if found:
                counts[found.groups()] = counts.get(found.groups(), 0) + 1
    return {call: max((count for (_, name), count in counts.items() if name == call), default=0) for call in TABLE}


def once(call, errors, number):
    error = errors[number % len(errors)]
    return f"{call}-{error}-{number}", (inject(call, error, number), {"error": getattr(errno, error)})


def lasting(call, error, number):
    return f"{call}-{error}-from-{number}", (inject(call, error, f"{number}+"), {"error": getattr(errno, error), "is_lasting": True})


def cases_of(counts):
    """Each call once, and some from a call on: from the start of main, in its middle, and near the end.

    strace counts the calls of each process. With the first write of the child that makes the sandbox's filter, the first of the daemon
    itself would fail, which is the line with the reason.
    """
    found = dict(once(call, errors, number) for call, errors in TABLE.items()
                 for number in range(2 if call == "write" else 1, counts[call] + 1))
    found |= dict(lasting(call, error, number) for call, errors in LASTING.items() for error in errors
                  for number in sorted({max(1, counts[call] * part // 6) for part in (1, 2, 3, 4, 5)}))
    return found


def need_strace():
    if shutil.which("strace") is None:
        raise tap.Skip("no strace")


def test_each_call_fails(folder):
    """In short: one of each call, at random, so that many runs try all of them."""
    need_strace()
    counts = count_calls(folder)
    missing = [call for call in TABLE if not counts[call] and call not in RARE]
    tap.check(not missing, f"calls that no session makes: {missing}")
    cases = cases_of(counts)
    judge_all(folder, cases if ALL else {name: cases[name] for name in random.sample(sorted(cases), 36)})


# --- faults that need no tracer ---

def limit(resource_name, value):
    def enter():
        resource.setrlimit(resource_name, (value, value))
    return enter


def test_limits(folder):
    """Files that may not grow (SIGXFSZ), and few descriptors: each number of them."""
    cases = {f"size-{size}": ((), {"preexec_fn": limit(resource.RLIMIT_FSIZE, size), "is_lasting": True})
             for size in (4095, 4096, 8192, 40000)}   # the log has fewer bytes
    cases |= {f"descriptors-{count}": ((), {"preexec_fn": limit(resource.RLIMIT_NOFILE, count), "is_lasting": True})
              for count in range(3, 19)}
    judge_all(folder, cases)


def close_some(descriptors):
    def enter():
        for descriptor in descriptors:
            os.close(descriptor)
    return enter


def test_standard_streams(folder):
    """Closed, in each combination; a standard error that is full, unread, or whose reader has gone (SIGPIPE)."""
    cases = {}
    for bits in range(1, 8):
        closed = [number for number in range(3) if bits >> number & 1]
        cases["closed-" + "".join(map(str, closed))] = ((), {"preexec_fn": close_some(closed)})
    reading, writing = os.pipe()
    fcntl.fcntl(writing, fcntl.F_SETPIPE_SZ, 4096)
    os.set_blocking(writing, False)
    with contextlib.suppress(BlockingIOError):
        while True:
            os.write(writing, bytes(512))
    os.set_blocking(writing, True)
    gone, deaf = os.pipe()
    os.close(gone)
    with open("/dev/full", "wb") as full:
        cases |= {"unread": ((), {"stderr": writing}), "no-reader": ((), {"stderr": deaf}), "full": ((), {"stderr": full})}
        judge_all(folder, cases)
    for descriptor in reading, writing, deaf:
        os.close(descriptor)


if __name__ == "__main__":
    authority = tap.make_folder("ffntp-test-")
    certificates.make_authority(authority)
    AUTHORITY = f"{authority}/ca.pem"
    JOURNAL = os.environ["JOURNAL"]
    try:
        tap.run(sys.modules[__name__], 1 if ALL else 3)
    finally:
        tap.remove_folder(authority)
