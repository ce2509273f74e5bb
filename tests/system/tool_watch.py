#!/usr/bin/env python3
"""ffntp watch on a terminal, as pyte shows its screen: the numbers beside ffntp status, sizes, locales, keys, signals, a daemon that
stops and comes back; and in a pipe."""
import os
import re
import signal
import subprocess
import sys
import time

import fake
import tap
import tool
from terminal import terminal
from tool_sources import page_of

BLOCKS = "\u2581\u2582\u2583\u2584\u2585\u2586\u2587\u2588"


def watch(page, *arguments):
    return [tool.FFNTP, "watch", "--page", page, "--interval", "0.2", *arguments]


def value_of(line):
    """Return the duration in a line of the screen, in s."""
    number, unit = re.search(r"(-?[\d.]+) (s|ms|us|ns)\b", line).groups()
    return float(number) * {"s": 1, "ms": 1e-3, "us": 1e-6, "ns": 1e-9}[unit]


def line_of(shown, label):
    [line] = [line for line in shown.lines() if line.startswith(label)]
    return line


def frozen(folder, page):
    """A copy of the page, whose clock goes on without new replies."""
    return tool.patched(folder, page, "frozen")


def test_the_screen_has_the_numbers_of_status(folder):
    with fake.Server() as server, tool.kept_page(folder, server) as page, terminal(watch(frozen(folder, page))) as shown:
        shown.wait("Status       synchronised", "the screen")
        [before] = tool.objects(["status", "--json", "--page", f"{folder}/frozen"])
        for label, key in ("Bound", "bound_ns"), ("Est. error", "esterror_ns"):     # until the screen is newer than that
            shown.wait(lambda shown: value_of(line_of(shown, label)) * 1e9 >= before[key] * 0.999, label)
        [after] = tool.objects(["status", "--json", "--page", f"{folder}/frozen"])
        for label, key in ("Bound", "bound_ns"), ("Est. error", "esterror_ns"):
            got = value_of(line_of(shown, label)) * 1e9
            tap.check(before[key] * 0.999 <= got <= after[key] * 1.001, f"{label}: {got}, {before[key]} to {after[key]}")
        offset = value_of(line_of(shown, "Offset")) * 1e9
        tap.check(abs(offset - before["sources"][0]["offset_ns"]) <= abs(offset) * 1e-3 + 1, f"{offset} {before['sources']}")
        tap.check(f"127.0.0.1:{server.port}" in line_of(shown, "Reference"), shown.text())
        _, table, _ = tool.ffntp("sources", "--page", f"{folder}/frozen")
        header, row = table.splitlines()
        tap.check(header in shown.lines() and any(line.startswith(row[:24]) for line in shown.lines()), shown.text())
        utc = re.search(r"synchronised +(\S+)Z$", shown.lines()[0])[1]
        tap.check(abs(time.time() - time.mktime(time.strptime(utc, "%Y-%m-%dT%H:%M:%S")) + time.timezone) < 5 * tap.PATIENCE, utc)
        tap.check(shown.lines()[-1].startswith("q quits"), shown.text())


def test_bars_of_the_last_hour(folder):
    """The page has the maps of the last minutes: of a page whose maps are older, the bars begin before this program."""
    with fake.Server() as server, tool.kept_page(folder, server) as page:
        for locale, marks in ("C.UTF-8", BLOCKS), ("C", "_.:-=+*#"):
            with terminal(watch(page), LC_ALL=locale) as shown:
                shown.wait("Last hour", "the bars")
                shown.read(0.5)
                for label in "|offset|", "est. error", "bound":
                    line = line_of(shown, label)
                    tap.check(line[72] in marks and re.fullmatch(r" \S+(s)", line[73:]), f"{locale}: {line!r}")
                tap.check(shown.text().isascii() == (locale == "C"), "characters")


def test_eight_servers_fit(folder):
    sources = [dict(host=(192, 0, 2, i + 1), selection=selection) for i, selection in enumerate((1, 2, 3, 4, 5, 6, 0, 2))]
    with fake.Server() as server, tool.kept_page(folder, server) as page:
        many = page_of(folder, page, *sources)
        with terminal(watch(many)) as shown:
            shown.wait("192.0.2.8", "eight servers")
            tap.check("192.0.2.1 " in line_of(shown, "*") and "Last hour" in shown.text(), shown.text())
        with terminal(watch(many), rows=19) as shown:
            shown.wait("192.0.2.8", "eight servers")
            tap.check("Last hour" not in shown.text() and shown.lines()[-1].startswith("q quits"), shown.text())


def test_sizes(folder):
    """Nothing runs over the edge, and a change of the size is followed at once."""
    with fake.Server() as server, tool.kept_page(folder, server) as page:
        with terminal([tool.FFNTP, "watch", "--page", page, "--interval", "60"]) as shown:
            shown.wait("q quits", "the screen")
            for rows, columns in (30, 120), (12, 50), (2, 20), (1, 1), (24, 80):
                shown.resize(rows, columns)
                label = "Status"[:columns - 1] if rows > 1 else ""
                shown.wait(lambda shown: shown.lines()[0].startswith(label) and (rows < 2 or shown.lines()[-1] == (
                    "q quits, Ctrl-L draws again; ffntp sources -v explains the table"[:columns - 1].rstrip())), f"{rows} x {columns}")
                for first, second in zip(shown.lines()[2:], shown.lines()[3:]):
                    tap.check(not second.startswith("  ") or "server" in second or not first.startswith("*"), shown.text())
            tap.check(shown.process.poll() is None, "ended")


