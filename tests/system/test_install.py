#!/usr/bin/env python3
"""The installed library as a user links it: pkg-config, headers, static and shared; the examples, and the code of README.md and docs/using.md."""
import os
import re
import shlex
import subprocess
import sys
import time

import fake
import tap

TOP = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
BUILD = os.environ["BUILD"]
EXAMPLES = {"bounded": ["bounded.c"], "background": ["background.c"], "eventloop": ["eventloop.c"],
            "session_test": ["session_test.c", "session.c"], "commitwait_test": ["commitwait_test.c", "commitwait.c"]}


def run(*command, **options):
    done = subprocess.run(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
                          timeout=120 * tap.PATIENCE, **options)
    tap.check(done.returncode == 0, f"{command}: {done.returncode}: {done.stdout}")
    return done.stdout


class Installed:
    """One installation, shared by all tests."""

    def __init__(self, folder):
        self.root = f"{folder}/root"
        run("meson", "install", "-C", BUILD, "--no-rebuild", "--destdir", self.root)
        found = run("find", self.root, "-name", "ffntp.pc").split()
        tap.check(len(found) == 1, f"{found}")
        self.pkgconfig = os.path.dirname(found[0])
        self.libraries = os.path.dirname(self.pkgconfig)

    def flags(self, *options):
        environment = dict(os.environ, PKG_CONFIG_PATH=self.pkgconfig, PKG_CONFIG_SYSROOT_DIR=self.root)
        return shlex.split(run("pkg-config", "--cflags", "--libs", *options, "ffntp", env=environment))

    def compile(self, sources, output, static=False):
        flags = self.flags("--static") if static else self.flags()
        if static:
            flags = [f"{self.libraries}/libffntp.a" if flag == "-lffntp" else flag for flag in flags]
        run("cc", "-Wall", "-Wextra", "-Werror", "-D_GNU_SOURCE", *sources, *flags, "-o", output)

    def run(self, program, *arguments, **options):
        environment = dict(os.environ, LD_LIBRARY_PATH=self.libraries)
        return run(program, *arguments, env=environment, **options)


INSTALLED = None


def examples(folder, static):
    for name, sources in EXAMPLES.items():
        INSTALLED.compile([f"{TOP}/examples/{source}" for source in sources], f"{folder}/{name}", static)
    for name in "session_test", "commitwait_test":
        tap.check("ok" in INSTALLED.run(f"{folder}/{name}"), name)
    with fake.Server() as server:
        name = f"127.0.0.1:{server.port}"
        with tap.daemon(folder, "--poll", "1", name):
            tap.wait_for_status(folder, "synchronised")
            said = INSTALLED.run(f"{folder}/bounded", f"{folder}/page")
            times = [int(number) for number in re.findall(r"(\d{19})", said)]
            tap.check(times == sorted(times) and len(times) == 3 and abs(times[1] - time.time_ns()) < 10**9, said)
        said = INSTALLED.run(f"{folder}/background", name, "6")
        tap.check(re.search(r"^\d{19} ns since 1970 \+- \d+ ns$", said, re.MULTILINE), said)
        said = INSTALLED.run(f"{folder}/eventloop", name)
        tap.check(abs(int(said.split()[0]) - time.time_ns()) < 10**9, said)


def test_examples_with_the_shared_library(folder):
    examples(folder, False)


def test_examples_with_the_static_library(folder):
    examples(folder, True)


def test_examples_say_what_is_wrong(folder):
    INSTALLED.compile([f"{TOP}/examples/bounded.c"], f"{folder}/bounded")
    environment = dict(os.environ, LD_LIBRARY_PATH=INSTALLED.libraries)
    done = subprocess.run([f"{folder}/bounded", f"{folder}/none"], capture_output=True, text=True, env=environment)
    tap.check(done.returncode == 1 and done.stdout == "" and len(done.stderr.splitlines()) == 1, f"{done}")


def programs_of(document):
    with open(f"{TOP}/{document}") as f:
        return re.findall(r"^```c\n(.*?)^```", f.read(), re.MULTILINE | re.DOTALL)


def test_the_code_of_readme_and_using(folder):
    programs = programs_of("README.md") + programs_of("docs/using.md")
    tap.check(len(programs) == 4, f"{len(programs)} programs")
    for number, program in enumerate(programs):
        with open(f"{folder}/{number}.c", "w") as f:
            # The test's page replaces the system's.
            f.write(re.sub(r"\((&reader|&page), NULL\)", rf'(\1, "{folder}/page")', program))
        INSTALLED.compile([f"{folder}/{number}.c"], f"{folder}/{number}")
    with fake.Server() as server, tap.daemon(folder, "--poll", "1", f"127.0.0.1:{server.port}"):
        tap.wait_for_status(folder, "synchronised")
        for number, words in enumerate(("wrong by at most", "no earlier than", "wrong by at most")):
            tap.check(words in INSTALLED.run(f"{folder}/{number}"), words)
    INSTALLED.run(f"{folder}/3")


CPLUSPLUS = """
#include <ffntp/fake.h>

int main()
{
	ffntp_fake fake;
	ffntp_device *clock = ffntp_fake_device(&fake);
	ffntp_reading now;

	ffntp_fake_init(&fake, 1767268800 * FFNTP_NS_PER_S);
	if (ffntp_device_connect(clock) != nullptr ||
	    ffntp_fake_advance(&fake, FFNTP_NS_PER_S) != FFNTP_CLOCK_OK ||
	    ffntp_device_now(clock, FFNTP_UTC, UINT64_MAX, &now) != FFNTP_CLOCK_OK)
		return 1;
	return ffntp_time_to_ns(now.estimate) == 1767268801 * FFNTP_NS_PER_S ? 0 : 2;
}
"""


def test_a_program_in_cplusplus(folder):
    """It places the fake's page in its own memory: its layout must be the library's."""
    with open(f"{folder}/program.cc", "w") as f:
        f.write(CPLUSPLUS)
    run("c++", "-std=c++17", "-Wall", "-Wextra", "-Wpedantic", "-Werror", f"{folder}/program.cc", *INSTALLED.flags(), "-o",
        f"{folder}/program")
    INSTALLED.run(f"{folder}/program")


def test_every_public_header_is_installed(folder):
    headers = sorted(os.listdir(f"{TOP}/include/ffntp"))
    [found] = run("find", INSTALLED.root, "-name", "device.h").split()
    tap.check(sorted(os.listdir(os.path.dirname(found))) == headers, f"{headers}")
    for header in headers:
        with open(f"{folder}/alone.c", "w") as f:
            f.write(f"#include <ffntp/{header}>\nint main(void) {{ return 0; }}\n")
        INSTALLED.compile([f"{folder}/alone.c"], f"{folder}/alone")


if __name__ == "__main__":
    place = tap.make_folder("ffntp-install-")
    try:
        INSTALLED = Installed(place)
        tap.run(sys.modules[__name__])
    finally:
        tap.remove_folder(place)
