#!/usr/bin/env python3
"""Writes the table that test_arithmetic.c checks: integer arithmetic as Python does it, without limits.

Usage: vectors.py > vectors.h
"""
import random

NS = 10**9
UNIX = (70 * 365 + 17) * 86400
U64 = 2**64
MIN, MAX = -2**63, 2**63 - 1

EDGES = [0, 1, 2, 3, 2**31 - 1, 2**31, 2**32 - 1, 2**32, 2**32 + 1, 2**63 - 1, 2**63, 2**63 + 1, U64 - 2, U64 - 1]
PIVOTS = [0, 946684800, 1700000000, 2**32 - UNIX - 1, 2**32 - UNIX, 4294967295, 4294967296, 2 * 2**32 - UNIX, 10**11]

rng = random.Random(1)


def bits():
    return rng.getrandbits(rng.randint(1, 64))


def signed():
    return rng.choice([-1, 1]) * rng.getrandbits(rng.randint(1, 63))


def u(value):
    assert 0 <= value < U64
    return f'UINT64_C({value:#x})'


def i(value):
    assert MIN <= value <= MAX
    return '(-INT64_MAX - 1)' if value == MIN else f'INT64_C({value})'


def saturate(value):
    return min(max(value, MIN), MAX)


def table(name, fields, rows):
    print(f'static const struct {{\n\t{fields}\n}} {name}[] = {{')
    for row in rows:
        print('\t{ ' + ', '.join(row) + ' },')
    print('};\n')


def products():
    pairs = [(a, b) for a in EDGES for b in EDGES] + [(bits(), bits()) for _ in range(500)]
    for a, b in pairs:
        yield u(a), u(b), u(a * b >> 64), u(a * b % U64)


def sums():
    triples = [(a, b, b) for a in EDGES[:-1] for b in EDGES] + [(bits() >> 1, bits(), bits()) for _ in range(200)]
    for high, low, more in triples:
        total = (high << 64) + low + more
        yield u(high), u(low), u(more), u(total >> 64), u(total % U64)


def shifts():
    for shift in range(64):
        for _ in range(6):
            value = rng.getrandbits(128)
            yield u(value >> 64), u(value % U64), str(shift), u(value >> shift >> 64), u((value >> shift) % U64)


def unfoldings():
    """The second nearest to the pivot among those that share a timestamp: -2^31 <= s - pivot < 2^31."""
    steps = [0, 1, -1, 86400, -86400, 2**31 - 1, -2**31]
    pairs = [(p, d) for p in PIVOTS for d in steps]
    pairs += [(rng.choice(PIVOTS), rng.randrange(-2**31, 2**31)) for _ in range(300)]
    for pivot, step in pairs:
        s, frac = pivot + step, rng.getrandbits(32)
        yield i(pivot), u(((s + UNIX) % 2**32 << 32) + frac), i(s), u(frac << 32)


def to_ns(s, frac):
    return saturate((s * U64 + frac) * NS >> 64)


