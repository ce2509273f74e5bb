#!/usr/bin/env python3
"""ffntp report without a browser: the page's data beside the journal's own bytes and beside ffntp replay; what a hostile journal can
write; its policy; input that cannot be used. test_report.py looks at the charts in a browser."""
import base64
import contextlib
import hashlib
import html.parser
import json
import math
import os
import pty
import random
import re
import select
import statistics
import struct
import subprocess
import sys
import time

import tap
import tool

JOURNALS = os.path.join(os.path.dirname(__file__), "..", "journals")
THREE = f"{JOURNALS}/three-servers.journal"

# Stands in for Chart.js, which is not needed for anything here.
LIBRARY = "/*! Chart.js, not really */ window.Chart = function () {};\n"


def arguments(folder, *rest):
    return ["report", "--chart-js", tool.write(folder, "chart.js", LIBRARY), *rest]


def page(folder, *rest):
    code, output, errors = tool.ffntp(*arguments(folder, *rest))
    tap.check(code == 0 and errors == "", f"{code} {errors}")
    return output


def data_of(text):
    return json.loads(re.search(r'<script type="application/json" id="data">(.*?)</script>', text, re.DOTALL)[1])


def simulated(folder, *rest):
    path = f"{folder}/journal"
    tool.objects(["simulate", "--json", "--hours", "2", "--poll", "16", "--journal", path, *rest, "metro"])
    return path


# --- truth: the journal read by other code ---

def real(word):
    return struct.unpack(">d", bytes.fromhex(word))[0]


def round_trips(path):
    """Return the round trip (s) of each reply in a session's journal."""
    period, at, sent, found = 0.0, 0, 0, []
    with open(path) as f:
        for line in f:
            word, *values = line.split()
            if word == "session":
                at, period = int(values[0], 16), real(re.search(r" period=(\w+)", line)[1])
            elif word not in ("ffntp-journal", "map"):
                at += int(values[0], 16)
            if word == "request":
                sent = at
            elif word == "sent":
                sent = at + int(values[1], 16)
            elif word == "datagram":
                receive, transmit = struct.unpack(">32xQQ", bytes.fromhex(values[1])[:48])
                found.append((at - sent) * period - (transmit - receive) / 2**32)
    return found


def test_round_trips_are_those_of_the_journal(folder):
    path = simulated(folder)
    truth, data = round_trips(path), data_of(page(folder, path))
    [server] = data["summary"]["servers"]
    tap.check(server["rtt_s"]["count"] == len(truth) > 400, f"{server} {len(truth)}")
    for key, value in ("least", min(truth)), ("median", statistics.median(truth)), ("max", max(truth)):
        tap.check(math.isclose(server["rtt_s"][key], value, rel_tol=1e-4), f"{key}: {server['rtt_s'][key]} {value}")
    halves = server["forward_s"]["median"] + server["backward_s"]["median"]
    tap.check(math.isclose(halves, statistics.median(truth), rel_tol=0.05), f"{halves}")
    law = chart(data, "law-forward")["series"][0]["data"]
    tap.check(95 < sum(y for _, y in law) <= 100, f"{law}")


def chart(data, name):
    return next(each for each in data["charts"] if each["id"] == name)


def test_counts_are_those_of_replay(folder):
    for path in THREE, simulated(folder):
        text = page(folder, path)
        data = data_of(text)
        tap.check(data["replays"] == tool.objects(["replay", "--json", path]), f"{data['replays']}")
        [replay], events = data["replays"], data["summary"]["events"]
        for name in "unanswered", "no-nonce", "disrupted":
            tap.check(events.get(name, 0) == replay["events"][name], f"{name}: {events} {replay['events']}")
        for server in replay.get("servers", []):
            [of] = [each for each in data["summary"]["servers"] if each["server"] == server["server"]]
            tap.check(of["offset_s"]["count"] == server["verdicts"]["accepted"], f"{of} {server}")


