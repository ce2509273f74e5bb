#!/usr/bin/env python3
"""ffntp replay with journals: of every scenario, of another machine, cut, changed, in two files, and of nothing."""
import glob
import gzip
import os
import sys

import tap
import tool

JOURNALS = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "journals")


def simulated(folder, scenario="metro", *arguments, hours="0.5"):
    path = f"{folder}/{scenario}.journal"
    code, _, errors = tool.ffntp("simulate", "--hours", hours, "--journal", path, *arguments, scenario)
    tap.check(code == 0, errors)
    return path


def lines_of(path):
    with open(path) as f:
        return f.read().splitlines()


def scenarios():
    code, output, _ = tool.ffntp("simulate", "--list")
    tap.check(code == 0, "no list")
    return [line.split()[0] for line in output.splitlines()]


def check_replays(*paths):
    results = tool.objects(["replay", "--json", *paths])
    tap.check(len(results) == len(paths), f"not an object for each: {results}")
    for result in results:
        tap.check(result["maps_equal"] > 20 and result["verdicts"]["accepted"] > 5, f"too little happened: {result}")
    return results


def has_one_server(name):
    return tool.objects(["simulate", "--json", "--hours", "0.1", name])[0]["servers"]["number"] == 1


def test_every_scenario_replays(folder):
    names = [name for name in scenarios() if has_one_server(name)]
    tap.check(len(names) >= 40, f"only {len(names)} scenarios")
    refused = 0
    for name in names:
        path = simulated(folder, name, "--poll", "64", hours="14.5")    # most have their event after 14 hours
        result, = check_replays(path)
        tap.check(result["maps_equal"] > 40000, f"too few: {result}")
        refused += result["verdicts"]["contradiction"]
        os.remove(path)
    tap.check(refused > 20, "the events of the scenarios are missing")


def test_every_scenario_of_several_servers_replays(folder):
    names = [name for name in scenarios() if not has_one_server(name)]
    tap.check(len(names) >= 10, f"only {len(names)} scenarios")
    for name in names:
        result, = check_replays(simulated(folder, name, "--poll", "64", hours="1.5"))
        tap.check(result["maps_equal"] > 4000 and len(result["servers"]) > 1, f"{name}: too few: {result}")


def test_each_estimator_and_adaptive_polling_replay(folder):
    for estimator in "law", "radclock":
        check_replays(simulated(folder, "congestion", "--estimator", estimator, "--poll", "adaptive", hours="15"))


def test_recorded_journals_replay(folder):
    """Their digests were computed on other machines and by other compilers."""
    paths = sorted(glob.glob(f"{JOURNALS}/*.journal"))
    tap.check(paths, "no journals")
    check_replays(*paths)


def test_the_text_counts_and_the_events(folder):
    path = simulated(folder)
    code, output, _ = tool.ffntp("replay", path)
    tap.check(code == 0 and output.splitlines()[0].endswith("maps, all equal"), output)
    tap.check("sessions 1" in output and "accepted" in output, output)
    code, output, _ = tool.ffntp("replay", "--verbose", path)
    lines = output.splitlines()
    for word in "sent", "reply accepted", "map synchronised":
        tap.check(any(f" {word}" in line for line in lines), f"no line with '{word}': {lines[:20]}")


def test_decisions_with_their_evidence(folder):
    """The server of server-fault is 150 ms wrong for 20 minutes, which are within the hours."""
    output = tool.ffntp("replay", "--verbose", simulated(folder, "server-fault", hours="15"))[1]
    refused = [line for line in output.splitlines() if " reply contradiction: reject, outside, " in line]
    tap.check(refused and all("gap_s" in line and "offset_s" in line for line in refused), f"{refused[:3]}")
    tap.check(any(" reply accepted: accept, offset_s " in line for line in output.splitlines()), output[:2000])


