#!/usr/bin/env python3
"""Writes a C file with the files of this folder: assets.py STYLE SCRIPT."""
import sys


def definition(name, path):
    with open(path, 'rb') as f:
        data = f.read()
    rows = [', '.join(map(str, data[i:i + 24])) for i in range(0, len(data), 24)]
    return f'const char {name}[] = {{\n' + ',\n'.join(rows) + ',\n0 };\n'


print('#include "reportassets.h"\n')
print(definition('report_style', sys.argv[1]))
print(definition('report_script', sys.argv[2]))
