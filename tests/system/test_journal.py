#!/usr/bin/env python3
"""The journal of a live daemon: every map of its session is the same when 'ffntp replay' runs it again."""
import os
import resource
import signal
import sys

import fake
import tap
import tool

SUSPEND = os.environ.get("SUSPEND", "")


def recorded(folder, *arguments, **options):
    return tap.daemon(folder, "--poll", "1", "--journal", f"{folder}/journal", *arguments, **options)


def lines_of(folder, name="journal"):
    with open(f"{folder}/{name}") as f:
        return f.read().splitlines()


def replayed(folder, *names):
    """Replay; return the object of the last file."""
    return tool.objects(["replay", "--json", *(f"{folder}/{name}" for name in names or ["journal"])])[-1]


def check_equal(result, **events):
    tap.check(result["maps_equal"] > 0, f"nothing was compared: {result}")
    for name, least in events.items():
        name = name.replace("_", "-")
        found = result["events"].get(name, result["verdicts"].get(name))
        tap.check(found >= least, f"{name}: not {least} or more: {result}")


def test_a_session_replays(folder):
    """With the burst of the start, lost requests, refused replies, and a second session."""
    def answer(server, request, number):
        if number == 2:
            return [fake.kiss(request, b"NOPE")]
        if number == 3:
            return [fake.reply(request, origin=1), fake.reply(request)]
        return [fake.reply(request)] if number < 6 or number > 8 else []
    with fake.Server(answer) as server:
        with recorded(folder, f"127.0.0.1:{server.port}") as running:
            tap.wait_for(lambda: len(server.requests) > 12, "more replies", 60)
            tap.stop(running)
        result = replayed(folder)
        check_equal(result, accepted=6, kiss_other=1, bogus_origin=1, unanswered=2)
        tap.check(result["cut_in_line"] is None and result["sessions"] == 1, f"{result}")
        size = os.path.getsize(f"{folder}/journal") / result["events"]["sent"]
        tap.check(size < 260, f"{size} bytes an exchange")
        tap.check(os.stat(f"{folder}/journal").st_mode & 0o77 == 0, "others can read the numbers of requests")
        with recorded(folder, f"127.0.0.1:{server.port}", name="again") as running:
            tap.wait_for(lambda: "synchronised" in tap.said(folder, "again"), "the second daemon")
            tap.stop(running)
    check_equal(replayed(folder), accepted=7)
    tap.check(replayed(folder)["sessions"] == 2, "the second daemon's session is not in the journal")
    tap.check(sum(line.startswith("former ") for line in lines_of(folder)) == 1, "the map of the first is not its former")


def test_several_servers_replay(folder):
    """One lies, one is exchanged for a different one by a reload; then the daemon starts again."""
    def server_lines(*servers):
        return "".join(f"server 127.0.0.1:{server.port} iburst minpoll 0\n" for server in servers)
    liar = fake.Server(lambda server, request, number: [fake.reply(request, offset_s=1)])
    with fake.Server() as first, fake.Server() as second, fake.Server() as third, liar:
        file = tool.write(folder, "many.conf", server_lines(first, second, liar))
        with recorded(folder, "-c", file) as running:
            tap.wait_for(lambda: "falseticker" in tap.said(folder), "the liar", 60)
            tool.write(folder, "many.conf", server_lines(first, third, liar))
            running.send_signal(signal.SIGHUP)
            tap.wait_for(lambda: len(third.requests) > 5, "the new server", 60)
            tap.stop(running)
        lines = lines_of(folder)
        for word, count in ("ensemble", 1), ("added", 4), ("removed", 1):
            tap.check(sum(line.startswith(f"{word} ") for line in lines) == count, f"not {count} lines of '{word}'")
        result = replayed(folder)
        check_equal(result, accepted=12, sent=12)
        tap.check(result["cut_in_line"] is None and result["sessions"] == 1, f"{result}")
        with recorded(folder, "-c", file, name="again") as running:
            tap.wait_for(lambda: "synchronised" in tap.said(folder, "again"), "the second daemon", 60)
            tap.stop(running)
    tap.check(replayed(folder)["sessions"] == 2, "the second daemon's ensemble is not in the journal")


def test_a_disruption_replays(folder):
    environment = {**os.environ, "LD_PRELOAD": SUSPEND, "SUSPEND": f"{folder}/asleep",
                   "ASAN_OPTIONS": "verify_asan_link_order=0"}
    with fake.Server() as server:
        with recorded(folder, f"127.0.0.1:{server.port}", env=environment) as running:
            tap.wait_for_status(folder, "synchronised")
            open(f"{folder}/asleep", "w").close()
            tap.wait_for(lambda: "disrupted" in tap.said(folder), "a line about it")
            tap.wait_for_status(folder, "synchronised")
            tap.stop(running)
    tap.check(any(line.startswith("disrupted ") for line in lines_of(folder)), "it is not in the journal")
    check_equal(replayed(folder), accepted=2, disrupted=1)