def test_a_map_that_is_missing(folder):
    """Before a second session of the same recorder it is a difference; where a recorder ended, it is counted."""
    lines = lines_of(simulated(folder))
    last = max(i for i, line in enumerate(lines) if line.startswith("map "))
    cut = lines[:last]
    [result] = tool.objects(["replay", "--json", tool.write(folder, "killed.journal", "\n".join(cut) + "\n")])
    tap.check(result["maps_unwritten"] == 1, f"{result}")
    [result] = tool.objects(["replay", "--json", tool.write(folder, "again.journal", "\n".join(cut + lines) + "\n")])
    tap.check(result["maps_unwritten"] == 1 and result["sessions"] == 2, f"{result}")
    tap.check(lines[0].startswith("ffntp-journal "), lines[0])
    tool.check_refused(["replay", tool.write(folder, "reload.journal", "\n".join(cut + lines[1:]) + "\n")],
                       f"reload.journal:{len(cut) + 1}: ", "publishes a map before this line")


def test_a_compressed_journal_and_standard_input(folder):
    path = simulated(folder)
    with open(path, "rb") as f:
        text = f.read()
    compressed = tool.write(folder, "compressed.gz", gzip.compress(text))
    check_replays(compressed)
    code, output, errors = tool.ffntp("replay", "-", stdin=text)
    tap.check(code == 0 and "all equal" in output, errors)


def test_traces_beside_journals(folder):
    trace = tool.write(folder, "trace.txt", tool.make_trace())
    results = tool.objects(["replay", "--json", trace, simulated(folder)])
    tap.check("before" in results[0] and "maps_equal" in results[1], f"{results}")


def changed(folder, lines, number, old, new):
    """Return a journal with one change in line 'number', from 1."""
    tap.check(old in lines[number - 1], f"no {old} in {lines[number - 1]}")
    copy = list(lines)
    copy[number - 1] = copy[number - 1].replace(old, new, 1)
    return tool.write(folder, "changed", "\n".join(copy) + "\n")


def find(lines, word, count):
    """Return the number of the count-th line that begins with the word."""
    return [number for number, line in enumerate(lines, 1) if line.split()[0] == word][count - 1]


def test_a_difference_is_named_by_its_line(folder):
    lines = lines_of(simulated(folder))
    for count in 1, 17:
        number = find(lines, "map", count)
        digit = lines[number - 1][-1]
        path = changed(folder, lines, number, lines[number - 1], lines[number - 1][:-1] + ("1" if digit == "0" else "0"))
        tool.check_refused(["replay", path], f"changed:{number}: ", "differs", f"{count - 1} maps before it")
    number = find(lines, "datagram", 9)
    bytes_of = lines[number - 1].split()[2]
    late = f"{bytes_of[:64]}{int(bytes_of[64:80], 16) - 40000:016x}{int(bytes_of[80:96], 16) - 40000:016x}"
    path = changed(folder, lines, number, bytes_of, late)
    tool.check_refused(["replay", path], f"changed:{number + 1}: ", "differs")


def test_a_map_too_few_or_too_many(folder):
    lines = lines_of(simulated(folder))
    number = find(lines, "map", 5)
    fewer = tool.write(folder, "fewer", "\n".join(lines[:number - 1] + lines[number:]) + "\n")
    tool.check_refused(["replay", fewer], f"fewer:{number}: ", "publishes a map before")
    more = tool.write(folder, "more", "\n".join(lines[:number] + [lines[number - 1]] + lines[number:]) + "\n")
    tool.check_refused(["replay", more], f"more:{number + 1}: ", "publishes no map here")


def test_another_programs_version_is_named_with_the_difference(folder):
    lines = lines_of(simulated(folder))
    lines[0] = "ffntp-journal 1 9.9.9"
    number = find(lines, "map", 5)
    path = changed(folder, lines, number, lines[number - 1], "map 0000000000000000")
    tool.check_refused(["replay", path], f"changed:{number}: ", "version 9.9.9")


def test_invalid_lines_are_refused(folder):
    lines = lines_of(simulated(folder))
    request = find(lines, "request", 3)
    for old, new in (("request", "requests"), ("request ", "request  "), (" ", "\t"), ("request ", "request g")):
        tool.check_refused(["replay", changed(folder, lines, request, old, new)], f"changed:{request}: ")
    for old, new in (("poll-min=", "poll-low="), ("estimator=", "estimator=9"), ("leap-trust=0", "leap-trust=3"),
                     ("burst=", "burst=9")):
        tool.check_refused(["replay", changed(folder, lines, 2, old, new)], "changed:2: ")
    for at in range(len("ffntp-journal "), len(lines[0]) - 5):
        altered = lines[0][:at] + "x" + lines[0][at + 1:]
        tool.check_refused(["replay", changed(folder, lines, 1, lines[0], altered)], "changed:1: ")


