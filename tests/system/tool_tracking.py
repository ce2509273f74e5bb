#!/usr/bin/env python3
"""ffntp tracking: the clock without the table of its servers, of one server and of several."""
import sys

import fake
import tap
import tool
import tool_sources


def lines(*arguments):
    code, output, errors = tool.ffntp("tracking", *arguments)
    tap.check(code == 0 and errors == "", f"{code} {errors}")
    tool.check_width(output)
    return dict(line.split(":", 1) for line in output.splitlines())


def value(found, name):
    return found[f"{name:14}"].split()


def test_what_users_of_chronyc_look_for(folder):
    with fake.Server() as server, tool.kept_page(folder, server) as page:
        found = lines("--page", page)
        tap.check(value(found, "Reference") == [f"127.0.0.1:{server.port},", "TEST"], f"{found}")
        tap.check(value(found, "Stratum")[0] == "1" and value(found, "Status") == ["synchronised"], f"{found}")
        tap.check(value(found, "Leap second") == ["none"], f"{found}")
        for name in ("TAI - UTC", "Counter", "Frequency", "Est. error", "Asymmetry", "Bound", "Last update", "System time", "Offset", "RTT",
                     "Root distance"):
            tap.check(f"{name:14}" in found, f"no {name}: {found}")
        tap.check("Servers       " not in found, "there is one server only")


def test_as_json(folder):
    with fake.Server() as server, tool.kept_page(folder, server) as page:
        [clock] = tool.objects(["tracking", "--json", "--page", page])
        [status] = tool.objects(["status", "--json", "--page", page])
        tap.check(list(clock)[:-1] == list(status)[:-1] and "sources" not in clock, f"{clock} {status}")
        tap.check(clock["reference"]["address"] == f"127.0.0.1:{server.port}" and clock["reference"]["stratum"] == 1, f"{clock}")
        tap.check(clock["status"] == "synchronised" and 0 < clock["esterror_ns"] <= clock["bound_ns"], f"{clock}")
        tap.check(abs(clock["realtime_offset_ns"]) <= clock["bound_ns"] + 10**7, f"{clock}")


def test_the_output_is_that_of_status_without_the_servers(folder):
    with fake.Server() as server, tool.kept_page(folder, server) as page:
        status = tool.ffntp("status", "--page", page)[1].split("\n\n")[0]
        tap.check([line[:15] for line in status.splitlines()] == [f"{name}:" for name in lines("--page", page)], status)


def test_several_servers(folder):
    hosts = [{"host": (192, 0, 2, n), "selection": selection, "stratum": 3} for n, selection in enumerate((2, 1, 4, 2, 0))]
    with fake.Server() as server, tool.kept_page(folder, server) as page:
        many = tool_sources.page_of(folder, page, *hosts)
        found = lines("--page", many)
        tap.check(value(found, "Reference")[0] == "192.0.2.1:123," and value(found, "Stratum")[0] == "3", f"{found}")
        tap.check(found["Servers       "] == " 1 none, 1 followed, 2 combined, 1 falseticker", f"{found}")
        [clock] = tool.objects(["tracking", "--json", "--page", many])
        tap.check(clock["reference"]["address"] == "192.0.2.1:123", f"{clock}")


def test_no_majority(folder):
    with fake.Server() as server, tool.kept_page(folder, server) as page:
        split = tool_sources.page_of(folder, page, *({"host": (192, 0, 2, n), "selection": 6} for n in range(2)))
        found = lines("--page", split)
        tap.check("no majority" in found["Reference     "] and found["Servers       "] == " 2 no-majority", f"{found}")
        [clock] = tool.objects(["tracking", "--json", "--page", split])
        tap.check(clock["reference"] is None, f"{clock}")


def test_a_clock_that_is_not_set_yet(folder):
    with fake.Server(lambda *unused: []) as server, tap.daemon(folder, f"127.0.0.1:{server.port}"):
        tap.wait_for(lambda: "not answered yet" in tool.ffntp("tracking", "--page", f"{folder}/page")[1], "a server's name")
        found = lines("--page", f"{folder}/page")
        tap.check(value(found, "Status") == ["initialising"] and "System time   " not in found, f"{found}")
        [clock] = tool.objects(["tracking", "--json", "--page", f"{folder}/page"])
        tap.check(clock["realtime_offset_ns"] is None and clock["estimate_ns"] is None, f"{clock}")


def test_a_page_that_cannot_be_read(folder):
    for command in (["tracking"], ["tracking", "--json"]):
        tool.check_refused([*command, "--page", f"{folder}/missing"], "no clock page")


if __name__ == "__main__":
    tap.run(sys.modules[__name__], together=4)
