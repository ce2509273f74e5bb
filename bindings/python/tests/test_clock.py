"""Clock: a page that a test wrote, in threads, after a fork, when it goes away."""
import multiprocessing
import os
import pickle
import sys
import threading
import time
from pathlib import Path

import pytest

import ffntp
from conftest import DISRUPTED, FREE_RUNNING, PAGE_SIZE, Page, Source, counter, run_python

UTC_S = 1_800_000_000
NS = 10**9


@pytest.fixture
def clock(page):
    page.publish(UTC_S)
    with ffntp.Clock(page.path) as opened:
        yield opened


def test_now_is_what_the_map_says(page):
    """The counter is in nanoseconds and the period exact, so that the time is that of the map plus the counter's difference."""
    at = page.publish(UTC_S)
    clock = ffntp.Clock(page.path)
    before = counter()
    reading = clock.now()
    after = counter()
    assert UTC_S * NS + before - at - 1 <= reading.time_ns <= UTC_S * NS + after - at + 1
    assert reading.earliest_ns <= reading.time_ns <= reading.latest_ns
    assert 1999 <= reading.time_ns - reading.earliest_ns <= 2010
    assert 4999 <= reading.latest_ns - reading.time_ns <= 5010
    assert 5000 <= reading.bound_ns <= 5010
    assert reading.esterror_ns >= 700
    assert (reading.status, reading.leap, reading.offset_s, reading.scale) == ("synchronised", 0, 37, "utc")
    assert reading.asymmetry_esterror_ns is None


def test_time_scales(clock):
    utc, tai = clock.now(), clock.now("tai")
    assert 37 * NS <= tai.time_ns - utc.time_ns < 38 * NS
    assert (tai.scale, tai.offset_s) == ("tai", 0)
    assert clock.now(scale="utc-smeared").scale == "utc-smeared"
    assert clock.now(scale="utc-sls").scale == "utc-sls"


def test_free_running_and_asymmetry(page):
    page.publish(UTC_S, status=FREE_RUNNING, asymmetry_esterror_ns=1300)
    reading = ffntp.Clock(page.path).now()
    assert (reading.status, reading.asymmetry_esterror_ns) == ("free-running", 1300)


def test_a_bound_that_is_too_large(clock):
    assert clock.now(max_bound_ns=10**9).bound_ns < 10**9
    with pytest.raises(ffntp.BoundError):
        clock.now(max_bound_ns=4000)


def test_no_tai(page):
    page.publish(UTC_S, tai_is_known=False, tai_offset_s=0)
    clock = ffntp.Clock(page.path)
    with pytest.raises(ffntp.TAIUnknownError):
        clock.now("tai")
    assert clock.now().status == "synchronised"


def test_a_disruption(page):
    page.publish(UTC_S)
    clock = ffntp.Clock(page.path)
    mark = clock.mark()
    assert clock.since(mark).ns >= 0
    page.publish(UTC_S, status=DISRUPTED, disruption_marker=1, counter_marker=1)
    with pytest.raises(ffntp.DisruptedError):
        clock.now()
    page.publish(UTC_S, disruption_marker=1, counter_marker=1)
    assert clock.now().status == "synchronised"
    with pytest.raises(ffntp.DisruptedError, match="counter"):
        clock.since(mark)


def test_a_daemon_that_stopped(page):
    at = counter() - 10 * NS
    page.publish(UTC_S, at=at, void_after=at + NS)
    clock = ffntp.Clock(page.path)
    with pytest.raises(ffntp.VoidError):
        clock.now()
    status = clock.status()
    assert status.is_void and status.status == "unknown" and status.void_in_s < -8 and status.age_s >= 10


def test_before_the_first_map(page):
    clock = ffntp.Clock(page.path)
    with pytest.raises(ffntp.UnsynchronisedError):
        clock.now()
    with pytest.raises(ffntp.NotMonotonicError):
        clock.monotonic_utc()


def test_monotonic_utc_survives_a_step(page):
    at = page.publish(UTC_S)
    clock = ffntp.Clock(page.path)
    first = clock.monotonic_utc()
    page.publish(UTC_S - 1, at=at, disruption_marker=1)
    second = clock.monotonic_utc()
    assert second >= first
    assert clock.now().time_ns < first.ns


