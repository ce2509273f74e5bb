#!/usr/bin/env python3
"""The OCaml binding, built and tested with dune beside declarations of MirageOS's libraries. Its tests against a real server use
Debian's chronyd. Each test case of OCaml's is one of TAP's."""
import os
import re
import shutil
import subprocess
import sys
import tempfile

import chrony
import tap

TOP = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
WORKSPACE = os.environ.get("WORKSPACE", f"{TOP}/build/ocaml")
TESTS = ["ffntp/bindings/ocaml/test/test_ffntp", "ffntp/bindings/ocaml/test/test_lwt",
         "ffntp/bindings/ocaml/test/test_ensemble",
         "ffntp/bindings/ocaml/test/test_calibrate", "ffntp/bindings/ocaml/test/test_clock", "ffntp/bindings/ocaml/mirage/test/test_host",
         "ffntp/bindings/ocaml/test/test_server", "mirage/unikernel/test_variants"]
# The dune package, without the rest of the project.
PARTS = ["bindings", "core", "include", "ports", "dune", "dune-project", "ffntp.opam", "ffntp-mirage.opam"]
LIBRARIES = "domain-name ffntp ffntp-mirage.ptime ffntp.lwt ffntp.rng ipaddr mirage-ptime ptime".split()
PATIENCE = float(os.environ.get("PATIENCE", "1"))
# The smallest minor heap is collected most often.
COLLECTING = {"OCAMLRUNPARAM": "s=4k"}

SANITIZERS = "-fsanitize=address,undefined"
SANITIZED = {
    # The OCaml runtime that checks its heap. A comma would end the parameter.
    "OCAMLPARAM": "_,runtime-variant=d,ccopt=-fsanitize=address,ccopt=-fsanitize=undefined",
    # OCaml does not free its heap; the system does.
    "ASAN_OPTIONS": "detect_leaks=0",
    "UBSAN_OPTIONS": "halt_on_error=1",
}
# Names that odoc 3 looks for in the documentation of other libraries, which is not there.
OTHERS = re.compile(r"unresolvedroot\((Invalid_argument|Sys_error|Mirage_crypto_rng)\)")
CASE = re.compile(r"\s*\[(OK|FAIL|SKIP)\]\s+(\S+)\s+\d+\s+(.*?)\.?$")


def make_workspace(folder, settings=""):
    """Make a dune workspace as MirageOS does for a unikernel's dependencies: their sources side by side."""
    os.makedirs(folder, exist_ok=True)
    for name, target in ("ffntp", TOP), ("mirage", f"{TOP}/tests/ocaml"):
        if not os.path.islink(f"{folder}/{name}"):
            os.symlink(target, f"{folder}/{name}")
    with open(f"{folder}/dune-workspace", "w") as f:
        f.write(f"(lang dune 2.9)\n{settings}")


def run(argv, folder=WORKSPACE, **options):
    done = subprocess.run(argv, cwd=folder, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT, text=True, timeout=250 * PATIENCE, **options)
    return done.returncode, done.stdout


def built():
    code, said = run(["dune", "build", "--root", ".", "-j2", "@all"])
    return [("dune builds all of it, without a warning", code == 0 and said.strip() == "", said)]


def alone(folder):
    """Build and test the package without MirageOS's libraries."""
    for part in PARTS:
        (shutil.copytree if os.path.isdir(f"{TOP}/{part}") else shutil.copy)(f"{TOP}/{part}", f"{folder}/alone/{part}")
    code, said = run(["dune", "build", "--root", f"{folder}/alone", "-j2", "@all", "@runtest"])
    return [("dune builds and tests it alone", code == 0 and "Test Successful" in said, said)]


def documented():
    """Build the documentation. Warnings about other libraries' documentation do not count, because it is not there."""
    code, said = run(["dune", "build", "--root", ".", "-j2", "@ffntp/doc"])
    found = re.findall(r'^File "ffntp/[^\n]*\nWarning:.*', said, re.MULTILINE)
    ours = [warning for warning in found if not OTHERS.search(warning)]
    return [("odoc renders the interfaces", code == 0 and not ours, said)]


def cases_of(test, environment):
    code, said = run([f"_build/default/{test}.exe", "--color=never"], env=environment)
    found = [match for match in map(CASE.match, said.splitlines()) if match]
    cases = [(f"{match[2]}: {match[3]}", match[1] != "FAIL", said) for match in found]
    if not cases or code != 0 and all(is_ok for _, is_ok, _ in cases):
        cases.append((f"{test} ends well", False, said))
    return cases


def sanitized():
    """Run stubs and core under the sanitizers, with the OCaml runtime that checks its heap."""
    folder = f"{WORKSPACE}-sanitized"
    make_workspace(folder, f"(profile release)\n(env (_ (c_flags (:standard -g {SANITIZERS}))))\n")
    environment = dict(os.environ, **COLLECTING, **SANITIZED)
    programs = [f"{test}.exe" for test in TESTS[:3]]
    code, said = run(["dune", "build", "--root", ".", "-j2", *programs], folder, env=environment)
    yield "dune builds it with the sanitizers", code == 0, said
    for program in programs if code == 0 else []:
        code, said = run([f"_build/default/{program}", "--color=never"], folder, env=environment)
        yield f"{os.path.basename(program)} under the sanitizers", code == 0 and "Test Successful" in said, said


def configuration():
    code, said = run(["_build/default/mirage/unikernel/config.exe"])
    return [("the example's configuration names its libraries", code == 0 and said.split() == LIBRARIES, said)]


def unikernel(environment, *arguments):
    return run(["_build/default/mirage/unikernel/run_unikernel.exe", *arguments], env=environment)


def keeps_time(environment, server):
    code, said = unikernel(environment, f"--ntp-server={server}")
    lines = re.findall(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\.\d{9} .*\+- (\d+) ns", said)
    is_ok = code == 0 and len(lines) >= 2 and all(int(bound) < 100_000_000 for bound in lines)
    return [(f"the example unikernel prints the time: {server}", is_ok, said)]


def refuses(environment):
    code, said = unikernel(environment)
    return [("the example unikernel wants a server", code != 0 and "--ntp-server" in said, said)]


def all_cases(folder):
    make_workspace(WORKSPACE)
    yield from built()
    yield from alone(folder)
    yield from documented()
    yield from sanitized()
    with chrony.chronyd(folder) as port, tap.daemon(folder, "--poll", "1", f"127.0.0.1:{port}"):
        tap.wait_for_status(folder, "synchronised")
        environment = dict(os.environ, NTP_PORT=str(port), NTP_PAGE=f"{folder}/page", **COLLECTING)
        for test in TESTS:
            yield from cases_of(test, environment)
        yield from configuration()
        yield from refuses(environment)
        for server in "ntp.example.org", "fd00::1":
            yield from keeps_time(environment, server)


def main():
    failed, number = False, 0
    with tempfile.TemporaryDirectory(prefix="ffntp-test-") as folder:
        for number, (name, is_ok, said) in enumerate(all_cases(folder), 1):
            print(f"{'ok' if is_ok else 'not ok'} {number} {name}", flush=True)
            if not is_ok:
                failed = True
                print("".join(f"# {line}\n" for line in said.splitlines()[-60:]), end="", flush=True)
    print(f"1..{number}")
    sys.exit(1 if failed else 0)


if __name__ == "__main__":
    main()
