#!/usr/bin/env python3
"""Checks the structure of the sources without running them. Writes TAP.

    structure.py [TOP]              headers, names, includes, quotes
    structure.py --objects [TOP]    the core's objects: symbols, sections, on each machine and compiler
"""
import os
import re
import shutil
import struct
import subprocess
import sys
import tempfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from checks import Tap

ARGUMENTS = [argument for argument in sys.argv[1:] if argument != '--objects']
TOP = Path(ARGUMENTS[0] if ARGUMENTS else __file__).resolve()
TOP = TOP if TOP.is_dir() else TOP.parents[2]

# Each part has a step. A file may include files of lower steps and of its own part.
STEPS = {'core': 0, 'nts': 1, 'ports': 2, 'sim': 2, 'daemon': 3, 'tool': 3, 'bindings': 3, 'bench': 4, 'tests': 4}

FREESTANDING = {'stdint.h', 'stddef.h', 'stdbool.h', 'stdatomic.h'}
COMPILER_MAY_CALL = {'memcpy', 'memset', 'memmove', 'memcmp'}
# Symbols that the linker defines for position-independent code.
LINKER_DEFINES = {'_GLOBAL_OFFSET_TABLE_'}

READING_PATH = ['core/clock.c', 'core/steady.c', 'core/device.c', 'core/fake.c', 'core/page_reader.c',
                'core/page_writer.c', 'core/instant.c', 'core/timescale.c', 'core/map.c']
PUBLIC = 'include/ffntp'
# Public headers that belong to a port, not to core.
PORT_HEADERS = {'linux.h', 'linuxdevice.h'}

ALONE = ['-std=c11', '-fsyntax-only', '-Wall', '-Wextra', '-Wpedantic', '-Werror', '-xc']
CORE = ['-std=c11', '-ffreestanding', '-c']
MACHINES = {
    'gcc x86-64': ['gcc', '-m64'],
    'gcc 32-bit': ['gcc', '-m32'],
    'clang x86-64': ['clang', '--target=x86_64-linux-gnu'],
    'clang aarch64': ['clang', '--target=aarch64-linux-gnu'],
}


def sources(*patterns):
    return sorted(path.relative_to(TOP) for pattern in patterns for path in TOP.glob(pattern)
                  if path.relative_to(TOP).parts[0] != 'build')


def run(command, folder=None, text=None):
    """Run a command; return nothing if it succeeds, otherwise its output."""
    done = subprocess.run(command, cwd=folder or TOP, input=text, capture_output=True, text=True, check=False)
    return [done.stdout + done.stderr or f'{command[0]}: exit {done.returncode}'] if done.returncode else []


# --- headers ---

def headers_of_ocaml():
    return ['-isystem', subprocess.run(['ocamlc', '-where'], capture_output=True, text=True, check=True).stdout.strip()]


def compile_header(compiler, header):
    """Compile a header alone; a public one as its users include it. The declaration after it is for headers of macros alone."""
    others = headers_of_ocaml() if header.is_relative_to('bindings/ocaml') else []
    if header.parts[0] == 'include':
        return run([compiler, *ALONE, '-Iinclude', '-'], text=f'#include <ffntp/{header.name}>\nint alone;\n')
    return run([compiler, *ALONE, '-D_GNU_SOURCE', '-Iinclude', *others, '-'], text=f'#include "{header}"\nint alone;\n')


def check_headers(tap):
    headers = sources('include/**/*.h', *(f'{part}/**/*.h' for part in STEPS))
    for compiler in ('gcc', 'clang'):
        with ThreadPoolExecutor(os.cpu_count() or 1) as pool:
            found = pool.map(compile_header, [compiler] * len(headers), headers)
            problems = [line for lines in found for line in lines]
        tap.check(f'each header compiles alone with {compiler}', problems if headers else ['no headers'])


# All that is shipped, as one unit sees it: the stand-ins for the C library's headers are not the project's.
PRODUCT = ('core', 'nts', 'ports', 'sim', 'daemon', 'tool')
TOGETHER = ['gcc', *ALONE, '-D_GNU_SOURCE', '-D__XEN_INTERFACE_VERSION__=0x00040e00', '-Iinclude', '-I.']


