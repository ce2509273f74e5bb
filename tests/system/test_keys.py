#!/usr/bin/env python3
"""
Symmetric keys: against Debian's chronyd, with right and wrong keys, and against a server that forges, end to end. The
clock is read from the page, and each reply that lacks the right MAC is counted as "authentication".
"""
import hashlib
import os
import signal
import struct
import sys
import time

import chrony
import fake
import tap
import tool

HOUR_S = 3600.0
KEY = bytes.fromhex("00112233445566778899aabbccddeeff")
AES128, SHA256 = f"10 AES128 HEX:{KEY.hex()}\n", f"11 SHA256 HEX:{KEY.hex()}\n"
KEYS = {"10 AES128": KEY, "11 AES256": KEY + KEY, "12 SHA256": KEY, "13 SHA384": KEY, "14 SHA512": KEY,
        "15 SHA3-256": KEY, "16 SHA3-512": KEY}


def mac(packet, number=11, key=KEY):
    """Return the packet with its MAC of type SHA256."""
    return packet + struct.pack(">I", number) + hashlib.sha256(key + packet).digest()[:20]


def configured(folder, port, key=11, keys=SHA256, mode=0o600, more=""):
    """Write a configuration; return the options of ffntpd that name it."""
    for name, text, bits in (("keys", keys, mode), ("conf", f"server 127.0.0.1 port {port} iburst key {key}\n"
                                                            f"keyfile {folder}/keys\n{more}", 0o644)):
        with open(f"{folder}/{name}", "w") as f:
            f.write(text)
        os.chmod(f"{folder}/{name}", bits)
    return "-c", f"{folder}/conf", "--poll", "1"


def check_time(folder):
    result = tap.watch(folder, 2)
    tap.check(result["samples"] > 0 and result["outside"] == 0 and result["median_ns"] < 5000000, f"the time is off: {result}")


# --- chronyd ---

def with_chronyd(folder, number, key_type, server_key, client_key):
    """Run ffntpd beside a chronyd; return its page after three replies if the keys are the same, otherwise once it lacks replies."""
    with open(f"{folder}/chrony.keys", "w") as f:
        f.write(f"{number} {key_type} HEX:{server_key.hex()}\n")
    with chrony.chronyd(folder, more=f"keyfile {folder}/chrony.keys\n") as port:
        options = configured(folder, port, number, f"{number} {key_type} HEX:{client_key.hex()}\n")
        with tap.daemon(folder, *options):
            if server_key != client_key:
                tap.wait_for(lambda: "no usable reply" in tap.said(folder), "a line about it")
                return tap.probe(folder)
            page = tap.wait_for_verdict(folder, "accepted", 3)
            check_time(folder)
            return page


def check_right_key(folder, name):
    page = with_chronyd(folder, *name.split(), KEYS[name], KEYS[name])
    tap.check(page["verdicts"]["accepted"] >= 3 and page["verdicts"]["authentication"] == 0, f"{page}")


def check_wrong_key(folder, name):
    """chronyd does not answer a request with a wrong MAC."""
    wrong = KEYS[name][:-1] + b"\x01"
    page = with_chronyd(folder, *name.split(), KEYS[name], wrong)
    tap.check(page["status"] == "initialising" and sum(page["verdicts"].values()) == 0, f"{page}")


def test_chronyd_with_the_right_key_of_type_aes128(folder):
    check_right_key(folder, "10 AES128")


def test_chronyd_with_the_right_key_of_type_aes256(folder):
    check_right_key(folder, "11 AES256")


def test_chronyd_with_the_right_key_of_type_sha256(folder):
    check_right_key(folder, "12 SHA256")


def test_chronyd_with_the_right_key_of_type_sha384(folder):
    check_right_key(folder, "13 SHA384")


def test_chronyd_with_the_right_key_of_type_sha512(folder):
    check_right_key(folder, "14 SHA512")


def test_chronyd_with_the_right_key_of_type_sha3_256(folder):
    check_right_key(folder, "15 SHA3-256")


def test_chronyd_with_a_wrong_key_of_type_aes128(folder):
    check_wrong_key(folder, "10 AES128")


def test_chronyd_with_a_wrong_key_of_type_sha256(folder):
    check_wrong_key(folder, "12 SHA256")


# --- forged replies ---

