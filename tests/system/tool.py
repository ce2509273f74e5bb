"""Runs ffntp; shared by the tests of its subcommands."""
import contextlib
import json
import os
import random
import re
import subprocess
import time

import tap

FFNTP = os.environ.get("FFNTP", "")


def ffntp(*arguments, patience_s=60, stdin=b"", **options):
    """Run ffntp; return its exit code, standard output and standard error."""
    done = subprocess.run([FFNTP, *arguments], input=stdin, capture_output=True, timeout=patience_s * tap.PATIENCE, **options)
    return done.returncode, done.stdout.decode(), done.stderr.decode()


def check_refused(arguments, *words, code=1, **options):
    """Check the exit code, that stderr is one clear line with the words, and that stdout is empty."""
    got, output, errors = ffntp(*arguments, **options)
    tap.check(got == code, f"{arguments}: exit code {got}: {errors}")
    tap.check(output == "", f"{arguments}: on stdout: {output}")
    tap.check(len(errors.splitlines()) == 1 and errors.endswith("\n"), f"{arguments}: not one line: {errors}")
    tap.check(all(word in errors for word in words), f"{arguments}: {words} not in: {errors}")


def objects(arguments, code=0, **options):
    """Return the JSON objects that ffntp prints, one a line, and nothing else."""
    got, output, errors = ffntp(*arguments, **options)
    tap.check(got == code, f"{arguments}: exit code {got}: {errors}")

    def reject(word):
        raise AssertionError(f"{word} is not JSON")
    return [json.loads(line, parse_constant=reject) for line in output.splitlines()]


def estimators():
    """Return the names of the estimators as --help lists them."""
    _, output, _ = ffntp("replay", "--help")
    names = re.findall(r"^ {13}(\w+) +\w", output, re.MULTILINE)
    tap.check(len(names) > 1, f"no estimators: {output}")
    return names


def check_width(output, columns=80):
    for line in output.splitlines():
        tap.check(len(line) <= columns, f"{len(line)} columns: {line}")


@contextlib.contextmanager
def kept_page(folder, server, *arguments):
    """Run ffntpd until its page is synchronised; yields the page's path."""
    with tap.daemon(folder, "--poll", "1", *arguments, f"127.0.0.1:{server.port}"):
        tap.wait_for_status(folder, "synchronised")
        yield f"{folder}/page"


def patched(folder, page, name, *patches):
    """Copy a page, with bytes replaced: pairs of an offset and bytes. Return the copy's path."""
    with open(page, "rb") as f:
        copy = bytearray(f.read())
    for offset, value in patches:
        copy[offset:offset + len(value)] = value
    return write(folder, name, bytes(copy))


def make_trace(count=400, seed=1, begin_s=1767225600, skew=37e-6, poll_s=16, truth=True):
    """Make lines of a trace: the counter is fast by skew, and each way takes 100 us and a queue of 20 us."""
    rng = random.Random(seed)
    begin_ns = begin_s * 10**9
    lines = ["# a counter of 1 GHz, a path that is known"]
    for i in range(count):
        sent = (1 + i * poll_s) * 10**9 + rng.randrange(10**6)
        forth, held, back = (int(100e3 + rng.expovariate(1 / 20e3)) for _ in range(3))
        times = [sent, sent + forth, sent + forth + held // 10, sent + forth + held // 10 + back]

        def ticks(t):
            return t + int(t * skew)
        row = [ticks(times[0]), begin_ns + times[1], begin_ns + times[2], ticks(times[3])]
        if truth:
            row += [begin_ns + times[3], begin_ns + times[0]]
        lines.append(" ".join(map(str, row)))
    return "\n".join(lines) + "\n"


def write(folder, name, text):
    path = f"{folder}/{name}"
    with open(path, "wb") as f:
        f.write(text if isinstance(text, bytes) else text.encode())
    return path


def now_ns():
    return time.clock_gettime_ns(time.CLOCK_REALTIME)
