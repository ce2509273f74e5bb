#!/usr/bin/env python3
"""Compares the tables of options and subcommands with the documents that describe them. Writes TAP."""
import re
import sys

from checks import TOP, Tap


def rows(name, kind):
    """Return the columns of each row of this kind."""
    found = re.findall(rf'^{kind}\((.*)', (TOP / name).read_text(), re.MULTILINE)
    return [[column.strip().strip('"') for column in re.split(r',\s*(?![^()]*\))', row.removesuffix(')'))] for row in found]


def table_rows(document, section=''):
    """Return the rows of the tables of a document, or of its section, by each code that they begin with."""
    text = (TOP / document).read_text()
    if section:
        text = text.partition(f'\n## {section}\n')[2].partition('\n## ')[0]
    found = {}
    for line in text.splitlines():
        if line.startswith('| `'):
            found.update((code.strip(), line) for code in line.split(' | ')[0].removeprefix('| ').split(', '))
    return found


def missing(documented, names):
    return [f'no row `{name}`' for name in names if f'`{name}`' not in documented]


def numbers_in(text):
    return {float(number) for number in re.findall(r'(?<![\w.])\d+(?:\.\d+)?(?:e-?\d+)?(?![\w])', text)}


def undocumented(row, name, usual, most, scale=1.0):
    """Return what the row of an option does not state: its largest value, and its default if there is one."""
    expected = [float(most) / scale] + ([float(usual) / scale] if float(usual) != 0 else [])
    return [f'{name}: {value:g} is not in its row' for value in expected
            if not any(abs(value - number) <= 1e-9 * value for number in numbers_in(row))]


def check_keywords(tap):
    documented, problems = table_rows('docs/ffntp.conf.md'), []
    options = rows('core/client_options.def', 'KEYWORD') + rows('core/client_options.def', 'LATER_KEYWORD')
    for _, usual, _, most, name, unit, scale in options:
        row = documented.get(f'`{name} {unit}`')
        problems += [f'no row `{name} {unit}`'] if row is None else undocumented(row, name, usual, most, float(scale))
    tap.check('docs/ffntp.conf.md has each keyword with its range', problems if options else ['no keywords'])


def poll_last():
    return re.search(r'^#define FFNTP_CONFIG_POLL_LAST (\d+)', (TOP / 'daemon/config.h').read_text(), re.MULTILINE)[1]


def check_server(tap):
    """Each option of a server has a row, with its largest and usual value."""
    documented, last = table_rows('docs/ffntp.conf.md', 'Servers'), poll_last()
    numbers, words = rows('daemon/server_options.def', 'SERVER_NUMBER'), rows('core/client_options.def', 'SERVER_WORD')
    flags = [flag[1] for flag in rows('daemon/server_options.def', 'SERVER_(?:START_)?FLAG')]
    problems = missing(documented, flags + [f'{number[5]} N' for number in numbers] + [f'{word[4]} {word[5]}' for word in words])
    for number in numbers:
        if number[5] != 'port':  # as in every other program
            problems += undocumented(documented.get(f'`{number[5]} N`', ''), number[5], number[2],
                                     number[4].replace('FFNTP_CONFIG_POLL_LAST', last))
    for word in words:
        problems += undocumented(documented.get(f'`{word[4]} {word[5]}`', ''), word[4], word[1], word[3], float(word[6]))
    tap.check('docs/ffntp.conf.md has each option of a server', problems if numbers else ['no options'])


def check_refclock(tap):
    """Each option of a reference clock has a row, with its limits."""
    documented, last = table_rows('docs/ffntp.conf.md', 'Reference clocks'), poll_last()
    numbers, reals = (rows('daemon/refclock_options.def', f'REFCLOCK_{kind}') for kind in ('NUMBER', 'REAL'))
    names = {number[4]: f'{number[4]} N' for number in numbers} | {real[4]: f'{real[4]} {real[5]}' for real in reals}
    problems = missing(documented, [*names.values(), *(flag[1] for flag in rows('daemon/refclock_options.def', 'REFCLOCK_FLAG'))])
    for _, usual, _, most, name, *_ in numbers + reals:
        problems += undocumented(documented.get(f'`{names[name]}`', ''), name, usual, most.replace('FFNTP_CONFIG_POLL_LAST', last))
    tap.check('docs/ffntp.conf.md has each option of a reference clock', problems if numbers else ['no options'])


def check_daemon_options(tap):
    names = re.findall(r'^\t\{ "([\w-]+)", \w+_argument', (TOP / 'daemon/options.c').read_text(), re.MULTILINE)
    text = (TOP / 'docs/ffntpd.md').read_text()
    tap.check('docs/ffntpd.md has each option of the command line',
              [f'--{name}' for name in names if f'`--{name}' not in text] if names else ['no options'])


def check_commands(tap):
    """A subcommand has a section and a test."""
    names = [row[0] for row in rows('tool/commands.def', '(?:COMMAND|CONTROL)')]
    text = (TOP / 'docs/ffntp.md').read_text()
    tests = ''.join(path.read_text() for path in (TOP / 'tests/system').glob('tool_*.py'))
    problems = [f'docs/ffntp.md has no section {name}' for name in names
                if not re.search(rf'^## {name}$', text, re.MULTILINE)]
    problems += [f'no test runs ffntp {name}' for name in names if f'"{name}"' not in tests]
    tap.check('each subcommand is documented and tested', problems if names else ['no subcommands'])


def main():
    tap = Tap()
    check_keywords(tap)
    check_server(tap)
    check_refclock(tap)
    check_daemon_options(tap)
    check_commands(tap)
    print(f'1..{tap.count}')
    sys.exit(tap.failed != 0)


main()
