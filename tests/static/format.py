#!/usr/bin/env python3
"""Checks that clang-format would change no C file of the tree (.clang-format). Writes TAP.

To mend what it finds: make format.
"""
import shutil
import subprocess
import sys

from checks import TOP, Tap, run


def c_files():
    """Tracked files; in a tree without git, such as a release's, all but those of builds."""
    if (TOP / '.git').exists() and shutil.which('git'):
        listed = subprocess.run(['git', 'ls-files', '-z', '*.c', '*.h'], cwd=TOP, capture_output=True, text=True, check=True)
        files = [name for name in listed.stdout.split('\0') if name and (TOP / name).exists()]
    else:
        files = [str(path.relative_to(TOP)) for pattern in ('*.c', '*.h') for path in TOP.rglob(pattern)]
    return sorted(name for name in files if not name.startswith(('build/', '_build/')))


def main():
    tap, name = Tap(), 'clang-format changes nothing'
    if shutil.which('clang-format'):
        files = c_files()
        tap.check(name, run(['clang-format', '--dry-run', '-Werror', *files]) if files else ['no files'])
    else:
        tap.skip(name, 'there is no clang-format here: apt-get install clang-format')
    print(f'1..{tap.count}')
    sys.exit(tap.failed != 0)


if __name__ == '__main__':
    if sys.argv[1:] == ['--write']:
        sys.exit(subprocess.run(['clang-format', '-i', *c_files()], cwd=TOP, check=False).returncode)
    main()
