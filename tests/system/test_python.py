#!/usr/bin/env python3
"""The Python binding as its users build it: wheels with Debian's tools, without a network, and the code of docs/python.md; and its
tests under the sanitizers.

Usage: test_python.py SOURCE...     the C files of library and extension
"""
import glob
import os
import re
import shutil
import subprocess
import sys

import fake
import tap

TOP = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
BUILD, PYTHON = os.environ["BUILD"], os.environ["PYTHON"]
BINDING = f"{TOP}/bindings/python"
SOURCES = sys.argv[1:]
PATIENCE = float(os.environ.get("PATIENCE", "1"))
# Those that concern the extension; test_package.py also measures memory, which sanitizers use differently.
TESTS = ["clock", "fake", "journal", "rubbish"]
SANITIZERS = ["-fsanitize=address,undefined", "-fno-sanitize-recover=undefined"]


def run(*command, **options):
    done = subprocess.run(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
                          timeout=250 * PATIENCE, **options)
    tap.check(done.returncode == 0, f"{command}: {done.returncode}: {done.stdout[-4000:]}")
    return done.stdout


def has(module):
    return subprocess.run([PYTHON, "-c", f"import {module}"], capture_output=True).returncode == 0


def pytest(folder, tests, **environment):
    """Run tests with the package in the folder."""
    run(PYTHON, "-X", "faulthandler", "-m", "pytest", "-q", "-p", "no:cacheprovider", *(f"{BINDING}/tests/test_{name}.py" for name in tests),
        cwd=folder, env=dict(os.environ, PYTHONPATH=folder, PYTHONDONTWRITEBYTECODE="1", LIBFFNTP=f"{BUILD}/ports/linux/libffntp.so",
                         **environment))


def installed(folder):
    """Install the library in the folder; return its folder, and the environment in which pkg-config finds it."""
    root = f"{folder}/root"
    run("meson", "install", "-C", BUILD, "--no-rebuild", "--destdir", root)
    [found] = glob.glob(f"{root}/**/ffntp.pc", recursive=True)
    pkgconfig = os.path.dirname(found)
    return os.path.dirname(pkgconfig), dict(PKG_CONFIG_PATH=pkgconfig, PKG_CONFIG_SYSROOT_DIR=root)


def unpacked(folder, wheel):
    """Install a wheel in a folder of its own; return that."""
    target = f"{folder}/target"
    run(PYTHON, "-m", "pip", "install", "--no-index", "--no-deps", "--no-cache-dir", "--root-user-action=ignore", "--target", target, wheel)
    return target


def copy_of_binding(folder):
    shutil.copytree(BINDING, f"{folder}/python", ignore=shutil.ignore_patterns("build", "*.egg-info", "__pycache__"))
    return f"{folder}/python"


def test_a_wheel_by_build(folder):
    """Also the source distribution, from which the wheel is built."""
    if not has("build"):
        raise tap.Skip("no python3-build")
    libraries, where = installed(folder)
    source = copy_of_binding(folder)
    run(PYTHON, "-m", "build", "--no-isolation", source, "--outdir", f"{folder}/dist", env=dict(os.environ, **where))
    [wheel] = glob.glob(f"{folder}/dist/*.whl")
    tap.check(re.fullmatch(r"ffntp-[\d.]+-cp311-abi3-linux_\w+\.whl", os.path.basename(wheel)), wheel)
    pytest(unpacked(folder, wheel), ["clock", "fake", "journal", "package"], LD_LIBRARY_PATH=libraries)


