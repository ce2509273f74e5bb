#!/usr/bin/env python3
"""ffntpd's sandbox and privileges. That nothing it needs is refused, every other system test checks: tap.outcome() fails for a log
with a refused call."""
import contextlib
import errno
import os
import pwd
import re
import signal
import sys

import fake
import tap

# Attempts of forbidden.c that Landlock refuses, or the kernel, and not seccomp.
FILES = {"write", "create", "truncate", "unlink", "mkdir", "rename"}
REFUSED = "the sandbox refused the system call "


def in_force(folder, name="ffntpd"):
    """Return the line about the sandbox. Raises Skip where the system has only a part of it."""
    line = tap.wait_for(lambda: re.search("sandbox: (.*)", tap.said(folder, name)), "a line about the sandbox")[1]
    if "missing" in line:
        raise tap.Skip(line)
    return line


def statuses(process):
    """Return what the kernel states of each thread."""
    tasks, found = f"/proc/{process.pid}/task", []
    for task in os.listdir(tasks):
        with contextlib.suppress(FileNotFoundError, ProcessLookupError), open(f"{tasks}/{task}/status") as f:     # it may have ended
            found.append(dict(line.rstrip("\n").split(":\t", 1) for line in f if ":\t" in line))
    return found


def attempt(folder, *arguments):
    """Let ffntpd try what is forbidden; return the outcomes and its log."""
    os.mkdir(f"{folder}/own")
    os.mkdir(f"{folder}/outside")
    open(f"{folder}/outside/file", "w").close()
    environment = {**os.environ, "LD_PRELOAD": os.environ["FORBIDDEN_LIBRARY"], "FORBIDDEN": f"{folder}/own/outcomes",
                   "OUTSIDE": f"{folder}/outside"}
    # The folder that contains the page's is the daemon's, too: here it is one of the page's own.
    page = f"{folder}/own/inner/page"
    with fake.Server() as server, \
            tap.process([tap.FFNTPD, "--page", page, *arguments, f"127.0.0.1:{server.port}"], f"{folder}/tried.out",
                        env=environment) as running:
        tap.wait_for_status(f"{folder}/own/inner", "synchronised")
        with open(f"{folder}/tried.out") as f:
            log = f.read()
        tap.check(tap.stop(running)[0] == 0, f"it did not go on: {log}")
    with open(f"{folder}/own/outcomes") as f:
        outcomes = [(line.split()[0], int(line.split()[1])) for line in f]
    tap.check(outcomes[-1][0] == "end", f"the attempts ended early: {outcomes}")
    return outcomes[:-1], log


def test_calls_that_no_client_needs_are_refused(folder):
    with fake.Server() as server, tap.daemon(folder, f"127.0.0.1:{server.port}"):
        in_force(folder)
    outcomes, log = attempt(folder)
    made = [(name, error) for name, error in outcomes if error != (errno.EACCES if name in FILES else errno.EPERM)]
    tap.check(not made, f"not refused by the sandbox: {made}")
    lines = [line.split(REFUSED)[1].split(":")[0] for line in log.splitlines() if REFUSED in line]
    expected = list(dict.fromkeys(name for name, _ in outcomes if name not in FILES))
    tap.check(lines == expected[:16], f"logged: {lines}")
    tap.check(os.listdir(f"{folder}/outside") == ["file"], "files were changed")


def test_without_the_sandbox_they_are_not(folder):
    """The attempts are real ones."""
    outcomes, log = attempt(folder, "--sandbox", "off")
    tap.check("sandbox: off" in log and REFUSED not in log, log)
    for name in ("clone", "adjtimex", "mmap", "mprotect", "memfd_create", "write", "create", "mkdir"):
        tap.check((name, 0) in outcomes, f"{name} fails without a sandbox: {outcomes}")


def test_every_thread_is_confined(folder):
    """Also as root no capability is left, and execve() gains none."""
    with fake.Server() as server, tap.daemon(folder, "--journal", f"{folder}/journal", f"127.0.0.1:{server.port}") as running:
        tap.wait_for_status(folder, "synchronised")
        line = in_force(folder)
        tap.check("seccomp" in line and "Landlock" in line, line)
        threads = statuses(running)
        tap.check(len(threads) > 1, "the journal has no thread")
        for thread in threads:
            sets = [int(thread[name], 16) for name in ("CapInh", "CapPrm", "CapEff", "CapAmb")]
            tap.check(thread["Seccomp"] == "2" and thread["NoNewPrivs"] == "1" and not any(sets), f"{thread}")