def test_other_versions_of_the_format_are_refused(folder):
    lines = lines_of(simulated(folder))
    for version in "0", "2", "10", "x", "":
        tool.check_refused(["replay", changed(folder, lines, 1, "journal 1", f"journal {version}")], "changed:1: ", "version")


def test_journals_of_nothing(folder):
    lines = lines_of(simulated(folder))
    for count, word in (1, "no map in it: the recording ended"), (2, "no map in it"):
        tool.check_refused(["replay", tool.write(folder, "nothing", "\n".join(lines[:count]) + "\n")], "nothing", word)
    orphan = tool.write(folder, "orphan", "\n".join(lines[:1] + lines[2:]) + "\n")
    tool.check_refused(["replay", orphan], "orphan:2: ", "before the first session")


def test_a_journal_that_is_cut_short(folder):
    """Cut in the middle of any line, it is replayed to the line before, and the cut is reported."""
    path = simulated(folder)
    with open(path) as f:
        text = f.read()
    lines = text.splitlines(keepends=True)
    for number in (find(lines, word, count) for word, count in (("map", 40), ("request", 20), ("datagram", 20))):
        cut = tool.write(folder, "cut", "".join(lines[:number - 1]) + lines[number - 1][:7])
        result, = check_replays(cut)
        tap.check(result["cut_in_line"] == number, f"{result}")
        _, output, _ = tool.ffntp("replay", cut)
        tap.check(f"in the middle of line {number}" in output, output)
    whole = tool.write(folder, "whole", "".join(lines[:find(lines, "map", 60)]))
    tap.check(check_replays(whole)[0]["cut_in_line"] is None, "a cut was reported")


def split(folder, path):
    """Return the journal in two files, as rotation makes them."""
    lines = lines_of(path)
    number = find(lines, "map", 25)
    at = int(lines[1].split()[1], 16)
    for line in lines[2:number]:
        word, *values = line.split()
        at += int(values[0], 16) if word != "map" else 0
    second = [lines[0], " ".join(["continues", f"{at:016x}", *lines[1].split()[2:]]), *lines[number:]]
    return (tool.write(folder, "journal.1", "\n".join(lines[:number]) + "\n"),
            tool.write(folder, "journal", "\n".join(second) + "\n"), second)


def test_a_session_in_two_files(folder):
    path = simulated(folder)
    first, second, lines = split(folder, path)
    results = check_replays(first, second)
    whole, = check_replays(path)
    tap.check(sum(each["maps_equal"] for each in results) == whole["maps_equal"], f"{results} {whole}")
    tool.check_refused(["replay", second], "earlier file")
    lines[1] = lines[1].replace("continues ", "continues f")[:26] + lines[1][27:]
    other = tool.write(folder, "other", "\n".join(lines) + "\n")
    code, _, errors = tool.ffntp("replay", first, other)
    tap.check(code == 1 and "other:2: " in errors, errors)


# --- an ensemble: three servers, of which one is 20 ms wrong and one is replaced ---

ENSEMBLE = f"{JOURNALS}/three-servers.journal"
SERVERS = [f"192.0.2.{i}:123" for i in range(1, 5)]


def test_an_ensembles_counts_are_those_of_its_servers(folder):
    result, = check_replays(ENSEMBLE)
    servers = {server["server"]: server for server in result["servers"]}
    tap.check(sorted(servers) == SERVERS, f"{sorted(servers)}")
    for key in "sent", "reply", "unanswered", "no-nonce", "selection":
        total = sum(server["events"][key] for server in servers.values())
        tap.check(total == result["events"][key], f"{key}: {total} of {result['events'][key]}")
    tap.check(all(server["verdicts"]["accepted"] > 20 for server in servers.values()), f"{servers}")
    _, output, _ = tool.ffntp("replay", ENSEMBLE)
    for name in SERVERS:
        tap.check(f"\n  {name} sent {servers[name]['events']['sent']}, " in output, output)
    tap.check("servers" not in check_replays(simulated(folder))[0], "a session has counts for each server")