def test_elapsed_and_durations(page):
    page.publish(UTC_S)
    clock = ffntp.Clock(page.path)
    before, first, mark = counter(), clock.elapsed_ns(), clock.mark()
    time.sleep(0.01)
    duration, second, after = clock.since(mark), clock.elapsed_ns(), counter()
    assert 10**7 <= duration.ns <= after - before
    assert 10**7 <= second - first <= after - before
    assert duration.bound_ns >= 1 and duration.esterror_ns >= 0
    later = clock.mark()
    assert clock.duration(mark, later).ns >= duration.ns
    assert clock.duration(begin=mark, end=mark).ns == 0
    with pytest.raises(ffntp.NegativeError):
        clock.duration(later, mark)


def test_marks_in_the_past(page):
    at = page.publish(UTC_S)
    clock = ffntp.Clock(page.path)
    mark = clock.mark()
    page.publish(UTC_S + 1, at=at + NS)
    reading = clock.at(mark, "tai")
    assert reading.time_ns == pytest.approx((UTC_S + 37) * NS + mark.counter - at, abs=2)
    with pytest.raises(ffntp.BoundError):
        clock.at(mark, max_bound_ns=1)
    with pytest.raises(ffntp.TooOldError):
        clock.at(ffntp.Mark(at - 10**9, mark.boot, mark.counter_marker))
    with pytest.raises(ffntp.OtherBootError):
        clock.at(ffntp.Mark(mark.counter, mark.boot ^ 1, mark.counter_marker))
    with pytest.raises(ffntp.FutureError):
        clock.at(ffntp.Mark(mark.counter + 10**12, mark.boot, mark.counter_marker))


def test_status(page):
    source = Source(port=123, stratum=2, leap=1, reach=0b1011, poll_log2_s=6, selection=1, share_percent=80, refid=0x54455354,
                    offset_ns=-1234, rtt_ns=5000, rtt_min_ns=4000, root_delay_ns=7, root_dispersion_ns=8,
                    last_accepted=counter() - 3 * NS)
    source.address[:] = bytes(10) + b"\xff\xff" + bytes([192, 0, 2, 7])
    source.verdicts[0], source.verdicts[5] = 17, 3
    silent = Source(port=1123)
    silent.address[:] = bytes.fromhex("20010db8000000000000000000000001")
    page.publish(UTC_S, sources=[source, silent], tai_expires_s=UTC_S + 5, leap=1, disruption_marker=9, counter_marker=8)
    status = ffntp.Clock(page.path).status()
    assert (status.status, status.counter, status.leap) == ("synchronised", "CLOCK_MONOTONIC_RAW", 1)
    assert (status.tai_is_known, status.tai_offset_s, status.tai_expires_s) == (True, 37, UTC_S + 5)
    assert (status.disruption_marker, status.counter_marker) == (9, 8)
    assert (status.bound_before_ns, status.bound_after_ns, status.esterror_ns) == (2000, 5000, 700)
    assert status.period_s == pytest.approx(1e-9, rel=1e-15)
    assert 0 <= status.age_s < 5 and 995 < status.void_in_s <= 1000
    first, second = status.sources
    assert (first.address, first.stratum, first.leap, first.reach, first.poll_s) == ("192.0.2.7:123", 2, 1, 11, 64)
    assert (first.selection, first.share_percent, first.refid) == ("followed", 80, 0x54455354)
    assert (first.offset_ns, first.rtt_ns, first.rtt_min_ns, first.root_delay_ns, first.root_dispersion_ns) == (-1234, 5000, 4000, 7, 8)
    assert 3 <= first.since_accepted_s < 8
    assert first.verdicts["accepted"] == 17 and first.verdicts[ffntp.VERDICTS[5]] == 3 and sum(first.verdicts.values()) == 20
    assert (second.address, second.offset_ns, second.rtt_ns, second.since_accepted_s) == ("[2001:db8::1]:1123", None, None, None)


