"""Bounded time from the clock page of ffntpd: readings with error bounds, durations, journals.

    import ffntp

    reading = ffntp.now()
    print(reading.time_ns, "ns since 1970, wrong by at most", reading.bound_ns, "ns")

now(), mark(), since() and status() read the page in its usual place; Clock opens any page, and FakeClock is a clock for
tests. replay() runs the journal of a daemon again. A reading that fails raises a subclass of ClockError, a page that
cannot be opened one of PageError; both are of the class Error.

Times are ints in nanoseconds, or Instants, which are exact. Everything may be used from any thread. After a fork the
child reads the same page.
"""

from __future__ import annotations

import threading
from dataclasses import dataclass

from . import _ffntp
from ._ffntp import (
    DECISIONS,
    EVENTS,
    LEAPS,
    REASONS,
    SELECTIONS,
    STATUSES,
    VERDICTS,
    BoundError,
    BusyError,
    ClockError,
    CounterError,
    DisconnectedError,
    DisruptedError,
    Duration,
    Error,
    FutureError,
    Instant,
    InvalidClockError,
    JournalError,
    Mark,
    NegativeError,
    NoBoundError,
    NotMonotonicError,
    OtherBootError,
    OutOfRangeError,
    PageCounterError,
    PageDeniedError,
    PageError,
    PageForeignError,
    PageGuestsError,
    PageLimitError,
    PageMissingError,
    PageNamespaceError,
    PageNoTimeError,
    PageOtherBootError,
    PageTimescaleError,
    PageTruncatedError,
    PageUnknownBootError,
    PageUntrustedError,
    PageVersionError,
    Reading,
    TAIUnknownError,
    TooOldError,
    UnsynchronisedError,
    VoidError,
)
from ._journal import FileCounts, Replay, Table, replay
from ._scale import Scale

__all__ = [
    "DECISIONS", "EVENTS", "LEAPS", "REASONS", "SELECTIONS", "STATUSES", "VERDICTS",
    "BoundError", "BusyError", "Clock", "ClockError", "ClockStatus", "CounterError", "DisconnectedError", "DisruptedError",
    "Duration", "Error", "FakeClock", "FileCounts", "FutureError", "Instant", "InvalidClockError", "JournalError", "Mark",
    "NegativeError", "NoBoundError", "NotMonotonicError", "OtherBootError", "OutOfRangeError", "PageCounterError", "PageDeniedError", "PageError",
    "PageForeignError", "PageGuestsError", "PageLimitError", "PageMissingError", "PageNamespaceError", "PageNoTimeError",
    "PageOtherBootError", "PageTimescaleError", "PageTruncatedError", "PageUnknownBootError", "PageUntrustedError", "PageVersionError", "Reading", "Replay", "Scale",
    "Source", "TAIUnknownError", "Table", "TooOldError", "UnsynchronisedError", "VoidError",
    "mark", "now", "replay", "since", "status",
]


@dataclass(frozen=True)
class Source:
    """The state of one server, for people and monitoring. None: there was no usable reply yet."""

    address: str
    """Address and port, such as "192.0.2.1:123"."""
    stratum: int
    """0: no usable reply yet."""
    leap: int
    """The server's leap indicator, 0 to 3."""
    reach: int
    """A bit for each of the last eight requests, the newest in bit 0; 1: the reply supplied a usable time."""
    poll_s: int
    """The poll interval in seconds, rounded up to a power of two."""
    selection: str
    """How the clock uses the server: an element of SELECTIONS."""
    share_percent: int
    """Its share in the time of several servers."""
    refid: int
    """The reference id as on the wire, its first byte in the top bits."""
    offset_ns: int | None
    """This clock minus the server's at the last exchange, in nanoseconds; positive: this clock is ahead."""
    rtt_ns: int | None
    """Round trip of the last exchange in nanoseconds."""
    rtt_min_ns: int | None
    """Least round trip since the server was chosen, in nanoseconds."""
    root_delay_ns: int | None
    root_dispersion_ns: int | None
    since_accepted_s: float | None
    """Seconds since the last accepted exchange."""
    verdicts: dict[str, int]
    """The number of replies with each verdict of VERDICTS."""


