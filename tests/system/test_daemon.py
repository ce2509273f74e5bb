#!/usr/bin/env python3
"""ffntpd as a process: start, end, rejected configurations, and the state that survives it."""
import contextlib
import fcntl
import os
import resource
import select
import shutil
import signal
import socket
import statistics
import subprocess
import sys
import threading
import time

import fake
import tap


def one_line(output):
    return len(output.strip().splitlines()) == 1


def check_refusal(folder, arguments, *words, code=2):
    """Check the exit code, that there is one clear line, and that nothing is written."""
    before = sorted(os.listdir(folder))
    got, output = tap.run_daemon(folder, *arguments)
    tap.check(got == code, f"exit code {got}: {output}")
    tap.check(one_line(output), f"not one line: {output}")
    tap.check(all(word in output for word in words), f"{words} not in: {output}")
    tap.check(sorted(os.listdir(folder)) == before, f"wrote {os.listdir(folder)}")


def test_no_server_names_both_ways(folder):
    check_refusal(folder, [], "SERVER", "-c FILE")


def test_an_unknown_option_is_refused(folder):
    check_refusal(folder, ["--frobnicate", "127.0.0.1"], "--frobnicate")
    check_refusal(folder, ["--poll"], "poll")


def test_values_out_of_range_are_refused(folder):
    for option, value in (("--poll", "0"), ("--poll", "131073"), ("--poll", "1x"), ("--poll", "-1"), ("--counter", "sundial"),
                          ("--estimator", "guess"), ("--journal-size", "15k"), ("--journal-size", "1T")):
        check_refusal(folder, [option, value, "127.0.0.1"], option, value)
    check_refusal(folder, ["--journal", "", "127.0.0.1"], "--journal")
    check_refusal(folder, ["--journal", "x" * 1024, "127.0.0.1"], "--journal")


def test_an_unknown_keyword_is_refused_with_file_and_line(folder):
    with open(f"{folder}/conf", "w") as f:
        f.write("# fine\nserver 127.0.0.1\nfrobnicate yes\n")
    check_refusal(folder, ["-c", "conf"], "conf:3:", "frobnicate")


def test_a_configuration_that_cannot_be_read_is_refused(folder):
    check_refusal(folder, ["-c", "missing"], "missing", "No such file")
    check_refusal(folder, ["-c", "/"], "/", "directory")
    with open(f"{folder}/huge", "wb") as f:
        f.write(b"#\n" * 50000)
    check_refusal(folder, ["-c", "huge"], "huge", "too large")
    with open(f"{folder}/null", "wb") as f:
        f.write(b"server a\n\0\n")
    check_refusal(folder, ["-c", "null"], "null:2:", "NUL")


def test_a_name_that_does_not_resolve_is_tried_again(folder):
    with tap.daemon(folder, "no.such.name.invalid") as running:
        tap.wait_for(lambda: "no.such.name.invalid: " in tap.said(folder), "a line about it", 40)
        tap.check(tap.probe(folder)["status"] == "initialising" and running.poll() is None, "ended")


def test_what_cannot_be_a_name_is_refused(folder):
    for name in ("[", "fe80::1%", "2001:db8::1%eth0", "::1::2", "ntp.example.org:0"):
        check_refusal(folder, ["--page", "page", name], name, "neither a name nor an address")


def test_of_several_names_those_that_resolve_are_used(folder):
    with fake.Server() as server, \
            tap.daemon(folder, "--poll", "1", "no.such.name.invalid", f"127.0.0.1:{server.port}"):
        tap.wait_for_status(folder, "synchronised", 40)
        tap.check("no.such.name.invalid" in tap.said(folder), "the log does not name the server that did not resolve")


def test_a_server_that_never_answers(folder):
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as silent:
        silent.bind(("127.0.0.1", 0))
        with tap.daemon(folder, "--poll", "1", f"127.0.0.1:{silent.getsockname()[1]}") as running:
            tap.wait_for(lambda: "no usable reply" in tap.said(folder), "a line about it")
            tap.check(tap.probe(folder)["status"] == "initialising", "tells a time that it cannot know")
            tap.check(running.poll() is None, "ended")


def test_a_port_that_is_closed(folder):
    with tap.daemon(folder, "--poll", "1", f"127.0.0.1:{tap.free_port()}") as running:
        tap.wait_for(lambda: "refused" in tap.said(folder), "a line about it")
        time.sleep(3)
        tap.check(running.poll() is None, "ended")
        tap.check(len(tap.said(folder).splitlines()) < 10, f"the line is repeated: {tap.said(folder)}")


