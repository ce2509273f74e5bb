"""Rubbish for each function: an exception with a clear text, and never a crash."""
import inspect
import itertools
import math

import pytest

import ffntp
from ffntp import _ffntp


class Hostile:
    """Every conversion of it fails."""

    def __index__(self):
        raise ZeroDivisionError("index")

    def __fspath__(self):
        raise ZeroDivisionError("fspath")

    def __repr__(self):
        raise ZeroDivisionError("repr")

    def __bool__(self):
        raise ZeroDivisionError("bool")


class Odd:
    """A path and a number that are neither."""

    def __index__(self):
        return "no number"

    def __fspath__(self):
        return 3


HUGE = 10**30
RUBBISH = [None, True, 0, 1, -1, 2**31, 2**32, -2**63, 2**63 - 1, 2**63, 2**64 - 1, 2**64, HUGE, -HUGE, 1.5, math.nan, math.inf, 1j, "",
           "x", "tai", "utc\0", "\ud800", "x" * 10000, b"", b"\0", b"x" * 5000, bytearray(5), memoryview(b"abc"), (), [], {}, {1: 2},
           set(), object(), object, Hostile(), Odd(), type, len, ..., ffntp.Instant(0), ffntp.Instant(2**63 - 1, 2**64 - 1),
           ffntp.Instant(-2**63), ffntp.Mark(0, 0, 0), ffntp.Mark(2**64 - 1, 2**64 - 1, 2**32 - 1, ffntp.Instant(-2**63), 0),
           ffntp.FakeClock(), ffntp.FakeClock().now(), ffntp.FakeClock().mark(), ffntp.Error()]
ALLOWED = (ffntp.Error, TypeError, ValueError, OverflowError, ZeroDivisionError, UnicodeError, OSError)


def attempt(function, *args, **kwargs):
    """Call the function; it returns, or raises one of the exceptions that have a reason to come."""
    try:
        result = function(*args, **kwargs)
    except ALLOWED as problem:
        if not isinstance(problem, ZeroDivisionError):
            assert str(problem), f"{function}{args}: {problem!r} has no text"
        return None
    if not isinstance(result, ffntp.Replay):
        repr(result)
    return result


def closed_clock():
    clock = ffntp.FakeClock()
    clock.close()
    return clock


def clocks():
    far = ffntp.FakeClock(2**63 - 1)
    past = ffntp.FakeClock(-2**63)
    past.advance(2**63 - 1)
    return [ffntp.FakeClock(), closed_clock(), ffntp.FakeClock.__new__(ffntp.FakeClock), ffntp.Clock.__new__(ffntp.Clock), far, past]


METHODS = sorted(name for each in (ffntp.Clock, ffntp.FakeClock) for name in dir(each)
                 if callable(getattr(each, name)) and (not name.startswith("_") or name in ("_status", "__enter__", "__exit__")))


@pytest.mark.parametrize("name", sorted(set(METHODS)))
def test_methods_of_clocks(name):
    for clock in clocks():
        method = getattr(clock, name, None)
        if method is None:
            continue
        attempt(method)
        for a in RUBBISH:
            attempt(method, a)
            attempt(method, nonsense=a)
            for keyword in "scale", "max_bound_ns", "mark", "begin", "growth_ppb", "bound_ns":
                attempt(method, **{keyword: a})
        for a, b in itertools.product(RUBBISH[::2], RUBBISH[::3]):
            attempt(method, a, b)
        for a in RUBBISH:
            attempt(method, *[a] * 3)
        attempt(method, *RUBBISH)


def test_a_fake_after_rubbish_is_still_a_clock():
    """Extreme but valid arguments, one after another, on the same clock."""
    fake = ffntp.FakeClock()
    numbers = [each for each in RUBBISH if isinstance(each, int)]
    setters = [fake.advance, fake.tick, fake.run, fake.step, fake.set, fake.set_bound, fake.set_tai_offset, fake.leap]
    for setter, number in itertools.product(setters, numbers):
        attempt(setter, number)
        for scale in "utc", "tai", "utc-smeared", "utc-sls":
            reading = attempt(fake.now, scale)
            if reading is not None:
                assert reading.earliest <= reading.estimate <= reading.latest
                [getattr(reading, field) for field in dir(reading)]
        attempt(fake.monotonic_utc)
        attempt(fake.elapsed_ns)
        attempt(fake.status)
    fake.__init__()
    assert fake.now().status == "synchronised"


@pytest.mark.parametrize("each", [ffntp.Instant, ffntp.Mark, ffntp.Clock, ffntp.FakeClock, _ffntp.Replayer, ffntp.Reading,
                                  ffntp.Duration, _ffntp.ClockBase, _ffntp.PageClock, _ffntp.FakeClock])