def test_a_page_that_goes_away(page):
    page.publish(UTC_S)
    clock = ffntp.Clock(page.path)
    assert not clock.is_replaced() and clock.path == str(page.path)
    page.path.unlink()
    assert clock.is_replaced()
    assert clock.now().status == "synchronised"     # the mapping stays
    with pytest.raises(ffntp.PageMissingError, match=str(page.path)):
        clock.reopen()
    assert clock.closed
    with pytest.raises(ffntp.DisconnectedError):
        clock.is_replaced()


def test_a_page_that_is_replaced(page, library):
    page.publish(UTC_S)
    clock = ffntp.Clock(page.path)
    page.path.rename(page.path.with_name("former"))
    other = Page(library, page.path)
    other.publish(UTC_S + 1000)
    assert clock.now().time_ns < (UTC_S + 900) * NS
    assert clock.is_replaced()
    clock.reopen()
    assert clock.now().time_ns > (UTC_S + 900) * NS and not clock.is_replaced()


def test_close(clock):
    mark = clock.mark()
    assert not clock.closed
    clock.close()
    clock.close()
    assert clock.closed
    for read in (clock.now, clock.monotonic_utc, clock.elapsed_ns, clock.mark, clock.status, clock.is_replaced,
                 lambda: clock.since(mark), lambda: clock.at(mark), lambda: clock.duration(mark, mark)):
        with pytest.raises(ffntp.DisconnectedError, match="not connected"):
            read()
    clock.reopen()
    assert clock.now().status == "synchronised"


def test_init_again(page, clock):
    for _ in range(3):
        clock.__init__(os.fsencode(page.path))
        assert clock.now().status == "synchronised"
    with pytest.raises(ffntp.PageMissingError):
        clock.__init__("/nowhere")
    assert clock.closed


def test_without_init():
    for each in ffntp.Clock, ffntp.FakeClock:
        clock = each.__new__(each)
        assert clock.closed
        with pytest.raises(ffntp.DisconnectedError):
            clock.now()


def test_files_that_are_no_pages(tmp_path):
    path = tmp_path / "page"
    for content, error in ((b"", ffntp.PageTruncatedError), (b"x" * 100, ffntp.PageTruncatedError),
                           (bytes(PAGE_SIZE), ffntp.PageForeignError), (os.urandom(PAGE_SIZE), ffntp.PageForeignError)):
        path.write_bytes(content)
        with pytest.raises(error, match=f"{path}: "):
            ffntp.Clock(path)
    for missing in tmp_path / "none", tmp_path, "/dev/null", "", "/" + "x" * 5000:
        with pytest.raises(ffntp.PageError):
            ffntp.Clock(missing)
    os.mkfifo(tmp_path / "fifo")
    with pytest.raises(ffntp.PageError):
        ffntp.Clock(tmp_path / "fifo")


def test_pages_with_damage(page):
    """A reader must bear any content of the words."""
    page.publish(UTC_S)
    good = bytes(page.memory)
    clock = ffntp.Clock(page.path)
    state = 12345
    for _ in range(3000):
        for _ in range(4):
            state = (state * 6364136223846793005 + 1442695040888963407) % 2**64
            page.memory[16 + (state >> 33) % (PAGE_SIZE - 16)] = state >> 56
        for read in clock.now, clock.status, clock.monotonic_utc, clock.elapsed_ns, clock.mark, lambda: clock.since(clock.mark()):
            try:
                repr(read())
            except ffntp.Error:
                pass
        if state % 8 == 0:
            page.memory[:] = good


def test_another_version(page):
    page.publish(UTC_S)
    page.memory[8] ^= 0xff      # VMClock's version
    with pytest.raises(ffntp.PageVersionError):
        ffntp.Clock(page.path)


