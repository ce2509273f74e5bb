#!/usr/bin/env python3
"""
NTS: against Debian's chronyd, with right and wrong certificates, with cookies that become void; and against servers that
break the key exchange, or forge replies. The clock is read from the page; each reply without the right authenticator is
counted as "authentication".
"""
import contextlib
import os
import signal
import socket
import ssl
import struct
import sys
import threading
import time

import certificates
import chrony
import tap
import test_disrupt as disrupt

NEXT, AEAD, END = bytes.fromhex("800100020000"), bytes.fromhex("80040002000f"), bytes.fromhex("80000000")
COOKIE = struct.pack(">HH", 5, 100) + bytes(range(100))


def make_certificates(folder, **options):
    certificates.make_authority(folder)
    certificates.make_certificate(folder, "server", **options)


def server_lines(folder, nts_port, keeps_keys=True):
    """Return the lines of chronyd's configuration that make it a server of NTS."""
    os.makedirs(f"{folder}/dump", mode=0o700, exist_ok=True)
    dump = f"ntsdumpdir {folder}/dump\n" if keeps_keys else ""
    return (f"ntsport {nts_port}\nntsserverkey {folder}/server.key\nntsprocesses 0\nntsservercert {folder}/server.pem\n"
            f"ntsntpserver 127.0.0.1\n{dump}")


@contextlib.contextmanager
def chronyd(folder, nts_port, keeps_keys=True, port=None):
    """Run chronyd with NTS; yields its NTP port."""
    with chrony.chronyd(folder, more=server_lines(folder, nts_port, keeps_keys), port=port) as its_port:
        yield its_port


def configured(folder, nts_port, host="127.0.0.1", more="", ca="ca.pem"):
    """Write a configuration; return the options of ffntpd that name it."""
    with open(f"{folder}/conf", "w") as f:
        f.write(f"server {host} nts ntsport {nts_port} iburst\nnosystemcert\nntstrustedcerts {folder}/{ca}\n{more}")
    return "-c", f"{folder}/conf", "--poll", "1", "-v"


def check_time(folder):
    result = tap.watch(folder, 2)
    tap.check(result["samples"] > 0 and result["outside"] == 0 and result["median_ns"] < 5000000, f"the time is off: {result}")


def wait_for_log(folder, text, patience_s=20):
    tap.wait_for(lambda: text in tap.said(folder), f"{text!r} in the log", patience_s)


def check_refused(folder, nts_port, text, **options):
    """The key exchange fails for this reason; it is logged, and no time is taken."""
    with tap.daemon(folder, *configured(folder, nts_port, **options)):
        wait_for_log(folder, text)
        time.sleep(1)
        page = tap.probe(folder)
        tap.check(page["status"] == "initialising" and sum(page["verdicts"].values()) == 0, f"{page}")
        tap.check(tap.said(folder).count("NTS key exchange: ") == 1, "it was tried again at once, or logged twice")


# --- chronyd ---

def test_chronyd_serves_authenticated_time(folder):
    make_certificates(folder)
    nts_port = tap.free_tcp_port()
    with chronyd(folder, nts_port), tap.daemon(folder, *configured(folder, nts_port)):
        page = tap.wait_for_verdict(folder, "accepted", 12, 30)
        tap.check(page["verdicts"]["authentication"] == 0, f"{page}")
        check_time(folder)
        tap.check(tap.said(folder).count("NTS key exchange: ") == 1, "keys were agreed more than once")


def test_chronyd_by_its_name(folder):
    """The name may have several addresses, of which only one has the server."""
    make_certificates(folder, addresses=())
    nts_port = tap.free_tcp_port()
    with chronyd(folder, nts_port), tap.daemon(folder, *configured(folder, nts_port, host="localhost")):
        tap.wait_for_verdict(folder, "accepted", 3, 20)


def test_interleaved_mode_with_nts(folder):
    make_certificates(folder)
    nts_port = tap.free_tcp_port()
    with chronyd(folder, nts_port):
        options = configured(folder, nts_port)
        with open(f"{folder}/conf") as f:
            text = f.read().replace(" iburst", " iburst xleave")
        with open(f"{folder}/conf", "w") as f:
            f.write(text)
        with tap.daemon(folder, *options):
            page = tap.wait_for_verdict(folder, "accepted", 8, 30)
            tap.check(page["verdicts"]["authentication"] == 0, f"{page}")
            check_time(folder)