def log_of(folder, name, *arguments, **options):
    """Run the daemon until a reply was refused and others accepted; return its lines."""
    def answer(server, request, number):
        return [fake.reply(request, stratum=0 if number == 1 else 1)]
    with fake.Server(answer) as server, \
            tap.daemon(folder, "--poll", "1", *arguments, f"127.0.0.1:{server.port}", name=name, **options):
        tap.wait_for(lambda: len(server.requests) > 3 and all(words in tap.said(folder, name) for words in ("refused", "is synchronised")),
                     "a refused reply, and the time")
    return tap.said(folder, name).splitlines(), f"127.0.0.1:{server.port}"


def test_log_lines_have_levels(folder):
    """Each level shows what the level before it shows, and more."""
    usual, _ = log_of(folder, "usual")
    events, _ = log_of(folder, "events", "-v")
    replies, server = log_of(folder, "replies", "-vv")
    for lines in usual, events, replies:
        tap.check(any("the clock is synchronised" in line for line in lines), f"no change of state: {lines}")
        tap.check(any("reply refused: " in line for line in lines), f"no problem: {lines}")
    for lines in usual, events:
        tap.check(not any("accepted" in line or "request sent" in line for line in lines), f"a line for a reply: {lines}")
    for words in "reply accepted", "reply refused", "request sent":
        found = [line for line in replies if words in line]
        tap.check(found and all(server in line for line in found), f"'{words}' without its server: {replies}")


def test_in_systemds_journal_lines_begin_with_their_level(folder):
    with open(f"{folder}/journal.log", "w") as f:
        status = os.fstat(f.fileno())
    stream = f"{status.st_dev}:{status.st_ino}"
    lines, _ = log_of(folder, "journal", "-vv", env={**os.environ, "JOURNAL_STREAM": stream})
    tap.check(all(line[0] == "<" and line[1] in "34567" and line[2] == ">" for line in lines), f"no level: {lines}")
    tap.check(not any("ffntpd: " in line for line in lines), f"the name is there twice: {lines}")
    for level, words in ("4", "reply refused"), ("5", "the clock is"), ("7", "reply accepted"):
        tap.check(all(line[1] == level for line in lines if words in line), f"'{words}' is not <{level}>: {lines}")


def test_elsewhere_lines_begin_with_the_daemons_name(folder):
    lines, _ = log_of(folder, "other", env={**os.environ, "JOURNAL_STREAM": "1:1"})
    tap.check(all(line.startswith("ffntpd: ") for line in lines), f"{lines}")


def end_with(folder, number):
    with fake.Server() as server, tap.daemon(folder, "--poll", "1", f"127.0.0.1:{server.port}") as running:
        tap.wait_for_status(folder, "synchronised")
        tap.check_ends(running, number)


def test_ctrl_c_ends_it_at_once(folder):
    end_with(folder, signal.SIGINT)


def test_sigterm_ends_it_at_once(folder):
    end_with(folder, signal.SIGTERM)


def test_a_second_instance_is_refused_and_the_first_goes_on(folder):
    with fake.Server() as server, tap.daemon(folder, "--poll", "1", f"127.0.0.1:{server.port}") as running:
        tap.wait_for_status(folder, "synchronised")
        check_refusal(folder, ["--page", f"{folder}/page", "127.0.0.1"], f"{folder}/page", "another daemon", code=1)
        tap.wait_for_status(folder, "synchronised")
        tap.check(running.poll() is None, "the first was disturbed")


def reads_on(folder, status="synchronised"):
    """Wait for a page that a reader finds by its name, and that is still updated."""
    at = tap.wait_for_status(folder, status)["at"]
    tap.wait_for(lambda: (tap.probe(folder) or {}).get("at", at) != at, "an update of the page")