def test_a_reload_begins_a_session_that_replays(folder):
    with fake.Server() as first, fake.Server() as second:
        with open(f"{folder}/conf", "w") as f:
            f.write(f"server 127.0.0.1:{first.port} iburst minpoll 0\njournal {folder}/journal\n")
        with tap.daemon(folder, "-c", f"{folder}/conf") as running:
            tap.wait_for_status(folder, "synchronised")
            with open(f"{folder}/conf", "w") as f:
                f.write(f"server 127.0.0.1:{second.port} iburst minpoll 0\njournal {folder}/journal\njournalsize 1M\n")
            running.send_signal(signal.SIGHUP)
            tap.wait_for(lambda: len(second.requests) > 2, "the second server")
            with open(f"{folder}/conf", "w") as f:
                f.write(f"server 127.0.0.1:{second.port} iburst minpoll 0\njournal {folder}/other\n")
            running.send_signal(signal.SIGHUP)
            tap.wait_for(lambda: os.path.exists(f"{folder}/other"), "a different journal")
            before = len(second.requests)
            tap.wait_for(lambda: len(second.requests) > before + 3, "requests with the third configuration")
            tap.stop(running)
    result = replayed(folder)
    check_equal(result, accepted=4)
    tap.check(result["sessions"] == 2, f"{result}")
    check_equal(replayed(folder, "other"), accepted=2)


def test_a_reload_with_a_different_journal_begins_an_ensemble_in_it(folder):
    """Otherwise the servers, which stay, would go on as they are, and their beginning would be missing in the journal."""
    with fake.Server() as first, fake.Server() as second:
        def configure(journal):
            return tool.write(folder, "conf", f"journal {folder}/{journal}\n" + "".join(
                f"server 127.0.0.1:{server.port} iburst minpoll 0\n" for server in (first, second)))
        with tap.daemon(folder, "-c", configure("journal")) as running:
            tap.wait_for_status(folder, "synchronised")
            configure("other")
            running.send_signal(signal.SIGHUP)
            tap.wait_for(lambda: os.path.exists(f"{folder}/other"), "a different journal")
            before = len(first.requests)
            tap.wait_for(lambda: len(first.requests) > before + 3, "further requests")
            tap.stop(running)
    for name in "journal", "other":
        result = replayed(folder, name)
        check_equal(result, accepted=4)
        tap.check(result["sessions"] == 1, f"{name}: {result}")


def test_a_killed_daemons_journal_replays(folder):
    with fake.Server() as server:
        with recorded(folder, f"127.0.0.1:{server.port}") as running:
            tap.wait_for(lambda: len(server.requests) > 5, "requests")
            tap.stop(running, signal.SIGKILL)
        check_equal(replayed(folder), accepted=3)
        with open(f"{folder}/journal", "a") as f:
            f.write("timeout 12")                           # as if the disk had taken no more
        tap.check(replayed(folder)["cut_in_line"] == len(lines_of(folder)), "the cut is not reported")
        with recorded(folder, f"127.0.0.1:{server.port}", name="again") as running:
            before = len(server.requests)
            tap.wait_for(lambda: len(server.requests) > before + 3, "requests of the second daemon")
            tap.stop(running)
        result = replayed(folder)
        check_equal(result, accepted=6)
        tap.check(result["sessions"] == 2 and result["cut_in_line"] is None, f"{result}")


def test_a_crash_leaves_the_input_that_was_being_processed(folder):
    """A failed assertion ends the daemon with SIGABRT."""
    with fake.Server(lambda server, request, number: []) as server, recorded(folder, f"127.0.0.1:{server.port}") as running:
        tap.wait_for(lambda: server.requests, "a request")
        code, _ = tap.stop(running, signal.SIGABRT)
        tap.check(code == -signal.SIGABRT, f"exit code {code}")
        tap.check(any(line.endswith(server.requests[0][1][40:].hex()) for line in lines_of(folder)), f"{lines_of(folder)}")


def test_a_journal_is_replayed_while_it_is_written(folder):
    with fake.Server() as server, recorded(folder, f"127.0.0.1:{server.port}"):
        for count in 4, 6:
            tap.wait_for(lambda: len(server.requests) > count, "requests")
            check_equal(replayed(folder), accepted=1)