def test_a_server_that_has_forgotten_its_keys(folder):
    """chronyd refuses the cookies, which leads to a new key exchange."""
    make_certificates(folder)
    nts_port = tap.free_tcp_port()
    with contextlib.ExitStack() as stack:
        with chronyd(folder, nts_port, keeps_keys=False) as port:
            stack.enter_context(tap.daemon(folder, *configured(folder, nts_port)))
            tap.wait_for_verdict(folder, "accepted", 5, 20)
        os.rename(f"{folder}/chronyd.log", f"{folder}/chronyd-1.log")
        with chronyd(folder, nts_port, keeps_keys=False, port=port):
            before = tap.probe(folder)["verdicts"]["accepted"]
            tap.wait_for(lambda: tap.said(folder).count("NTS key exchange: ") == 2, "new keys", 60)
            tap.wait_for_verdict(folder, "accepted", before + 3, 30)
            tap.check(tap.probe(folder)["verdicts"]["authentication"] >= 1, "no cookie was refused")
            check_time(folder)


def test_a_guest_that_was_restored(folder):
    """A copy of the machine may have the same cookies: they are not used any more. Elsewhere they are kept."""
    make_certificates(folder)
    nts_port = tap.free_tcp_port()
    machine = disrupt.Machine(folder)
    with chronyd(folder, nts_port):
        for jumps, exchanges in ("yes", 2), ("no", 1):
            with tap.daemon(folder, *configured(folder, nts_port, more=f"counterjumps {jumps}\n"), env=machine.environment, name=jumps):
                before = tap.wait_for_verdict(folder, "accepted", 3, 20)
                machine.bend(boottime=60)
                tap.wait_for(lambda: tap.probe(folder)["disruption_marker"] != before["disruption_marker"], "the disruption")
                tap.wait_for(lambda: tap.has_time(tap.probe(folder)), "the time", 20)
                tap.check(tap.said(folder, jumps).count("NTS key exchange: ") == exchanges, tap.said(folder, jumps))
            os.unlink(f"{folder}/page")


def test_cookies_are_kept_across_restarts(folder):
    """They are used after an orderly end, and once: after a crash, or with a file of a different machine, there is a key exchange."""
    make_certificates(folder)
    nts_port = tap.free_tcp_port()
    os.mkdir(f"{folder}/kept", 0o700)
    more = f"ntsdumpdir {folder}/kept\ncounterjumps no\n"
    kept = f"{folder}/kept/127.0.0.1:{nts_port}.nts"
    with chronyd(folder, nts_port):
        def run(name, stored, number=signal.SIGTERM):
            with tap.process([tap.FFNTPD, "--page", f"{folder}/page", *configured(folder, nts_port, more=more)], f"{folder}/{name}.log") as running:
                page = tap.wait_for_verdict(folder, "accepted", 3, 20)
                tap.check(page["verdicts"]["authentication"] == 0, f"{page}")
                tap.check(not os.path.exists(kept), "the file was not removed")
                tap.stop(running, number)
            tap.check(("stored cookies for" in tap.said(folder, name)) == stored, tap.said(folder, name))
            os.unlink(f"{folder}/page")
        run("first", False)
        tap.check(os.stat(kept).st_mode & 0o777 == 0o600, "others may read the cookies")
        run("second", True, signal.SIGKILL)
        run("crashed", False)
        with open(kept, "r+b") as f:
            f.seek(8)
            f.write(bytes(32))
        run("moved", False)


def test_cookies_of_a_guest_that_was_restored_between_runs(folder):
    """The file of cookies is in the snapshot, too: another generation of the machine does not use it."""
    make_certificates(folder)
    nts_port = tap.free_tcp_port()
    os.mkdir(f"{folder}/kept", 0o700)
    machine = disrupt.Machine(folder)

    def run(name, generation, stored):
        with open(f"{folder}/vmclock", "wb") as f:
            f.write(struct.pack("<II96xQ", 0x4b4c4356, 4096, generation).ljust(4096, b"\0"))
        options = configured(folder, nts_port, more=f"ntsdumpdir {folder}/kept\ncounterjumps yes\n")
        with tap.daemon(folder, *options, env=machine.environment, name=name):
            tap.wait_for_verdict(folder, "accepted", 3, 20)
        tap.check(("stored cookies for" in tap.said(folder, name)) == stored, tap.said(folder, name))
        os.unlink(f"{folder}/page")
    with chronyd(folder, nts_port):
        run("first", 1, False)
        run("again", 1, True)
        run("restored", 2, False)


