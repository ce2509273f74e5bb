#!/usr/bin/env python3
"""Properties of every subcommand of ffntp: help, unknown words, an output that cannot be written."""
import functools
import re
import subprocess
import sys

import tap
import tool


@functools.cache
def commands():
    return re.findall(r"^  ([a-z]+) ", tool.ffntp("--help")[1], re.MULTILINE)


def test_help_names_every_command(folder):
    for arguments in ([], ["--help"], ["-h"]):
        code, output, errors = tool.ffntp(*arguments)
        tap.check(code == 0 and errors == "", f"{arguments}: {code} {errors}")
        tap.check(re.findall(r"^  ([a-z]+) ", output, re.MULTILINE) == commands() and len(commands()) >= 7, output)
        tool.check_width(output)


def test_every_command_has_help(folder):
    for command in commands():
        code, output, errors = tool.ffntp(command, "--help")
        tap.check(code == 0 and errors == "", f"{command}: {code} {errors}")
        tap.check(f"Usage: ffntp {command}" in output and "--help" in output, output)
        tool.check_width(output)


def test_the_version_is_told(folder):
    code, output, _ = tool.ffntp("--version")
    tap.check(code == 0 and output.startswith("ffntp ") and len(output.split()) == 2, output)


def test_unknown_words_are_one_line(folder):
    tool.check_refused(["frobnicate"], "frobnicate", code=2)
    tool.check_refused(["--frobnicate"], "--frobnicate", code=2)
    for command in commands():
        tool.check_refused([command, "--frobnicate"], command, "--frobnicate", code=2)
        tool.check_refused([command, "-z"], command, "-z", code=2)
        tool.check_refused([command, "--help=yes"], "--help", code=2)


def test_values_out_of_range_are_one_line(folder):
    for arguments in (["demo", "--duration", "0"], ["demo", "--duration", "x"], ["demo", "--duration", "-nan"],
                      ["demo", "--estimator", "guess"], ["now", "--max-bound", "-1"], ["now", "--max-bound", "1ms"],
                      ["replay", "--poll", "0", "x"], ["replay", "--poll", "131073", "x"],
                      ["replay", "--poll", "1.5", "x"],
                      ["replay", "--counter-hz", "0", "x"], ["replay", "--counter-hz", "inf", "x"],
                      ["replay", "--estimator", "guess", "x"]):
        tool.check_refused(arguments, arguments[0], arguments[2], code=2)


def test_missing_values_and_operands_are_one_line(folder):
    tool.check_refused(["now", "--page"], "--page", "value", code=2)
    tool.check_refused(["replay"], "trace", code=2)
    tool.check_refused(["query"], "server", code=2)
    for command in ("now", "status", "demo"):
        tool.check_refused([command, "surplus"], "surplus", code=2)


def test_a_word_cannot_print_a_second_line(folder):
    tool.check_refused(["frob\nffntp: fine\x1b[2J"], "frob?ffntp: fine?[2J", code=2)


def test_a_full_disk_is_noticed(folder):
    with open("/dev/full", "wb") as full:
        done = subprocess.run([tool.FFNTP, "--help"], stdout=full, stderr=subprocess.PIPE, text=True)
    tap.check(done.returncode == 1 and "No space left" in done.stderr, f"{done}")


def test_a_closed_output_is_noticed(folder):
    """A file that is opened next must not become standard output."""
    trace = tool.write(folder, "t", tool.make_trace(40))
    done = subprocess.run(["sh", "-c", '"$0" replay --per-stamp "$2" "$1" >&-', tool.FFNTP, trace, f"{folder}/steps"],
                          stderr=subprocess.PIPE, text=True)
    tap.check(done.returncode == 1 and "standard output" in done.stderr, f"{done}")
    with open(f"{folder}/steps") as f:
        tap.check(len(f.readlines()) == 42, "something else was written into the file")


if __name__ == "__main__":
    tap.run(sys.modules[__name__])
