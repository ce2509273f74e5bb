#!/usr/bin/env python3
"""Writes the seeds of fuzz_arguments, fuzz_control and fuzz_leap: seed_words.py CORPUS."""
import hashlib
import sys
from pathlib import Path

ARGUMENTS = {
    'flag': (0, '--flag'), 'verbose': (0, '-v', 'FILE'), 'text': (0, '--text', 'a', 'b'), 'equals': (0, '--text=a'),
    'optional': (0, '--optional', 'x'), 'optional-text': (0, '--optional=x'), 'integer': (0, '--integer', '7'),
    'integer-bad': (0, '--integer', '11'), 'integer-hex': (0, '--integer', '0x5'), 'integer-huge': (0, '--integer=9' + '9' * 30),
    'real': (0, '--real', '1e-3'), 'real-nan': (0, '--real', 'nan'), 'real-space': (0, '--real', ' 1'),
    'estimator': (0, '--estimator', 'radclock'), 'estimator-bad': (0, '--estimator=no'), 'unknown': (0, '--no-such'),
    'short': (0, '-x'), 'missing': (0, '--text'), 'help': (0, '--help'), 'dashes': (0, '--', '--flag'), 'leading': (1, '--flag', 'a', '--text'),
    'alone': (2, '--flag'), 'alone-operand': (2, 'operand'), 'abbreviated': (0, '--fl'), 'empty': (0, ''),
    'control': (0, '--no\n\x1b[2J'), 'many': (0, *['--flag'] * 40),
}
COMMANDS = {
    'add': 'add server ntp.example.org iburst', 'add-pool': 'add pool ntp.example.org maxsources 3', 'delete': 'delete ntp.example.org',
    'delete-port': 'delete [2001:db8::1]:123', 'delete-refclock': 'delete PHC0', 'delete-nothing': 'delete', 'online': 'online',
    'offline': 'offline 2001:db8::1', 'onoffline': 'onoffline', 'onoffline-name': 'onoffline x', 'burst': ' BURST\tntp.example.org:123',
    'reload': 'reload', 'reload-sources': 'reload sources', 'unknown': 'settime 0', 'blank': '   ', 'nul': 'add\0server', 'lines': 'add\nonline',
    'long': 'add server ' + 'a' * 3000, 'just': 'b' * 2048,
}


def leap_table(entries=((2272060800, 10), (2287785600, 11), (3692217600, 37)), issued=3992312697, expires=4023129600, spoilt=False):
    digits = f'{issued}{expires}' + ''.join(f'{at}{offset}' for at, offset in entries)
    digest = hashlib.sha1(digits.encode()).hexdigest()
    groups = ' '.join(format(int(digest[i:i + 8], 16) + spoilt, 'x') for i in range(0, 40, 8))
    return f'#$\t{issued}\n#@\t{expires}\n' + ''.join(f'{at}\t{offset}\t# x\n' for at, offset in entries) + f'#h\t{groups}\n'


LEAPS = {
    'good': leap_table(), 'hash': leap_table(spoilt=True), 'decreasing': leap_table(((3692217600, 37), (2287785600, 11))),
    'jump': leap_table(((2272060800, 10), (2287785600, 13))), 'many': leap_table([(2272060800 + 86400 * 365 * i, 10 + i) for i in range(90)]),
    'no-entries': leap_table(()), 'expired': leap_table(expires=3692217601), 'crlf': leap_table().replace('\n', '\r\n'),
    'no-hash': leap_table().partition('#h')[0], 'no-expiry': leap_table().replace('#@', '#'), 'cut': leap_table()[:-20],
    'huge': '#@ 99999999999999999999999\n', 'zeros': '\0' * 50, 'comment': '#\n#', 'offset': leap_table(((2272060800, 40000),)),
}


def main():
    corpus = Path(sys.argv[1])
    for folder, seeds in {'arguments': {name: bytes([way]) + b''.join(word.encode() + b'\0' for word in words)
                                        for name, (way, *words) in ARGUMENTS.items()},
                          'control': {name: b'\0' + text.encode() for name, text in COMMANDS.items()} | {'busy': b'\1add server a'},
                          'leap': {name: text.encode() for name, text in LEAPS.items()}}.items():
        (corpus / folder).mkdir(parents=True, exist_ok=True)
        for name, seed in seeds.items():
            (corpus / folder / name).write_bytes(seed)


main()
