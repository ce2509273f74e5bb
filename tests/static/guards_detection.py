#!/usr/bin/env python3
"""Checks that guardtext.py finds guards which have moved, and no others. Writes TAP."""
import sys
import tempfile
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
from guardtext import Sources

from checks import Tap

GUARD = 'if (a > 0 && b != 1) return -1;'
ONE = 'static int judge(int a,\n\t\t int b)\n{\n\tif (a > 0 &&\n\t    b != 1)\n\t\treturn -1;\n\treturn end(a);\n}\n'
COMMENT = 'static int judge(int a, int b)\n{\n\tif (a > 0 /* if (a) */ && b != 1)\n\t\treturn -1; // end\n}\n'
OTHER = 'int judge(int a)\n{\n\treturn a;\n}\n'
RENAMED = ONE.replace('judge', 'examine')
TWICE = '{\n\tif (a > 0 && b != 1)\n\t\treturn -1;\n\tif (a > 0 && b != 1)\n\t\treturn -1;\n}\n'
ML = 'let judge a =\n  let inner b =\n    if a > 0 then (* why *)\n      b\n  in\n  inner a\n\nlet other a = if a > 0 then b\n'
TABLE = 'static const struct row rows[] = {\n\t{ "a", 1 },\n};\n'
MACRO = '#define OTHER 1\n#define BIT(n) \\\n\t(UINT64_C(1) << \\\n\t (n))\n'

# A row: the case, the files, the row's name, the row's guard, and the name of the definition where it is found, or None.
CASES = [
    ('a guard with other line breaks', {'a.c': ONE}, 'judge', GUARD, 'judge'),
    ('a guard in another folder', {'b/c.c': ONE, 'a.c': OTHER}, 'judge', GUARD, 'judge'),
    ('a guard with comments inside', {'a.c': COMMENT}, 'judge', GUARD, 'judge'),
    ('a guard whose function has another name', {'a.c': RENAMED}, 'judge', GUARD, 'examine'),
    ('a guard that moved out of its function', {'a.c': OTHER + RENAMED}, 'judge', GUARD, 'examine'),
    ('a guard that two functions might be', {'a.c': RENAMED, 'b.c': RENAMED}, 'judge', GUARD, None),
    ('a guard of two files, without a path', {'a.c': ONE, 'b.c': ONE}, 'judge', GUARD, None),
    ('a guard of two files, with its path', {'a.c': ONE, 'b.c': ONE}, 'b.c:judge', GUARD, 'judge'),
    ('a guard that is there twice', {'a.c': 'int judge(int a, int b)\n' + TWICE}, 'judge', GUARD, None),
    ('a guard that is gone', {'a.c': OTHER}, 'judge', GUARD, None),
    ('a guard that has changed', {'a.c': ONE.replace('a > 0', 'a > 1')}, 'judge', GUARD, None),
    ('a guard in a comment', {'a.c': f'/*\n{ONE}*/\n'}, 'judge', GUARD, None),
    ('the end of a word', {'a.c': ONE.replace('end(', 'send(')}, 'judge', 'end(a)', None),
    ('the beginning of a word', {'a.c': ONE.replace('b != 1', 'b != 10')}, 'judge', 'b != 1', None),
    ('a guard in a table', {'a.c': TABLE}, 'rows', '{ "a", 1 },', 'rows'),
    ('a guard that a macro has twice', {'a.h': MACRO}, 'BIT', '(n)', None),
    ('a guard in a macro that continues', {'a.h': MACRO}, 'BIT', 'UINT64_C(1) <<', 'BIT'),
    ('a guard in OCaml', {'a.ml': ML}, 'inner', 'if a > 0 then b', 'inner'),
    ('a guard of an outer binding in OCaml', {'a.ml': ML}, 'judge', 'inner a', 'judge'),
]


def found(files, name, guard):
    with tempfile.TemporaryDirectory() as folder:
        for path, text in files.items():
            (Path(folder) / path).parent.mkdir(exist_ok=True)
            (Path(folder) / path).write_text(text)
        place, remark = Sources(folder, ['**/*.[ch]', '**/*.ml']).find(name, guard)
        if place and (place.name != name.rpartition(':')[2]) != bool(remark):
            return f'{place.name} with the remark "{remark}"'
        return place.name if place else None


def main():
    tap = Tap()
    print(f'1..{len(CASES)}')
    for what, files, name, guard, expected in CASES:
        result = found(files, name, guard)
        tap.check(what, [] if result == expected else [f'found in {result}, not in {expected}'])
    sys.exit(1 if tap.failed else 0)


if __name__ == '__main__':
    main()