def test_an_ensembles_events_have_their_server(folder):
    _, output, _ = tool.ffntp("replay", "--verbose", ENSEMBLE)
    for text in (" member 0 added", " 192.0.2.1:123 reply accepted: accept", " 192.0.2.3:123 selection falseticker",
                 " 192.0.2.2:123 selection combined", " 192.0.2.2:123 removed", "followed 1, combined 1, falseticker 1",
                 " 192.0.2.4:123 sent", " map disrupted"):
        tap.check(text in output, f"no '{text}'")


def test_an_ensembles_invalid_lines_are_refused(folder):
    lines = lines_of(ENSEMBLE)
    added, removed = find(lines, "added", 2), find(lines, "removed", 1)
    request = next(number for number, line in enumerate(lines, 1) if line.startswith("1 request "))
    for number, old, new, reason in ((added, "added 0 1", "added 0 2", "a different number"),
                                     (added, "poll-min=", "poll-min=9", "out of range"),
                                     (removed, lines[removed - 1][-1], "3", "no member of this number"),
                                     (request, "1 request", "3 request", "no member of this number"),
                                     (request, "1 request", "4 request", "no room"),
                                     (2, "members=4", "members=1", "out of range"),
                                     (2, "members=4", "members=2", "")):
        path = changed(folder, lines, number, lines[number - 1], lines[number - 1][::-1].replace(old[::-1], new[::-1], 1)[::-1])
        tool.check_refused(["replay", path], "changed:", reason)
    missing = tool.write(folder, "missing", "\n".join(lines[:removed - 1] + lines[removed:]) + "\n")
    tool.check_refused(["replay", missing], f"missing:{removed}: ", "number")


def split_ensemble(folder, number):
    """Return the journal in two files, as rotation makes them, and the lines of the second."""
    lines = lines_of(ENSEMBLE)
    at, members = int(lines[1].split()[1], 16), {}
    for line in lines[2:number]:
        word, *values = line.split()
        if word.isdigit():
            values = values[1:]
        if word == "added":
            members[int(values[1])] = values[2:]
        if word == "removed":
            del members[int(values[1])]
        at += int(values[0], 16) if word != "map" else 0
    second = [lines[0], " ".join(["continues", f"{at % 2**64:016x}", *lines[1].split()[2:]]),
              *(" ".join(["member", str(i), *members[i]]) for i in sorted(members)), *lines[number:]]
    return (tool.write(folder, "journal.1", "\n".join(lines[:number]) + "\n"),
            tool.write(folder, "journal", "\n".join(second) + "\n"), second)


def test_an_ensemble_in_two_files(folder):
    """Split before, within and after the moment at which member 1 is missing."""
    lines = lines_of(ENSEMBLE)
    whole, = check_replays(ENSEMBLE)
    for number in (find(lines, "map", 100), find(lines, "removed", 1), find(lines, "map", len(lines) // 5)):
        first, second, continued = split_ensemble(folder, number)
        results = tool.objects(["replay", "--json", first, second])
        tap.check(sum(each["maps_equal"] for each in results) == whole["maps_equal"], f"{results} {whole}")
        code, output, errors = tool.ffntp("replay", "--verbose", second)
        tap.check(code == 1 and "earlier file" in errors and " map " in output, errors)
        other = tool.write(folder, "other", "\n".join(continued).replace("\nmember 0 ", "\nmember 3 ") + "\n")
        code, _, errors = tool.ffntp("replay", first, other)
        tap.check(code == 1 and "other:" in errors, errors)
        more = [*continued[:3], "member 3 " + continued[2].split(" ", 2)[2]]
        code, _, errors = tool.ffntp("replay", first, tool.write(folder, "more", "\n".join(more) + "\n"))
        tap.check(code == 1 and "more:4: this file does not continue" in errors, errors)


def test_a_journal_that_cannot_be_written(folder):
    tool.check_refused(["simulate", "--hours", "0.5", "--journal", f"{folder}/missing/journal", "metro"], "missing/journal")
    if os.path.exists("/dev/full"):
        tool.check_refused(["simulate", "--hours", "0.5", "--journal", "/dev/full", "metro"], "/dev/full", "No space")


if __name__ == "__main__":
    tap.run(sys.modules[__name__])
