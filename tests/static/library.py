#!/usr/bin/env python3
"""Checks the library as its users see it: exported functions, and public headers in four languages. Writes TAP.

Usage: library.py LIBFFNTP_SO
"""
import os
import re
import subprocess
import sys
import tempfile
from concurrent.futures import ThreadPoolExecutor
from itertools import permutations
from pathlib import Path

from checks import TOP, Tap, run

HEADERS = sorted(path.name for path in (TOP / 'include/ffntp').glob('*.h'))
# A standard, and the two compilers' name of its language.
LANGUAGES = {'c99': 'c', 'c11': 'c', 'c17': 'c', 'c++17': 'c++'}
STRICT = ['-fsyntax-only', '-Wall', '-Wextra', '-Wpedantic', '-Werror', '-Iinclude']
# The major number of the soname: docs/library.md lists the changes that raise it.
SONAME = 'libffntp.so.0'


def source_of(headers):
    """Return a source that includes the headers in this order; the declaration is for headers of macros alone."""
    return ''.join(f'#include <ffntp/{header}>\n' for header in headers) + 'extern int alone;\n'


def compile_headers(compiler, standard, headers):
    command = [compiler, f'-std={standard}', *STRICT, f'-x{LANGUAGES[standard]}', '-']
    return [f'{" ".join(headers)}: {line}' for line in run(command, text=source_of(headers))]


def compile_each(jobs):
    with ThreadPoolExecutor(os.cpu_count() or 1) as pool:
        return [line for problems in pool.map(lambda job: compile_headers(*job), jobs) for line in problems]


def declared_functions(folder):
    """Return the names of the functions that public headers declare and do not define, from the compiler's own list."""
    listing = Path(folder, 'prototypes')
    problems = run(['gcc', '-std=c11', '-Iinclude', '-fsyntax-only', '-aux-info', listing, '-xc', '-'],
                   text=source_of(HEADERS))
    if problems:
        return set(), problems
    line = re.compile(r'^/\* include/ffntp/\S+ \*/ extern [^(]*?\b(\w+) \(', re.MULTILINE)
    return set(line.findall(listing.read_text())), []


def output(*command):
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout


def check_exports(tap, library, declared):
    """A symbol with its version stands as NAME@@NODE; the node itself is an absolute symbol."""
    symbols = [line.split() for line in output('nm', '-D', '--defined-only', library).splitlines()]
    names = {name.partition('@')[0]: name.partition('@@')[2] for _, kind, name in symbols if kind != 'A'}
    problems = [f'exported, but no public header declares it: {name}' for name in sorted(set(names) - declared)]
    problems += [f'declared, but not exported: {name}' for name in sorted(declared - set(names))]
    tap.check('the library exports what public headers declare', problems if declared else ['no declarations'])
    tap.check('each exported function has a version',
              [f'{name}: {version or "none"}' for name, version in names.items()
               if not re.fullmatch(r'FFNTP_\d+\.\d+', version)])
    soname = re.search(r'SONAME.*\[(.*)\]', output('readelf', '-d', library))
    tap.check(f'the soname is {SONAME}', [] if soname and soname[1] == SONAME else [f'{soname and soname[1]}'])


def check_headers(tap):
    for standard in LANGUAGES:
        pairs = [[header] for header in HEADERS] + [list(pair) for pair in permutations(HEADERS, 2)]
        together = [HEADERS, HEADERS[::-1]]
        tap.check(f'headers compile as {standard}, alone, in pairs of either order and all together: gcc',
                  compile_each([('gcc', standard, headers) for headers in pairs + together]))
        tap.check(f'headers compile as {standard}, alone and all together: clang',
                  compile_each([('clang', standard, headers) for headers in pairs[:len(HEADERS)] + together]))


def check_names_in_cplusplus(tap, declared, folder):
    text = source_of(HEADERS)
    text += 'void *all[] = {\n' + ''.join(f'(void *)&{name},\n' for name in sorted(declared)) + '};\n'
    problems = run(['gcc', '-std=c++17', '-Iinclude', '-c', '-xc++', '-', '-o', f'{folder}/names.o'], text=text)
    if not problems:
        wanted = {line.split()[-1] for line in output('nm', '-u', f'{folder}/names.o').splitlines()}
        problems = sorted(wanted ^ declared)
    tap.check('C++ refers to functions by the names that C gives them', problems)


def layouts(standard, folder):
    """Return size and alignment of each public struct, as the compiler of this language lays it out."""
    text = '\n'.join((TOP / 'include/ffntp' / header).read_text() for header in HEADERS)
    names = sorted(set(re.findall(r'^struct (\w+) \{', text, re.MULTILINE)))
    text = source_of(HEADERS) + '#include <stddef.h>\n'
    for name in names:
        text += f'struct around_{name} {{ char before; struct {name} value; }};\n'
        text += f'size_t layout_{name}[] = {{ sizeof(struct {name}), offsetof(struct around_{name}, value) }};\n'
    assembly = f'{folder}/layout.s'
    problems = run(['gcc', f'-std={standard}', '-Iinclude', '-S', f'-x{LANGUAGES[standard]}', '-', '-o', assembly],
                   text=text)
    if problems or not names:
        return problems or ['no structs']
    return re.findall(r'^layout_(\w+):\n\s+\.\w+\s+(\d+)\n\s+\.\w+\s+(\d+)', Path(assembly).read_text(), re.MULTILINE)


def check_layouts(tap, folder):
    expected = layouts('c11', folder)
    for standard in (name for name in LANGUAGES if name != 'c11'):
        found = layouts(standard, folder)
        problems = [f'{one}; as c11: {other}' for one, other in zip(found, expected) if one != other]
        if len(found) != len(expected) or len(found) < 10:
            problems.append(f'{len(found)} structs; as c11: {len(expected)}')
        tap.check(f'structs have the size and the alignment of C11 as {standard}', problems)


def main():
    tap = Tap()
    with tempfile.TemporaryDirectory() as folder:
        declared, problems = declared_functions(folder)
        tap.check('the public headers can be read', problems)
        check_exports(tap, sys.argv[1], declared)
        check_headers(tap)
        check_names_in_cplusplus(tap, declared, folder)
        check_layouts(tap, folder)
    print(f'1..{tap.count}')
    sys.exit(tap.failed != 0)


main()
