"""VMClock's structure, from the specification alone: UAPI.13 version 1.1, and Linux's include/uapi/linux/vmclock-abi.h."""
import collections
import struct

FIELDS = """magic size version counter_id time_type seq_count disruption_marker flags clock_status leap_second_smearing_hint
 tai_offset_sec leap_indicator counter_period_shift counter_value counter_period_frac_sec counter_period_esterror_rate_frac_sec
 counter_period_maxerror_rate_frac_sec time_sec time_frac_sec time_esterror_nanosec time_maxerror_nanosec vm_generation_counter"""
LAYOUT = "<IIHBBIQQ2xBBhBBQQQQQQQQQ"
SIZE = 0x70                                     # of the structure; a page has 4096 bytes
PAGE = 4096

MAGIC = 0x4B4C4356
ARM_VCNT, X86_TSC, NO_COUNTER = 0, 1, 0xFF
UTC, TAI, MONOTONIC = 0, 1, 2
TAI_OFFSET_VALID, PERIOD_MAXERROR_VALID, TIME_MAXERROR_VALID = 1 << 0, 1 << 4, 1 << 6
BOUNDED = PERIOD_MAXERROR_VALID | TIME_MAXERROR_VALID
UNKNOWN, INITIALIZING, SYNCHRONIZED, FREERUNNING, UNRELIABLE = range(5)

Fields = collections.namedtuple("Fields", FIELDS)
assert struct.calcsize(LAYOUT) == SIZE


def parse(page):
    return Fields._make(struct.unpack_from(LAYOUT, page))


def build(fields):
    """Return a page that has VMClock's structure and nothing else."""
    return struct.pack(LAYOUT, *fields) + bytes(PAGE - SIZE)


def read(path):
    """Return the fields between updates, as a reader takes them."""
    while True:
        with open(path, "rb") as f:
            before, after = parse(f.read(PAGE)), None
            f.seek(0)
            after = parse(f.read(PAGE))
        if before == after and before.seq_count % 2 == 0:
            return before
