#!/usr/bin/env python3
"""Checks the project's facts: one version, links between documents, alternatives of packages. Writes TAP."""
import os
import re
import runpy
import subprocess
import sys
import tempfile
from pathlib import Path

from checks import TOP, Tap

VERSIONS = runpy.run_path(str(TOP / 'scripts/release'))['VERSIONS']


def version_in(name):
    match = re.search(VERSIONS[name], (TOP / name).read_text(), re.MULTILINE)
    return match[1] if match else 'none'


def check_version(tap):
    found = {name: version_in(name) for name in VERSIONS}
    tap.check('the version is the same everywhere', [f'{found}'] if len(set(found.values())) != 1 else [])
    version = found['meson.build']
    sections = re.findall(r'^## \[(\d.*?)\]', (TOP / 'CHANGELOG.md').read_text(), re.MULTILINE)
    tap.check('the newest section of the changelog is of this version',
              [] if sections[:1] == [version] else [f'{version}: {sections}'])
    nodes = re.findall(r'^FFNTP_(\d+\.\d+) \{', (TOP / 'ports/linux/ffntp.map').read_text(), re.MULTILINE)
    newest = max((tuple(map(int, node.split('.'))) for node in nodes), default=())
    tap.check('no function is exported since a release to come',
              [] if () < newest <= tuple(map(int, version.split('.')))[:2] else [f'{version}: {nodes}'])


# Files in which no version may stand: --version and the library take it from meson.build.
TEXTS = ('*.build', '*.[ch]', '*.ml*', '*.py', '*.def', '*.map', 'dune*')


def check_elsewhere(tap):
    version = version_in('meson.build')
    stated = re.compile(rf'(?<![\d.]){re.escape(version)}(?![\d.])')
    files = [path.relative_to(TOP) for pattern in TEXTS for path in TOP.rglob(pattern)]
    problems = [f'{path}' for path in files if path.parts[0] not in ('build', '_build', 'tests') and str(path) not in VERSIONS and
                path.is_file() and stated.search((TOP / path).read_text())]
    tap.check('no code states the version by itself', problems if files else ['no files'])
    defined = [name for name in ('daemon/meson.build', 'tool/meson.build')
               if '-DFFNTP_VERSION="@0@"\'.format(meson.project_version())' in (TOP / name).read_text()]
    tap.check('--version is the version of meson.build', [] if len(defined) == 2 else [f'only in {defined}'])


def check_soname(tap):
    build = (TOP / 'ports/linux/meson.build').read_text()
    soname = re.search(r"soversion: '(\d+)'", build)
    named = set(re.findall(r'libffntp\.so\.(\d+)', (TOP / 'docs/library.md').read_text()))
    tap.check('the soname is the one that the document names', [] if soname and named == {soname[1]} else [f'{named}'])


def check_estimators(tap):
    """The build and the code have the same estimators, each in a folder of its own."""
    table = re.findall(r'^ESTIMATOR\(\w+, (\w+)\)', (TOP / 'core/estimators.def').read_text(), re.MULTILINE)
    built = re.search(r"^estimators = \[(.*)\]", (TOP / 'core/meson.build').read_text(), re.MULTILINE)
    names = re.findall(r"'(\w+)'", built[1]) if built else []
    problems = [f'core/estimators.def: {table}; core/meson.build: {names}'] if table != names or not table else []
    tap.check('the build has the estimators of the table', problems +
              [f'no core/{name}/meson.build' for name in table if not (TOP / f'core/{name}/meson.build').exists()])


def check_links(tap):
    """Links between documents; those into the world begin with a scheme."""
    documents = [*TOP.glob('*.md'), *(TOP / 'docs').glob('*.md')]
    problems = []
    for document in documents:
        for target in re.findall(r'\]\(([^)#\s]+)[^)]*\)', document.read_text()):
            if '://' not in target and not (document.parent / target).exists():
                problems.append(f'{document.relative_to(TOP)}: {target}')
    tap.check('links of documents lead to files', problems if documents else ['no documents'])


# A system where these are installed, and these could be.
FAKE = """#!/bin/sh
case "$0 $*" in
*dpkg-query*' installed') printf installed ;;
*apt-cache*' available'|*apt-cache*' later') exit 0 ;;
*apt-cache*) exit 1 ;;
*/id*) echo 1000 ;;
esac
"""


def command_for(lines, folder):
    """Return the packages that install-packages names for a part of these lines, or None if nothing is missing."""
    Path(folder, 'packages.txt').write_text('# part: other\nstranger\n# part: tried\n' + lines + '\n# part: rest\nstranger\n')
    environment = dict(os.environ, PATH=f'{folder}:{os.environ["PATH"]}', PACKAGES_TXT=f'{folder}/packages.txt')
    done = subprocess.run([TOP / 'scripts/install-packages', 'tried'], env=environment, capture_output=True, text=True,
                          check=False)
    if done.returncode == 0:
        return None
    return done.stderr.splitlines()[-1].split()[4:]


def check_packages(tap):
    cases = {
        'installed': None,
        'available': ['available'],
        'missing': ['missing'],
        'available | installed': None,
        'missing | available': ['available'],
        'later|available': ['later'],
        'missing | unknown': ['missing'],
        '# a remark\n\ninstalled\nmissing | later\navailable': ['later', 'available'],
    }
    with tempfile.TemporaryDirectory() as folder:
        for name in ('dpkg-query', 'apt-cache', 'id'):
            Path(folder, name).write_text(FAKE)
            Path(folder, name).chmod(0o755)
        results = {lines: command_for(lines, folder) for lines in cases}
    tap.check('install-packages chooses among alternatives',
              [f'{lines!r}: {results[lines]}' for lines, expected in cases.items() if results[lines] != expected])


def main():
    tap = Tap()
    check_version(tap)
    check_elsewhere(tap)
    check_soname(tap)
    check_estimators(tap)
    check_links(tap)
    check_packages(tap)
    print(f'1..{tap.count}')
    sys.exit(tap.failed != 0)


main()
