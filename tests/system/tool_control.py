#!/usr/bin/env python3
"""Servers change while the daemon runs: by commands over its socket, and by the files of directories."""
import contextlib
import multiprocessing
import os
import signal
import socket
import subprocess
import sys
import time

import fake
import tap

FFNTP = os.environ["FFNTP"]
OPTIONS = "iburst minpoll 0 maxpoll 0"


def tool(folder, *words):
    """Run the tool; return its exit code and its output."""
    done = subprocess.run([FFNTP, *words, "--page", f"{folder}/page"], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT, text=True, timeout=20 * tap.PATIENCE)
    return done.returncode, done.stdout


def check_tool(folder, code, text, *words):
    """Check the exit code, and a text in the output, which is at most one line."""
    result = tool(folder, *words)
    tap.check(result[0] == code and text in result[1] and result[1].count("\n") <= 1, f"{words}: {result}")


def line(server, more=""):
    return f"server 127.0.0.1 port {server.port} {OPTIONS} {more}".strip()


def write(path, *lines):
    os.makedirs(os.path.dirname(path), exist_ok=True)
    with open(f"{path}~", "w") as f:
        f.write("".join(f"{each}\n" for each in lines))
    os.rename(f"{path}~", path)


@contextlib.contextmanager
def running(folder, count, *lines):
    """Run a daemon whose configuration has these lines, and servers on loopback addresses, which are not in it yet."""
    with contextlib.ExitStack() as stack:
        servers = [stack.enter_context(fake.Server()) for _ in range(count)]
        write(f"{folder}/conf", *(each(servers) if callable(each) else each for each in lines))
        daemon = stack.enter_context(tap.daemon(folder, "-c", f"{folder}/conf"))
        tap.wait_for(lambda: os.path.exists(f"{folder}/page.control"), "the socket")
        yield daemon, servers


def sourcedir(folder):
    return f"sourcedir {folder}/absent {folder}/first {folder}/second"


def asked(server):
    """Wait for a request from now on."""
    before = len(server.requests)
    tap.wait_for(lambda: len(server.requests) > before, f"a request at port {server.port}", 12)


def silent_for(server, seconds):
    before = len(server.requests)
    time.sleep(seconds)
    return len(server.requests) == before


def ports(folder):
    page = tap.probe(folder)
    return {each["port"] for each in page["sources"]} if page else set()


def expect_ports(folder, *servers):
    wanted = {server.port for server in servers}
    tap.wait_for(lambda: ports(folder) == wanted, f"the servers {wanted}, not {ports(folder)}", 12)


def test_add_and_delete(folder):
    with running(folder, 3, sourcedir(folder), lambda s: line(s[0])) as (_, servers):
        tap.wait_for_status(folder, "synchronised")
        check_tool(folder, 0, "", "add", "server", "127.0.0.1", "port", f"{servers[1].port}", *OPTIONS.split())
        check_tool(folder, 0, "", "add", *line(servers[2]).split())
        asked(servers[2])
        expect_ports(folder, *servers)
        check_tool(folder, 1, "already", "add", *line(servers[2]).split())
        check_tool(folder, 0, "", "delete", f"127.0.0.1:{servers[0].port}")
        expect_ports(folder, *servers[1:])
        tap.check(silent_for(servers[0], 2.5), "it is asked no more")
        check_tool(folder, 7, "no server has this name", "delete", "192.0.2.1")
        check_tool(folder, 0, "", "delete", "127.0.0.1")     # the first of this address
        expect_ports(folder, servers[2])
        check_tool(folder, 0, "", "reload")                  # the added one stays, and the file's comes back
        expect_ports(folder, servers[0], servers[2])
    said = tap.said(folder)
    tap.check(said.count(f"now asking 127.0.0.1 (127.0.0.1:{servers[2].port})") == 1, said)
    tap.check(not os.path.exists(f"{folder}/page.control"), "the daemon removes its socket")


def test_invalid_commands(folder):
    with running(folder, 1, lambda s: line(s[0])) as (daemon, servers):
        for code, text, *words in (
                (2, "unknown option 'ibrst'", "add", "server", "a.example", "ibrst"),
                (2, "only a server or a pool can be added", "add", "minsources", "1"),
                (2, "it takes no argument", "onoffline", "127.0.0.1"),
                (2, "neither a name nor an address", "add", "server", "[::1"),
                (2, "needs a name", "add", "server"), (2, "no server is named", "add"),
                (2, "one line of text", "add", "server", "a\nserver b"), (2, "too long", "add", "server", "a" * 3000),
                (2, "needs the name", "delete"), (7, "no server", "offline", "b.example"),
                (2, "the only argument", "reload", "all"), (1, "this is the only server", "delete", "127.0.0.1")):
            check_tool(folder, code, text, *words)
        asked(servers[0])
    check_tool(folder, 3, "no daemon takes commands there", "reload")


