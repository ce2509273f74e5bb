#!/usr/bin/env python3
"""The OCaml binding, built and tested with dune beside declarations of MirageOS's libraries. Its tests against a real server use
Debian's chronyd. Each test case of OCaml's is one of TAP's."""
import contextlib
import os
import re
import shutil
import socket
import subprocess
import sys
import tempfile
import threading
import time
import urllib.request

import certificates
import chrony
import tap

TOP = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
WORKSPACE = os.environ.get("WORKSPACE", f"{TOP}/build/ocaml")
TESTS = ["ffntp/bindings/ocaml/test/test_ffntp", "ffntp/bindings/ocaml/test/test_lwt",
         "ffntp/bindings/ocaml/test/test_ensemble", "ffntp/bindings/ocaml/test/test_nts",
         "ffntp/bindings/ocaml/test/test_calibrate", "ffntp/bindings/ocaml/test/test_clock",
         "ffntp/bindings/ocaml/mirage/test/test_host", "ffntp/bindings/ocaml/mirage/test/test_job",
         "ffntp/bindings/ocaml/test/test_server", "mirage/unikernel/test_variants"]
# The dune package, without the rest of the project.
PARTS = ["bindings", "core", "include", "nts", "ports", "dune", "dune-project", "ffntp.opam", "ffntp-mirage.opam"]
# The libraries that each example's configuration names.
EXAMPLES = {
    "bounded": "ffntp ffntp-mirage ffntp-mirage.host ffntp-mirage.ptime mirage-ptime ptime",
    "client": "ffntp ffntp-mirage.host ffntp-mirage.job ffntp.lwt ffntp.rng ptime",
    "dhcp": "charrua ffntp-mirage.dhcp ffntp-mirage.ptime mirage-ptime ptime",
    "difference": "ffntp ffntp-mirage ffntp-mirage.ptime mirage-ptime",
    "dropin": "ffntp-mirage ffntp-mirage.ptime mirage-ptime ptime",
    "nts": "ffntp ffntp-mirage.host ffntp-mirage.job ffntp.lwt ffntp.nts ffntp.rng ptime",
    "web": "ffntp ffntp-mirage ffntp-mirage.ptime mirage-ptime ptime",
}
UNIKERNELS = "_build/default/mirage/unikernel"
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
    programs = [f"{test}.exe" for test in TESTS[:4]]
    code, said = run(["dune", "build", "--root", ".", "-j2", *programs], folder, env=environment)
    yield "dune builds it with the sanitizers", code == 0, said
    for program in programs if code == 0 else []:
        code, said = run([f"_build/default/{program}", "--color=never"], folder, env=environment)
        yield f"{os.path.basename(program)} under the sanitizers", code == 0 and "Test Successful" in said, said


def configurations():
    for example, libraries in EXAMPLES.items():
        code, said = run([f"{UNIKERNELS}/{example}/config.exe"])
        yield f"the configuration of {example} names its libraries", code == 0 and said.split() == libraries.split(), said


def answer_of(port):
    """Return what the web server answers once it serves; nothing if it never does."""
    deadline = time.monotonic() + 10 * PATIENCE
    while time.monotonic() < deadline:
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{port}/", timeout=5) as reply:
                return reply.read().decode()
        except OSError:
            time.sleep(0.05)
    return ""


def unikernels(environment):
    """Run the examples side by side, each for some seconds, by the arguments of the unikernel."""
    web_port = tap.free_tcp_port()
    runs = {
        "bounded": ("--ntp-server=ntp.example.org",),
        "dropin": ("--ntp-server=ntp.example.org",),
        "dropin, over IPv6": ("--ntp-server=v6.example.org", "--ntp-server=rub:bish"),
        "dropin, without a server": (),
        "dhcp": (),
        "client": ("--site-ntp-server=ntp.example.org", "--ntp-server=192.0.2.1", "--ntp-server=192.0.2.2"),
        "difference": ("--ntp-server=192.0.2.1",),
        "web": ("--ntp-server=192.0.2.1", "--port=80"),
    }
    running = {}
    for name, arguments in runs.items():
        program = f"{WORKSPACE}/{UNIKERNELS}/{name.split(',')[0]}/run.exe"
        running[name] = subprocess.Popen([program, *arguments], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                                         stderr=subprocess.STDOUT, text=True,
                                         env=dict(environment, WEB_PORT=str(web_port), LEASE="192.0.2.1"))
    began = time.strftime("%Y", time.gmtime())
    served = answer_of(web_port)
    said = {name: process.communicate(timeout=30 * PATIENCE)[0] for name, process in running.items()}
    ended = {name: process.returncode == 0 and "the unikernel has ended" in said[name] for name, process in running.items()}
    year = f"({began}|{time.strftime('%Y', time.gmtime())})-"
    expected = {
        "bounded": [year + r".*, source: host: the clock is not synchronised yet", year + r".*, \+- \d+ ns"],
        "dropin": [year, r"synchronised, \+- \d+ ns"],
        "dropin, over IPv6": ['--ntp-server="rub:bish" is left out', r"synchronised, \+- \d+ ns"],
        "dropin, without a server": [year, "the clock is not kept: there is no server; name one: --ntp-server=HOST"],
        "dhcp": ["asking 192.0.2.1", r"synchronised, \+- \d+ ns"],
        "client": [r"\+- \d+ ns, synchronised"],
        "difference": [r"it took 1\d{9} ns, \+- \d+ ns"],
        "web": ["serving on port 80"],
    }
    for name, lines in expected.items():
        yield f"unikernel: {name}", ended[name] and all(re.search(line, said[name]) for line in lines), said[name]
    yield "unikernel: web answers with a bound", re.match(year + r".* \+- \d+ ns", served) is not None, served


