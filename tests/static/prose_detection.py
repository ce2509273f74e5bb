#!/usr/bin/env python3
"""Tests prose.py: it finds each banned wording in each kind of file, passes good sentences, and compares counts. Writes TAP."""
import sys
from pathlib import Path

import prose

A_RELATIVE, NOBODY, TELLS, TOLD, ANEW, SO_MUCH, ANOTHER, SPEAKS = prose.BANNED

# A file, its text, and the wordings that must be found in it.
CASES = [
    ('x.c', '/* What becomes of a stamp. */', [A_RELATIVE]),
    ('x.c', '/* The page. Whoever keeps it stops. */', [A_RELATIVE]),
    ('x.h', '/*\n * clock: what a client\n * puts out. */', [A_RELATIVE]),
    ('x.h', '/* Who reads the\n * time begins here. */', [A_RELATIVE]),
    ('x.h', 'int x; /* whatever the status is */', [A_RELATIVE]),
    ('x.c', '/* Ended. Nobody may mix the two. */', [NOBODY]),
    ('x.c', '/* The table tells\n * whether it holds. */', [TELLS]),
    ('x.c', '/* A clock tells of it, and tell what is known. */', [TELLS, TELLS]),
    ('x.c', '/* What is\n * told stays true. */', [A_RELATIVE, TOLD]),
    ('x.c', '/* The kernel was told; readers are never told. */', [TOLD, TOLD]),
    ('x.c', '/* Makes the map anew. */', [ANEW]),
    ('x.c', '/* TAI - UTC is so much after so many ticks, ahead by as much. */', [SO_MUCH] * 3),
    ('x.c', '/* The counter is another one. */', [ANOTHER]),
    ('x.c', '/* The server says so, is believed, heard, obeyed, accused and forgiven. */', [SPEAKS] * 6),
    ('x.c', 'log("leap second: " "is told by " PRIu64 " servers");', [TOLD]),
    ('x.c', 'log("what the server sent");', [A_RELATIVE]),
    ('x.c', '// Sent anew.\nint x; // anew\n', [ANEW, ANEW]),
    ('x.py', '# Nobody may\n# run this.\nprint("it is told")\n', [NOBODY, TOLD]),
    ('x.py', '"""What a test does."""\n', [A_RELATIVE]),
    ('tests/guards.py', '"""What it does."""\n# Made anew.\n', [A_RELATIVE, ANEW]),
    ('x.py', "print(f'it said {line}')\nprint('it {said}')\n", [SPEAKS] * 2),
    ('x.ml', '(* What a client\n is. *) let x = "made anew"', [A_RELATIVE, ANEW]),
    ('meson.build', "# What users read of them.\ntest('said again')", [A_RELATIVE, SPEAKS]),
    ('dune', '; Made anew.\n(name x)', [ANEW]),
    ('x.md', 'A map.\nWhat it\nholds is here.\n\n- Whoever reads it.\n', [A_RELATIVE] * 2),
    ('x.md', '# What is promised\n\n| file | what it gives |\n', [A_RELATIVE] * 2),
    ('x.md', '    core/   what a client knows\n', [A_RELATIVE]),
    # Good sentences, questions, and words within names and code.
    ('x.c', '/* Return the error bound of the reading, in nanoseconds. It states what the map allows. */', []),
    ('x.c', '/* The server contradicts the clock, which rejects the reply because the bound excludes it. */', []),
    ('x.c', '/* What jumped: the server or the counter? */', []),
    ('x.c', 'bool is_forgiven = said_anew(another_one); /* nobody */', []),
    ('x.c', "char c = '\"'; /* The period. */ int anew;", []),
    ('x.md', '```c\n/* What a client is. */\n```\n\nRead `anew` again. Which server is it?\n', []),
    ('x.md', '# Who jumped?\n', []),
    ('x.py', "x = {'what': 1, 'who': 2}  # The user's options.\n", []),
    ('x.py', "check(f'too few: {said()}')\n", []),
    ('tests/guards.py', "ROW = ('it said so', 'anew')  # Row.\n", []),
]

COMPARED = [
    ({'a': 1}, {'a': 1}, 0, 0),
    ({'a': 2}, {'a': 1}, 1, 0),
    ({'a': 1}, {}, 1, 0),
    ({'a': 1}, {'a': 2}, 0, 1),
    ({}, {'a': 2}, 0, 1),
]


def detection_problems():
    for name, text, expected in CASES:
        found = [wording for _, wording, _ in prose.find(Path(name), text)]
        if sorted(found) != sorted(expected):
            yield f'{name}: {text!r}: found {found}, expected {expected}'


def comparison_problems():
    for counts, allowed, risen, fallen in COMPARED:
        got = tuple(len(problems) for problems in prose.compare(counts, allowed))
        if got != (risen, fallen):
            yield f'{counts} beside {allowed}: {got}, expected {(risen, fallen)}'
    table = {'core/a.c': 12, 'docs/b.md': 1}
    if prose.read_table(prose.write_table(table)) != table:
        yield 'a table that is written is not read back'


def line_problems():
    lines = [line for line, _, _ in prose.find(Path('x.c'), 'int x;\n\n/* Made anew. */\n')]
    if lines != [3]:
        yield f'a wording in line 3 is found in {lines}'


def main():
    problems = [list(detection_problems()), list(comparison_problems()), list(line_problems())]
    print(f'1..{len(problems)}')
    prose.report('each banned wording is found, and good sentences pass', problems[0], 1)
    prose.report('counts that rise or fall are seen', problems[1], 2)
    prose.report('the line of a wording is found', problems[2], 3)
    sys.exit(1 if any(problems) else 0)


main()
