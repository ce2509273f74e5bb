"""Builds the extension against an installed libffntp, which pkg-config finds. pyproject.toml has the rest.

With FFNTP_STATIC=1 in the environment the library becomes part of the extension, and need not be installed where the
wheel is used; libnettle must.
"""

import os
import subprocess
import sys
from pathlib import Path

from setuptools import Extension, setup

# The first version of CPython's limited API that has buffers: src/binding.h.
PYTHON_TAG = "cp311"


def pkg_config(*options: str) -> list[str]:
    try:
        done = subprocess.run(["pkg-config", *options, "ffntp"], capture_output=True, text=True)
    except FileNotFoundError:
        sys.exit("pkg-config is missing: install it (Debian: pkg-config)")
    if done.returncode != 0:
        sys.exit(f"{done.stderr.strip()}\nlibffntp is not installed where pkg-config looks: install libffntp-dev, or set "
                 "PKG_CONFIG_PATH to the folder of ffntp.pc")
    return done.stdout.split()


def libraries() -> tuple[list[str], list[str]]:
    """Return archives, and flags for the linker."""
    if os.environ.get("FFNTP_STATIC", "0") in ("", "0"):
        return [], pkg_config("--libs")
    flags = pkg_config("--libs", "--static")
    folders = [flag.removeprefix("-L") for flag in flags if flag.startswith("-L")] + pkg_config("--variable=libdir")
    found = [f"{folder}/libffntp.a" for folder in folders if Path(folder, "libffntp.a").exists()]
    if not found:
        sys.exit(f"there is no libffntp.a in {' '.join(folders)}: install libffntp-dev")
    return found[:1], ["-Wl,--exclude-libs,ALL", *(flag for flag in flags if flag != "-lffntp")]


archives, link_flags = libraries()
setup(
    ext_modules=[Extension(
        "ffntp._ffntp",
        sources=sorted(path.as_posix() for path in Path("src").glob("*.c")),
        depends=sorted(path.as_posix() for path in Path("src").glob("*.h")),
        extra_compile_args=["-std=c11", "-fvisibility=hidden", *pkg_config("--cflags")],
        extra_objects=archives,
        extra_link_args=[*link_flags, "-lm"],
        py_limited_api=True,
    )],
    options={"bdist_wheel": {"py_limited_api": PYTHON_TAG}},
)