def test_threads(clock):
    """Readings in several threads, while one closes and opens the clock."""
    problems, stop = [], threading.Event()

    def read():
        try:
            last = 0
            while not stop.is_set():
                try:
                    ns = clock.now().time_ns
                    mark = clock.mark()
                    assert ns >= last and clock.since(mark).ns >= 0
                    last = ns
                except ffntp.DisconnectedError:
                    pass
        except BaseException as problem:
            problems.append(problem)
    before = sys.getswitchinterval()
    sys.setswitchinterval(1e-5)
    threads = [threading.Thread(target=read) for _ in range(4)]
    try:
        for thread in threads:
            thread.start()
        for _ in range(300):
            clock.reopen()
            clock.close()
            clock.reopen()
    finally:
        stop.set()
        for thread in threads:
            thread.join()
        sys.setswitchinterval(before)
    assert not problems


def test_fork(page, clock):
    mark = clock.mark()
    reader, writer = os.pipe()
    child = os.fork()
    if child == 0:
        try:
            page.publish(UTC_S + 50)
            os.write(writer, b"%d %d" % (clock.now().time_ns, clock.since(mark).ns))
        finally:
            os._exit(0)
    os.waitpid(child, 0)
    told, since = map(int, os.read(reader, 100).split())
    os.close(reader)
    os.close(writer)
    assert told >= (UTC_S + 50) * NS and since > 0
    assert clock.now().time_ns >= told


def test_marks_go_to_other_processes(clock):
    mark = clock.mark()
    done = run_python("import sys, pickle, ffntp\n"
                      "mark = pickle.loads(bytes.fromhex(sys.argv[2]))\n"
                      "print(ffntp.Clock(sys.argv[1]).since(mark).ns)", clock.path, pickle.dumps(mark).hex())
    assert done.returncode == 0, done.stderr
    assert 0 < int(done.stdout) <= clock.since(mark).ns


SHARED = """
import os, sys, ffntp
try:
    ffntp.now()
except ffntp.PageMissingError as problem:
    print("missing", problem)
os.rename(sys.argv[1], sys.argv[2])
print(ffntp.now().time_ns, ffntp.since(ffntp.mark()).ns >= 0, ffntp.status().status)
os.rename(sys.argv[3], sys.argv[2])
print(ffntp.status().status, ffntp.now("tai", max_bound_ns=10**9).time_ns)
os.unlink(sys.argv[2])
print(ffntp.now().time_ns)
"""


@pytest.mark.skipif(os.geteuid() == 0 or Path("/run/ffntp/page").exists(), reason="the usual place is the system's")
def test_the_usual_place(library, tmp_path):
    first, second = Page(library, tmp_path / "first"), Page(library, tmp_path / "second")
    first.publish(UTC_S)
    second.publish(UTC_S + 100)
    (tmp_path / "ffntp").mkdir(mode=0o700)
    done = run_python(SHARED, first.path, tmp_path / "ffntp/page", second.path, XDG_RUNTIME_DIR=str(tmp_path))
    assert done.returncode == 0, done.stderr
    assert "missing" in done.stdout and "synchronised" in done.stdout


def test_default_clock_follows_a_new_page(library, tmp_path, monkeypatch):
    """The shared clock of the module is a Clock of the usual place; here it is one of another."""
    path = tmp_path / "page"
    first = Page(library, path)
    first.publish(UTC_S)
    opened = []

    def open_it():
        opened.append(path)
        return original(path)
    original = ffntp.Clock
    monkeypatch.setattr(ffntp, "Clock", open_it)
    monkeypatch.setattr(ffntp, "_shared", None)
    assert ffntp.now().time_ns < (UTC_S + 50) * NS
    assert ffntp.now("tai", 10**9).scale == "tai"
    mark = ffntp.mark()
    assert ffntp.since(mark).ns >= 0 and ffntp.status().status == "synchronised" and len(opened) == 1
    path.unlink()
    Page(library, path).publish(UTC_S + 100)
    first.publish(UTC_S, status=0, void_after=0)      # as a daemon leaves its former page
    assert ffntp.now().time_ns > (UTC_S + 50) * NS and len(opened) == 2
    assert ffntp.since(mark).ns > 0


def test_fork_and_spawn_of_multiprocessing(clock):
    with pytest.raises(TypeError):
        pickle.dumps(clock)
    with multiprocessing.get_context("fork").Pool(1) as pool:
        assert pool.apply(os.getpid) != os.getpid()