def test_bounds_are_those_of_replay(folder):
    """The largest bound of the maps that replay --verbose prints. Between a map and the end of its input it hardly grows."""
    _, output, _ = tool.ffntp("replay", "--verbose", THREE)
    bounds = [max(map(float, pair)) * 1e-6 for pair in re.findall(r"bound -([\d.]+) \+([\d.]+) us", output)]
    errors = [float(us) * 1e-6 for us in re.findall(r"estimated error ([\d.]+) us", output)]
    summary = data_of(page(folder, THREE))["summary"]
    for key, values in ("bound_s", bounds), ("esterror_s", errors):
        tap.check(summary[key]["count"] == len(values), f"{key}: {summary[key]} {len(values)}")
        for name, value in ("median", statistics.median(values)), ("max", max(values)), ("last", values[-1]):
            tap.check(math.isclose(summary[key][name], value, rel_tol=0.02), f"{key} {name}: {summary[key]} {value}")


def test_the_simulated_oscillator_is_found(folder):
    """The counter of 'metro' is 12 ppm fast, and the path has 1 ms of queues on average."""
    data = data_of(page(folder, "--since", "1h", simulated(folder)))
    frequency = data["summary"]["frequency_ppm"]
    tap.check(abs(frequency["mean"] - 12) < 1, f"{frequency}")
    allan = {series["label"]: series["data"] for series in chart(data, "allan")["series"]}
    tap.check(len(allan) == 2 and all(len(points) >= 5 for points in allan.values()), f"{allan}")
    (tau, first), (later, second) = allan["against member 0"][0], allan["against member 0"][3]
    tap.check(math.isclose(tau, 16, rel_tol=0.3) and 3 < first / second < 20, f"noise of the phase: {first} {second} {later}")


def test_states_and_events_of_an_ensemble(folder):
    data = data_of(page(folder, THREE))
    states = chart(data, "states")
    rows = states["y"]["labels"]
    tap.check(rows[0] == "clock" and "192.0.2.3:123" in rows, f"{rows}")
    [false] = [series["data"] for series in states["series"] if series["label"] == "falseticker"]
    tap.check({rows[row] for _, _, row in false} == {"192.0.2.3:123"}, f"{false}")
    for row in range(len(rows)):
        bars = sorted(bar for series in states["series"] for bar in series["data"] if bar[2] == row)
        tap.check(all(a[1] <= b[0] + 0.002 for a, b in zip(bars, bars[1:])), f"overlapping: {bars}")
    tap.check("disrupted" in chart(data, "events")["y"]["labels"], "no disruption")


def test_several_journals_are_one_course(folder):
    both = data_of(page(folder, f"{JOURNALS}/live.journal", THREE))
    tap.check([os.path.basename(each["journal"]) for each in both["replays"]] == ["live.journal", "three-servers.journal"], "journals")
    tap.check(both["summary"]["events"]["session begins"] >= 2, f"{both['summary']['events']}")


def test_axes_have_titles_with_units(folder):
    for each in data_of(page(folder, THREE))["charts"]:
        for axis in each["x"], each["y"]:
            tap.check(axis["kind"] == "rows" or re.search(r"\((s|ms|\u00b5s|ns|ppm|%|s/s|UTC)\)$", axis["title"]), f"{each['id']}: {axis}")
        tap.check(each["title"] and each["caption"].endswith("."), each["id"])


def test_a_long_journal_makes_a_small_page(folder):
    path = f"{folder}/journal"
    tool.objects(["simulate", "--json", "--hours", "24", "--poll", "1", "--journal", path, "metro"])
    text = page(folder, path)
    tap.check(data_of(text)["summary"]["correction_s"]["count"] > 80000, "too short a journal")
    tap.check(len(text) < 2000000, f"{len(text)} bytes")
    tap.check(all(len(series.get("data", [])) <= 2500 for each in data_of(text)["charts"] for series in each["series"]), "points")


# --- since ---

def test_since(folder):
    path = simulated(folder)
    whole = data_of(page(folder, path))["summary"]
    for since in "30m", "1800s", "0.5h", "2026-01-01T01:30:00Z", "2026-01-01T01:30":
        part = data_of(page(folder, "--since", since, path))["summary"]
        tap.check(abs(part["duration_s"] - 1800) < 30, f"{since}: {part['duration_s']}")
        tap.check(abs(part["bound_s"]["count"] / whole["bound_s"]["count"] - 0.25) < 0.1 and part["to"] == whole["to"], f"{part}")
        tap.check(part["synchronised_percent"] == 100, f"{part['synchronised_percent']}")
    tap.check(data_of(page(folder, "--since", "400d", path))["summary"] == whole, "longer than the journal")
    for since in "yesterday", "90", "-1h", "2026-13-01", "2026-01-01T25:00", "2026-1-1", "1h30", "", "2026-01-01T01:30:00+01":
        tool.check_refused(arguments(folder, "--since", since, path), "--since", code=2)
    tool.check_refused(arguments(folder, "--since", "2027-01-01", path), "end before")