def test_the_configuration_switches_it_off(folder):
    with open(f"{folder}/conf", "w") as f:
        f.write("sandbox off\nserver 127.0.0.1\n")
    with tap.daemon(folder, "-c", f"{folder}/conf") as running:
        tap.wait_for(lambda: "sandbox: off" in tap.said(folder), "a line about the sandbox")
        tap.check(statuses(running)[0]["Seccomp"] == "0", "a filter is in force")


def test_a_signal_of_somebody_is_not_a_refusal(folder):
    with tap.daemon(folder, "127.0.0.1") as running:
        in_force(folder)
        running.send_signal(signal.SIGSYS)
        tap.check(running.wait(10 * tap.PATIENCE) == -signal.SIGSYS, f"{running.returncode}")


def for_all():
    """Return the option without which a user cannot use a build in a folder of root's: the sandbox is a module in it."""
    path = os.path.dirname(tap.FFNTPD)
    while path != "/":
        if not os.stat(path).st_mode & 0o001:
            return ["--sandbox", "off"]
        path = os.path.dirname(path)
    return []


def test_root_becomes_a_user(folder):
    """The folder of the page is made for the user, who keeps the clock, takes commands, and reads the configuration again."""
    if os.geteuid() != 0:
        raise tap.Skip("not root")
    user = pwd.getpwnam("nobody")
    os.chmod(folder, 0o755)
    with fake.Server() as server:
        with open(f"{folder}/conf", "w") as f:
            f.write(f"user nobody\nserver 127.0.0.1 port {server.port} iburst\n")
        with tap.process([tap.FFNTPD, *for_all(), "-c", f"{folder}/conf", "--page", f"{folder}/run/page"], f"{folder}/ffntpd.log") as running:
            tap.wait_for_status(f"{folder}/run", "synchronised")
            owners = {name: os.stat(f"{folder}/run/{name}").st_uid for name in (".", "page", "page.lock", "page.control")}
            tap.check(set(owners.values()) == {user.pw_uid}, f"owners: {owners}")
            for thread in statuses(running):
                tap.check(set(thread["Uid"].split()) == {str(user.pw_uid)} and set(thread["Gid"].split()) == {str(user.pw_gid)} and
                          thread["Groups"].split() == [str(user.pw_gid)] and int(thread["CapEff"], 16) == 0 and
                          int(thread["CapBnd"], 16) == 0, f"{thread}")
            running.send_signal(signal.SIGHUP)
            tap.wait_for(lambda: "reading the configuration again" in tap.said(folder), "the reload")
            tap.check("not used" not in tap.said(folder), tap.said(folder))
            tap.check(tap.stop(running)[0] == 0, tap.said(folder))


def test_root_cannot_become_a_user_that_there_is_not(folder):
    if os.geteuid() != 0:
        raise tap.Skip("not root")
    for arguments, words in ((["--user", "no-such-user"], "no such user"), (["--user", ""], "not the name of a user"),
                             (["--sandbox", "perhaps"], "neither on nor off")):
        code, output = tap.run_daemon(folder, *arguments, "--page", f"{folder}/run/page", "127.0.0.1")
        tap.check(code != 0 and words in output and len(output.splitlines()) == 1, f"{code}: {output}")
        tap.check(not os.path.exists(f"{folder}/run"), "the folder was made")


def test_a_folder_that_is_not_the_users(folder):
    """One line names the page and the reason; root's folder stays root's."""
    if os.geteuid() != 0:
        raise tap.Skip("not root")
    os.chmod(folder, 0o755)
    os.mkdir(f"{folder}/run")
    code, output = tap.run_daemon(folder, *for_all(), "--user", "nobody", "--page", f"{folder}/run/page", "127.0.0.1")
    tap.check(code == 1 and len(output.splitlines()) == 1, f"{code}: {output}")
    tap.check(f"{folder}/run/page" in output and "Permission denied" in output, output)
    tap.check(os.stat(f"{folder}/run").st_uid == 0, "the folder was given away")


if __name__ == "__main__":
    tap.run(sys.modules[__name__])
