"""The types, by mypy: slow."""
import subprocess
import sys
from pathlib import Path

import pytest

import ffntp

FOLDER = Path(ffntp.__file__).parent


def mypy(*arguments, folder):
    pytest.importorskip("mypy")
    return subprocess.run([sys.executable, "-m", *arguments], capture_output=True, text=True, cwd=folder,
                          env={"PATH": "/usr/bin:/bin", "PYTHONPATH": str(FOLDER.parent), "MYPYPATH": str(FOLDER.parent),
                               "MYPY_CACHE_DIR": str(folder / "cache")})


USER = """
from typing import assert_type
import ffntp

def run(clock: ffntp.Clock | ffntp.FakeClock) -> int | None:
    reading = clock.now("tai", max_bound_ns=5)
    assert_type(reading, ffntp.Reading)
    assert_type(reading.estimate - reading.earliest, int)
    with clock as opened:
        assert_type(opened.since(opened.mark()).ns, int)
    assert_type(ffntp.replay("x", b"y").maps["at"].tolist(), list[int])
    assert_type(clock.status().sources, tuple[ffntp.Source, ...])
    return reading.asymmetry_esterror_ns
"""
WRONG = ['ffntp.now("gmt")', "ffntp.now(max_bound_ns=1.5)", "ffntp.FakeClock().advance('1')", "ffntp.Instant(1) - 1",
         "ffntp.replay(3)", "ffntp.FakeClock().since(None)"]


def test_the_stubs_are_strict_and_users_are_checked(tmp_path):
    (tmp_path / "user.py").write_text(USER)
    (tmp_path / "wrong.py").write_text("import ffntp\n" + "\n".join(WRONG) + "\n")
    done = mypy("mypy", "--strict", "-p", "ffntp", folder=tmp_path)
    assert done.returncode == 0, done.stdout + done.stderr
    done = mypy("mypy", "--strict", "user.py", "wrong.py", folder=tmp_path)
    lines = {int(line.split(":")[1]) for line in done.stdout.splitlines() if line.startswith("wrong.py") and "error" in line}
    assert "user.py" not in done.stdout and lines == set(range(2, 2 + len(WRONG))), done.stdout + done.stderr


def test_the_stubs_are_the_extension(tmp_path):
    done = mypy("mypy.stubtest", "ffntp._ffntp", folder=tmp_path)
    assert done.returncode == 0, done.stdout + done.stderr