def test_a_certificate_of_an_unknown_authority(folder):
    make_certificates(folder)
    certificates.make_authority(folder, "other")
    nts_port = tap.free_tcp_port()
    with chronyd(folder, nts_port):
        check_refused(folder, nts_port, "certificate: The certificate is NOT trusted", ca="other.pem")


def test_a_certificate_of_another_host(folder):
    make_certificates(folder, hosts=("elsewhere.example.org",), addresses=("192.0.2.1",))
    nts_port = tap.free_tcp_port()
    with chronyd(folder, nts_port):
        check_refused(folder, nts_port, "The name in the certificate does not match")


EXPIRED = "activation_date = \"2020-01-01\"\nexpiration_date = \"2021-01-01\"\n"
FUTURE = "activation_date = \"2099-01-01\"\nexpiration_date = \"2100-01-01\"\n"


def test_a_certificate_that_has_expired(folder):
    make_certificates(folder, dates=EXPIRED)
    nts_port = tap.free_tcp_port()
    with chronyd(folder, nts_port):
        check_refused(folder, nts_port, "expired")


def test_a_certificate_that_is_not_yet_valid(folder):
    make_certificates(folder, dates=FUTURE)
    nts_port = tap.free_tcp_port()
    with chronyd(folder, nts_port):
        check_refused(folder, nts_port, "not yet valid")


def test_dates_do_not_count_before_there_is_a_time_if_so_configured(folder):
    make_certificates(folder, dates=EXPIRED)
    nts_port = tap.free_tcp_port()
    with chronyd(folder, nts_port), tap.daemon(folder, *configured(folder, nts_port, more="nocerttimecheck 1\n")):
        tap.wait_for_verdict(folder, "accepted", 3, 20)


def test_no_server_and_a_silent_one(folder):
    certificates.make_authority(folder)
    with socket.socket() as silent:
        silent.bind(("127.0.0.1", 0))
        nobody = silent.getsockname()[1]
        check_refused(folder, nobody, "connecting: Connection refused")
        silent.listen()
        with tap.daemon(folder, *configured(folder, nobody), name="silent"):
            tap.wait_for(lambda: "NTS key exchange: TLS: The operation timed out" in tap.said(folder, "silent"), "a time limit", 30)


# --- servers that break the key exchange ---