# --- hostile journals ---

class Elements(html.parser.HTMLParser):
    def __init__(self):
        super().__init__()
        self.names, self.handlers = set(), []

    def handle_starttag(self, tag, attrs):
        self.names.add(tag)
        self.handlers += [name for name, _ in attrs if name.startswith("on") or name in ("src", "href", "style")]


PERMITTED = set("html head meta title style body header h1 h2 p code main section div table caption thead tbody tr th td details summary "
                "figure figcaption canvas noscript footer script".split())


def check_harmless(text):
    elements = Elements()
    elements.feed(text)
    tap.check(elements.names <= PERMITTED and not elements.handlers, f"{elements.names - PERMITTED} {elements.handlers}")
    tap.check(text.count("<script") == text.count("</script>") == 3 and text.count("<!--") == 1, "scripts")


def test_hostile_texts_stay_texts(folder):
    """The reference id, the version and the name of the file are anybody's."""
    with open(THREE) as f:
        lines = f.read().splitlines()
    lines[0] = "ffntp-journal 1 </script><script>alert(1)</script>"
    for number, line in enumerate(lines):
        words = line.split()
        if len(words) == 4 and words[1] == "datagram":
            words[3] = words[3][:24] + b"<!--".hex() + words[3][32:]
            lines[number] = " ".join(words)
    os.mkdir(f"{folder}/'\"><img src=x onerror=alert(1)>&")
    name = "'\"><img src=x onerror=alert(1)>&/</script><svg onload=alert(2)>"
    os.makedirs(f"{folder}/{os.path.dirname(name)}", exist_ok=True)
    path = tool.write(folder, name, "\n".join(lines) + "\n")
    text = page(folder, path)
    check_harmless(text)
    data = data_of(text)
    tap.check({server["refid"] for server in data["summary"]["servers"]} == {"<!--"}, f"{data['summary']['servers']}")
    tap.check(data["replays"][0]["journal"] == path and "&lt;!--" in text, "the texts are not shown")


def test_a_name_that_is_no_text(folder):
    path = os.fsencode(folder) + b"/\xff\x1b[31m"
    with open(THREE, "rb") as f, open(path, "wb") as copy:
        copy.write(f.read())
    done = subprocess.run([tool.FFNTP, *arguments(folder), path], capture_output=True, timeout=60 * tap.PATIENCE)
    text = done.stdout.decode()
    tap.check(done.returncode == 0 and done.stderr == b"", f"{done.stderr}")
    check_harmless(text)
    tap.check("\x1b" not in text and "/??[31m" in text and data_of(text)["replays"][0]["journal"].endswith("/?\x1b[31m"), "name")


def test_the_policy_has_the_hash_of_each_script(folder):
    text = page(folder, THREE)
    policy = re.search(r'http-equiv="Content-Security-Policy" content="([^"]*)"', text)[1]
    inline = re.findall(r"<(script|style)>(.*?)</\1>", text, re.DOTALL)
    tap.check(len(inline) == 3 and "default-src 'none'" in policy and "unsafe" not in policy, policy)
    for _, body in inline:
        digest = base64.b64encode(hashlib.sha256(body.encode()).digest()).decode()
        tap.check(f"'sha256-{digest}'" in policy, f"{digest} not in {policy}")
    tap.check(text.index("Content-Security-Policy") < text.index("<style"), "the policy comes too late")


def test_the_same_journal_makes_the_same_page(folder):
    tap.check(page(folder, THREE) == page(folder, THREE), "different")


# --- what cannot be used ---

