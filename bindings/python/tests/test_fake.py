"""FakeClock, and the values that a clock returns."""
import copy
import pickle

import pytest

import ffntp

NS = 10**9
START = 1_767_225_600 * NS          # 2026-01-01


def test_time_passes_only_when_the_test_lets_it():
    fake = ffntp.FakeClock(START)
    assert fake.now().time_ns == fake.now().time_ns == START
    fake.advance(1234)
    reading = fake.now()
    assert (reading.time_ns, reading.earliest_ns, reading.latest_ns) == (START + 1234, START + 234, START + 2235)
    assert (reading.bound_ns, reading.esterror_ns, reading.offset_s) == (1000, 250, 37)
    assert fake.elapsed_ns() == 1234
    fake.tick(5)
    assert fake.now().time_ns < fake.now().time_ns
    assert ffntp.FakeClock().now().time_ns == START


def test_steps_leave_durations_alone():
    fake = ffntp.FakeClock(utc_ns=START)
    mark = fake.mark()
    fake.advance(NS)
    fake.step(-10 * NS)
    assert fake.now().time_ns == START - 9 * NS
    assert fake.since(mark).ns == NS
    assert fake.monotonic_utc().ns >= START + NS
    fake.set(START + 100 * NS)
    assert fake.now().time_ns == START + 100 * NS
    assert fake.elapsed_ns() == NS


def test_a_rate():
    fake = ffntp.FakeClock(START)
    fake.run(1000)
    fake.advance(NS)
    assert fake.now().time_ns == START + NS + 1000


def test_bounds_that_grow():
    fake = ffntp.FakeClock(START)
    fake.set_bound(10**6, growth_ppb=1000)
    fake.advance(NS)
    assert fake.now().bound_ns == pytest.approx(10**6 + 1000, abs=2)
    with pytest.raises(ffntp.BoundError):
        fake.now(max_bound_ns=10**6)
    fake.set_bound(2**64 - 1)
    with pytest.raises(ffntp.OutOfRangeError):
        fake.now()


def test_status():
    fake = ffntp.FakeClock(START)
    errors = {"unknown": ffntp.UnsynchronisedError, "initialising": ffntp.UnsynchronisedError, "disrupted": ffntp.DisruptedError}
    for name in ffntp.STATUSES:
        fake.set_status(name)
        assert fake.status().status == name
        if name in errors:
            with pytest.raises(errors[name]):
                fake.now()
        else:
            assert fake.now().status == name


def test_tai():
    fake = ffntp.FakeClock(START)
    fake.set_tai_offset(40)
    assert fake.now("tai").time_ns - fake.now().time_ns == 40 * NS
    fake.set_tai_offset(None)
    with pytest.raises(ffntp.TAIUnknownError, match="TAI"):
        fake.now("tai")


def test_leap_seconds():
    fake = ffntp.FakeClock(START)
    fake.leap(1)
    assert ffntp.LEAPS[fake.now().leap] == "pre-positive"
    fake.advance(86400 * NS)
    inside = fake.now()
    assert ffntp.LEAPS[inside.leap] == "positive" and inside.time_ns == START + 86399 * NS
    fake.advance(NS)
    assert ffntp.LEAPS[fake.now().leap] == "post-positive" and fake.now().time_ns == START + 86400 * NS
    assert inside.is_before(fake.now())
    assert fake.now("utc-smeared").time_ns != fake.now().time_ns


def test_reboot():
    fake = ffntp.FakeClock(START)
    fake.advance(5)
    mark = fake.mark()
    fake.reboot()
    assert fake.elapsed_ns() == 0 and fake.status().status == "initialising"
    with pytest.raises(ffntp.OtherBootError):
        fake.since(mark)


def test_order():
    fake = ffntp.FakeClock(START)
    first = fake.now()
    fake.advance(1999)
    between = fake.now()
    fake.advance(2)
    second = fake.now()
    assert first.is_before(second) and second.is_after(first)
    assert not first.is_before(between) and not between.is_after(first) and not first.is_before(first)
    with pytest.raises(ValueError, match="time scales"):
        first.is_before(fake.now("tai"))
    with pytest.raises(TypeError, match="other must be a Reading, not int"):
        first.is_after(3)


