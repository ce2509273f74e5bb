#!/usr/bin/env python3
"""Compares the tables of options and subcommands with the documents that describe them. Writes TAP."""
import re
import sys

from checks import TOP, Tap


def rows(name, kind):
    """Return the columns of each row of this kind."""
    found = re.findall(rf'^{kind}\((.*)', (TOP / name).read_text(), re.MULTILINE)
    return [[column.strip().strip('"') for column in re.split(r',\s*(?![^()]*\))', row.removesuffix(')'))] for row in found]


def table_rows(document):
    """Return the rows of the document's tables, by the code that they begin with."""
    text = (TOP / document).read_text()
    return {line.split('|')[1].strip(): line for line in text.splitlines() if line.startswith('| `')}


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
    """The row of the line `server` has each option in brackets, and its largest and usual value."""
    row = next((row for code, row in table_rows('docs/ffntp.conf.md').items() if code.startswith('`server ')), '')
    last = poll_last()
    numbers = rows('daemon/server_options.def', 'SERVER_NUMBER')
    words = rows('core/client_options.def', 'SERVER_WORD')
    expected = [f'[{number[5]} N]' for number in numbers] + [f'[{word[4]} {word[5]}]' for word in words]
    expected += [f'[{flag[1]}]' for flag in rows('daemon/server_options.def', 'SERVER_(?:START_)?FLAG')]
    problems = [f'{option} is not in the row' for option in expected if option not in row]
    for number in numbers:
        if number[5] != 'port':  # as in every other program
            problems += undocumented(row, number[5], number[2], number[4].replace('FFNTP_CONFIG_POLL_LAST', last))
    for word in words:
        problems += undocumented(row, word[4], word[1], word[3], float(word[6]))
    tap.check('docs/ffntp.conf.md has each option of a server', problems if numbers else ['no options'])


def check_refclock(tap):
    """The row of the line `refclock` has each option in brackets, and the option's own row its limits."""
    documented = table_rows('docs/ffntp.conf.md')
    row = next((row for code, row in documented.items() if code.startswith('`refclock ')), '')
    numbers, reals = (rows('daemon/refclock_options.def', f'REFCLOCK_{kind}') for kind in ('NUMBER', 'REAL'))
    expected = [f'[{number[4]} N]' for number in numbers] + [f'[{real[4]} {real[5]}]' for real in reals]
    expected += [f'[{flag[1]}]' for flag in rows('daemon/refclock_options.def', 'REFCLOCK_FLAG')]
    problems = [f'{option} is not in the row' for option in expected if option not in row]
    for _, usual, _, most, name, *_ in numbers + reals:
        own = next((text for code, text in documented.items() if code.startswith(f'`{name} ')), None)
        problems += [f'no row `{name} ...`'] if own is None else undocumented(
            own, name, usual, most.replace('FFNTP_CONFIG_POLL_LAST', poll_last()))
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
