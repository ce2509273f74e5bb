#!/usr/bin/env python3
"""Compares the tables of docs/security.md with the tests that they name. Writes TAP."""
import re
import sys

from checks import TOP, Tap

CASES = 44


def functions():
    """Return the names of all test functions."""
    found = set()
    for path in [*TOP.glob('tests/test_*.c'), *TOP.glob('tests/system/*.py')]:
        found |= set(re.findall(r'^(?:static void|def) (\w+)\(', path.read_text(), re.MULTILINE))
    return found


def rows(title):
    """Return the columns of each row of the table below a title."""
    text = (TOP / 'docs/security.md').read_text().partition(f'\n## {title}\n')[2].partition('\n## ')[0]
    return [[column.strip() for column in line.split('|')[1:-1]] for line in text.splitlines() if line.startswith('| ')][1:]


def missing(row, known):
    """Return the faults of the tests of a row."""
    if row[-1].startswith('fuzz targets'):
        return [f'{row[0]}: no target {name}' for name in re.findall(r'`(\w+)`', row[-1])
                if not (TOP / f'tests/fuzz/fuzz_{name}.c').exists()]
    names = re.findall(r'`([^`]+)`', row[-1])
    return [f'{row[0]}: no test {name}' for name in names if name not in known and not (TOP / name).exists()] or \
           ([] if names else [f'{row[0]}: no test'])


def main():
    tap, known = Tap(), functions()
    for title in 'Attackers', 'Cases':
        tap.check(f'the tests of the table "{title}" exist', [problem for row in rows(title) for problem in missing(row, known)])
    numbers = [row[0] for row in rows('Cases')]
    tap.check('each case has a row', [] if numbers == [str(n) for n in range(1, CASES + 1)] else [f'rows: {numbers}'])
    tap.check('a test that does not exist is found', [] if missing(['0', '`no_such_test`'], known) else ['it is not'])
    print(f'1..{tap.count}')
    sys.exit(1 if tap.failed else 0)


main()
