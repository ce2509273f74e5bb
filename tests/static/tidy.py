#!/usr/bin/env python3
"""Checks the product with clang-tidy, whose checks .clang-tidy lists. Writes TAP.

Usage: tidy.py [FILE...]    without files: all of the product
"""
import os
import shutil
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from checks import TOP, Tap

PARTS = ('core', 'nts', 'ports', 'daemon', 'tool', 'include')
# Needs lwIP's source, which only make check-guests fetches.
LEFT_OUT = 'ports/lwip'
FLAGS = ['-std=c11', '-D_GNU_SOURCE', '-D__XEN_INTERFACE_VERSION__=0x00040e00', '-DFFNTP_VERSION="0"', '-DFFNTP_CHART_JS=""', '-DFFNTP_MODULE_DIR=""', '-DFFNTP_ASSERTIONS',
         '-Iinclude', '-Itests/unikernel']


def files():
    found = [path.relative_to(TOP) for part in PARTS for path in sorted((TOP / part).glob('**/*.[ch]'))]
    return [path for path in found if not path.is_relative_to(LEFT_OUT)]


def problems_of(path):
    """Return the findings in one file. More files in one call would confuse clang-tidy 14's check of va_list."""
    language = ['-xc'] if path.suffix == '.h' else []
    done = subprocess.run(['clang-tidy', '--quiet', path, '--', *language, *FLAGS], cwd=TOP, stdin=subprocess.DEVNULL,
                          stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True, check=False)
    errors = [line.removeprefix(f'{TOP}/') for line in done.stdout.splitlines() if ' error: ' in line]
    return errors or ([done.stdout or f'clang-tidy: exit {done.returncode}'] if done.returncode else [])


def main():
    tap = Tap()
    wanted = [Path(name).resolve().relative_to(TOP) for name in sys.argv[1:]] or files()
    if not shutil.which('clang-tidy'):
        tap.skip('clang-tidy', 'it is not installed')
        print('1..1')
        return
    with ThreadPoolExecutor(os.cpu_count() or 1) as pool:
        for path, problems in zip(wanted, pool.map(problems_of, wanted)):
            tap.check(f'clang-tidy finds nothing in {path}', problems)
    print(f'1..{tap.count}')
    sys.exit(tap.failed != 0)


main()