@dataclass(frozen=True)
class ClockStatus:
    """The state of a clock other than the time."""

    status: str
    """An element of STATUSES; 'unknown' if the page is void."""
    counter: str
    """The name of the counter, such as "TSC"."""
    period_s: float
    """Seconds per tick of the counter."""
    age_s: float
    """Seconds since the counter reading to which the map belongs."""
    void_in_s: float
    """Seconds until the map becomes void, unless its writer publishes another; negative: it is void."""
    is_void: bool
    """Whether the writer of the page has stopped."""
    tai_is_known: bool
    tai_offset_s: int
    """TAI - UTC in seconds; without TAI, the number of leap seconds since the daemon began."""
    tai_expires_s: int | None
    """POSIX time at which the table of leap seconds expires; None: there is no table."""
    tai_outlasts_table: bool
    """Whether TAI - UTC stays as it was last once the table has expired; otherwise TAI is unknown then."""
    leap: int
    """The leap indicator: an index of LEAPS."""
    disruption_marker: int
    """Changes when earlier readings must not be combined with later ones."""
    counter_marker: int
    """Changes when the counter itself is in doubt."""
    bound_before_ns: int
    """At the map's counter reading the true time is at most this before the estimate, in nanoseconds, ..."""
    bound_after_ns: int
    """... and at most this after it."""
    esterror_ns: int
    """Standard deviation of the estimate's error in nanoseconds, without the path's asymmetry."""
    asymmetry_esterror_ns: int
    """Standard deviation of the error from the path's asymmetry in nanoseconds; 0: unknown."""
    sources: tuple[Source, ...]
    """At most eight servers."""


def _status_of(clock: _ffntp.ClockBase) -> ClockStatus:
    fields = clock._status()
    sources = tuple(Source(**each) for each in fields.pop("sources"))
    return ClockStatus(**fields, sources=sources)


class Clock(_ffntp.PageClock):
    """The clock page of ffntpd, or of any other writer. A context manager: leaving it closes the clock.

    Clock(path=None)

    path: a str, bytes or os.PathLike; None: the usual places, /run/ffntp/page and the user's own, where the page must
    belong to a trusted user. The first page that has the time is opened.

    Raises PageMissingError and other subclasses of PageError, whose text has path and reason; TypeError and ValueError
    if the path is none.

    A page never shrinks while its writer keeps it. Open no page that somebody you do not trust could truncate: a reading
    would end the process with SIGBUS, as with any file that is mapped into memory.
    """

    __slots__ = ()

    def status(self) -> ClockStatus:
        """Return the state of clock, counter and servers. Raises DisconnectedError, BusyError."""
        return _status_of(self)


class FakeClock(_ffntp.FakeClock):
    """A deterministic clock for tests: its time passes only when the test lets it.

    FakeClock(utc_ns=1767225600000000000)

    utc_ns: the time at which it begins, in nanoseconds since 1970; by default 2026-01-01. It is synchronised, with an
    error bound of 1 us. Readings use the same page and the same arithmetic as those of a Clock.

    Raises TypeError, and ValueError if utc_ns is not within -2^63 and 2^63 - 1.
    """

    __slots__ = ()

    def status(self) -> ClockStatus:
        """Return the state of clock and counter. Raises DisconnectedError."""
        return _status_of(self)


_shared: Clock | None = None
_shared_lock = threading.Lock()


def _shared_clock() -> Clock:
    """Return the clock in the usual place, opened at the first call, and again if a new page has replaced it."""
    global _shared
    with _shared_lock:
        if _shared is None or _shared.closed or _shared.is_replaced():
            _shared = Clock()
        return _shared


def now(scale: Scale = "utc", max_bound_ns: int | None = None) -> Reading:
    """Return a Reading of the page in its usual place.

    The page is opened at the first call, and again if a reading fails after a new page has replaced it.
    scale, max_bound_ns, errors: as for Clock.now and Clock. Any thread.
    """
    clock = _shared
    if clock is not None:
        try:
            return clock.now(scale, max_bound_ns)
        except ClockError:
            pass
    return _shared_clock().now(scale, max_bound_ns)


def mark() -> Mark:
    """Return a Mark of this moment, by the page in its usual place. Raises as Clock.mark and Clock do. Any thread."""
    clock = _shared
    return (clock if clock is not None else _shared_clock()).mark()


def since(mark: Mark) -> Duration:
    """Return the Duration from a mark to now. Raises as Clock.since and Clock do. Any thread."""
    clock = _shared
    if clock is not None:
        try:
            return clock.since(mark)
        except ClockError:
            pass
    return _shared_clock().since(mark)


def status() -> ClockStatus:
    """Return the state of the page in its usual place. Raises as Clock.status and Clock do. Any thread."""
    return _shared_clock().status()
