#!/usr/bin/env python3
"""ffntp elapsed and ffntp now --monotonic: the duration of a command, and a time that never runs backwards."""
import json
import os
import signal
import subprocess
import sys
import time

import fake
import tap
import tool

LINES = ["difference clock", "CLOCK_MONOTONIC", "CLOCK_MONOTONIC_RAW", "CLOCK_REALTIME"]


def test_it_times_a_command(folder):
    with fake.Server() as server, tool.kept_page(folder, server) as page:
        began = time.monotonic()
        code, output, errors = tool.ffntp("elapsed", "--page", page, "sh", "-c", "echo done; sleep 0.3")
        limit_s = time.monotonic() - began
        tap.check(code == 0 and output == "done\n", f"{code} {output} {errors}")
        lines = errors.splitlines()
        tap.check([line[:20].strip() for line in lines] == LINES, errors)
        tap.check(0.3 <= float(lines[0].split()[2]) <= limit_s, errors)
        tool.check_width(errors)


def test_in_json(folder):
    with fake.Server() as server, tool.kept_page(folder, server) as page:
        code, output, errors = tool.ffntp("elapsed", "--json", "--page", page, "true")
        said = json.loads(errors)
        tap.check(code == 0 and output == "", f"{code} {output}")
        tap.check(list(said) == ["elapsed_ns", "esterror_ns", "bound_ns", "monotonic_ns", "monotonic_raw_ns",
                                 "realtime_ns", "exit_code"], f"{said}")
        # The marks are taken before and after the clocks' readings. A busy machine may suspend the tool between the
        # two.
        tap.check(0.999 * said["monotonic_raw_ns"] < said["elapsed_ns"] < said["monotonic_raw_ns"] + 1e9, f"{said}")
        tap.check(0 < said["bound_ns"] < said["elapsed_ns"], f"{said}")


def test_the_exit_code_is_the_commands(folder):
    with fake.Server() as server, tool.kept_page(folder, server) as page:
        for command, expected in (["false"], 1), (["sh", "-c", "exit 77"], 77), (["sh", "-c", "kill -9 $$"], 137), \
                ([f"{folder}/nothing-here"], 127), (["/etc/passwd"], 126):
            code, _, errors = tool.ffntp("elapsed", "--page", page, *command)
            tap.check(code == expected, f"{command}: {code}: {errors}")


def test_the_exit_code_where_children_are_ignored(folder):
    """The command, too, inherits the signal's disposition as it was."""
    ignored = "sys.exit(signal.getsignal(signal.SIGCHLD) == signal.SIG_IGN and 77)"
    with fake.Server() as server, tool.kept_page(folder, server) as page:
        code, _, errors = tool.ffntp("elapsed", "--page", page, sys.executable, "-c", f"import signal, sys; {ignored}",
                                     preexec_fn=lambda: signal.signal(signal.SIGCHLD, signal.SIG_IGN))
        tap.check(code == 77, f"{code}: {errors}")


def test_options_behind_the_command_are_its_own(folder):
    with fake.Server() as server, tool.kept_page(folder, server) as page:
        code, output, _ = tool.ffntp("elapsed", "--page", page, "echo", "--json", "--page", "-x")
        tap.check(code == 0 and output == "--json --page -x\n", f"{code} {output}")


def test_the_command_gets_standard_input(folder):
    with fake.Server() as server, tool.kept_page(folder, server) as page:
        _, output, _ = tool.ffntp("elapsed", "--page", page, "cat", stdin=b"through\n")
        tap.check(output == "through\n", output)


def test_signals_reach_the_command(folder):
    with fake.Server() as server, tool.kept_page(folder, server) as page:
        for number, expected in (signal.SIGTERM, 128 + signal.SIGTERM), (signal.SIGHUP, 128 + signal.SIGHUP):
            running = subprocess.Popen([tool.FFNTP, "elapsed", "--page", page, "sh", "-c", "echo ready; exec sleep 100"],
                                       stdout=subprocess.PIPE, stderr=subprocess.PIPE)
            running.stdout.readline()
            running.send_signal(number)
            _, errors = running.communicate(timeout=20 * tap.PATIENCE)
            tap.check(running.returncode == expected, f"{running.returncode}: {errors}")
            tap.check(len(errors.splitlines()) == 4, f"{errors}")