def test_rotation(folder):
    """Both files together replay; the second alone reports that its beginning is in the first."""
    def flood(server, request, number):
        return [fake.reply(request, origin=i) + bytes(100) for i in range(1, 4)] + [fake.reply(request)]
    with fake.Server(flood) as server:
        with recorded(folder, "--journal-size", "16k", f"127.0.0.1:{server.port}") as running:
            tap.wait_for(lambda: os.path.exists(f"{folder}/journal.1"), "the first rotation", 40)
            before = len(server.requests)
            tap.wait_for(lambda: len(server.requests) > before + 2, "requests after it")
            tap.stop(running)
    tap.check(16384 <= os.path.getsize(f"{folder}/journal.1") < 40000, f"{os.path.getsize(f'{folder}/journal.1')} bytes")
    check_equal(replayed(folder, "journal.1"), accepted=1)
    check_equal(replayed(folder, "journal.1", "journal"), accepted=1)
    tool.check_refused(["replay", f"{folder}/journal"], "earlier file")
    code, _, errors = tool.ffntp("replay", f"{folder}/journal", f"{folder}/journal.1")
    tap.check(code == 1 and "earlier file" in errors, f"the wrong order is accepted: {errors}")


def test_the_clock_continues_without_a_journal(folder):
    """Each reason gives one line, and the clock keeps time."""
    os.mkdir(f"{folder}/folder")
    with open(f"{folder}/precious", "w") as f:
        f.write("not a journal\n")
    os.mkfifo(f"{folder}/fifo")
    with fake.Server() as server:
        for name, reason in ("missing/journal", "No such file"), ("folder", "directory"), ("precious", "not a journal"), \
                ("fifo", "not a regular file"):
            with tap.daemon(folder, "--poll", "1", "--journal", f"{folder}/{name}", f"127.0.0.1:{server.port}",
                            name="no-" + os.path.basename(name)) as running:
                tap.wait_for_status(folder, "synchronised")
                tap.stop(running)
            said = tap.said(folder, "no-" + os.path.basename(name))
            tap.check(said.count(f"{folder}/{name}: ") == 1 and reason in said, f"not one line about it: {said}")
            os.remove(f"{folder}/page")
    with open(f"{folder}/precious") as f:
        tap.check(f.read() == "not a journal\n", "a file that is not a journal was changed")


def test_two_daemons_do_not_share_a_journal(folder):
    with fake.Server() as server, recorded(folder, f"127.0.0.1:{server.port}"):
        tap.wait_for_status(folder, "synchronised")
        os.mkdir(f"{folder}/second")
        with tap.process([tap.FFNTPD, "--page", f"{folder}/second/page", "--journal", f"{folder}/journal",
                          f"127.0.0.1:{server.port}"], f"{folder}/second.log"):
            tap.wait_for(lambda: "another process writes it" in tap.said(folder, "second"), "a line about it")
            tap.wait_for_status(f"{folder}/second", "synchronised")


def test_a_disk_that_does_not_answer_costs_no_time(folder):
    """Lines wait in memory; with a disk that answers again all are there, and otherwise the daemon ends all the same."""
    environment = {**os.environ, "LD_PRELOAD": os.environ["STUCK"], "STUCK": f"{folder}/stuck",
                   "ASAN_OPTIONS": "verify_asan_link_order=0"}
    with fake.Server() as server:
        with recorded(folder, f"127.0.0.1:{server.port}", env=environment) as running:
            for _ in range(2):
                tap.wait_for_status(folder, "synchronised")
                at, before = tap.probe(folder)["at"], len(server.requests)
                open(f"{folder}/stuck", "w").close()
                tap.wait_for(lambda: len(server.requests) > before + 3, "further requests")
                tap.check(tap.probe(folder)["at"] > at, "the page is not updated")
                os.unlink(f"{folder}/stuck")
            tap.stop(running)
        tap.check("recorded" not in tap.said(folder), tap.said(folder))
        check_equal(replayed(folder), accepted=4)
        with recorded(folder, f"127.0.0.1:{server.port}", env=environment) as running:
            tap.wait_for_status(folder, "synchronised")
            open(f"{folder}/stuck", "w").close()
            tap.wait_for_verdict(folder, "accepted", 5)
            tap.check_ends(running, within_s=8)


def test_a_full_disk_costs_the_journal_and_not_the_clock(folder):
    def limit():
        resource.setrlimit(resource.RLIMIT_FSIZE, (8192, 8192))     # the page needs 4096
    with fake.Server() as server:
        with recorded(folder, f"127.0.0.1:{server.port}", preexec_fn=limit) as running:
            tap.wait_for(lambda: "nothing more is recorded" in tap.said(folder), "a line about it", 120)
            before = len(server.requests)
            tap.wait_for(lambda: len(server.requests) > before + 2, "further requests")
            tap.wait_for_status(folder, "synchronised")
            tap.check(running.poll() is None, "ended")
            tap.stop(running)
    tap.check(tap.said(folder).count("recorded") == 1, tap.said(folder))
    result = replayed(folder)
    check_equal(result, accepted=20)
    tap.check(result["cut_in_line"] is None, "the incomplete line is still there")


if __name__ == "__main__":
    tap.run(sys.modules[__name__])