def test_offline_and_online(folder):
    with running(folder, 2, lambda s: line(s[0]), lambda s: line(s[1], "offline")) as (_, servers):
        tap.wait_for_status(folder, "free-running")
        tap.check(not servers[1].requests, "it is offline at the start")
        check_tool(folder, 0, "2 servers online", "online")
        asked(servers[1])
        check_tool(folder, 0, "1 server offline", "offline", f"127.0.0.1:{servers[0].port}")
        tap.check(silent_for(servers[0], 2.5), "it is asked no more")
        asked(servers[1])
        os.kill(_.pid, signal.SIGHUP)                        # the line stays, and so does its state
        asked(servers[1])
        tap.check(silent_for(servers[0], 2.5), "it is still offline")
        check_tool(folder, 0, "2 servers online", "onoffline")
        asked(servers[0])


def test_burst(folder):
    def slow(server):
        return f"server 127.0.0.1 port {server.port} minpoll 10"
    with running(folder, 1, lambda s: slow(s[0])) as (_, servers):
        tap.wait_for(lambda: len(servers[0].requests) == 1, "the first request")
        check_tool(folder, 0, "1 server asked with a burst", "burst")
        tap.wait_for(lambda: len(servers[0].requests) == 5, "four more", 12)
        tap.check(silent_for(servers[0], 2.5), "and no more than four")
        check_tool(folder, 0, "", "offline")
        check_tool(folder, 0, "0 servers asked", "burst")


def test_sources_files(folder):
    """Files come, change and go. Members whose lines stay go on."""
    with running(folder, 4, sourcedir(folder)) as (_, servers):
        check_tool(folder, 0, "", "reload", "sources")       # there are none yet
        write(f"{folder}/second/a.sources", line(servers[0]))
        write(f"{folder}/second/b.sources", line(servers[1]))
        write(f"{folder}/second/c.conf", line(servers[3]))   # the wrong suffix
        check_tool(folder, 0, "", "reload", "sources")
        expect_ports(folder, *servers[:2])
        tap.wait_for_status(folder, "synchronised")
        # A file of this name in a directory that is named first takes the other's place.
        write(f"{folder}/first/a.sources", "# none", line(servers[2]), line(servers[1]))
        check_tool(folder, 0, "", "reload", "sources")
        expect_ports(folder, *servers[1:3])
        os.remove(f"{folder}/first/a.sources")
        os.remove(f"{folder}/second/a.sources")
        check_tool(folder, 0, "", "reload")
        expect_ports(folder, servers[1])
        tap.wait_for_status(folder, "synchronised")
    said = tap.said(folder)
    tap.check(said.count(f"(127.0.0.1:{servers[1].port})") == 1, said)     # it began once


def test_nonsense_in_a_sources_file(folder):
    """One line reports it. The file's servers stay, and so do all others; a new file's valid lines are used."""
    with running(folder, 4, sourcedir(folder), lambda s: line(s[0])) as (_, servers):
        write(f"{folder}/first/a.sources", line(servers[1]))
        check_tool(folder, 0, "", "reload", "sources")
        expect_ports(folder, *servers[:2])
        tap.wait_for_status(folder, "synchronised")
        write(f"{folder}/first/a.sources", "", "server", *["\x01nonsense"] * 20)
        write(f"{folder}/first/b.sources", "makestep 1 3", line(servers[2]))
        os.mkfifo(f"{folder}/first/c.sources")               # which would stop a daemon that opens it
        write(f"{folder}/first/d.sources", line(servers[3]))
        code, text = tool(folder, "reload", "sources")
        tap.check(code == 1 and f"{folder}/first/a.sources:2: server needs a name" in text, f"{code} {text}")
        expect_ports(folder, *servers)
        said = tap.said(folder)
        for each in ("a.sources:2: server needs a name or an address, and 20 more invalid lines; the servers that it had before "
                     "stay", "b.sources:1: 'makestep': a sources file has lines that begin with server or pool; its valid lines "
                     "are used", "c.sources: not a regular file"):
            tap.check(said.count(each) == 1, f"{each}: {said}")
        write(f"{folder}/conf", sourcedir(folder), "nonsense")
        code, text = tool(folder, "reload")
        tap.check(code == 1 and f"{folder}/conf:2: unknown keyword 'nonsense'" in text, f"{code} {text}")
        asked(servers[0])
        expect_ports(folder, *servers)


def test_configuration_files_in_directories(folder):
    """They are read where the line stands, in the order of their names. A mistake in one is one of the configuration."""
    write(f"{folder}/conf.d/b.conf", "maxclockerror 3", "minsources 1")
    write(f"{folder}/conf.d/a.conf", "minsources 64")
    with running(folder, 2, f"confdir {folder}/none {folder}/conf.d", lambda s: line(s[0])) as (_, servers):
        tap.wait_for_status(folder, "synchronised")
        write(f"{folder}/conf.d/c.conf", line(servers[1]))
        check_tool(folder, 0, "", "reload")
        expect_ports(folder, *servers)
        write(f"{folder}/conf.d/d.conf", f"confdir {folder}/conf.d")
        code, text = tool(folder, "reload")
        tap.check(code == 1 and f"{folder}/conf.d/d.conf:1: confdir: only the file that -c names" in text, f"{code} {text}")
        expect_ports(folder, *servers)
    code, text = tap.run_daemon(folder, "--page", f"{folder}/page", "-c", f"{folder}/conf")
    tap.check(code == 2 and text.count("\n") == 1 and "d.conf:1" in text, f"{code} {text}")


