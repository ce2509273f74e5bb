"""Pages that a test writes with the library itself, through ctypes, so that the binding reads what it did not make."""
import ctypes
import mmap
import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

import ffntp
import ffntp._ffntp

TOP = Path(__file__).resolve().parents[3]
PAGE_SIZE = 4096
NS_PERIOD_SHIFT = 28             # 2^(64 + 28) * 1e-9 uses the top bit of 64
NS_PERIOD = round(2**(64 + NS_PERIOD_SHIFT) / 10**9)
MONOTONIC_RAW = 3
SYNCHRONISED, FREE_RUNNING, DISRUPTED = 2, 3, 4

u8, u16, u32, u64 = ctypes.c_uint8, ctypes.c_uint16, ctypes.c_uint32, ctypes.c_uint64
i8, i16, i32, i64 = ctypes.c_int8, ctypes.c_int16, ctypes.c_int32, ctypes.c_int64


class Time(ctypes.Structure):
    _fields_ = [("s", i64), ("frac", u64)]


class Map(ctypes.Structure):
    """struct ffntp_map of ffntp/map.h."""

    _fields_ = [("status", i32), ("counter_kind", i32), ("leap", i32), ("period_shift", u8), ("tai_is_known", ctypes.c_bool),
                ("tai_offset_s", i16), ("leap_sign", i8), ("tai_outlasts_table", ctypes.c_bool), ("leap_at_s", i64),
                ("tai_expires_s", i64), ("disruption_marker", u64), ("counter_marker", u32), ("at", u64), ("time", Time),
                ("period", u64), ("period_esterror", u64), ("period_maxerror", u64), ("esterror_ns", u64),
                ("asymmetry_esterror_ns", u64), ("maxerror_before_ns", u64), ("maxerror_after_ns", u64),
                ("stable_period", u64), ("stable_esterror", u64), ("void_after", u64)]


class Identity(ctypes.Structure):
    """struct ffntp_page_identity of ffntp/page.h."""

    _fields_ = [("counter_kind", i32), ("boot_id", u8 * 16), ("time_namespace", u64)]


class Source(ctypes.Structure):
    """struct ffntp_source of ffntp/page.h."""

    _fields_ = [("address", u8 * 16), ("port", u16), ("stratum", u8), ("leap", u8), ("reach", u8), ("poll_log2_s", u8),
                ("selection", u8), ("share_percent", u8), ("refid", u32), ("offset_ns", i64), ("rtt_ns", u64),
                ("rtt_min_ns", u64), ("root_delay_ns", u32), ("root_dispersion_ns", u32), ("last_accepted", u64),
                ("verdicts", u32 * len(ffntp.VERDICTS)),
                ("estimator", u8), ("wander_rough", u8), ("noise_rough", u8 * 2), ("hypothesis", u8 * 4), ("floor_coarse", u16 * 2)]


def counter():
    return time.clock_gettime_ns(time.CLOCK_MONOTONIC_RAW)


class Page:
    """A page as a file, whose counter is CLOCK_MONOTONIC_RAW. Its maps have exact nanoseconds."""

    def __init__(self, library, path):
        self.library, self.path = library, path
        with open(path, "wb") as file:
            file.truncate(PAGE_SIZE)
        with open(path, "r+b") as file:
            self.memory = mmap.mmap(file.fileno(), PAGE_SIZE)
        self.page = (ctypes.c_char * PAGE_SIZE).from_buffer(self.memory)
        identity = Identity(counter_kind=MONOTONIC_RAW, time_namespace=os.stat("/proc/self/ns/time").st_ino)
        boot = Path("/proc/sys/kernel/random/boot_id").read_text().strip().replace("-", "")
        identity.boot_id[:] = bytes.fromhex(boot)
        library.ffntp_page_format(self.page, ctypes.byref(identity))

    def publish(self, utc_s, *, at=None, sources=(), **fields):
        """Publish a map: at counter reading 'at', by default now, it is utc_s seconds since 1970. Return the reading."""
        at = counter() if at is None else at
        values = dict(status=SYNCHRONISED, counter_kind=MONOTONIC_RAW, period_shift=NS_PERIOD_SHIFT, tai_is_known=True,
                      tai_offset_s=37, at=at, time=Time(utc_s + 37, 0), period=NS_PERIOD, stable_period=NS_PERIOD,
                      maxerror_before_ns=2000, maxerror_after_ns=5000, esterror_ns=700, void_after=at + 10**12)
        values.update(fields)
        array = (Source * len(sources))(*sources)
        self.library.ffntp_page_hold(self.page)
        self.library.ffntp_page_publish_steadily(self.page, ctypes.byref(Map(**values)), array, ctypes.c_size_t(len(sources)),
                                                 u64(counter()))
        return at


def library_path():
    """Return the library that writes pages: the one that the extension is linked with, or, if it is inside, LIBFFNTP's."""
    listed = subprocess.run(["ldd", ffntp._ffntp.__file__], capture_output=True, text=True).stdout
    found = [line.split("=>")[1].split()[0] for line in listed.splitlines() if "libffntp.so" in line]
    return found[0] if found else os.environ.get("LIBFFNTP")


@pytest.fixture(scope="session")
def library():
    path = library_path()
    if path is None:
        pytest.skip("the extension has the library inside, and LIBFFNTP names no other")
    return ctypes.CDLL(path)


@pytest.fixture
def page(library, tmp_path):
    """Return a page that has no map yet."""
    return Page(library, tmp_path / "page")


@pytest.fixture
def journals():
    return TOP / "tests/journals"


def run_python(text, *arguments, **options):
    """Run a program in an interpreter of its own, with the same package."""
    environment = dict(os.environ, PYTHONPATH=str(Path(ffntp.__file__).parents[1]), **options)
    return subprocess.run([sys.executable, "-c", text, *map(str, arguments)], capture_output=True, text=True, timeout=60,
                          env=environment)
