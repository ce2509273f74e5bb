"""Pages that a test writes with the library itself, through ctypes, so that the binding reads what it did not make."""
import ctypes
import mmap
import os
import re
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

class Time(ctypes.Structure):
    """struct ffntp_time."""

    _fields_ = [("s", ctypes.c_int64), ("frac", ctypes.c_uint64)]


TYPES = {"uint8_t": ctypes.c_uint8, "uint16_t": ctypes.c_uint16, "uint32_t": ctypes.c_uint32, "uint64_t": ctypes.c_uint64,
         "int8_t": ctypes.c_int8, "int16_t": ctypes.c_int16, "int32_t": ctypes.c_int32, "int64_t": ctypes.c_int64,
         "bool": ctypes.c_bool, "ffntp_counter": ctypes.c_uint64, "struct ffntp_time": Time}
SIZES = {"FFNTP_VERDICTS": len(ffntp.VERDICTS), "FFNTP_HYPOTHESES_SHOWN": 4}


def fields_of(header, name):
    """Return the fields of a struct as the public header declares them."""
    text = re.sub(r"/\*.*?\*/", "", (TOP / "include/ffntp" / header).read_text(), flags=re.DOTALL)
    fields = []
    for line in re.search(rf"struct {name} \{{(.*?)\n\}};", text, re.DOTALL)[1].split(";")[:-1]:
        kind, names = re.fullmatch(r"\s*((?:struct |enum )?\w+)\s+(.*)", line, re.DOTALL).groups()
        for each, size in re.findall(r"(\w+)(?:\[(\w+)\])?", names):
            one = ctypes.c_int if kind.startswith("enum ") else TYPES[kind]
            fields.append((each, one * (SIZES.get(size) or int(size)) if size else one))
    return fields


class Map(ctypes.Structure):
    _fields_ = fields_of("map.h", "ffntp_map")


class Identity(ctypes.Structure):
    _fields_ = fields_of("page.h", "ffntp_page_identity")


class Source(ctypes.Structure):
    _fields_ = fields_of("page.h", "ffntp_source")


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
                                                 ctypes.c_uint64(counter()))
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
