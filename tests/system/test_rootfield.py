#!/usr/bin/env python3
"""chrony's extension field F323 in the chain that users have: chronyd at stratum 1, chronyd at stratum 2, ffntpd. The field takes
the rounding of NTPv4's root fields out of the bound. The journal replays to the same maps, and NTS authenticates the field."""
import contextlib
import os
import struct
import subprocess
import sys

import chrony
import tap
import test_interleaved as interleaved
import test_nts as nts

FFNTP = os.environ["FFNTP"]
FIELD = struct.pack(">HHI", 0xF323, 28, 0xF5BEDD9A)
READINGS = 60
LIMIT = 0.5


@contextlib.contextmanager
def chain(folder, more=""):
    """Run chronyd at stratum 1, and one that follows it; yields the second one's port."""
    for name in "one", "two":
        os.makedirs(f"{folder}/{name}", exist_ok=True)
    with chrony.chronyd(f"{folder}/one") as first:
        upstream = f"server 127.0.0.1 port {first} minpoll -4 maxpoll -4 iburst xleave\nmaxclockerror 0.01\n{more}"
        with chrony.chronyd(f"{folder}/two", upstream, local="") as port:
            yield port


@contextlib.contextmanager
def client(folder, port, options, more=""):
    """Run ffntpd with these options for the server; yields its folder."""
    os.makedirs(folder, exist_ok=True)
    with open(f"{folder}/conf", "w") as f:
        f.write(f"server 127.0.0.1 port {port} minpoll 0 maxpoll 0 iburst {options}\nmaxclockerror 0.1\njournal {folder}/journal\n{more}")
    with tap.daemon(folder, "-c", f"{folder}/conf"):
        yield folder


def width_us(folder):
    page = tap.probe(folder)
    return (page["maxerror_before_ns"] + page["maxerror_after_ns"]) / 1e3


def replies(folder):
    """Return the datagrams of the journal."""
    with open(f"{folder}/journal") as f:
        return [bytes.fromhex(line.split()[2]) for line in f if line.startswith("datagram")]


def check_replayed(folder):
    done = subprocess.run([FFNTP, "replay", f"{folder}/journal"], capture_output=True, text=True, timeout=60 * tap.PATIENCE)
    tap.check(done.returncode == 0, done.stdout + done.stderr)


def test_the_bound_at_stratum_2(folder):
    """With the field the bound is at most half as wide. chronyd is recognised by its timestamps where nothing is configured."""
    options = {"never": "extfield none", "asked": "extfield F323", "usual": ""}
    with chain(folder) as port, contextlib.ExitStack() as stack:
        clients = {name: stack.enter_context(client(f"{folder}/{name}", port, each)) for name, each in options.items()}
        for each in clients.values():
            tap.wait_for_verdict(each, "accepted", 24, 60)
        least = {name: float("inf") for name in clients}

        def are_narrow():
            """Other work of the machine makes a bound wider, so that the narrowest one counts."""
            for name, each in clients.items():
                least[name] = min(least[name], width_us(each))
            return max(least["asked"], least["usual"]) <= LIMIT * least["never"]
        try:
            for _ in range(READINGS):
                are_narrow()
            tap.wait_for(are_narrow, "a bound half as wide", 60)
        finally:
            print(f"# least width of the bound (us): {least}", flush=True)
        for each in clients.values():
            result = tap.watch(each, 2)
            tap.check(result["outside"] == 0, f"the bound does not hold: {result}")
    for name, each in clients.items():
        have = [FIELD in datagram[48:] for datagram in replies(each)]
        tap.check(have[0] == (name == "asked") and have[-1] == (name != "never"), f"{name}: {have}")
        check_replayed(each)


def test_with_nts(folder):
    """The field is authenticated: it lies before the authenticator, and the session gets nothing behind it."""
    nts.make_certificates(folder)
    nts_port = tap.free_tcp_port()
    with nts.chronyd(folder, nts_port) as port:
        more = f"nosystemcert\nntstrustedcerts {folder}/ca.pem\n"
        with client(f"{folder}/nts", port, f"nts ntsport {nts_port} extfield F323", more) as each:
            page = tap.wait_for_verdict(each, "accepted", 8, 30)
            tap.check(page["verdicts"]["authentication"] == 0, f"{page}")
    lengths = [len(datagram) for datagram in replies(each)]
    tap.check(set(lengths) == {76} and all(FIELD in datagram for datagram in replies(each)), f"{lengths}")
    check_replayed(each)


def check_interleaved(folder, port, more="", options=""):
    """Replies have the field, and are interleaved: the field is that of the exchange that the next reply completes. The
    bound is as narrow as in basic mode with the field, and it holds."""
    kinds = {"rough": "xleave extfield none", "basic": "extfield F323", "both": "xleave extfield F323"}
    with contextlib.ExitStack() as stack:
        clients = {name: stack.enter_context(client(f"{folder}/{name}", port, f"{each} {options}", more)) for name, each in kinds.items()}
        for each in clients.values():
            tap.wait_for_verdict(each, "accepted", 16, 60)
        least = {name: float("inf") for name in clients}

        def is_narrow():
            for name, each in clients.items():
                least[name] = min(least[name], width_us(each))
            return least["both"] <= LIMIT * least["rough"]
        try:
            tap.wait_for(is_narrow, "a bound half as wide", 60)
        finally:
            print(f"# least width of the bound (us): {least}", flush=True)
        for each in clients.values():
            result = tap.watch(each, 2)
            tap.check(result["outside"] == 0 and result["refused"] == 0, f"the bound does not hold: {result}")
            page = tap.probe(each)
            tap.check(page["verdicts"]["authentication"] == 0, f"{page}")
    for name, each in clients.items():
        found = interleaved.exchanges([line.split() for line in open(f"{each}/journal")])
        few, many = (sum((origin == nonce) == is_basic for _, _, nonce, origin, _, _ in found) for is_basic in (True, False))
        print(f"# {name}: {few} basic, {many} interleaved", flush=True)
        tap.check(many == 0 if name == "basic" else many >= max(10, few), f"{name}: {few} basic, {many} interleaved")
        fields = sum(FIELD in datagram[48:] for datagram in replies(each))
        tap.check(fields == 0 if name == "rough" else fields >= 10, f"{name}: {fields} replies have the field")
        check_replayed(each)


def test_in_interleaved_mode(folder):
    with chain(folder) as port:
        check_interleaved(folder, port)


def test_in_interleaved_mode_with_nts(folder):
    nts.make_certificates(folder)
    nts_port = tap.free_tcp_port()
    secrets = nts.server_lines(folder, nts_port)
    with chain(folder, secrets) as port:
        check_interleaved(folder, port, f"nosystemcert\nntstrustedcerts {folder}/ca.pem\n", f"nts ntsport {nts_port}")


def test_with_a_key(folder):
    """The MAC covers the field, in both directions."""
    with open(f"{folder}/keys", "w") as f:
        f.write("10 AES128 HEX:00112233445566778899aabbccddeeff\n")
    os.chmod(f"{folder}/keys", 0o600)
    with chrony.chronyd(folder, f"keyfile {folder}/keys\n") as port, \
            client(f"{folder}/key", port, "key 10 extfield F323", f"keyfile {folder}/keys\n") as each:
        page = tap.wait_for_verdict(each, "accepted", 6, 30)
        tap.check(page["verdicts"]["authentication"] == 0, f"{page}")
    tap.check(all(len(datagram) == 76 and FIELD in datagram for datagram in replies(each)), "a reply has no field")
    check_replayed(each)


if __name__ == "__main__":
    tap.run(sys.modules[__name__])
