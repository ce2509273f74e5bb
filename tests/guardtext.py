"""Finds the code that a row of tests/guards.py names: a definition, and text inside it.

A row names a function (or a table, or a macro), and the guard's text. The file, comments and line breaks do not matter,
so a guard may move, and a row changes only if the text of its guard changes. Where several files define the name and
the text is in more than one of them, the row adds the end of the path: 'card.c:begin'.

The sources follow one style (clang-format's), so no compiler is needed: a function begins in column 0 and ends with the
next line "}"; a definition in OCaml ends before the next line that is not indented further than its own.
"""
import re
from pathlib import Path
from typing import NamedTuple

COMMENT = {'.c': re.compile(r'"(?:\\.|[^"\\\n])*"|\'(?:\\.|[^\'\\\n])+\'|/\*.*?\*/|//[^\n]*', re.DOTALL),
           '.ml': re.compile(r'"(?:\\.|[^"\\])*"|\(\*.*?\*\)', re.DOTALL)}
COMMENT['.h'] = COMMENT['.c']
TOKEN = re.compile(r'\w+|"(?:\\.|[^"\\])*"|\S')
# A function, a table, a macro.
C_DEFINITION = re.compile(r'^(?P<head>\w[^;{}#]*?)^\{\n.*?^\}'
                          r'|^\w[^;{}#()]*?\b(?P<table>\w+)(?:\[[^\n]*\])? = \{\n.*?^\};'
                          r'|^#define (?P<macro>\w+)(?:[^\n]*\\\n)*[^\n]*', re.DOTALL | re.MULTILINE)
# Parentheses after these do not make a function of them.
ATTRIBUTE = re.compile(r'__attribute__$|[A-Z][A-Z0-9_]*$')


class Place(NamedTuple):
    """Text of a guard: characters begin to end of path, in the definition of name."""
    path: Path
    name: str
    begin: int
    end: int


class Definition(NamedTuple):
    name: str
    begin: int
    end: int


def blank_comments(text, suffix):
    """Return the text with spaces in place of comments, so that positions stay."""
    def blank(match):
        is_comment = match[0].startswith(('/*', '//', '(*'))
        return re.sub(r'[^\n]', ' ', match[0]) if is_comment else match[0]
    return COMMENT[suffix].sub(blank, text)


def definitions(text, suffix):
    """Yield the definitions of a text without comments."""
    return ml_definitions(text) if suffix == '.ml' else c_definitions(text)


def c_definitions(text):
    """Yield functions, tables and macros."""
    for match in C_DEFINITION.finditer(text):
        names = re.findall(r'(\w+)\(', match['head'] or '')
        name = match['table'] or match['macro'] or next((name for name in names if not ATTRIBUTE.match(name)), None)
        if name:
            yield Definition(name, match.start(), match.end())


def ml_definitions(text):
    """Yield each binding with everything that is indented further than it, bindings inside others too."""
    for match in re.finditer(r'^( *)(?:let|and)(?: rec\b)?(?: ~| \?)? *(\w+)', text, re.MULTILINE):
        following = re.compile(rf'^ {{0,{len(match[1])}}}\S', re.MULTILINE).search(text, match.end())
        yield Definition(match[2], match.start(), following.start() if following else len(text))


def pattern(guard):
    """Return an expression for the guard's tokens with any white space between them."""
    tokens = TOKEN.findall(guard)
    parts = []
    for former, token in zip([''] + tokens, tokens):
        both_are_words = former[-1:].isidentifier() or former[-1:].isdigit()
        both_are_words = both_are_words and (token[0].isidentifier() or token[0].isdigit())
        parts += [r'\s+' if both_are_words else r'\s*' if former else '', re.escape(token)]
    begin = r'(?<!\w)' if re.match(r'\w', tokens[0]) else ''
    end = r'(?!\w)' if re.search(r'\w$', tokens[-1]) else ''
    return re.compile(begin + ''.join(parts) + end)


class Sources:
    """The files in which guards are searched."""

    def __init__(self, top, patterns):
        self.top = Path(top)
        self.text = {}
        self.bodies = {}
        for path in sorted(path for each in patterns for path in self.top.glob(each)):
            self.text[path] = blank_comments(path.read_text(), path.suffix)
            for definition in definitions(self.text[path], path.suffix):
                self.bodies.setdefault(definition.name, []).append((path, definition))

    def places(self, name, guard):
        """Return where the guard's text is in the definitions of that name."""
        ending, _, name = name.rpartition(':')
        expression = pattern(guard)
        found = {(path, match.span()): Place(path, name, *match.span())
                 for path, definition in self.bodies.get(name, []) if not ending or f'/{path}'.endswith(f'/{ending}')
                 for match in expression.finditer(self.text[path], definition.begin, definition.end)}
        return list(found.values())

    def everywhere(self, guard):
        """Return where the guard's text is in any definition, with the innermost definition's name."""
        places, expression = {}, pattern(guard)
        for name, bodies in self.bodies.items():
            for path, definition in bodies:
                length = definition.end - definition.begin
                for match in expression.finditer(self.text[path], definition.begin, definition.end):
                    shortest, _ = places.get((path, match.start()), (len(self.text[path]), None))
                    if length < shortest:
                        places[path, match.start()] = length, Place(path, name, *match.span())
        return [place for _, place in places.values()]

    def find(self, name, guard):
        """Return the guard's one place or None, and a remark: why there is none, or that the guard has moved."""
        places = self.places(name, guard)
        if len(places) == 1:
            return places[0], ''
        if len(places) > 1:
            paths = ', '.join(str(place.path.relative_to(self.top)) for place in places)
            return None, f'found {len(places)} times in {name} ({paths}): {guard}'
        others = self.everywhere(guard)
        if len(others) == 1:
            return others[0], f'not in {name} but in {others[0].name} ({others[0].path.relative_to(self.top)}): {guard}'
        has_function = 'which does not have' if name.rpartition(':')[2] in self.bodies else 'which does not exist, for'
        return None, f'not found in {name}, {has_function}: {guard}'