def test_what_is_removed_or_replaced_is_written_again(folder):
    """The daemon's folder, its page or its lock: each is back within seconds, and locked against a second daemon."""
    home = f"{folder}/home"
    page, old = f"{home}/page", f"{folder}/old"

    def replace():
        shutil.copy(page, f"{home}/copy")
        os.rename(f"{home}/copy", page)
    damages = (lambda: shutil.rmtree(home), lambda: os.unlink(page), lambda: os.unlink(f"{page}.lock"), replace,
               lambda: os.rename(home, old))
    with fake.Server() as server, tap.process([tap.FFNTPD, "--poll", "1", "--page", page, f"127.0.0.1:{server.port}"],
                                              f"{folder}/ffntpd.log") as running:
        tap.wait_for_status(home, "synchronised")
        marker = tap.probe(home)["disruption_marker"]
        for number, damage in enumerate(damages, 1):
            damage()
            tap.wait_for(lambda: tap.said(folder).count("it is written again") == number, f"damage {number} to be seen")
            reads_on(home)
            tap.check(tap.probe(home)["disruption_marker"] == marker, "not the same clock")
            code, output = tap.run_daemon(folder, "--page", page, "127.0.0.1")
            tap.check(code == 1 and "another daemon keeps" in output, f"damage {number}: two daemons: {code} {output}")
        tap.check(tap.probe(old)["status"] in ("unknown", "disrupted"), "readers of the former file see no end of it")
        tap.check(running.poll() is None, "ended")


def test_two_daemons_never_keep_one_page(folder):
    """The lock is removed, and a second daemon starts before the first one looks; or its folder is another daemon's."""
    with fake.Server() as server:
        address = f"127.0.0.1:{server.port}"
        with tap.daemon(folder, "--poll", "1", address) as first:
            tap.wait_for_status(folder, "synchronised")
            first.send_signal(signal.SIGSTOP)
            os.unlink(f"{folder}/page.lock")
            code, output = tap.run_daemon(folder, "--page", f"{folder}/page", address)
            tap.check(code == 1 and "another daemon keeps" in output, f"two daemons: {code} {output}")
            os.unlink(f"{folder}/page")
            with tap.daemon(folder, "--poll", "1", address, name="second"):
                tap.wait_for_status(folder, "synchronised")
                first.send_signal(signal.SIGCONT)
                tap.check(first.wait(10 * tap.PATIENCE) == 1, "the first did not end")
                tap.check("another daemon keeps" in tap.said(folder), tap.said(folder))
                reads_on(folder)


def test_a_reader_cannot_lock_the_page(folder):
    with fake.Server() as server:
        arguments = ("--poll", "1", f"127.0.0.1:{server.port}")
        with tap.daemon(folder, *arguments):
            tap.wait_for_status(folder, "synchronised")
        with open(f"{folder}/page", "rb") as page:
            fcntl.flock(page, fcntl.LOCK_EX)
            fcntl.lockf(page, fcntl.LOCK_SH)
            with tap.daemon(folder, *arguments, name="again"):
                reads_on(folder)


def test_a_page_that_cannot_be_made_is_refused(folder):
    check_refusal(folder, ["--page", "no/such/page", "127.0.0.1"], "no/such/page", code=1)
    os.mkdir(f"{folder}/directory")
    check_refusal(folder, ["--page", "/dev/null/page", "127.0.0.1"], "/dev/null/page", code=1)


def test_what_is_no_page_is_left_alone(folder):
    with open(f"{folder}/letter", "wb") as f:
        f.write(b"x" * 5000)
    code, output = tap.run_daemon(folder, "--page", f"{folder}/letter", "127.0.0.1")
    tap.check(code == 1 and one_line(output), f"{code}: {output}")
    tap.check(open(f"{folder}/letter", "rb").read() == b"x" * 5000, "overwritten")


def test_a_log_that_cannot_be_written_is_refused(folder):
    code, output = tap.run_daemon(folder, "--clock-log", "no/such/log", "127.0.0.1")
    tap.check(code == 1 and "no/such/log" in output, f"{code}: {output}")


@contextlib.contextmanager
def daemon_with(folder, *arguments, **options):
    """Run a daemon whose standard error is not the test's log, until it is synchronised; yield it, and the server."""
    with fake.Server() as server:
        command = [tap.FFNTPD, "-vv", "--poll", "1", "--page", f"{folder}/page", *arguments, f"127.0.0.1:{server.port}"]
        running = subprocess.Popen(command, stdin=subprocess.DEVNULL, **options)
        try:
            tap.wait_for_status(folder, "synchronised")
            yield running, server
        finally:
            tap.check(tap.stop(running)[0] == 0, "did not end well")


def goes_on(server):
    before = len(server.requests)
    tap.wait_for(lambda: len(server.requests) > before + 2, "seconds in which it goes on")


