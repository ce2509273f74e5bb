#!/usr/bin/env python3
"""Compares the cost of an accepted reply (bench_reply.c) of two source trees that are built in build/plain.

Usage: compare_reply.py BEFORE AFTER [RUNS]

Both trees' libraries are linked with this directory's bench_reply.c. The programs take turns, RUNS times each (9);
medians are printed with their ratio, AFTER divided by BEFORE.
"""
import os
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path

SOURCE = Path(__file__).parent / 'bench_reply.c'


def build(tree, program):
    text = SOURCE.read_text().replace('"../core/', f'"{tree}/core/')
    subprocess.run([*os.environ.get('CC', 'cc').split(), '-O2', '-D_GNU_SOURCE', f'-I{tree}/include', '-xc', '-',
                    '-xnone', '-Wl,--wrap=ffntp_estimator_choose', f'{tree}/build/plain/core/libffntp-core.a', '-lm',
                    '-o', str(program)], check=True, input=text, text=True)


def measure_ns(program):
    return float(subprocess.run([program], check=True, capture_output=True, text=True).stdout.split()[0])


def main():
    trees = [Path(name).resolve() for name in sys.argv[1:3]]
    runs = int(sys.argv[3]) if len(sys.argv) > 3 else 9
    with tempfile.TemporaryDirectory() as folder:
        programs = [Path(folder) / name for name in ('before', 'after')]
        for tree, program in zip(trees, programs):
            build(tree, program)
        rounds = [[measure_ns(program) for program in programs] for _ in range(runs)]
    before, after = (statistics.median(values) for values in zip(*rounds))
    print(f'before {before:.1f} ns, after {after:.1f} ns per accepted reply; ratio {after / before:.3f}')


if __name__ == '__main__':
    main()