def test_instants():
    half = ffntp.Instant(5, 2**63)
    assert (half.s, half.frac, half.ns, half.attoseconds) == (5, 2**63, 5_500_000_000, 5_500_000_000_000_000_000)
    for ns in -2**63, -1, 0, 1, 999_999_999, START, 2**63 - 1:
        assert abs(ffntp.Instant.from_ns(ns).attoseconds - ns * NS) <= 1
    for s in -2**63, -2**40, -1, 0, 7, 2**40, 2**63 - 1:
        for frac in 0, 1, 2**32 - 1, 2**32, 2**63, 0x123456789abcdef0, 2**64 - 1:
            instant = ffntp.Instant(s=s, frac=frac)
            exact = s * 2**64 + frac
            assert instant.ns == exact * NS >> 64 and instant.attoseconds == exact * 10**18 >> 64
            for other in ffntp.Instant(0, 5), ffntp.Instant(-3, 2**64 - 1):
                difference = exact - (other.s * 2**64 + other.frac)
                if -2**127 <= difference < 2**127:
                    assert instant - other == difference * NS >> 64
                else:
                    with pytest.raises(OverflowError):
                        instant - other


def test_instants_are_values():
    a, b, c = ffntp.Instant(1, 2), ffntp.Instant(1, 2), ffntp.Instant(1, 3)
    assert a == b and a != c and a < c and a <= b and c > a and c >= a and hash(a) == hash(b)
    assert len({ffntp.Instant(i, 0) for i in range(100)} | {ffntp.Instant(0, i) for i in range(100)}) == 199
    assert len({hash(ffntp.Instant(i, 0)) % 256 for i in range(256)}) > 100
    assert a != 1 and pickle.loads(pickle.dumps(c)) == c and copy.deepcopy(a) == a and eval(repr(c), {"Instant": ffntp.Instant}) == c
    for wrong in lambda: a < 1, lambda: a - 1, lambda: 1 - a:
        with pytest.raises(TypeError):
            wrong()
    with pytest.raises(AttributeError):
        a.s = 3


def test_marks_are_values():
    mark = ffntp.FakeClock().mark()
    assert mark.phase is not None and mark.phase_esterror_ns == 250
    twin = pickle.loads(pickle.dumps(mark))
    assert twin == mark and not twin != mark and hash(twin) == hash(mark) and twin.phase == mark.phase
    plain = ffntp.Mark(mark.counter, boot=mark.boot, counter_marker=mark.counter_marker)
    assert plain != mark and plain.phase is None and plain.phase_esterror_ns is None
    assert pickle.loads(pickle.dumps(plain)) == plain
    assert ffntp.Mark(1, 2, 3, None, None) == ffntp.Mark(1, 2, 3)
    with pytest.raises(ValueError, match="phase_esterror_ns"):
        ffntp.Mark(1, 2, 3, ffntp.Instant(0))


def test_rounding_of_the_interval():
    """The ends in nanoseconds contain the exact ends."""
    fake = ffntp.FakeClock(START)
    fake.run(333)
    for _ in range(200):
        fake.advance(7919)
        reading = fake.now()
        for end, ns in (reading.earliest, reading.earliest_ns), (reading.estimate, reading.time_ns):
            assert ns * NS <= end.attoseconds < (ns + 1) * NS
        assert (reading.latest_ns - 1) * NS < reading.latest.attoseconds <= reading.latest_ns * NS
        assert reading.bound_ns >= max(reading.latest_ns - reading.time_ns, reading.time_ns - reading.earliest_ns) - 1


def test_a_subclass():
    class Mine(ffntp.FakeClock):
        def __init__(self, name):
            super().__init__(START)
            self.name = name
    mine = Mine("x")
    assert mine.now().time_ns == START and mine.name == "x"
    with mine as same:
        assert same is mine
    assert mine.closed