def product_headers():
    headers = sources('include/**/*.h', *(f'{part}/**/*.h' for part in PRODUCT))
    return [str(path) for path in headers if not path.is_relative_to('ports/lwip/libc')]


def unit_of(headers):
    return ''.join(f'#include "{header}"\n' for header in headers)


def check_together(tap):
    """One unit of all headers, in both orders: no two of them define a tag or a macro differently."""
    headers = product_headers()
    problems = [line for order in (headers, headers[::-1]) for line in run([*TOGETHER, '-'], text=unit_of(order))]
    tap.check('all headers compile together, in both orders', problems if headers else ['no headers'])


# --- names ---

COMMENT = re.compile(r'/\*.*?\*/', re.DOTALL)
TAG = re.compile(r'\b(?:struct|union|enum)\s+(\w+)\s*\{')
PROTOTYPE = re.compile(r'^/\* (\S+?):\d+:\w+ \*/ (?:extern|static) [^(]*?\b(\w+) \(', re.MULTILINE)


def check_tags(tap):
    """A tag of a header is unique; one of a .c file may occur in another .c file, but in no header."""
    headers, problems = {}, []
    for path in product_headers() + sources(*(f'{part}/**/*.c' for part in PRODUCT)):
        for tag in TAG.findall(COMMENT.sub('', (TOP / path).read_text())):
            if tag in headers:
                problems.append(f'{path}: {tag} is also defined in {headers[tag]}')
            elif str(path).endswith('.h'):
                headers[tag] = path
    tap.check('no tag of a header is defined twice', problems if headers else ['no tags'])


def check_external_names(tap):
    """The compiler lists what each header declares; because of -Wmissing-prototypes each external function is there."""
    headers = product_headers()
    with tempfile.TemporaryDirectory() as folder:
        listing = Path(folder, 'prototypes')
        problems = run([*TOGETHER, '-aux-info', str(listing), '-'], text=unit_of(headers))
        found = [] if problems else PROTOTYPE.findall(listing.read_text())
    places = {}
    for path, name in found:
        if path in headers:
            places.setdefault(name, []).append(path)
    problems += [f'{name}: {" ".join(where)}' for name, where in places.items() if len(where) > 1]
    tap.check('no function is declared twice', problems if places else problems + ['no functions'])


# --- includes ---

INCLUDE = re.compile(r'^\s*#\s*include\s*([<"])([^">]+)[">]', re.MULTILINE)


def includes(path):
    """Return the project's own files that a file includes, and the names of the others."""
    own, foreign = set(), set()
    for bracket, name in INCLUDE.findall((TOP / path).read_text()):
        found = (TOP / path).parent / name if bracket == '"' else TOP / 'include' / name
        if bracket == '"' and not found.exists():
            found = TOP / 'include' / name
        if found.exists() and TOP in found.resolve().parents:
            own.add(found.resolve().relative_to(TOP))
        else:
            foreign.add(name)
    return own, foreign


def module(path):
    """Name the module of a file: x.h and x.c are one, and so are a public header and the file of core that defines its functions."""
    folder = 'core' if path.parent == Path(PUBLIC) and path.name not in PORT_HEADERS else path.parent
    return f'{folder}/{path.stem}'


def find_ring(pairs):
    """Return the rings among these pairs. tsort names the members of each ring that it finds."""
    lines = ''.join(f'{above} {below}\n' for above, below in sorted(pairs))
    done = subprocess.run(['tsort'], input=lines, capture_output=True, text=True, check=False)
    return [done.stderr] if done.returncode or done.stderr else []


def check_rings(tap, tree):
    files = {(str(path), str(below)) for path in tree for below in includes(path)[0]}
    modules = {(module(Path(above)), module(Path(below))) for above, below in files}
    tap.check('no files include each other in a ring', find_ring(files) if files else ['no includes'])
    tap.check('no modules include each other in a ring', find_ring({(a, b) for a, b in modules if a != b}))


def step(path):
    if path.parts[0] == 'include':
        return STEPS['ports' if path.name in PORT_HEADERS else 'core']
    return STEPS.get(path.parts[0], max(STEPS.values()))


