#!/usr/bin/env python3
"""Compares the cost of an accepted reply (bench_reply.c) of two source trees that are built in build/plain.

Usage: compare_reply.py BEFORE AFTER

Both libraries are linked into one program, each with a copy of bench_reply.c, and take turns of some milliseconds. A
run has several turns of each and counts the fastest one, because other work of the machine only adds to it. The program
runs nine times, because addresses differ from run to run and make a difference. The medians are printed with their
ratio, AFTER divided by BEFORE.
"""
import os
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path

SOURCE = Path(__file__).parent / 'bench_reply.c'
ROUNDS = 9
CC = os.environ.get('CC', 'cc').split()

MAIN = r"""
#include <math.h>
#include <stdio.h>

void measure_before(double *, double *), measure_after(double *, double *);

int main(void)
{
	static void (*const measure[])(double *, double *) = { measure_before, measure_after };
	double least[2][2] = { { INFINITY, INFINITY }, { INFINITY, INFINITY } };

	for (int turn = 0; turn < 2 * 15; turn++) {
		double ns[2];

		measure[turn % 2](&ns[0], &ns[1]);
		for (int i = 0; i < 2; i++)
			least[turn % 2][i] = fmin(least[turn % 2][i], ns[i]);
	}
	printf("%.1f %.1f\n", least[0][0] - least[0][1], least[1][0] - least[1][1]);
}
"""


def run(*command, text=None):
    subprocess.run(command, check=True, input=text, text=True)


def build_part(tree, name, folder):
    """Compile the benchmark with a tree's headers and core, and hide every name but the one that measures."""
    text = SOURCE.read_text().replace('"../core/', f'"{tree}/core/')
    run(*CC, '-O2', '-D_GNU_SOURCE', '-DPART', f'-DMEASURE={name}', f'-I{tree}/include', '-c', '-xc', '-', '-o',
        f'{folder}/bench.o', text=text)
    run('ld', '-r', '--wrap=ffntp_estimator_choose', f'{folder}/bench.o', f'{tree}/build/plain/core/libffntp-core.a',
        '-o', f'{folder}/{name}.o')
    run('objcopy', f'--keep-global-symbol={name}', f'{folder}/{name}.o')
    return f'{folder}/{name}.o'


def measure(program):
    return [float(word) for word in subprocess.run([program], check=True, capture_output=True, text=True).stdout.split()]


def main():
    before, after = (Path(name).resolve() for name in sys.argv[1:3])
    with tempfile.TemporaryDirectory() as folder:
        parts = [build_part(before, 'measure_before', folder), build_part(after, 'measure_after', folder)]
        run(*CC, '-O2', '-xc', '-', '-xnone', *parts, '-lm', '-o', f'{folder}/compare', text=MAIN)
        rounds = [measure(f'{folder}/compare') for _ in range(ROUNDS)]
    before_ns, after_ns = (statistics.median(values) for values in zip(*rounds))
    print(f'before {before_ns:.1f} ns, after {after_ns:.1f} ns per accepted reply; ratio {after_ns / before_ns:.3f}')


if __name__ == '__main__':
    main()