def test_journals_that_cannot_be_used(folder):
    with open(simulated(folder)) as f:
        lines = f.read().splitlines()
    trace = tool.write(folder, "trace", tool.make_trace(20))
    for path, *words in ((f"{folder}/missing", "No such file"), (folder, folder, "directory"), (trace, "not a journal"),
                         (tool.write(folder, "empty", ""), "empty"),
                         (tool.write(folder, "head", lines[0] + "\n"), "no map in it"),
                         (tool.write(folder, "begun", "\n".join(lines[:2]) + "\n"), "no map in it"),
                         (tool.write(folder, "bad", "\n".join(lines[:40] + ["nonsense"] + lines[40:]) + "\n"), "bad:41:"),
                         (tool.write(folder, "zip", b"\x1f\x8b\x08\x00" + bytes(20)), "zip: ")):
        tool.check_refused(arguments(folder, path), *words)
        tool.check_refused(arguments(folder, THREE, path), *words)
    tool.check_refused(arguments(folder), "no journal named", code=2)


def test_a_journal_that_is_cut_short(folder):
    with open(simulated(folder)) as f:
        text = f.read()
    cut = tool.write(folder, "cut", text[:len(text) // 2 + 3])
    whole, part = data_of(page(folder, simulated(folder)))["summary"], page(folder, cut)
    tap.check(0.4 < data_of(part)["summary"]["duration_s"] / whole["duration_s"] < 0.6, "duration")
    tap.check("incomplete last line" in part, "no notice")


def test_maps_that_differ_are_noticed(folder):
    with open(simulated(folder)) as f:
        lines = f.read().splitlines()
    number = max(i for i, line in enumerate(lines) if line.startswith("map"))
    lines[number] = "map 0000000000000000"
    text = page(folder, tool.write(folder, "other", "\n".join(lines) + "\n"))
    tap.check("1 maps differ" in text, "no notice")


def test_a_session_that_began_elsewhere_is_noticed(folder):
    with open(simulated(folder)) as f:
        lines = f.read().splitlines()
    lines[1] = "continues" + lines[1].removeprefix("session")
    text = page(folder, tool.write(folder, "rotated", "\n".join(lines) + "\n"))
    tap.check("began in an earlier file" in text, "no notice")


def test_a_clock_without_answers_has_a_report(folder):
    """For an operator whose network is dead."""
    with open(simulated(folder)) as f:
        lines = [line for line in f.read().splitlines() if not line.startswith(("datagram", "map", "sent"))]
    text = page(folder, tool.write(folder, "dead", "\n".join(lines) + "\n"))
    data = data_of(text)
    tap.check(data["summary"]["events"]["unanswered"] > 10 and data["summary"]["synchronised_percent"] == 0, f"{data['summary']}")
    tap.check("never had the time" in text and data["summary"]["from"].startswith("2026-01-01T00:00:0"), f"{data['summary']}")


def test_the_order_of_journals(folder):
    """A later journal first: the page has a notice. In order, the range is that of both."""
    early, late = f"{JOURNALS}/three-servers.journal", f"{JOURNALS}/live.journal"
    text, back = page(folder, early, late), page(folder, late, early)
    tap.check("lines go back" in back and "lines go back" not in text, "notice")
    ranges = [(data_of(each)["summary"]["from"], data_of(each)["summary"]["to"]) for each in (text, back)]
    tap.check(ranges[0] == ranges[1] == ("2026-02-02T02:39:59Z", "2026-11-30T00:00:44Z"), f"{ranges}")


def test_random_changes_of_a_journal(folder):
    """For a journal with any content there is a page or one line, and nothing else."""
    rng = random.Random(5)
    with open(THREE, "rb") as f:
        lines = f.read().splitlines()
    for _ in range(25):
        changed = list(lines)
        number = rng.choice((1, 2, 3, rng.randrange(len(lines))))
        words = changed[number].split(b" ")
        place = rng.randrange(len(words))
        digits = re.sub(rb"[0-9a-f](?=[0-9a-f]*$)", lambda _: b"%x" % rng.randrange(16), words[place])
        words[place] = rng.choice((digits, words[place].replace(b"0", b"f"), b"-1", b"", words[place] * 2))
        changed[number] = b" ".join(words)
        code, output, errors = tool.ffntp(*arguments(folder, tool.write(folder, "changed", b"\n".join(changed) + b"\n")))
        tap.check((code, bool(output), len(errors.splitlines())) in ((0, True, 0), (1, False, 1)), f"{number} {words}: {code} {errors}")
        if code == 0:
            check_harmless(output)
            data_of(output)


def test_without_chart_js(folder):
    tool.check_refused(["report", "--chart-js", f"{folder}/missing.js", THREE], "libjs-chart.js", "missing.js")
    tool.check_refused(["report", "--chart-js", folder, THREE], "libjs-chart.js")
    for text in "", "alert(1)", "Chart </script>", "Chart <!-- ", "Chart\0":
        tool.check_refused(["report", "--chart-js", tool.write(folder, "bad.js", text), THREE], "bad.js", "Chart.js")


def test_not_to_a_terminal(folder):
    master, slave = pty.openpty()
    done = subprocess.run([tool.FFNTP, *arguments(folder, THREE)], stdout=slave, stderr=subprocess.PIPE, timeout=60 * tap.PATIENCE)
    os.close(slave)
    os.close(master)
    tap.check(done.returncode == 2 and b"> report.html" in done.stderr, f"{done}")


def test_a_full_disk(folder):
    if not os.path.exists("/dev/full"):
        raise tap.Skip("no /dev/full")
    with open("/dev/full", "w") as full:
        done = subprocess.run([tool.FFNTP, *arguments(folder, THREE)], stdout=full, stderr=subprocess.PIPE, timeout=60 * tap.PATIENCE)
    tap.check(done.returncode == 1 and b"No space" in done.stderr, f"{done}")


def test_the_page_from_standard_input(folder):
    with open(THREE, "rb") as f:
        code, output, errors = tool.ffntp(*arguments(folder, "-"), stdin=f.read())
    tap.check(code == 0 and errors == "" and data_of(output)["replays"][0]["journal"] == "stdin", errors)


# --- progress ---

def on_a_terminal(command, until, stdin=subprocess.DEVNULL, patience_s=20, feed=lambda running, shown: None):
    """Run the command with a terminal as standard error until that has shown a text; return all that it has shown."""
    master, slave = pty.openpty()
    running = subprocess.Popen([tool.FFNTP, *command], stdin=stdin, stdout=subprocess.PIPE, stderr=slave)
    os.close(slave)
    shown, end = b"", time.monotonic() + patience_s * tap.PATIENCE
    try:
        while until not in shown and time.monotonic() < end:
            feed(running, shown)
            if select.select([master], [], [], 0.02)[0]:
                shown += os.read(master, 4096)
    except OSError:
        pass
    finally:
        running.kill()
        with contextlib.suppress(BrokenPipeError):
            running.communicate()
        os.close(master)
    return shown.decode()


def test_progress_on_a_terminal(folder):
    """A simulation that is far too long, and a journal that comes slowly."""
    shown = on_a_terminal(["simulate", "--hours", "2400", "--poll", "1", "metro"], b"left")
    tap.check(re.search(r"metro: \d+ %, \d+ s left", shown), repr(shown))
    with open(THREE, "rb") as f:
        journal = f.read()
    parts = []

    def feed(running, shown):
        running.stdin.write(parts.pop() if parts else b"# later\n" * 10000)
        running.stdin.flush()
    parts.append(journal)
    shown = on_a_terminal(["replay", "-"], b" s", stdin=subprocess.PIPE, feed=feed)
    tap.check(re.search(r"stdin: ([2-9]|\d\d+) s", shown), repr(shown))


def test_progress_goes_away(folder):
    """An error after it begins a line of its own."""
    with open(THREE, "rb") as f:
        parts = [f.read()]

    def feed(running, shown):
        with contextlib.suppress(BrokenPipeError):
            late = b"nonsense\n" if b"stdin: " in shown else b"# later\n"
            running.stdin.write(parts.pop() if parts else late * 10000)
            running.stdin.flush()
    shown = on_a_terminal(["replay", "-"], b"\n", stdin=subprocess.PIPE, feed=feed)
    tap.check(re.search(r"\rstdin: \d+ s\r +\rffntp replay: stdin:\d+: [^\r]*\r\n$", shown), repr(shown))


def test_no_progress_without_a_terminal(folder):
    """As in the other tests, which get nothing on standard error; this one takes long enough."""
    running = subprocess.Popen([tool.FFNTP, "simulate", "--hours", "2400", "--poll", "1", "metro"], stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    try:
        tap.check(select.select([running.stderr], [], [], 2.6)[0] == [], "something on standard error")
    finally:
        running.kill()
        running.communicate()


if __name__ == "__main__":
    tap.run(sys.modules[__name__])