def connect(folder):
    client = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    client.connect(f"{folder}/page.control")                 # waits for a place
    client.settimeout(10 * tap.PATIENCE)
    return client


def test_clients_that_block(folder):
    """Clients that send nothing, or read nothing, delay neither the clock nor, for long, a command."""
    with running(folder, 1, lambda s: line(s[0])) as (_, servers):
        tap.wait_for_status(folder, "synchronised")
        tap.check(os.stat(f"{folder}/page.control").st_mode & 0o777 == 0o600, "others may not connect")
        idle = [connect(folder) for _ in range(6)]
        idle[0].send(b"online")                              # and it never reads
        asked(servers[0])
        check_tool(folder, 0, "1 server online", "online")
        for packet, answer in ((b"x" * 5000, b"2 the command is too long"), (b"\0", b"2 a command is one line of text"),
                               (b"rm", b"2 unknown command 'rm'"), (b"  ONLINE  ", b"0 1 server online")):
            with connect(folder) as client:
                client.send(packet)
                reply = client.recv(1000)
                tap.check(reply == answer, f"{packet[:20]}: {reply}")
        for client in idle:
            client.close()
        tap.check(tap.watch(folder, 1)["refused"] == 0, "the clock has the time")


def test_the_name_of_a_reference_clock(folder):
    with running(folder, 1, lambda s: line(s[0]), f"refclock VMCLOCK {folder}/none refid VMX"):
        check_tool(folder, 0, "1 server offline", "offline", "VMX")
        check_tool(folder, 0, "", "delete", "vmx")
        check_tool(folder, 7, "no server has this name", "offline", "VMX")


def another_users_daemon(folder, user):
    """Listen as this user where a user without XDG_RUNTIME_DIR would look for their own daemon."""
    os.setuid(user)
    listener = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    listener.bind(f"{folder}/page.control")
    os.chmod(f"{folder}/page.control", 0o777)
    listener.listen()
    listener.settimeout(10 * tap.PATIENCE)
    while True:
        client = listener.accept()[0]
        with contextlib.suppress(BrokenPipeError):           # of the tool that does not trust it
            client.send(b"0 done by \x1b[31mme")


def test_a_socket_of_another_user(folder):
    if os.geteuid() != 0 or os.path.exists("/run/ffntp/page.control"):
        raise tap.Skip("needs root, and no daemon of the system")
    os.makedirs(f"{folder}/run/ffntp", mode=0o777)
    os.chmod(folder, 0o755)
    os.chmod(f"{folder}/run/ffntp", 0o777)
    program = tap.copy_program(FFNTP, folder)            # the build may be in a folder that an ordinary user cannot enter
    listener = multiprocessing.Process(target=another_users_daemon, args=(f"{folder}/run/ffntp", 4444), daemon=True)
    listener.start()
    try:
        tap.wait_for(lambda: os.path.exists(f"{folder}/run/ffntp/page.control"), "the socket")
        as_user = ["setpriv", "--reuid", "5555", "--clear-groups", "env", f"XDG_RUNTIME_DIR={folder}/run", program, "reload"]
        done = subprocess.run(as_user, capture_output=True, text=True, timeout=20 * tap.PATIENCE)
        tap.check(done.returncode == 4 and "is not trusted" in done.stderr, f"{done}")
        done = subprocess.run([*as_user, "--page", f"{folder}/run/ffntp/page"], capture_output=True, text=True, timeout=20 * tap.PATIENCE)
        tap.check(done.returncode == 0 and done.stdout == "done by ?[31mme\n", f"a page that was named: {done}")
    finally:
        listener.terminate()
        listener.join()


def test_a_socket_that_is_removed(folder):
    with running(folder, 1, lambda s: line(s[0])):
        os.unlink(f"{folder}/page.control")
        check_tool(folder, 3, "no daemon", "online")
        tap.wait_for(lambda: os.path.exists(f"{folder}/page.control"), "the socket again", 5)
        check_tool(folder, 0, "1 server online", "online")


def test_the_socket_of_a_dead_daemon(folder):
    with running(folder, 1, lambda s: line(s[0])) as (daemon, _):
        daemon.kill()
        daemon.wait()
        check_tool(folder, 3, "no daemon takes commands there", "online")
        with tap.daemon(folder, "-c", f"{folder}/conf", name="next"):
            tap.wait_for(lambda: tool(folder, "online")[0] == 0, "the next daemon")


tap.run(sys.modules["__main__"])
