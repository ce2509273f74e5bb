#!/usr/bin/env python3
"""ffntp sources: every state of a server in one sign, the columns, refused replies; a page of eight servers and one of none."""
import os
import struct
import sys

import fake
import tap
import tool

# Offsets of a page's fields: docs/page.md.
AT_SOURCES, SOURCE_SIZE, AT_SOURCE_COUNT = 0x300, 0xa0, 0x848
AT_PORT, AT_STRATUM, AT_REACH, AT_POLL, AT_SELECTION, AT_ESTIMATOR, AT_REFID = 0x10, 0x12, 0x14, 0x15, 0x16, 0x17, 0x18
AT_ROOT_DELAY, AT_SHARE, AT_OFFSET, AT_VERDICTS = 0x1c, 0x27, 0x28, 0x48

# The values of enum ffntp_selection, with the sign and the name of each; a value that is not one of them.
STATES = [(0, "?", "none"), (1, "*", "followed"), (2, "+", "combined"), (3, "-", "spare"), (4, "x", "falseticker"), (5, "~", "astray"),
          (6, "!", "no-majority"), (77, "?", "unknown")]


def source_patches(number, *, host, selection, share=0, port=123, stratum=2, reach=0o377, poll=6, root_delay_ns=2000000,
                   root_dispersion_ns=500000, offset_ns=484000, rtt_ns=9870000, rtt_min_ns=9000000, refused=()):
    """Return the patches that make the source with this number; the members that are not named are those of the page's own source."""
    start = AT_SOURCES + number * SOURCE_SIZE
    verdicts = struct.pack("<20I", 12, *refused, *[0] * (19 - len(refused)))
    return [(start, bytes(10) + b"\xff\xff" + bytes(host)), (start + AT_PORT, struct.pack("<HB", port, stratum)),
            (start + AT_REACH, bytes([reach, poll, selection, 0])), (start + AT_REFID, struct.pack("<I", 0x0a010203)),
            (start + AT_ROOT_DELAY, struct.pack("<II", root_delay_ns, root_dispersion_ns)), (start + AT_SHARE, bytes([share])),
            (start + AT_OFFSET, struct.pack("<qQQ", offset_ns, rtt_ns, rtt_min_ns)), (start + AT_VERDICTS, verdicts)]


def page_of(folder, page, *sources):
    """Copy a page with these sources, of which the last accepted reply is that of the page's own source."""
    with open(page, "rb") as f:
        first = f.read()[AT_SOURCES:AT_SOURCES + SOURCE_SIZE]
    patches = [(AT_SOURCE_COUNT, struct.pack("<Q", len(sources)))]
    for number, source in enumerate(sources):
        patches += [(AT_SOURCES + number * SOURCE_SIZE, first), *source_patches(number, **source)]
    return tool.patched(folder, page, "many", *patches)


def rows(*arguments):
    """Return the lines of the table, its header first."""
    code, output, errors = tool.ffntp("sources", *arguments)
    tap.check(code == 0 and errors == "", f"{code} {errors}")
    tool.check_width(output)
    return output.splitlines()


def ageless(table):
    """Return a table, whose first line is its header, without the column of ages, which are not the same a second later."""
    begin, end = table[0].index(" reach") + len(" reach"), table[0].index(" last") + len(" last")
    return [line if line.startswith("    ") else line[:begin] + line[end:] for line in table]


def test_one_server(folder):
    with fake.Server() as server, tool.kept_page(folder, server) as page:
        header, row = rows("--page", page)
        tap.check(header.split() == "server st poll reach last offset bound RTT least asymm. share".split(), header)
        tap.check(row.startswith(f"* 127.0.0.1:{server.port} ") and row.endswith(" 100 %") and len(row) == len(header), row)
        [told] = tool.objects(["sources", "--json", "--page", page])
        [source] = told["sources"]
        tap.check(told["status"] == "synchronised" and source["selection"] == "followed" and source["share_percent"] == 100, f"{told}")
        tap.check(source["address"] == f"127.0.0.1:{server.port}" and source["accepted"] > 0, f"{source}")
        tap.check(source["rtt_ns"] / 2 <= source["offset_bound_ns"] < 10**9, f"{source}")


def test_the_offset_is_that_of_a_clock_that_is_right(folder):
    """A server that is 0.5 s ahead is followed: the offset is small, and the system's clock is 0.5 s behind."""
    def ahead(server, request, number):
        return [fake.reply(request, offset_s=0.5)]
    with fake.Server(ahead) as server, tool.kept_page(folder, server) as page:
        [source] = tool.objects(["sources", "--json", "--page", page])[0]["sources"]
        [clock] = tool.objects(["tracking", "--json", "--page", page])
        tap.check(abs(source["offset_ns"]) < 2 * 10**8, f"{source}")
        tap.check(abs(clock["realtime_offset_ns"] + 5 * 10**8) < 2 * 10**8, f"{clock}")


def test_each_state_has_a_sign_and_a_name(folder):
    with fake.Server() as server, tool.kept_page(folder, server) as page:
        many = page_of(folder, page, *({"host": (192, 0, 2, n), "selection": value} for n, (value, _, _) in enumerate(STATES)))
        for n, (line, (_, sign, _)) in enumerate(zip(rows("--page", many)[1:], STATES, strict=True)):
            tap.check(line.startswith(f"{sign} 192.0.2.{n} "), line)
        [told] = tool.objects(["sources", "--json", "--page", many])
        tap.check([source["selection"] for source in told["sources"]] == [name for _, _, name in STATES], f"{told}")
        tap.check([source["selected"] for source in told["sources"]] == [value == 1 for value, _, _ in STATES], f"{told}")