def part(path):
    return 'core' if path.parts[0] == 'include' and path.name not in PORT_HEADERS else path.parts[0]


def points_up(path, below):
    if part(path) == part(below):
        return False
    if below.parts[0] == 'include' and step(below) == step(path):
        return False
    return step(below) >= step(path)


def check_directions(tap, tree):
    problems = [f'{path} includes {below}' for path in tree for below in sorted(includes(path)[0])
                if points_up(path, below)]
    tap.check('dependencies point down only', problems)


def check_core_includes(tap, tree):
    problems = [f'{path} includes <{name}>' for path in tree if step(path) == 0
                for name in sorted(includes(path)[1] - FREESTANDING)]
    tap.check('core and its headers include four standard headers and nothing else from outside', problems)


# --- documents ---

# A block of code that begins with the name of a file is in that file, word by word.
QUOTE = re.compile(r'^```c\n/\* (\S+/\S+\.[ch]) \*/\n(.*?)^```$', re.MULTILINE | re.DOTALL)


def check_quotes(tap):
    quotes = [(document, name, code) for document in sources('docs/*.md')
              for name, code in QUOTE.findall((TOP / document).read_text())]
    problems = [f'{document}: not what stands in {name}: {code.splitlines()[0]}' for document, name, code in quotes
                if not (TOP / name).is_file() or code.strip('\n') not in (TOP / name).read_text()]
    tap.check('code that documents quote is in the files', problems if quotes else ['no quotes'])


# --- objects ---

SHF_WRITE, SHF_ALLOC, SHN_UNDEF, SHT_SYMTAB = 1, 2, 0, 2


class Elf:
    """Sections and symbols of a little-endian object of either width."""

    def __init__(self, path):
        self.bytes = path.read_bytes()
        self.is_64 = self.bytes[4] == 2
        offset, = self.unpack('<Q', 0x28) if self.is_64 else self.unpack('<I', 0x20)
        size, count, names = self.unpack('<HHH', 0x3a if self.is_64 else 0x2e)
        self.sections = [self.section(offset + i * size) for i in range(count)]
        for section in self.sections:
            section['name'] = self.string(self.sections[names], section['name_at'])

    def unpack(self, layout, offset):
        return struct.unpack_from(layout, self.bytes, offset)

    def section(self, at):
        layout = '<IIQQQQIIQQ' if self.is_64 else '<IIIIIIIIII'
        fields = ('name_at', 'type', 'flags', 'address', 'offset', 'size', 'link', 'info', 'align', 'entry')
        return dict(zip(fields, self.unpack(layout, at)))

    def string(self, table, at):
        start = table['offset'] + at
        return self.bytes[start:self.bytes.index(b'\0', start)].decode()

    def symbols(self):
        """Yield the name of each global symbol, and whether it is defined here."""
        for table in (s for s in self.sections if s['type'] == SHT_SYMTAB):
            strings = self.sections[table['link']]
            for at in range(table['offset'] + table['entry'], table['offset'] + table['size'], table['entry']):
                name, = self.unpack('<I', at)
                section, = self.unpack('<H', at + (6 if self.is_64 else 14))
                yield self.string(strings, name), section != SHN_UNDEF

    def writable(self):
        """Return the sections that may change while the program runs. .data.rel.ro is constant after relocation."""
        changing = SHF_WRITE | SHF_ALLOC
        return [f'{s["name"]}: {s["size"]} bytes' for s in self.sections
                if s['flags'] & changing == changing and s['size'] and not s['name'].startswith('.data.rel.ro')]


def can_compile(machine):
    with tempfile.TemporaryDirectory() as folder:
        return not run([*MACHINES[machine], *CORE, '-xc', '-o', 'empty.o', '-'], folder, 'int x;\n')


def undefined(objects):
    symbols = [pair for elf in objects.values() for pair in elf.symbols() if pair[0]]
    defined = {name for name, is_defined in symbols if is_defined}
    return {name for name, _ in symbols} - defined - COMPILER_MAY_CALL - LINKER_DEFINES


