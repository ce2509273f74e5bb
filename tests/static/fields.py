#!/usr/bin/env python3
"""Compares core/page_fields.def with the tables of docs/page.md, and checks that its fields fit. Writes TAP.

Usage: fields.py [--table KIND]; with --table it prints the rows of one table, without the column of content.
"""
import re
import sys
from collections import namedtuple

from checks import TOP, Tap

TABLE, DOCUMENT = 'core/page_fields.def', 'docs/page.md'
Field = namedtuple('Field', 'offset type name unit since')

ROW = re.compile(r'^(\w+)\((.*)\)$', re.MULTILINE)
# The columns of each kind of row that are not in the document.
KINDS = {'PAGE_FIELD': ('page', [2]), 'MAP_WORD': ('page', [2]), 'PAST_WORD': ('page', [0, 3]), 'LATER_WORD': ('page', [2]),
         'STATUS_FIELD': ('page', []), 'LINE_WORD': ('line', [2]), 'STEADY_FIELD': ('steady', []),
         'SOURCE_FIELD': ('source', []), 'SOURCE_BYTES': ('source', [])}
# Where the fields of each table lie.
SPACE = {'page': 0x900, 'line': 0x8e8, 'steady': 112, 'source': 160}
HEADING = '| offset | type | field | unit | since | content |'
WORDS_OF_PAST = 14


def rows():
    """Yield the kind and the columns of each row of the table."""
    text = (TOP / TABLE).read_text()
    for kind, inside in ROW.findall(text):
        if kind in KINDS:
            yield kind, [column.strip().strip('"') for column in re.split(r',\s*(?![^()]*\))', inside)]


def fields():
    """Return the fields of each table, in its order."""
    found = {table: [] for table, _ in KINDS.values()}
    for kind, columns in rows():
        table, unwanted = KINDS[kind]
        found[table].append(Field(*[column for i, column in enumerate(columns) if i not in unwanted][:5]))
    return found


def documented():
    """Return the fields of each table of the document: those of the page are in two, VMClock's and ffntp's."""
    found = {table: [] for table in SPACE}
    table = None
    for line in (TOP / DOCUMENT).read_text().splitlines():
        marker = re.match(r'<!-- fields: (\w+) -->', line)
        table = marker[1] if marker else table
        columns = [column.strip() for column in line.strip('|').split(' | ')]
        if table and line.startswith('| 0x'):
            found[table].append(Field(*columns[:5]))
    return found


def size(field):
    return int(field.type[1:]) if field.type[0] == 'b' else int(field.type[1:]) // 8


def check_document(tap, table, document):
    for name in SPACE:
        missing = [f'not in {DOCUMENT}: {tuple(field)}' for field in table[name] if field not in document[name]]
        foreign = [f'only in {DOCUMENT}: {tuple(field)}' for field in document[name] if field not in table[name]]
        tap.check(f'{DOCUMENT} has the fields of the table: {name}', missing + foreign if table[name] else ['no fields'])


def check_layout(tap, table):
    problems = []
    for name, space in SPACE.items():
        spans = sorted((int(field.offset, 16), size(field), field.name) for field in table[name])
        problems += [f'{above} overlaps {field}' for (start, length, above), (later, _, field) in zip(spans, spans[1:])
                     if start + length > later]
        problems += [f'{field} does not fit' for start, length, field in spans if start + length > space]
        problems += [f'{field} is not aligned' for start, length, field in spans if start % min(length, 8)]
    tap.check('fields are aligned, fit, and do not overlap', problems)


def check_since(tap, table):
    """No field is of a release to come: the version in meson.build is the newest."""
    newest = re.search(r"^  version: '(\d+)\.(\d+)", (TOP / 'meson.build').read_text(), re.MULTILINE)
    problems = [f'{field.name}: since {field.since}' for of_table in table.values() for field in of_table
                if field.since != 'VMClock' and tuple(map(int, field.since.split('.'))) > tuple(map(int, newest.groups()))]
    tap.check('no field is of a release to come', problems)


def check_past(tap):
    """Each word of a past map comes from one field; the document lists where they lie, in order."""
    past = sorted((int(columns[0]), columns[1]) for kind, columns in rows() if kind == 'PAST_WORD')
    numbers = [number for number, _ in past]
    sentence = re.search(r'\*\*An anchor\*\*.*?\. ', (TOP / DOCUMENT).read_text(), re.DOTALL)
    listed = [int(offset, 16) for offset in re.findall(r'0x[0-9a-f]+', sentence[0])] if sentence else []
    expected = [0x20] + [int(offset, 16) for _, offset in past]
    tap.check('a past map has each of its words once', [] if numbers == list(range(1, WORDS_OF_PAST)) else [f'{numbers}'])
    tap.check('the document lists the words of a past map', [] if listed == expected else [f'{listed}, not {expected}'])


def main():
    table = fields()
    if sys.argv[1:2] == ['--table']:
        print('\n'.join(f'| {" | ".join(field)} | |' for field in table[sys.argv[2]]))
        return
    tap = Tap()
    check_document(tap, table, documented())
    check_layout(tap, table)
    check_since(tap, table)
    check_past(tap)
    print(f'1..{tap.count}')
    sys.exit(tap.failed != 0)


main()