# Replies an hour off, none of which a client with key 11 may use.
FORGERIES = [
    lambda packet: packet,
    lambda packet: packet + bytes(4),
    lambda packet: packet + bytes(24),
    lambda packet: mac(packet, key=KEY[:-1]),
    lambda packet: mac(packet, number=12),
    lambda packet: mac(packet)[:-1] + bytes([mac(packet)[-1] ^ 1]),
    lambda packet: mac(packet)[:-4],
    lambda packet: mac(packet) + bytes(4),
    lambda packet: packet + struct.pack(">I", 11) + hashlib.sha256(KEY + packet).digest(),
    lambda packet: mac(packet + struct.pack(">HH", 0x104, 28) + bytes(24)),
    lambda packet: mac(packet)[:47],
    lambda packet: bytes(3000),
    lambda packet: b"",
]


def test_forged_replies_are_refused_and_the_true_one_is_taken(folder):
    """The forgeries come first, with the request's own nonce; the true reply must still be used."""
    def answer(server, request, number):
        lie = fake.reply(request, offset_s=HOUR_S)
        return [forge(lie) for forge in FORGERIES] + [mac(fake.reply(request))]
    with fake.Server(answer) as server, tap.daemon(folder, *configured(folder, server.port)):
        page = tap.wait_for_verdict(folder, "accepted", 3)
        found = page["verdicts"]
        tap.check(found["authentication"] >= 2 * len(FORGERIES), f"not all were counted: {page}")
        tap.check(sum(found.values()) == found["authentication"] + found["accepted"], f"refused by another name: {page}")
        check_time(folder)
        for _, request in server.requests:
            tap.check(request == mac(request[:48]), f"a request without its MAC: {request.hex()}")


def test_a_server_without_the_key_gives_no_time(folder):
    def answer(server, request, number):
        return [fake.reply(request)]
    with fake.Server(answer) as server, tap.daemon(folder, *configured(folder, server.port)):
        page = tap.wait_for_verdict(folder, "authentication", 3)
        tap.check(page["status"] == "initialising" and page["verdicts"]["accepted"] == 0, f"{page}")
    tap.check("reply refused: authentication" in tap.said(folder), tap.said(folder))


def test_a_forged_kiss_of_death_does_nothing(folder):
    def answer(server, request, number):
        return [fake.kiss(request, b"DENY"), fake.kiss(request, b"RATE"), mac(fake.reply(request))]
    with fake.Server(answer) as server, tap.daemon(folder, *configured(folder, server.port)):
        page = tap.wait_for_verdict(folder, "accepted", 4)
        tap.check(page["verdicts"]["kiss-deny"] == page["verdicts"]["kiss-rate"] == 0, f"{page}")
        tap.check(page["poll_log2_s"] == 0, f"the interval changed: {page}")


def test_a_duplicate_with_its_mac_is_a_duplicate(folder):
    with fake.Server(lambda server, request, number: [mac(fake.reply(request))] * 2) as server, \
            tap.daemon(folder, *configured(folder, server.port)):
        tap.wait_for_verdict(folder, "duplicate", 2)


def test_a_journal_has_the_verified_bytes_and_no_others(folder):
    def answer(server, request, number):
        lie = fake.reply(request, offset_s=HOUR_S)
        return [lie, mac(lie, number=12), mac(fake.reply(request))]
    with fake.Server(answer) as server, \
            tap.daemon(folder, *configured(folder, server.port), "--journal", f"{folder}/journal"):
        tap.wait_for_verdict(folder, "accepted", 2)
    with open(f"{folder}/journal") as f:
        datagrams = [line.split(" ")[2].strip() for line in f if line.startswith("datagram ")]
    refused = [each for each in datagrams if each == "00" * 52]
    tap.check(len(refused) >= 4, f"{datagrams}")
    tap.check({len(each) for each in datagrams} == {96, 104}, f"{datagrams}")
    tap.check(all(each == "00" * 52 for each in datagrams if len(each) == 104), f"{datagrams}")
    result, = tool.objects(["replay", "--json", f"{folder}/journal"])
    tap.check(result["verdicts"]["authentication"] == len(refused) and result["verdicts"]["accepted"] >= 2, f"{result}")


# --- configuration ---

