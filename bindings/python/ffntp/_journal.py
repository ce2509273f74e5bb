"""Journals of ffntpd, run again into tables."""

from __future__ import annotations

import gzip
import os
import zlib
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, BinaryIO, Union, cast

from . import _ffntp

_CHUNK = 65536

PathOrFile = Union[str, bytes, "os.PathLike[str]", "os.PathLike[bytes]", BinaryIO]


class Table(Mapping[str, "memoryview"]):
    """Columns of equal length by their names. A column is a read-only memoryview: an index gives an int or a float."""

    __slots__ = ("_columns", "rows")

    rows: int
    """The length of each column."""

    def __init__(self, columns: Mapping[str, tuple[str, bytes]]) -> None:
        """columns: format, as the module struct has it, and content of each."""
        self._columns = {name: memoryview(content).cast(cast(Any, form)) for name, (form, content) in columns.items()}
        self.rows = min((len(each) for each in self._columns.values()), default=0)

    def __getitem__(self, name: str) -> memoryview:
        return self._columns[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._columns)

    def __len__(self) -> int:
        """Return the number of columns."""
        return len(self._columns)

    def __repr__(self) -> str:
        return f"<Table of {self.rows} rows: {', '.join(self)}>"

    def numpy(self) -> dict[str, Any]:
        """Return the columns as numpy arrays, read-only and without copies. Raises ImportError if there is no numpy."""
        import numpy

        return {name: numpy.asarray(column) for name, column in self.items()}


@dataclass(frozen=True)
class FileCounts:
    """The counts of one file of a journal."""

    program: str
    """The version of the program that wrote it."""
    sessions: int
    """Sessions that began."""
    inputs: int
    """Inputs that were run."""
    maps_equal: int
    """Maps that are bit for bit those that were recorded."""
    maps_different: int
    """Maps that are not, with compare=False."""
    maps_uncompared: int
    """Maps of a session that began in an earlier file, which was not given."""
    maps_unwritten: int
    """Maps of the last input before the recorder ended, which it did not write."""
    cut_in_line: int | None
    """The number of the last line if it has no end, because the recorder is writing it or was killed; it was not run."""


@dataclass(frozen=True)
class Replay:
    """The result of replay()."""

    files: tuple[FileCounts, ...]
    """One for each file."""
    servers: dict[int, str]
    """Address and port of each member that the last ensemble had at the end; a session has member 0."""
    maps: Table
    """A row for each map. session: from 1. at: the counter reading to which the map belongs; seconds: when it was made,
    since the session began. status: an index of STATUSES. time_ns: the time at 'at' in nanoseconds since 1970, in TAI if
    tai_is_known; minus utc_offset_s seconds it is UTC. leap: an index of LEAPS. period_s: seconds per tick.
    bound_before_ns, bound_after_ns: the true time is at most this before and after time_ns. esterror_ns,
    asymmetry_esterror_ns: standard deviations; 0: unknown. disruption_marker, counter_marker."""
    replies: Table
    """A row for each reply. session, at, seconds: of its arrival. member: the server's number. verdict, decision, reason,
    selection: indexes of VERDICTS, DECISIONS, REASONS, SELECTIONS. offset_ns: the clock minus the server's;
    rtt_ns, rtt_min_ns; stratum: 0 if there was no usable reply yet; share_percent. gap_s, outside_s, strain_s: the
    evidence of the decision (docs/decisions.md); 0: it had no part."""
    events: Table
    """A row for each event, the two kinds above included. session, at, seconds; member: -1 for all; event: an index of
    EVENTS; error: the system's number."""


@contextmanager
def _opened(source: PathOrFile) -> Iterator[tuple[BinaryIO, str]]:
    """Open a source, compressed or not; yield the file with its name for messages."""
    if isinstance(source, (str, bytes, os.PathLike)):
        name = os.fsdecode(source)
        with open(source, "rb") as raw:
            head = raw.read(2)
            raw.seek(0)
            yield cast(BinaryIO, gzip.GzipFile(fileobj=raw) if head == b"\x1f\x8b" else raw), name
    elif hasattr(source, "read"):
        yield source, str(getattr(source, "name", "journal"))
    else:
        raise TypeError(f"a journal must be a path or a binary file, not {type(source).__name__}")


def _run(replayer: _ffntp.Replayer, source: PathOrFile) -> FileCounts:
    with _opened(source) as (file, name):
        replayer.begin_file()
        try:
            while chunk := file.read(_CHUNK):
                replayer.feed(chunk)
        except _ffntp.JournalError as problem:
            raise _ffntp.JournalError(f"{name}:{problem}") from None
        except EOFError:
            raise _ffntp.JournalError(f"{name}: ends in the middle of compressed data") from None
        except (gzip.BadGzipFile, zlib.error) as problem:
            raise _ffntp.JournalError(f"{name}: {problem}") from None
        counts = FileCounts(**replayer.end_file())
        if not counts.program:
            raise _ffntp.JournalError(f"{name}: not a journal: it has no first line")
        return counts


def replay(*sources: PathOrFile, compare: bool = True) -> Replay:
    """Run journals again, and return their maps, replies and events as tables.

    sources: paths, or binary files to read; compressed by gzip or not. A file that continues the session of another
    (FILE after FILE.1) comes after it.
    compare: whether a map that is not bit for bit the recorded one is an error. A journal that another version of
    ffntp wrote may have other maps; with False it is replayed all the same.

    Other threads run meanwhile. Raises JournalError with file, line and reason; OSError if a file cannot be read;
    TypeError if a source is neither a path nor a binary file.
    """
    if not sources:
        raise TypeError("replay() needs at least one journal")
    replayer = _ffntp.Replayer(compare=compare)
    files = tuple(_run(replayer, source) for source in sources)
    tables = {name: Table(columns) for name, columns in replayer.tables().items()}
    return Replay(files=files, servers=replayer.servers(), **tables)