def check_core_on(machine, optimisation, files):
    """Return the names of three checks, and their problems."""
    name = f'{machine} {optimisation}'
    with tempfile.TemporaryDirectory() as folder:
        problems = run([*MACHINES[machine], *CORE, optimisation, *files], folder)
        objects = {path.name: Elf(path) for path in sorted(Path(folder).glob('*.o'))}
        complete = [] if len(objects) == len(files) > 0 else ['not all objects are there']
        return [(f'core builds freestanding: {name}', problems),
                (f'core needs mem* and nothing else: {name}', complete + sorted(undefined(objects))),
                (f'core has no data that changes: {name}',
                 complete + [f'{o}: {line}' for o, elf in objects.items() for line in elf.writable()])]


def check_core(tap):
    files = [str(TOP / path) for path in sources('core/*.c', 'core/*/*.c')]
    machines = [machine for machine in MACHINES if can_compile(machine)]
    for machine in MACHINES.keys() - set(machines):
        tap.skip(f'core on {machine}', 'no such compiler here')
    with ThreadPoolExecutor(os.cpu_count() or 1) as pool:
        builds = [(machine, optimisation) for machine in machines for optimisation in ('-O0', '-O2')]
        for checks in pool.map(lambda build: check_core_on(*build, files), builds):
            for name, problems in checks:
                tap.check(name, problems)


def check_linked(tap):
    """Link as a guest does: one command, one relocatable object."""
    with tempfile.TemporaryDirectory() as folder:
        build = f'cc -std=c11 -ffreestanding -c "{TOP}"/core/*.c "{TOP}"/core/*/*.c && ld -r -o all *.o'
        problems = run(['sh', '-c', build], folder)
        problems = problems or sorted(undefined({'all': Elf(Path(folder) / 'all')}))
    tap.check('cc -std=c11 -ffreestanding -c core/*.c core/*/*.c && ld -r leaves mem* alone undefined', problems)


def check_assertions(tap):
    """The core without FFNTP_ASSERTIONS is what it would be if nothing were asserted, and needs no hook."""
    builds = {'with': [], 'without': ['-DFFNTP_CORE_ASSERT_H', '-DFFNTP_ASSERT(condition)=((void)0)']}
    files, objects, problems = [str(TOP / path) for path in sources('core/*.c', 'core/*/*.c')], {}, []
    with tempfile.TemporaryDirectory() as folder:
        for name, flags in builds.items():
            Path(folder, name).mkdir()
            problems += run(['gcc', *CORE, '-O2', *flags, *files], Path(folder, name))
            objects[name] = {path.name: path.read_bytes() for path in Path(folder, name).glob('*.o')}
    differing = [f'{name} differs' for name, code in objects['with'].items() if code != objects['without'].get(name)]
    problems += differing + [f'{name} refers to ffntp_assert_failed' for name, code in objects['with'].items()
                             if b'ffntp_assert_failed' in code]
    problems += [] if len(objects['with']) == len(files) else ['objects are missing']
    tap.check('assertions leave no trace in a release', problems)


def check_reading_path(tap):
    if os.uname().machine != 'x86_64':
        tap.skip('the reading path is integers only', 'no -mgeneral-regs-only here')
        return
    for compiler in ('gcc', 'clang'):
        with tempfile.TemporaryDirectory() as folder:
            files = [str(TOP / path) for path in READING_PATH]
            problems = run([compiler, *CORE, '-O2', '-mgeneral-regs-only', *files], folder)
        tap.check(f'the reading path is integers only: {compiler}', problems)


def check_sources(tap):
    tree = sources('include/**/*.h', *(f'{part}/**/*.[ch]' for part in STEPS))
    check_headers(tap)
    check_together(tap)
    check_tags(tap)
    check_external_names(tap)
    check_rings(tap, tree)
    check_directions(tap, tree)
    check_core_includes(tap, tree)
    check_quotes(tap)


def check_objects(tap):
    check_core(tap)
    check_linked(tap)
    check_assertions(tap)
    check_reading_path(tap)


def main():
    tap = Tap()
    missing = [tool for tool in ('gcc', 'clang', 'tsort', 'ld') if not shutil.which(tool)]
    tap.check('the tools are here', missing)
    if '--objects' in sys.argv:
        check_objects(tap)
    else:
        check_sources(tap)
    print(f'1..{tap.count}')
    sys.exit(tap.failed != 0)


main()