def test_a_wheel_with_the_library_inside(folder):
    _, where = installed(folder)
    source = copy_of_binding(folder)
    run(PYTHON, "-m", "pip", "wheel", "--no-build-isolation", "--no-deps", "--no-index", "--no-cache-dir", "-w", folder, source,
        env=dict(os.environ, FFNTP_STATIC="1", **where))
    [wheel] = glob.glob(f"{folder}/*.whl")
    target = unpacked(folder, wheel)
    [extension] = glob.glob(f"{target}/ffntp/_ffntp*.so")
    tap.check("libffntp" not in run("ldd", extension), "the library is not inside")
    tap.check(run("nm", "-D", "--defined-only", extension).split()[2::3] == ["PyInit__ffntp"], "the extension exports too much")
    pytest(target, TESTS)


def test_a_build_without_the_library_says_what_to_do(folder):
    done = subprocess.run([PYTHON, "setup.py", "build"], cwd=copy_of_binding(folder), capture_output=True, text=True,
                          env=dict(os.environ, PKG_CONFIG_LIBDIR=folder))
    tap.check(done.returncode == 1 and "install libffntp-dev" in done.stderr and "Traceback" not in done.stderr, f"{done}")


def test_an_installation_by_meson(folder):
    libraries, _ = installed(folder)
    [module] = glob.glob(f"{folder}/root/**/ffntp/_ffntp.abi3.so", recursive=True)
    names = sorted(set(os.listdir(os.path.dirname(module))) - {"__pycache__"})      # later versions of Meson make it
    tap.check(names == ["__init__.py", "_ffntp.abi3.so", "_ffntp.pyi", "_journal.py", "_scale.py", "py.typed"], f"{names}")
    pytest(os.path.dirname(os.path.dirname(module)), ["fake"], LD_LIBRARY_PATH=libraries)


def programs():
    with open(f"{TOP}/docs/python.md") as f:
        return re.findall(r"^```python\n(.*?)^```", f.read(), re.MULTILINE | re.DOTALL)


def test_the_code_of_the_document(folder):
    shutil.copy(f"{TOP}/tests/journals/three-servers.journal", f"{folder}/clock.journal")
    found = programs()
    tap.check(len(found) == 5, f"{len(found)} programs")
    with fake.Server() as server, tap.daemon(folder, "--poll", "1", f"127.0.0.1:{server.port}"):
        tap.wait_for_status(folder, "synchronised")
        for program in found:
            # The test's page replaces the system's.
            program = program.replace('"/run/ffntp/page"', f'"{folder}/page"')
            program = program.replace("import ffntp\n", f"import ffntp\nffntp._shared = ffntp.Clock('{folder}/page')\n", 1)
            if "numpy" in program and not has("numpy"):
                continue
            said = run(PYTHON, "-W", "error", "-c", program, cwd=folder, env=dict(os.environ, PYTHONPATH=f"{BUILD}/bindings/python"))
            tap.check(said.strip() and re.search(r"\d{5}|ok", said), f"{program}: {said}")


def test_under_the_sanitizers(folder):
    """The extension with the sources of the library inside. Python does not free all memory: no leaks are looked for."""
    shutil.copytree(f"{BUILD}/bindings/python/ffntp", f"{folder}/ffntp", ignore=shutil.ignore_patterns("*.so", "*.p"))
    include = run(PYTHON, "-c", "import sysconfig; print(sysconfig.get_path('include'))").strip()
    run("gcc", "-std=c11", "-g", "-O1", "-shared", "-fPIC", *SANITIZERS, "-DFFNTP_ASSERTIONS", "-D_GNU_SOURCE", f"-I{TOP}/include",
        f"-I{include}", *SOURCES, "-lnettle", "-lresolv", "-lm", "-o", f"{folder}/ffntp/_ffntp.abi3.so")
    runtimes = [run("gcc", f"-print-file-name={name}").strip() for name in ("libasan.so", "libubsan.so")]
    pytest(folder, TESTS, LD_PRELOAD=" ".join(runtimes), ASAN_OPTIONS="detect_leaks=0", UBSAN_OPTIONS="halt_on_error=1:print_stacktrace=1",
           PYTHONMALLOC="malloc")


if __name__ == "__main__":
    tap.run(sys.modules[__name__], together=2)
