#!/usr/bin/env python3
"""ffntp demo: it shows what its help describes, leaves nothing behind, and detects whether it prints to a terminal."""
import os
import pty
import re
import signal
import subprocess
import sys

import tap
import tool

NUMBERS = re.compile(r" +\d+\.\d [ +-]")


def environment(folder, **more):
    """Let its temporary files be made in a folder that the test can list."""
    return dict(os.environ, TMPDIR=folder, **more)


def check_nothing_left(folder):
    tap.check(not [name for name in os.listdir(folder) if name.startswith("ffntp-demo")], f"left: {os.listdir(folder)}")


def check_summary(output):
    tap.check("Every bound held." in output and "true error: median" in output, output)
    held, total = re.search(r"held (\d+) times of (\d+)", output).groups()
    tap.check(held == total and int(total) > 0, output)


def rows_of(output):
    return [line for line in output.splitlines() if NUMBERS.match(line)]


def test_plain_lines_into_a_pipe(folder):
    code, output, errors = tool.ffntp("demo", "--duration", "4", env=environment(folder))
    tap.check(code == 0 and errors == "", f"{code} {output} {errors}")
    tap.check("\x1b" not in output and "\r" not in output, "colours in a pipe")
    tap.check(len(rows_of(output)) >= 3, output)
    tap.check(rows_of(output)[0].split()[1] != "+0.0", "an offset of a clock that was not set yet")
    tap.check("1234.567 s" in output and output.count("true error   est. error") == 1, output)
    check_summary(output)
    tool.check_width(output)
    check_nothing_left(folder)


def test_every_estimator(folder):
    for name in tool.estimators():
        code, output, errors = tool.ffntp("demo", "--duration", "3", "--estimator", name, env=environment(folder))
        tap.check(code == 0, f"{code} {output} {errors}")
        check_summary(output)


def start(folder, seconds=60, **more):
    return subprocess.Popen([tool.FFNTP, "demo", "--duration", str(seconds)], stdout=subprocess.PIPE,
                            stderr=subprocess.PIPE, text=True, env=environment(folder), **more)


def test_an_interrupt_ends_with_the_summary(folder):
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        running = start(folder)
        first = [running.stdout.readline() for _ in range(20)]
        running.send_signal(number)
        output, errors = running.communicate(timeout=10 * tap.PATIENCE)
        tap.check(running.returncode == 0 and errors == "", f"{running.returncode} {errors}")
        check_summary("".join(first) + output)
        check_nothing_left(folder)


def test_nobody_reads_on(folder):
    running = start(folder)
    running.stdout.readline()
    running.stdout.close()
    running.wait(10 * tap.PATIENCE)
    errors = running.stderr.read()
    running.stderr.close()
    tap.check(running.returncode == 1 and len(errors.splitlines()) <= 1, f"{running.returncode} {errors}")
    check_nothing_left(folder)


def test_no_place_for_the_page(folder):
    tool.check_refused(["demo"], "temporary", env=environment(f"{folder}/missing"))


def on_a_terminal(folder, **more):
    """Return its output on a terminal, in 3 s."""
    leader, follower = pty.openpty()
    with open(f"{folder}/errors.log", "wb") as errors:
        running = subprocess.Popen([tool.FFNTP, "demo", "--duration", "3"], stdout=follower, stderr=errors,
                                   env=environment(folder, **more))
    os.close(follower)
    output = b""
    while True:
        try:
            chunk = os.read(leader, 4096)
        except OSError:
            break
        if not chunk:
            break
        output += chunk
    os.close(leader)
    tap.check(running.wait(10 * tap.PATIENCE) == 0, "did not end well")
    return output.decode()


def test_colours_on_a_terminal(folder):
    output = on_a_terminal(folder, TERM="xterm", NO_COLOR="")
    tap.check("\x1b[" in output, "no colour on a terminal")
    tool.check_width(re.sub("\x1b\\[[0-9]*m", "", output))
    check_summary(output)


def test_no_colours_where_they_are_not_wanted(folder):
    for more in ({"TERM": "xterm", "NO_COLOR": "1"}, {"TERM": "dumb"}):
        tap.check("\x1b" not in on_a_terminal(folder, **more), f"colours with {more}")


if __name__ == "__main__":
    tap.run(sys.modules[__name__], together=4)
