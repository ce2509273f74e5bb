#!/usr/bin/env python3
"""The reference: it can be rendered without a warning, and every declaration of the public headers is documented. Writes TAP."""
import subprocess
import sys
import tempfile
from pathlib import Path

TOP = Path(__file__).resolve().parents[2]

# Kinds that need no comment, because name and unit suffice: fields, and structs between documented functions.
MAY_BE_SILENT = ("(variable)", "Compound")


def undocumented(folder):
    settings = (TOP / "docs/Doxyfile").read_text()
    settings += f"OUTPUT_DIRECTORY = {folder}\nEXTRACT_ALL = NO\nWARN_AS_ERROR = NO\nGENERATE_HTML = NO\nGENERATE_XML = YES\n"
    done = subprocess.run(["doxygen", "-"], input=settings, cwd=TOP, capture_output=True, text=True, check=False)
    return [line for line in done.stderr.splitlines() if not any(word in line for word in MAY_BE_SILENT)]


def main():
    with tempfile.TemporaryDirectory() as folder:
        done = subprocess.run([TOP / "scripts/reference", folder], capture_output=True, text=True, check=False)
        headers = [path.stem for path in (TOP / "include/ffntp").glob("*.h")]
        missing = [name for name in headers if not Path(folder, "html", f"{name.replace('_', '__')}_8h.html").exists()]
        silent = undocumented(f"{folder}/silent")
    print("1..2")
    print("not ok" if done.returncode or missing else "ok", "1 - the reference is rendered without a warning")
    print("".join(f"# {line}\n" for line in (done.stdout + done.stderr).splitlines() + missing), end="")
    print("not ok" if silent else "ok", "2 - functions, enumerations and macros are documented")
    print("".join(f"# {line}\n" for line in silent), end="")
    sys.exit(1 if done.returncode or missing or silent else 0)


main()