def test_constructors(each):
    attempt(each)
    for a in RUBBISH:
        attempt(each, a)
        attempt(each, s=a)
        attempt(each, path=a)
        attempt(each, utc_ns=a)
        attempt(each, *[a] * 3)
        attempt(each, *[a] * 5)
        attempt(each, 1, 2, 3, a, 5)
        attempt(each, 1, 2, 3, ffntp.Instant(1), a)
    for a, b in itertools.product(RUBBISH, RUBBISH):
        attempt(each, a, b)


def test_types_that_nobody_may_make():
    for each in ffntp.Reading, ffntp.Duration, _ffntp.ClockBase:
        with pytest.raises(TypeError):
            each()

    class Derived(_ffntp.ClockBase):
        pass
    with pytest.raises(TypeError, match="use Clock or FakeClock"):
        Derived()
    for each in ffntp.Instant, ffntp.Mark, ffntp.Reading, ffntp.Duration:
        with pytest.raises(TypeError):
            type("Derived", (each,), {})
        with pytest.raises(TypeError):
            each.added = 1


def test_functions_of_the_module(page, monkeypatch):
    page.publish(1_800_000_000)
    monkeypatch.setattr(ffntp, "_shared", ffntp.Clock(page.path))
    for function in ffntp.now, ffntp.since, ffntp.mark, ffntp.status, ffntp.Instant.from_ns:
        for a in RUBBISH:
            attempt(function, a)
            attempt(function, a, a)
    for a in RUBBISH:
        attempt(ffntp.replay, a)
        attempt(ffntp.replay, a, compare=a)
    monkeypatch.setattr(ffntp, "_shared", None)
    attempt(ffntp.now)


def test_methods_on_strangers():
    """A method of a type refuses an object of another, as Python's own do."""
    for owner in ffntp.Instant, ffntp.Mark, ffntp.Reading, ffntp.Duration, ffntp.Clock, ffntp.FakeClock, _ffntp.Replayer:
        for name in dir(owner):
            each = getattr(owner, name)
            if getattr(each, "__objclass__", None) in (object, type) or inspect.isfunction(each):
                continue
            for stranger in 1, "x", ffntp.Instant(0), ffntp.FakeClock(), ffntp.Error():
                if callable(each) and name not in ("__class__", "__new__", "__init_subclass__", "__subclasshook__"):
                    attempt(each, stranger)
                elif hasattr(each, "__objclass__") and not isinstance(stranger, each.__objclass__):
                    with pytest.raises(TypeError):
                        each.__get__(stranger)


def test_texts_name_the_argument():
    fake = ffntp.FakeClock()
    for text, error, wrong in (
            ("scale must be a str, not int", TypeError, lambda: fake.now(1)),
            ("scale must be 'utc', 'tai', 'utc-smeared' or 'utc-sls', not 'UTC'", ValueError, lambda: fake.now("UTC")),
            ("max_bound_ns must be an integer, not float", TypeError, lambda: fake.now("utc", 1.5)),
            ("max_bound_ns must be within 0 and 2^64 - 1", ValueError, lambda: fake.now(max_bound_ns=-1)),
            ("max_bound_ns must be within 0 and 2^64 - 1", ValueError, lambda: fake.now(max_bound_ns=2**64)),
            ("mark must be a Mark, not Instant", TypeError, lambda: fake.since(ffntp.Instant(1))),
            ("end must be a Mark, not NoneType", TypeError, lambda: fake.duration(fake.mark(), None)),
            ("ns must be within 0 and 9223372036854775807", ValueError, lambda: fake.advance(-1)),
            ("gain_ppb must be within -100000000 and 100000000", ValueError, lambda: fake.run(10**9)),
            ("sign must be within -1 and 1", ValueError, lambda: fake.leap(2)),
            ("offset_s must be within -32768 and 32767", ValueError, lambda: fake.set_tai_offset(2**15)),
            ("status must be 'unknown', 'initialising', 'synchronised', 'free-running' or 'disrupted', not 'x'", ValueError,
             lambda: fake.set_status("x")),
            ("counter must be an integer, not str", TypeError, lambda: ffntp.Mark("x", 1, 2)),
            ("counter_marker must be within 0 and 4294967295", ValueError, lambda: ffntp.Mark(1, 1, 2**32)),
            ("frac must be within 0 and 2^64 - 1", ValueError, lambda: ffntp.Instant(1, -1)),
            ("a journal must be a path or a binary file, not int", TypeError, lambda: ffntp.replay(3)),
            ("replay() needs at least one journal", TypeError, lambda: ffntp.replay()),
            ("embedded null byte", ValueError, lambda: ffntp.Clock("a\0b"))):
        with pytest.raises(error) as raised:
            wrong()
        assert str(raised.value) == text
