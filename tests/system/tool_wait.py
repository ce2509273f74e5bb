#!/usr/bin/env python3
"""ffntp wait: a clock that comes, one that does not, one that is not good enough."""
import subprocess
import sys
import time

import fake
import tap
import tool


def test_a_clock_that_is_there(folder):
    with fake.Server() as server, tool.kept_page(folder, server) as page:
        code, output, errors = tool.ffntp("wait", "--page", page)
        tap.check(code == 0 and output.startswith("synchronised, +- ") and errors == "", f"{code} {output} {errors}")
        [waited] = tool.objects(["wait", "--json", "--page", page])
        tap.check(list(waited) == ["waited_s", "bound_ns"] and waited["bound_ns"] > 0, f"{waited}")


def test_a_clock_that_comes_later(folder):
    path = f"{folder}/page"
    waiting = subprocess.Popen([tool.FFNTP, "wait", "--page", path, "--timeout", "60"], stdout=subprocess.PIPE, text=True)
    with fake.Server() as server, tool.kept_page(folder, server):
        output = waiting.communicate(timeout=60 * tap.PATIENCE)[0]
    tap.check(waiting.returncode == 0 and output.startswith("synchronised"), f"{waiting.returncode} {output}")


def test_a_clock_that_does_not_come(folder):
    began = time.monotonic()
    tool.check_refused(["wait", "--page", f"{folder}/none", "--timeout", "0.5"], "within 0.5 s: no clock page there")
    tap.check(0.5 <= time.monotonic() - began < 20 * tap.PATIENCE, "the timeout")


def test_a_bound_that_is_not_reached(folder):
    with fake.Server() as server, tool.kept_page(folder, server) as page:
        tool.check_refused(["wait", "--page", page, "--max-bound", "1", "--timeout", "0"], "within 0 s: ", "bound")


if __name__ == "__main__":
    tap.run(sys.modules[__name__], together=4)