def test_a_log_that_nobody_reads_costs_lines_and_not_the_clock(folder):
    reading, writing = os.pipe()
    os.write(writing, b"x" * fcntl.fcntl(writing, fcntl.F_SETPIPE_SZ, 4096))
    with daemon_with(folder, stderr=writing) as (_, server):
        goes_on(server)
        os.set_blocking(reading, False)
        tap.check(os.read(reading, 8192).strip(b"x") == b"", "the pipe was not full")
        said = []
        tap.wait_for(lambda: select.select([reading], [], [], 0)[0] and not said.append(os.read(reading, 8192)) and
                     b"lost here" in b"".join(said), "the number of lost lines")
        first = b"".join(said).split(b"\n")[0].decode()
        tap.check(first.startswith("ffntpd: ") and int(first.split()[1]) > 5, f"{first}")
        tap.check(not os.get_blocking(reading) and os.get_blocking(writing), "our descriptor was changed")
    os.close(reading)
    os.close(writing)


def test_a_socket_that_nobody_reads_and_a_full_disk_are_the_same(folder):
    ours, theirs = socket.socketpair()
    theirs.setblocking(False)
    while True:
        try:
            theirs.send(b"x" * 1024)
        except BlockingIOError:
            break
    theirs.setblocking(True)
    with ours, theirs, daemon_with(folder, stderr=theirs) as (_, server):
        goes_on(server)
    os.unlink(f"{folder}/page")
    with open("/dev/full", "w") as full, daemon_with(folder, stderr=full) as (_, server):
        goes_on(server)


def test_without_standard_streams_no_file_gets_the_log(folder):
    os.mkfifo(f"{folder}/pipe")
    tap.check(tap.run_daemon(folder, "--clock-log", f"{folder}/pipe", "127.0.0.1")[0] == 1, "waited for a reader")
    with daemon_with(folder, "--clock-log", f"{folder}/clock", "--journal", f"{folder}/journal",
                     preexec_fn=lambda: os.closerange(0, 3)) as (running, server):
        goes_on(server)
        streams = {os.readlink(f"/proc/{running.pid}/fd/{number}") for number in range(3)}
        tap.check(streams == {"/dev/null"}, f"{streams}")
    for name in "page", "page.lock", "clock", "journal":
        with open(f"{folder}/{name}", "rb") as f:
            tap.check(b"ffntpd:" not in f.read(), f"a line of the log is in {name}")


def test_a_full_disk_under_the_log_is_said_once(folder):
    with fake.Server() as server, \
            tap.daemon(folder, "--poll", "1", "--clock-log", "/dev/full", f"127.0.0.1:{server.port}") as running:
        tap.wait_for(lambda: "cannot be written" in tap.said(folder), "a line about it")
        before = len(server.requests)
        tap.wait_for(lambda: len(server.requests) > before + 3, "seconds in which it goes on")
        tap.check(tap.said(folder).count("cannot be written") == 1, "not one line")
        tap.check(running.poll() is None, "ended")


def test_killed_and_started_again_the_clock_goes_on(folder):
    """A reader that has the page mapped sees no refusal, and every bound holds."""
    with fake.Server() as server:
        arguments = ("--poll", "1", f"127.0.0.1:{server.port}")
        watched = {}
        with tap.daemon(folder, *arguments) as running:
            marker = tap.wait_for_status(folder, "synchronised")["disruption_marker"]
            tap.wait_for_verdict(folder, "accepted", 8)
            watcher = threading.Thread(target=lambda: watched.update(tap.watch(folder, 8)))
            watcher.start()
            time.sleep(1)
            tap.check(tap.stop(running, signal.SIGKILL)[0] == -signal.SIGKILL, "was not killed")
        time.sleep(1)
        with tap.daemon(folder, *arguments, name="again"):
            tap.wait_for(lambda: "synchronised" in tap.said(folder, "again"), "the new one to be synchronised")
            tap.check("continuing from its last map" in tap.said(folder, "again"), "did not take the page over")
            watcher.join()
            tap.check(tap.wait_for_status(folder, "synchronised")["disruption_marker"] == marker, "broke its promises")
    tap.check(watched["outside"] == 0 and watched["refused"] == 0, f"noticed: {watched}")