def test_a_key_that_cannot_be_used_ends_the_daemon_with_one_line(folder):
    for keys, line in (("12 SHA256 secret\n", f"{folder}/keys: there is no key 11, which the server 127.0.0.1 needs"),
                       ("\n11 MD5 secret\n", f"{folder}/keys:2: key 11: type MD5 is refused, because this hash is broken; "
                                             "make a key of type AES128 for server and client: chronyc keygen 11 AES128"),
                       ("11 AES128 secret\n", f"{folder}/keys:1: key 11 has 48 bits; a key of type AES128 has 128")):
        options = configured(folder, 9, keys=keys)
        code, output = tap.run_daemon(folder, "--page", f"{folder}/page", *options)
        tap.check((code, output) == (1, f"ffntpd: {line}\n"), f"{code} {output}")
    configured(folder, 9)
    os.unlink(f"{folder}/keys")
    code, output = tap.run_daemon(folder, "--page", f"{folder}/page", *options)
    tap.check((code, output) == (1, f"ffntpd: keyfile {folder}/keys: No such file or directory\n"), f"{code} {output}")
    with open(f"{folder}/conf", "w") as f:
        f.write("server 127.0.0.1 key 11\n")
    code, output = tap.run_daemon(folder, "--page", f"{folder}/page", *options)
    tap.check(code == 1 and "no line 'keyfile FILE'" in output and output.count("\n") == 1, f"{code} {output}")


def test_a_file_that_others_may_read_and_a_short_key_are_warned_of(folder):
    with fake.Server() as server, \
            tap.daemon(folder, *configured(folder, server.port, keys="11 SHA256 rosebud\n", mode=0o644)):
        tap.wait_for_verdict(folder, "authentication")
    tap.check(f"chmod o= {folder}/keys" in tap.said(folder), tap.said(folder))
    tap.check("key 11 has only 56 bits" in tap.said(folder) and "rosebud" not in tap.said(folder), tap.said(folder))


def test_a_key_that_ntpsec_reads_differently_is_warned_of(folder):
    with fake.Server() as server, tap.daemon(folder, *configured(folder, server.port, keys=f"11 SHA256 {KEY.hex()}\n")):
        tap.wait_for_verdict(folder, "authentication")
    tap.check("key 11 is used as text" in tap.said(folder) and KEY.hex() not in tap.said(folder), tap.said(folder))


def reload(folder, running, *said):
    """Reload the configuration; wait until the log has these words once more."""
    before = [tap.said(folder).count(word) for word in said]
    running.send_signal(signal.SIGHUP)
    tap.wait_for(lambda: [tap.said(folder).count(word) for word in said] > before, f"{said}")


def test_a_reload_takes_new_keys_and_keeps_the_old_ones_if_they_are_wrong(folder):
    key = [KEY]

    def answer(server, request, number):
        return [mac(fake.reply(request), key=key[0])]
    with fake.Server(answer) as server, tap.daemon(folder, *configured(folder, server.port)) as running:
        tap.wait_for_verdict(folder, "accepted", 2)
        configured(folder, server.port, keys="11 SHA1 secret\n")
        reload(folder, running, "the old one stays in use")
        before = tap.probe(folder)["verdicts"]["accepted"]
        tap.wait_for_verdict(folder, "accepted", before + 2)
        key[0] = b"another key of 128 bits"
        configured(folder, server.port, keys=f"11 SHA256 HEX:{key[0].hex()}\n")
        reload(folder, running, "asking")
        time.sleep(1)
        tap.wait_for_verdict(folder, "accepted", 3)
        tap.check(tap.probe(folder)["verdicts"]["authentication"] <= 1, f"{tap.probe(folder)}")
        configured(folder, server.port)
        reload(folder, running, "asking")
        # The page keeps the former session's map, and counts, because this session has no time.
        tap.wait_for(lambda: "reply refused: authentication" in tap.said(folder), "a refused reply")


def test_each_server_has_its_own_key(folder):
    """The first server never answers, and has another key than the second."""
    def answer(server, request, number):
        return [fake.reply(request, offset_s=HOUR_S), mac(fake.reply(request), number=13, key=b"of the second one")]
    with fake.Server(lambda server, request, number: []) as silent, fake.Server(answer) as server:
        options = configured(folder, silent.port, keys=SHA256 + f"13 SHA256 HEX:{b'of the second one'.hex()}\n",
                             more=f"server 127.0.0.1 port {server.port} iburst key 13\n")
        with tap.daemon(folder, *options):
            tap.wait_for(lambda: any(source["port"] == server.port and source["accepted"] >= 2
                                     for source in (tap.probe(folder) or {}).get("sources", [])), "two accepted replies")
            tap.check("reply refused: authentication" in tap.said(folder), "the false replies were not refused")
            check_time(folder)
        tap.check(all(request == mac(request[:48]) for _, request in silent.requests), "not the first one's MAC")


if __name__ == "__main__":
    tap.run(sys.modules[__name__])