def loop_without_lwt(port):
    code, said = run([f"{WORKSPACE}/_build/default/ffntp/bindings/ocaml/example/select/select_loop.exe", "3",
                      f"127.0.0.1:{port}", f"127.0.0.1:{tap.free_port()}"])
    is_ok = code == 0 and "accepted" in said and re.search(r"\+- \d+ ns$", said.strip()) is not None
    return [("the loop over select keeps time", is_ok, said)]


# --- NTS ---

COOKIE_AT = 48 + 36         # behind the unique identifier


class Middle(threading.Thread):
    """A host between clients and an NTP server with NTS. Forged replies and the former genuine one come before each reply,
    and the reply comes twice."""

    def __init__(self, server_port):
        super().__init__(daemon=True)
        self.clients, self.server = (socket.socket(socket.AF_INET, socket.SOCK_DGRAM) for _ in range(2))
        self.clients.bind(("127.0.0.1", 0))
        self.server.connect(("127.0.0.1", server_port))
        self.server.settimeout(2)
        self.port, self.cookies, self.replies = self.clients.getsockname()[1], [], 0

    def forged(self, reply, former):
        early = reply[:40] + bytes([reply[40], reply[41] ^ 1]) + reply[42:]     # its transmit timestamp
        return early, early[:48], reply[:-1] + bytes([reply[-1] ^ 1]), former

    def run(self):
        former = bytes(48)
        while True:
            request, client = self.clients.recvfrom(2048)
            self.cookies.append(request[COOKIE_AT:COOKIE_AT + 104])
            try:
                self.server.send(request)
                reply = self.server.recv(2048)
            except OSError:
                continue
            for datagram in (*self.forged(reply, former), reply, reply):
                self.clients.sendto(datagram, client)
            former, self.replies = reply, self.replies + 1


def exchange_keys(folder, nts_port):
    return subprocess.run([os.environ["NTSKEYS"], "keys", "127.0.0.1", str(nts_port), f"{folder}/ca.pem"], check=True,
                          capture_output=True, text=True, timeout=60).stdout


@contextlib.contextmanager
def authenticated(folder):
    """Run the client with NTS beside the other tests, because it waits for 20 queries. Yields a generator of its cases."""
    folder = f"{folder}/nts"
    os.mkdir(folder)
    certificates.make_authority(folder)
    certificates.make_certificate(folder, "server")
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        nts_port = s.getsockname()[1]
    more = (f"ntsport {nts_port}\nntsserverkey {folder}/server.key\nntsservercert {folder}/server.pem\nntsprocesses 0\n"
            "ntsntpserver 127.0.0.1\n")
    with chrony.chronyd(folder, more) as port:
        middle = Middle(port)
        middle.start()
        with open(f"{folder}/keys", "w") as f:
            f.write(exchange_keys(folder, nts_port))
        program = f"{WORKSPACE}/_build/default/ffntp/bindings/ocaml/test/test_server.exe"
        environment = dict(os.environ, NTS_PORT=str(middle.port), NTS_KEYS=f"{folder}/keys", **COLLECTING)
        running = subprocess.Popen([program, "--color=never"], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                                   stderr=subprocess.STDOUT, text=True, env=environment, cwd=folder)

        def cases():
            output = running.communicate(timeout=400 * PATIENCE)[0]
            yield "chronyd authenticates 20 exchanges, with forged replies between", running.returncode == 0, output
            yield from unikernel_with_keys(middle, lambda: ",".join(exchange_keys(folder, nts_port).split()))
            cookies = middle.cookies
            yield ("no cookie was sent twice", len(cookies) > 20 and len(set(cookies)) == len(cookies),
                   f"{len(cookies)} requests, {len(set(cookies))} cookies\n")
        try:
            yield cases()
        finally:
            running.kill()
            running.wait()


def unikernel_with_keys(middle, agree):
    """Run the example with keys that are right, with a wrong one, and with rubbish. agree: returns new keys."""
    program = f"{WORKSPACE}/{UNIKERNELS}/nts/run.exe"
    wrong = ",".join(["00" * 32, *agree().split(",")[1:]])
    for name, keys, line in (("with its keys", agree(), r"synchronised, \+- \d+ ns"),
                             ("with a wrong key", wrong, "the clock is not synchronised yet"),
                             ("with rubbish", "rub,bish", "--nts-keys: ")):
        code, said = run([program, "--ntp-server=ntp.example.org", f"--nts-keys={keys}"],
                         env=dict(os.environ, NTP_PORT=str(middle.port)))
        is_right = ("synchronised, " in said) == (name == "with its keys") and re.search(line, said)
        yield f"unikernel: nts {name}", code == 0 and is_right, said


def all_cases(folder):
    make_workspace(WORKSPACE)
    with open(f"{folder}/vectors", "w") as f:
        subprocess.run([os.environ["NTSKEYS"], "vectors", "1200"], stdout=f, check=True)
    yield from built()
    with authenticated(folder) as cases:
        yield from alone(folder)
        yield from documented()
        yield from sanitized()
        yield from against_chronyd(folder)
        yield from cases


def against_chronyd(folder):
    with chrony.chronyd(folder) as port, tap.daemon(folder, "--poll", "1", f"127.0.0.1:{port}"):
        tap.wait_for_status(folder, "synchronised")
        environment = dict(os.environ, NTP_PORT=str(port), NTP_PAGE=f"{folder}/page", SIV_VECTORS=f"{folder}/vectors", **COLLECTING)
        for test in TESTS:
            yield from cases_of(test, environment)
        yield from configurations()
        yield from unikernels(environment)
        yield from loop_without_lwt(port)


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