def test_a_wrong_date_of_the_system_has_no_effect(folder):
    """A machine without a battery for its clock may start decades ahead, or before the release."""
    for years in (69, 140, -40):
        environment = {**os.environ, "LD_PRELOAD": os.environ["DATE"], "DATE_AHEAD": str(years * 365 * 86400),
                       "ASAN_OPTIONS": "verify_asan_link_order=0"}
        with fake.Server() as server, tap.daemon(folder, "--poll", "1", f"127.0.0.1:{server.port}", env=environment):
            tap.wait_for_status(folder, "synchronised")
            tap.check_watched(tap.watch(folder, 1), 1, median_ns=10**8)
        os.unlink(f"{folder}/page")


def configure(folder, text):
    with open(f"{folder}/new", "w") as f:
        f.write(text)
    os.rename(f"{folder}/new", f"{folder}/conf")


def asks(folder, server):
    def reached():
        page = tap.probe(folder)
        return page if page and page["port"] == server.port and page["verdicts"]["accepted"] > 0 else None
    return reached


def test_the_configuration_is_read_again(folder):
    """Do so twice, while a reader has the page mapped: it sees no refusal."""
    with fake.Server() as first, fake.Server() as second:
        line = "server 127.0.0.1 port {} minpoll 0 maxpoll 0 iburst\n".format
        configure(folder, line(first.port))
        watched = {}
        with tap.daemon(folder, "-c", f"{folder}/conf") as running:
            tap.wait_for_verdict(folder, "accepted", 8)
            marker = tap.wait_for_status(folder, "synchronised")["disruption_marker"]
            watcher = threading.Thread(target=lambda: watched.update(tap.watch(folder, 8)))
            watcher.start()
            for server in (second, first):
                configure(folder, line(server.port))
                running.send_signal(signal.SIGHUP)
                page = tap.wait_for(asks(folder, server), "the other server to be asked")
                tap.check(page["disruption_marker"] == marker, "broke its promises")
            watcher.join()
            tap.check(tap.stop(running)[0] == 0, "did not end well")
    tap.check(watched["outside"] == 0 and watched["refused"] == 0, f"noticed: {watched}")


def test_read_again_without_a_server_the_clock_goes_on(folder):
    line = "server 127.0.0.1 port {} minpoll 0 maxpoll 0 iburst\n".format
    with fake.Server() as server:
        configure(folder, line(server.port))
        with tap.daemon(folder, "-c", f"{folder}/conf") as running:
            tap.wait_for_verdict(folder, "accepted", 8)
            configure(folder, line(tap.free_port()))
            running.send_signal(signal.SIGHUP)
            tap.wait_for(lambda: "no usable reply" in tap.said(folder), "a line about it")
            watched = tap.watch(folder, 2)
    tap.check(watched["outside"] == 0 and watched["refused"] == 0, f"noticed: {watched}")


def test_a_configuration_with_a_mistake_changes_nothing(folder):
    with fake.Server() as server:
        configure(folder, f"server 127.0.0.1 port {server.port} minpoll 0 maxpoll 0 iburst\n")
        with tap.daemon(folder, "-c", f"{folder}/conf") as running:
            tap.wait_for_verdict(folder, "accepted", 2)
            for text, complaint in (("frobnicate\n", "conf:1:"), ("server no.such.name.invalid\n", "no.such.name.invalid: ")):
                configure(folder, text)
                running.send_signal(signal.SIGHUP)
                tap.wait_for(lambda: complaint in tap.said(folder), "a line about it", 40)
            tap.check(tap.said(folder).count("the old one stays in use") == 2, tap.said(folder))
            before = tap.probe(folder)["verdicts"]["accepted"]
            tap.wait_for_verdict(folder, "accepted", before + 2)
            os.remove(f"{folder}/conf")
            running.send_signal(signal.SIGHUP)
            tap.wait_for(lambda: "No such file" in tap.said(folder), "a line about it")
            tap.check(running.poll() is None, "ended")


def test_without_a_configuration_a_hang_up_ends_it(folder):
    with fake.Server() as server, tap.daemon(folder, f"127.0.0.1:{server.port}") as running:
        tap.wait_for_status(folder, "synchronised")
        tap.check(tap.stop(running, signal.SIGHUP)[0] == -signal.SIGHUP, "goes on")