@contextlib.contextmanager
def fake_server(folder, serve, least=ssl.TLSVersion.TLSv1_3, most=ssl.TLSVersion.TLSv1_3, protocols=("ntske/1",)):
    """A TLS server that calls serve with each connection; yields its port. Connections follow each other."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version, context.maximum_version = least, most
    context.load_cert_chain(f"{folder}/server.pem", f"{folder}/server.key")
    if protocols:
        context.set_alpn_protocols(list(protocols))
    listening = socket.create_server(("127.0.0.1", 0))

    def accept():
        while True:
            try:
                connection, _ = listening.accept()
            except OSError:
                return
            with contextlib.suppress(OSError), connection, context.wrap_socket(connection, server_side=True) as tls:
                tls.settimeout(5 * tap.PATIENCE)
                serve(tls)

    thread = threading.Thread(target=accept, daemon=True)
    thread.start()
    try:
        yield listening.getsockname()[1]
    finally:
        listening.shutdown(socket.SHUT_RDWR)
        listening.close()
        thread.join(10)


def answering(*pieces):
    """Answer each request with these pieces, each in a TLS record of its own."""
    def serve(tls):
        tls.recv(1024)
        for piece in pieces:
            tls.sendall(piece)
            time.sleep(0.02)
    return serve


def check_fake(folder, text, serve, **options):
    make_certificates(folder)
    with fake_server(folder, serve, **options) as nts_port:
        check_refused(folder, nts_port, text)


def test_tls_1_2(folder):
    check_fake(folder, "NTS key exchange: TLS: ", answering(), least=ssl.TLSVersion.TLSv1_2, most=ssl.TLSVersion.TLSv1_2)


def test_no_application_protocol(folder):
    check_fake(folder, "NTS key exchange: TLS: ", answering(NEXT + AEAD + COOKIE + END), protocols=())


def test_a_message_that_is_cut_short(folder):
    check_fake(folder, "key exchange: the message has no end", answering(NEXT + AEAD + COOKIE))


def test_no_message(folder):
    check_fake(folder, "receiving: the server closed the connection", lambda tls: tls.recv(1024))


def test_an_error_of_the_server(folder):
    check_fake(folder, "the server reports an error: it calls the request malformed", answering(bytes.fromhex("800200020001") + END))


def test_an_algorithm_that_was_not_offered(folder):
    check_fake(folder, "chose an AEAD algorithm that was not offered", answering(NEXT + bytes.fromhex("800400020011") + COOKIE + END))


def test_a_message_without_end(folder):
    """64 KiB of records that are ignored: no more is read than a message may have."""
    check_fake(folder, "key exchange: the message has no end", answering(*[struct.pack(">HH", 0x4000, 1020) + bytes(1020)] * 64))


def test_a_trickle(folder):
    """A byte each second: the whole key exchange has a time limit."""
    def serve(tls):
        tls.recv(1024)
        for byte in NEXT + AEAD + COOKIE:
            tls.sendall(bytes([byte]))
            time.sleep(1)
    make_certificates(folder)
    with fake_server(folder, serve) as nts_port, tap.daemon(folder, *configured(folder, nts_port)):
        wait_for_log(folder, "receiving: The operation timed out", 30)


def test_failures_that_differ_fill_no_log(folder):
    """The server has a different reason at each key exchange: one line a minute at most."""
    reasons, served = [bytes.fromhex("800200020000"), bytes.fromhex("800200020001")], []

    def serve(tls):
        tls.recv(1024)
        tls.sendall(reasons[len(served) % 2] + END)
        served.append(time.monotonic())
    make_certificates(folder)
    with fake_server(folder, serve) as nts_port, tap.daemon(folder, *configured(folder, nts_port)[:-1]):
        tap.wait_for(lambda: len(served) >= 2, "a second key exchange", 60)
        time.sleep(2)
    lines = tap.said(folder).count("NTS key exchange: ")
    tap.check(lines == 1 or served[1] - served[0] > 60, f"{lines} lines")


def test_records_split_over_tls_records_and_a_server_of_another_name(folder):
    """The message is accepted. The server that it names is asked, and its replies are not authentic."""
    make_certificates(folder)
    ntp = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    ntp.bind(("127.0.0.1", 0))
    ntp.settimeout(0.2)
    port = ntp.getsockname()[1]
    message = (NEXT + AEAD + COOKIE * 8 + struct.pack(">HH9s", 6, 9, b"127.0.0.1") + struct.pack(">HHH", 7, 2, port) + END)
    pieces = [message[i:i + 97] for i in range(0, len(message), 97)]
    requests = []

    def forge(running):
        while running.is_set():
            with contextlib.suppress(OSError):
                request, address = ntp.recvfrom(2048)
                requests.append(request)
                now = struct.pack(">Q", int((time.time() + 2208988800 + 3600) * 2**32))
                header = b"\x24\x01\x00\xe9" + bytes(8) + b"GPS\0" + now + request[40:48] + now + now
                for forged in (header, header + request[48:84], header + request[48:], header + bytes(4)):
                    ntp.sendto(forged, address)

    running = threading.Event()
    running.set()
    thread = threading.Thread(target=forge, args=(running,))
    thread.start()
    try:
        with fake_server(folder, answering(*pieces)) as nts_port, tap.daemon(folder, *configured(folder, nts_port)):
            page = tap.wait_for_verdict(folder, "authentication", 8, 30)
            tap.check(page["status"] == "initialising" and page["verdicts"]["accepted"] == 0, f"{page}")
    finally:
        running.clear()
        thread.join(10)
        ntp.close()
    cookies = [request[88:188] for request in requests]
    tap.check(all(len(request) % 4 == 0 and len(request) < 1024 for request in requests), "a request of a wrong length")
    tap.check(len(requests) >= 2 and cookies[0] == bytes(range(100)), "the requests have no cookie")


if __name__ == "__main__":
    tap.run(sys.modules[__name__])
