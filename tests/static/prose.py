#!/usr/bin/env python3
"""Counts wordings that docs/glossary.md bans, in the comments, messages and documents of each file. Writes TAP.

Usage: prose.py [--list [FILE...] | --update]

A file may contain exactly as many as prose-counts.txt allows, and none if it is not listed there. A count that rises is
a failure; so is a count that has fallen while the table still allows more, so that the table only ever goes down.

--list    print each place in these files, or in all files
--update  lower the table to the present counts; refuse to raise one
"""
import re
import sys
from pathlib import Path

TOP = Path(__file__).resolve().parents[2]
TABLE = Path('tests/static/prose-counts.txt')

PARTS = ('include', 'core', 'ports', 'nts', 'daemon', 'tool', 'sim', 'bindings', 'bench', 'examples', 'tests', 'docs', 'scripts')
TOP_FILES = ('README.md', 'CONTRIBUTING.md', 'SECURITY.md', 'CHANGELOG.md', 'Makefile', 'meson.build', 'meson_options.txt')
# Files that contain the banned wordings because they define them.
EXEMPT = {'tests/static/prose.py', 'tests/static/prose_detection.py', 'docs/glossary.md'}
# Their strings are other files' code.
QUOTE_CODE = {'tests/guards.py', 'tests/ocaml/guards.py'}

OPENS = r'(?:^|[.:!?] )[*_"(]*'
BANNED = {
    'a relative opens the sentence': re.compile(OPENS + r'(?:what|who|whoever|whatever)\b(?=[^.?]* [^.?]*(?:[.]|$))', re.I),
    'Nobody opens the sentence': re.compile(OPENS + r'nobody\b(?= [^ ]+ )', re.I),
    'tells what, whether, of': re.compile(r'\btells? (?:what|whether|of)\b', re.I),
    'is told': re.compile(r'\b(?:is|are|was|were|be|been|being) (?:not |never )?told\b', re.I),
    'anew': re.compile(r'\banew\b', re.I),
    'so much, so many, by as much': re.compile(r'\b(?:so much|so many|by as much)\b', re.I),
    'another one': re.compile(r'\banother one\b', re.I),
    'a thing that speaks or feels': re.compile(
        r'\b(?:say|says|said|saying|hears?|heard|hearing|believe[sd]?|believing|obey(?:s|ed|ing)?|accus(?:e|es|ed|ing)'
        r'|forg(?:ive|ives|iven|iving|ave))\b', re.I),
}

STRING = r'"(?:\\.|[^"\\\n])*"'
C_TOKEN = re.compile(r'/\*.*?\*/|//[^\n]*|' + STRING + r"|'(?:\\.|[^'\\\n])+'", re.DOTALL)
OCAML_TOKEN = re.compile(r'\(\*.*?\*\)|"(?:\\.|[^"\\])*"|' + r"'(?:\\.|[^'\\\n])'", re.DOTALL)
HASH_TOKEN = re.compile(r'"""(?:.*?)"""|' + STRING + r"|'(?:\\.|[^'\\\n])*'|(?:(?<=\s)|^)#[^\n]*", re.DOTALL | re.MULTILINE)
DUNE_TOKEN = re.compile(STRING + r'|;[^\n]*')

# In one of Python's formatted strings: a brace, or an expression, which is code.
PLACEHOLDER = re.compile(r'\{\{|\}\}|\{[^{}]*\}')

# Between two literals that are one message: blanks, or one of C's format macros.
BETWEEN_STRINGS = re.compile(r'\s*(?:PRI\w+\s*)?')


def token_pattern(path):
    if path.suffix in ('.c', '.h', '.S', '.ld'):
        return C_TOKEN
    if path.suffix in ('.ml', '.mli'):
        return OCAML_TOKEN
    if path.name in ('dune', 'dune-project'):
        return DUNE_TOKEN
    return HASH_TOKEN


def kind_of(token):
    return {'/': 'block', '(': 'block', '#': 'line', ';': 'line'}.get(token[0], 'string') if token[:2] != '//' else 'line'


def text_of(token, kind, is_formatted=False):
    """Return the words of a comment without its marks, or of a string without its quotes and the code in its placeholders."""
    if kind == 'string':
        words = PLACEHOLDER.sub('code', token) if is_formatted else token
        return re.sub(r'\\[nt]', ' ', words.strip('"\''))
    body = re.sub(r'^(?:/\*|\(\*+|//|#+|;+)|(?:\*/|\*\))$', '', token)
    return re.sub(r'^\s*\*(?= |$)', '', body, flags=re.MULTILINE)


def continues(before, between, token, kind):
    """Return whether a token continues the text of the token before it."""
    if before != kind or kind == 'block':
        return False
    if kind == 'string':
        return BETWEEN_STRINGS.fullmatch(between) is not None
    return between.strip() == '' and between.count('\n') == 1