def test_status_has_the_same_table(folder):
    with fake.Server() as server, tool.kept_page(folder, server) as page:
        many = page_of(folder, page, *({"host": (192, 0, 2, value), "selection": value} for value, _, _ in STATES[:6]))
        status = tool.ffntp("status", "--page", many)[1]
        tool.check_width(status)
        table = rows("-v", "--page", many)
        tap.check(table[-13].startswith("  server ") and ageless(status.splitlines()[-13:]) == ageless(table[-13:]), status)


def test_the_columns(folder):
    with fake.Server() as server, tool.kept_page(folder, server) as page:
        many = page_of(folder, page,
                       {"host": (198, 51, 100, 200), "selection": 1, "share": 67, "poll": 10, "reach": 0o17},
                       {"host": (192, 0, 2, 2), "selection": 2, "share": 33, "offset_ns": -999499, "rtt_ns": 999600, "rtt_min_ns": 850,
                        "root_delay_ns": 0, "root_dispersion_ns": 0},
                       {"host": (192, 0, 2, 3), "selection": 4, "offset_ns": -86400 * 10**9, "poll": 17})
        _, first, second, third = (line.split() for line in rows("--page", many))
        # The bound is 9.87 ms / 2 + 2 ms / 2 + 0.5 ms; the asymmetry 1.3 % of 9 ms.
        tap.check(first[:5] == ["*", "198.51.100.200", "2", "1024", "17"], f"{first}")
        tap.check(first[6:] == ["484us", "6.43ms", "9.87ms", "9.00ms", "117us", "67", "%"], f"{first}")
        tap.check(second[6:] == ["-999us", "500us", "1.00ms", "850ns", "11ns", "33", "%"], f"{second}")
        tap.check(third[3] == "36h" and third[6] == "-24h" and third[-2] == "0", f"{third}")
        [told] = tool.objects(["sources", "--json", "--page", many])
        tap.check([source["share_percent"] for source in told["sources"]] == [67, 33, 0], f"{told}")
        first = told["sources"][0]
        tap.check(first["offset_bound_ns"] == 6435000 and first["asymmetry_esterror_ns"] == 117000, f"{first}")
        tap.check(first["noise_esterror_ns"] is None and first["poll_s"] == 1024, f"{first}")


def test_a_server_that_has_not_answered(folder):
    """Alone it is the one that the clock follows, but it has no time."""
    with fake.Server(lambda *unused: []) as server, tap.daemon(folder, f"127.0.0.1:{server.port}"):
        tap.wait_for(lambda: os.path.exists(f"{folder}/page") and tool.objects(["sources", "--json", "--page", f"{folder}/page"])[0]["sources"],
                     "a source")
        row = rows("--page", f"{folder}/page")[1]
        tap.check(row.startswith(f"? 127.0.0.1:{server.port} ") and row.split()[-7:] == ["-"] * 7, row)
        [source] = tool.objects(["sources", "--json", "--page", f"{folder}/page"])[0]["sources"]
        unknown = ["share_percent", "offset_ns", "offset_bound_ns", "noise_esterror_ns", "asymmetry_esterror_ns", "rtt_ns", "rtt_min_ns",
                   "last_accepted_s"]
        tap.check(source["selection"] == "none" and all(source[key] is None for key in unknown), f"{source}")


def test_no_server(folder):
    with fake.Server() as server, tool.kept_page(folder, server) as page:
        none = page_of(folder, page)
        tap.check(rows("--page", none) == ["no servers yet"], "something else")
        tap.check(tool.objects(["sources", "--json", "--page", none])[0]["sources"] == [], "sources")


def test_the_long_form_explains_and_counts(folder):
    """Every reason at once needs several lines."""
    reasons = list(range(1, 20))
    with fake.Server() as server, tool.kept_page(folder, server) as page:
        many = page_of(folder, page, {"host": (192, 0, 2, 1), "selection": 1}, {"host": (192, 0, 2, 2), "selection": 4, "refused": [0, 7]},
                       {"host": (192, 0, 2, 3), "selection": 2, "refused": [count * 10**8 for count in reasons]})
        short = rows("--page", many)
        for option in ("-v", "--verbose"):
            lines = rows(option, "--page", many)
            table = lines[lines.index(short[0]):]
            text = "\n".join(lines)
            tap.check(all(f"  {sign} " in text for sign in "*+-x~!?"), f"a sign is not explained: {text}")
            tap.check(ageless([line for line in table if line[0:4] != "    "]) == ageless(short), text)
            tap.check("12 accepted; refused: none" in text and "12 accepted; refused: 7 version" in text, text)
            tap.check("refid 10.1.2.3, root distance 1.500 ms" in text, text)
        [told] = tool.objects(["sources", "--json", "--page", many])
        for reason, count in told["sources"][2]["refused"].items():
            tap.check(count > 0 and f"{count} {reason}" in text.replace("\n   ", ""), f"{count} {reason}: {text}")


def test_noise_of_a_server_that_an_estimator_follows(folder):
    with fake.Server() as server, tool.kept_page(folder, server) as page:
        def measured():
            [source] = tool.objects(["sources", "--json", "--page", page])[0]["sources"]
            return source["noise_esterror_ns"]
        tap.check(0 < tap.wait_for(measured, "noise") < 10**8, "noise")
        tap.check(", noise " in "\n".join(rows("-v", "--page", page)), "noise is not printed")


def test_a_page_that_cannot_be_read(folder):
    for command in (["sources"], ["sources", "--json"], ["sources", "-v"]):
        tool.check_refused([*command, "--page", f"{folder}/missing"], "no clock page")
    tool.check_refused(["sources", "surplus"], "surplus", code=2)
    tool.check_refused(["tracking", "-v"], "unknown option -v", code=2)


if __name__ == "__main__":
    tap.run(sys.modules[__name__], together=4)
