#!/usr/bin/env python3
"""OCaml's packages for Solo5, where only one of MirageOS's libraries is installed, and the former names of their libraries."""
import os
import shutil
import subprocess
import sys

import tap
from test_ocaml import PARTS

TOP = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
PATIENCE = float(os.environ.get("PATIENCE", "1"))
# MirageOS's name of the context of all targets of Solo5, compiled by this machine's compiler.
SOLO5 = "(lang dune 2.9)\n(context (default (name solo5)))\n"
# Programs that link the implementation in place of MirageOS's own.
PROGRAMS = {
    "ptime": "let () = assert (fst (Mirage_ptime.now_d_ps ()) > 20_000)\n",
    "mtime": "let () = assert (Mirage_mtime.elapsed_ns () > 0L)\n",
}


def run(folder, *command, **options):
    done = subprocess.run(command, cwd=folder, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                          text=True, timeout=250 * PATIENCE, **options)
    tap.check(done.returncode == 0, f"{command}: {done.returncode}: {done.stdout[-4000:]}")
    return done.stdout


def write(path, text):
    with open(path, "w") as f:
        f.write(text)


def make_workspace(folder):
    os.mkdir(f"{folder}/ffntp")
    for part in PARTS:
        (shutil.copytree if os.path.isdir(f"{TOP}/{part}") else shutil.copy)(f"{TOP}/{part}", f"{folder}/ffntp/{part}")
    write(f"{folder}/dune-workspace", SOLO5)


def install_only(folder, library):
    """Put the declaration of one library of MirageOS beside the packages, and a program that uses it by its former name."""
    for former in "mirage", "program":
        shutil.rmtree(f"{folder}/{former}", ignore_errors=True)
    shutil.copytree(f"{TOP}/tests/ocaml/mirage-{library}", f"{folder}/mirage")
    os.mkdir(f"{folder}/program")
    write(f"{folder}/program/dune-project", "(lang dune 2.9)\n")
    write(f"{folder}/program/dune",
          f"(executable (name program) (libraries mirage-{library} ffntp.mirage-{library}))\n")
    write(f"{folder}/program/program.ml", PROGRAMS[library])


def installed(folder):
    """Return the libraries of both packages that dune has installed into its folder."""
    root = f"{folder}/_build/install/solo5/lib"
    return {f"{package}.{each.name}" for package in ("ffntp", "ffntp-mirage") for each in os.scandir(f"{root}/{package}")
            if each.is_dir()}


def test_builds_with_one_library_of_mirageos(folder):
    make_workspace(folder)
    for library, other in ("ptime", "mtime"), ("mtime", "ptime"):
        install_only(folder, library)
        said = run(folder, "dune", "build", "--root", ".", "-j2", "@install", "program/program.exe")
        tap.check(said.strip() == "", said)
        found = installed(folder)
        tap.check(f"ffntp-mirage.{library}" in found and f"ffntp-mirage.{other}" not in found, f"installed: {sorted(found)}")
        tap.check("ffntp.lwt" in found and "ffntp.linux" not in found, f"for Solo5: {sorted(found)}")
        run(folder, "_build/solo5/program/program.exe")


if __name__ == "__main__":
    tap.run(sys.modules[__name__])