def pieces_of_code(path, source):
    """Return the line and the text of each comment and message."""
    pieces, before, end = [], None, 0
    for match in token_pattern(path).finditer(source):
        token, kind = match.group(0), kind_of(match.group(0))
        if kind == 'string' and str(path) in QUOTE_CODE and not token.startswith('"""'):
            continue
        is_formatted = path.suffix == '.py' and source[:match.start()].endswith('f')
        text = text_of(token, kind, is_formatted)
        if pieces and continues(before, source[end:match.start()], token, kind):
            pieces[-1][1].append(text if kind == 'string' else '\n' + text)
        else:
            pieces.append((source.count('\n', 0, match.start()) + 1, [text]))
        before, end = kind, match.end()
    return [(line, ''.join(texts)) for line, texts in pieces]


def pieces_of_document(source):
    """Return the line and the text of each paragraph, heading, list item and table cell. Code does not count."""
    pieces, is_code, is_new = [], False, True
    for number, line in enumerate(source.split('\n'), 1):
        if line.startswith('```'):
            is_code, is_new = not is_code, True
            continue
        if is_code or not line.strip():
            is_new = True
            continue
        text = re.sub(r'`[^`]*`', 'code', line)
        apart = line.startswith(('#', '|', '    '))
        if apart or is_new or re.match(r'\s*(?:[-*]|\d+\.) ', line):
            cells = re.split(r'\||   +|^#+|^\s*(?:[-*]|\d+\.) ', text) if apart else [re.sub(r'^\s*(?:[-*]|\d+\.) ', '', text)]
            pieces += [(number, [cell]) for cell in cells if cell.strip()]
        else:
            pieces[-1][1].append(text)
        is_new = apart
    return [(line, ' '.join(texts)) for line, texts in pieces]


def find(path, source):
    """Yield line, name of the wording and sentence of each banned wording in a file."""
    pieces = pieces_of_document(source) if path.suffix == '.md' else pieces_of_code(path, source)
    for line, text in pieces:
        words = ' '.join(text.split())
        for name, pattern in BANNED.items():
            for match in pattern.finditer(words):
                yield line, name, words[max(0, match.start() - 30):match.end() + 50]


def is_program(path):
    return path.suffix == '' and path.parts[0] == 'scripts'


def is_checked(path):
    if str(path) in EXEMPT or any(part in ('build', '_build') or part.startswith('.') for part in path.parts):
        return False
    return (path.suffix in ('.c', '.h', '.S', '.ld', '.ml', '.mli', '.py', '.md', '.mk') or
            path.name in ('meson.build', 'Makefile', 'dune', 'dune-project') or is_program(path))


def files(top):
    found = [path.relative_to(top) for part in PARTS for path in (top / part).rglob('*') if path.is_file()]
    return sorted(path for path in found + [Path(name) for name in TOP_FILES if (top / name).is_file()] if is_checked(path))


def count(top):
    counts = {str(path): sum(1 for _ in find(path, (top / path).read_text())) for path in files(top)}
    return {name: number for name, number in counts.items() if number}


def read_table(text):
    rows = (line.split() for line in text.splitlines() if line and not line.startswith('#'))
    return {name: int(number) for number, name in rows}


def write_table(counts):
    head = '# Banned wordings that files still contain: prose.py. Lower it with tests/static/prose.py --update; never raise it.\n'
    return head + ''.join(f'{number:4} {name}\n' for name, number in sorted(counts.items()))


def compare(counts, allowed):
    """Return the files with more than the table allows, and the files with fewer."""
    risen = [f'{name}: {number} banned wordings, {allowed.get(name, 0)} allowed' for name, number in sorted(counts.items())
             if number > allowed.get(name, 0)]
    fallen = [f'{name}: {counts.get(name, 0)} banned wordings, the table allows {number}; run tests/static/prose.py --update'
              for name, number in sorted(allowed.items()) if number > counts.get(name, 0)]
    return risen, fallen


def update(top, counts):
    table = top / TABLE
    risen = compare(counts, read_table(table.read_text()))[0] if table.exists() else []
    if risen:
        sys.exit('not updated, because counts have risen:\n' + '\n'.join(risen))
    table.write_text(write_table(counts))


def show(top, names):
    for path in [Path(name) for name in names] or files(top):
        for line, name, words in find(path, (top / path).read_text()):
            print(f'{path}:{line}: {name}: {words}')


def report(tap_name, problems, number):
    print(f'{"not ok" if problems else "ok"} {number} - {tap_name}')
    print(''.join(f'# {problem}\n' for problem in problems), end='')


def main(arguments):
    if arguments[:1] == ['--list']:
        show(TOP, arguments[1:])
        return
    counts = count(TOP)
    if arguments[:1] == ['--update']:
        update(TOP, counts)
        return
    risen, fallen = compare(counts, read_table((TOP / TABLE).read_text()))
    print('1..2')
    report('no file has more banned wordings than the table allows', risen, 1)
    report('the table allows no more than there are', fallen, 2)
    sys.exit(1 if risen or fallen else 0)


if __name__ == '__main__':
    main(sys.argv[1:])