def test_under_nohup_it_goes_on(folder):
    with fake.Server() as server, tool.kept_page(folder, server) as page:
        running = subprocess.Popen([tool.FFNTP, "elapsed", "--page", page, "sh", "-c", "echo ready; kill -HUP $$ $PPID; sleep 1; exit 7"],
                                   stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                                   preexec_fn=lambda: signal.signal(signal.SIGHUP, signal.SIG_IGN))
        _, errors = running.communicate(timeout=20 * tap.PATIENCE)
        tap.check(running.returncode == 7 and len(errors.splitlines()) == 4, f"{running.returncode}: {errors}")


def test_ctrl_c_is_the_commands_and_it_is_timed_all_the_same(folder):
    with fake.Server() as server, tool.kept_page(folder, server) as page:
        running = subprocess.Popen([tool.FFNTP, "elapsed", "--page", page, "sh", "-c", "echo ready; exec sleep 100"],
                                   stdout=subprocess.PIPE, stderr=subprocess.PIPE, start_new_session=True)
        running.stdout.readline()
        os.killpg(running.pid, signal.SIGINT)
        _, errors = running.communicate(timeout=20 * tap.PATIENCE)
        tap.check(running.returncode == 128 + signal.SIGINT and len(errors.splitlines()) == 4, f"{errors}")


def test_without_a_daemon_nothing_is_run(folder):
    tool.check_refused(["elapsed", "--page", f"{folder}/none", "touch", f"{folder}/touched"], f"{folder}/none")
    tap.check(not os.path.exists(f"{folder}/touched"), "was run")


def test_wrong_use(folder):
    tool.check_refused(["elapsed"], "run", code=2)
    tool.check_refused(["elapsed", "--nonsense", "true"], "--nonsense", code=2)


# --- now --monotonic ---

def test_monotonic_beside_the_estimate(folder):
    with fake.Server() as server, tool.kept_page(folder, server) as page:
        last = 0
        for _ in range(20):
            [reading] = tool.objects(["now", "--monotonic", "--json", "--page", page])
            tap.check(reading["monotonic_ns"] > last, f"{reading} after {last}")
            tap.check(abs(reading["monotonic_ns"] - reading["estimate_ns"]) < 10**9, f"{reading}")
            last = reading["monotonic_ns"]
        code, output, _ = tool.ffntp("now", "--monotonic", "--page", page)
        tap.check(code == 0 and "the estimate,\nwhich is +- " in output, output)
        tool.check_width(output)
        tool.check_refused(["now", "--monotonic", "--max-bound", "1", "--page", page], "bound")


def test_monotonic_across_a_daemon_that_is_killed(folder):
    def monotonic():
        return tool.objects(["now", "--monotonic", "--json", "--page", f"{folder}/page"])[0]["monotonic_ns"]
    with fake.Server() as server:
        arguments = ("--poll", "1", f"127.0.0.1:{server.port}")
        with tap.daemon(folder, *arguments) as running:
            tap.wait_for_status(folder, "synchronised")
            last = monotonic()
            tap.stop(running, signal.SIGKILL)
        now = monotonic()
        tap.check(now > last, f"{now} after {last}")
        with tap.daemon(folder, *arguments, name="again"):
            for _ in range(30):
                last, now = now, monotonic()
                tap.check(now > last, f"{now} after {last}")
                time.sleep(0.1)


def test_monotonic_is_utc(folder):
    for option in "--tai", "--smear", "--calendar":
        tool.check_refused(["now", "--monotonic", option], "--monotonic", code=2)


if __name__ == "__main__":
    tap.run(sys.modules[__name__])