def times():
    s_edges = [0, 1, -1, MAX // NS, MAX // NS + 1, -(MAX // NS) - 1, -(MAX // NS) - 2, MIN, MAX]
    limit = -(-(MAX % NS + 1) * U64 // NS)
    fracs = [0, 1, U64 - 1, limit, limit - 1, U64 - limit, U64 - limit - 1]
    pairs = [(s, frac) for s in s_edges for frac in fracs] + [(signed(), bits()) for _ in range(300)]
    for s, frac in pairs:
        yield i(s), u(frac), i(to_ns(s, frac))


def from_ns(ns):
    """Rounded up to 2^-64 s."""
    units = -(-ns * U64 // NS)
    return units >> 64, units % U64


def nanoseconds():
    edges = [0, 1, -1, NS - 1, NS, NS + 1, -NS, -NS - 1, 1 - NS, MIN, MIN + 1, MAX - 1, MAX]
    for ns in edges + [signed() for _ in range(500)]:
        s, frac = from_ns(ns)
        yield i(ns), i(s), u(frac)


def differences():
    ends = [(MIN, 0), (MIN, U64 - 1), (-1, U64 - 1), (0, 0), (MAX, 0), (MAX, U64 - 1)]
    pairs = [(a, b) for a in ends for b in ends]
    pairs += [((s := signed() >> 30, bits()), (s + rng.randint(-2, 2), bits())) for _ in range(300)]
    pairs += [((signed(), bits()), (signed(), bits())) for _ in range(100)]
    for (a, af), (b, bf) in pairs:
        yield i(a), u(af), i(b), u(bf), i(saturate(((a - b) * U64 + af - bf) * NS >> 64))


def additions():
    pairs = [((signed() >> 1, bits()), signed()) for _ in range(300)]
    for (s, frac), ns in pairs:
        step_s, step_frac = from_ns(ns)
        total = (s + step_s) * U64 + frac + step_frac
        yield i(s), u(frac), i(ns), i(total >> 64), u(total % U64)


def readings():
    """time(N) = time + (N - at) * period / 2^shift, for counters of 1 MHz to 5 GHz, up to 100 years away.

    Spans are rounded towards 'at', bounds up; the duration in nanoseconds is given rounded down.
    """
    for _ in range(400):
        hz = rng.choice([10**6, 24 * 10**6, 62500000, 10**9, 2599999999, 5 * 10**9])
        shift = 0
        while (U64 << (shift + 1)) // hz < U64:
            shift += 1
        period = (U64 << shift) // hz + rng.randint(-1000, 1000)
        reach = min(100 * 31557600 * hz, 2**63 - 1)
        distance, sign = rng.getrandbits(rng.randint(1, reach.bit_length() - 1)), rng.choice([-1, 1])
        at, s, frac = rng.getrandbits(64), rng.randrange(0, 5 * 10**9), rng.getrandbits(64)
        error_ns, drift = rng.getrandbits(rng.randint(1, 40)), rng.getrandbits(rng.randint(1, period.bit_length() - 7))
        total = s * U64 + frac + sign * (distance * period >> shift)
        bound_ns = error_ns + (-(-distance * drift * NS // (U64 << shift)))
        duration_ns = sign * distance * period * NS // (U64 << shift)
        yield (u(at), i(s), u(frac), u(period), str(shift), u(error_ns), u(drift), u((at + sign * distance) % U64),
               i(total >> 64), u(total % U64), u(bound_ns), i(duration_ns))


print('/* Written by vectors.py. */\n')
table('products', 'uint64_t a, b, high, low;', products())
table('sums', 'uint64_t high, low, more, sum_high, sum_low;', sums())
table('shifts', 'uint64_t high, low;\n\tunsigned shift;\n\tuint64_t shifted_high, shifted_low;', shifts())
table('unfoldings', 'int64_t pivot_s;\n\tuint64_t units;\n\tint64_t s;\n\tuint64_t frac;', unfoldings())
table('times', 'int64_t s;\n\tuint64_t frac;\n\tint64_t ns;', times())
table('nanoseconds', 'int64_t ns, s;\n\tuint64_t frac;', nanoseconds())
table('differences', 'int64_t a;\n\tuint64_t a_frac;\n\tint64_t b;\n\tuint64_t b_frac;\n\tint64_t ns;', differences())
table('additions', 'int64_t s;\n\tuint64_t frac;\n\tint64_t ns, sum_s;\n\tuint64_t sum_frac;', additions())
table('readings', 'uint64_t at;\n\tint64_t s;\n\tuint64_t frac, period;\n\tuint8_t shift;\n'
      '\tuint64_t error_ns, drift, now;\n\tint64_t then_s;\n\tuint64_t then_frac, bound_ns;\n\tint64_t duration_ns;',
      readings())