def test_taken_over_without_a_server_the_clock_goes_on_too(folder):
    with fake.Server() as server, tap.daemon(folder, "--poll", "1", f"127.0.0.1:{server.port}"):
        tap.wait_for_status(folder, "synchronised")
    with tap.daemon(folder, "--poll", "1", f"127.0.0.1:{tap.free_port()}", name="again"):
        tap.wait_for(lambda: "no usable reply" in tap.said(folder, "again"), "a line about it")
        watched = tap.watch(folder, 2)
    tap.check(watched["outside"] == 0 and watched["refused"] == 0, f"noticed: {watched}")


def raw_ns():
    return time.clock_gettime_ns(time.CLOCK_MONOTONIC_RAW)


def test_the_clock_log(folder):
    with fake.Server() as server, tap.process(
            [tap.FFNTPD, "--counter", "raw", "--poll", "1", "--clock-log", f"{folder}/clock", f"127.0.0.1:{server.port}"],
            f"{folder}/ffntpd.log"):
        def lines():
            with open(f"{folder}/clock") as f:
                return [tuple(map(int, line.split())) for line in f.read().splitlines()]
        tap.wait_for(lambda: os.path.exists(f"{folder}/clock") and len(lines()) >= 5, "five lines")
        before, utc_now, after = raw_ns(), time.time_ns(), raw_ns()
        log = lines()
    for raw, utc in log:
        age = utc_now - utc         # to half a second, because the lines are a second apart, and the first exchanges may be slow
        tap.check(before - raw - 5 * 10**8 < age < after - raw + 5 * 10**8, f"{raw} {utc} is not the time")
    apart = statistics.median(b - a for (a, _), (b, _) in zip(log, log[1:]))
    tap.check(0.9e9 < apart < 1.5e9, f"not once a second: {apart} ns")
    tap.check("private" in tap.said(folder), "the log does not state that the page is private")


def test_without_descriptors_it_waits_for_better_days(folder):
    with fake.Server() as server, tap.daemon(folder, "--poll", "1", f"127.0.0.1:{server.port}") as running:
        before = tap.wait_for_status(folder, "synchronised")
        usual = resource.prlimit(running.pid, resource.RLIMIT_NOFILE)
        resource.prlimit(running.pid, resource.RLIMIT_NOFILE, (3, usual[1]))
        tap.wait_for(lambda: "Too many open files" in tap.said(folder), "a line about it")
        tap.check(tap.wait_for_status(folder, "free-running")["disruption_marker"] == before["disruption_marker"],
                  "took it for a disruption of the counter")
        resource.prlimit(running.pid, resource.RLIMIT_NOFILE, usual)
        tap.wait_for_status(folder, "synchronised")
        tap.check(running.poll() is None, "ended")


def test_it_does_not_listen(folder):
    """Between a reply and the next request, no port stays open for longer than an answer may take."""
    def link_of(path):
        """The file behind a descriptor; nothing if it has been closed since it was listed."""
        try:
            return os.readlink(path)
        except FileNotFoundError:
            return ""

    def ports(pid):
        links = [link_of(f"/proc/{pid}/fd/{fd}") for fd in os.listdir(f"/proc/{pid}/fd")]
        sockets = {link.removeprefix("socket:[").removesuffix("]") for link in links if link.startswith("socket:")}
        bound = {line.split()[9] for name in ("udp", "udp6") if os.path.exists(f"/proc/{pid}/net/{name}")
                 for line in open(f"/proc/{pid}/net/{name}").read().splitlines()[1:]}
        return sockets & bound
    with fake.Server() as server, tap.daemon(folder, "--poll", "64", f"127.0.0.1:{server.port}") as running:
        tap.wait_for(lambda: ports(running.pid), "a port to be opened", 5)
        tap.wait_for_verdict(folder, "accepted", 8, 30)
        tap.wait_for(lambda: not ports(running.pid), "the port to be closed", 30)


def test_each_request_has_another_port_and_another_nonce(folder):
    with fake.Server() as server, tap.daemon(folder, "--poll", "1", f"127.0.0.1:{server.port}"):
        tap.wait_for_verdict(folder, "accepted", 6)
    nonces = {request[40:48] for _, request in server.requests}
    tap.check(len(nonces) == len(server.requests) and bytes(8) not in nonces, "a nonce was used twice, or is zero")
    ports = [port for _, port in server.clients]
    tap.check(len(set(ports)) >= len(ports) - 1, f"the ports are not random: {ports}")
    tap.check(all(request[:40] == b"\x23" + bytes(39) for _, request in server.requests), "tells more than it needs to")


if __name__ == "__main__":
    tap.run(sys.modules[__name__])