def test_keys_and_signals_give_the_terminal_back(folder):
    with fake.Server() as server, tool.kept_page(folder, server) as page:
        for keys, code in (b"q", 0), (b"Q", 0), (b"xyz\x0cq", 0), (b"\x03", -signal.SIGINT):
            with terminal(watch(page)) as shown:
                shown.wait("q quits", "the screen")
                shown.type(keys)
                tap.check(shown.ended() == code and shown.is_as_before(), f"{keys}: {shown.process.returncode}")
        for number in signal.SIGTERM, signal.SIGHUP, signal.SIGINT:
            with terminal(watch(page)) as shown:
                shown.wait("q quits", "the screen")
                os.kill(shown.pid(), number)
                tap.check(shown.ended() == -number and shown.is_as_before(), f"{number}: {shown.process.returncode}")


def state_of(pid):
    with open(f"/proc/{pid}/stat") as f:
        return f.read().rpartition(")")[2].split()[0]


def test_stop_and_continue(folder):
    with fake.Server() as server, tool.kept_page(folder, server) as page, terminal(watch(page)) as shown:
        shown.wait("q quits", "the screen")
        shown.type(b"\x1a")
        tap.wait_for(lambda: shown.read(0.02) or state_of(shown.pid()) == "T", "the stop")
        shown.read()
        tap.check(shown.is_as_before(), "the terminal of a stopped program")
        shown.screen.erase_in_display(2)
        os.kill(shown.pid(), signal.SIGCONT)
        shown.wait("q quits", "the screen again")
        shown.type(b"q")
        tap.check(shown.ended() == 0 and shown.is_as_before(), "the end")


def test_a_daemon_that_stops_and_comes_back(folder):
    with fake.Server() as server, tool.kept_page(folder, server) as page:
        stale = tool.patched(folder, page, "stale")
        with terminal(watch(stale)) as shown:
            shown.wait("Status       synchronised", "the screen")
            os.rename(stale, f"{folder}/gone")
            shown.wait("No clock", "the failure")
            tap.check("Below        from the last reading" in shown.text() and "Bound" in shown.text(), shown.text())
            os.rename(f"{folder}/gone", stale)
            shown.wait("Status       synchronised", "the clock again")
            os.remove(stale)
            shown.wait("No clock", "the failure")
            shown.type(b"q")
            tap.check(shown.ended() == 1 and shown.is_as_before(), "the end")


def test_count(folder):
    with fake.Server() as server, tool.kept_page(folder, server) as page:
        with terminal(watch(page, "--count", "2")) as shown:
            tap.check(shown.ended() == 0 and shown.is_as_before(), "the end")
        code, output, errors = tool.ffntp("watch", "--page", page, "--interval", "0.1", "--count", "3")
        tap.check(code == 0 and errors == "" and len(output.splitlines()) == 3, f"{code} {output} {errors}")
        for line in output.splitlines():
            tap.check(re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ synchronised: offset -?[\d.]+[mun]?s, error [\d.]+[mun]?s, "
                                   rf"bound [\d.]+[mun]?s, 127\.0\.0\.1:{server.port}", line), line)


def test_lines_where_there_is_no_screen(folder):
    with fake.Server() as server, tool.kept_page(folder, server) as page:
        for term in "dumb", "no-such-terminal", "":
            # ncurses does not release the memory of a terminal that it does not know.
            with terminal(watch(page, "--count", "2"), TERM=term, ASAN_OPTIONS="detect_leaks=0") as shown:
                tap.check(shown.ended() == 0 and b"\x1b" not in shown.raw and shown.text().count(" synchronised: offset") == 2, shown.text())


def test_a_pipe_that_is_closed(folder):
    with fake.Server() as server, tool.kept_page(folder, server) as page:
        running = subprocess.Popen(watch(page), stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        tap.check(b"synchronised" in running.stdout.readline(), "no line")
        running.stdout.close()
        running.wait(10 * tap.PATIENCE)
        tap.check(running.stderr.read() == b"", "a message")
        running.stderr.close()


def test_lines_go_on_without_the_page(folder):
    with fake.Server() as server, tool.kept_page(folder, server) as page:
        copy = frozen(folder, page)
        running = subprocess.Popen(watch(copy), stdout=subprocess.PIPE)
        try:
            tap.check(b"synchronised" in running.stdout.readline(), "no line")
            os.remove(copy)
            tap.wait_for(lambda: running.stdout.readline().startswith(b"no clock: "), "the failure")
            tool.patched(folder, page, "frozen")
            tap.wait_for(lambda: b"synchronised" in running.stdout.readline(), "the clock again")
        finally:
            tap.stop(running)
            running.stdout.close()
        tap.check(running.returncode == -signal.SIGTERM, f"{running.returncode}")


def test_what_cannot_be_used(folder):
    tool.check_refused(["watch", "--page", f"{folder}/missing"], "missing")
    tool.check_refused(["watch", "--page", folder], folder)
    tool.check_refused(["watch", "--interval", "0"], "--interval", code=2)
    tool.check_refused(["watch", "--count", "-1"], "--count", code=2)
    tool.check_refused(["watch", "extra"], "extra", code=2)
    with terminal(["env", tool.FFNTP, "watch", "--page", f"{folder}/missing"]) as shown:
        tap.check(shown.ended() == 1 and b"\x1b" not in shown.raw and "missing" in shown.text(), shown.text())


def test_no_colours(folder):
    with fake.Server() as server, tool.kept_page(folder, server) as page:
        for no_color, expected in ("1", False), ("", True):
            with terminal(watch(page, "--count", "1"), NO_COLOR=no_color) as shown:
                shown.ended()
                tap.check((re.search(rb"\x1b\[(?:\d+;)*3[0-7]m", shown.raw) is not None) == expected,
                          f"{no_color}: {shown.raw}")


if __name__ == "__main__":
    tap.run(sys.modules[__name__])
