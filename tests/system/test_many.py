#!/usr/bin/env python3
"""Several servers at once: most of them are right, or not; they stop, start again, and are exchanged."""
import contextlib
import os
import signal
import sys

import fake
import namespace
import tap

OPTIONS = "iburst minpoll 0 maxpoll 0"


def liar(offset_s):
    return lambda server, request, number: [fake.reply(request, offset_s=offset_s)]


def silent(server, request, number):
    return []


class Switch:
    """A server that can be switched off."""

    def __init__(self):
        self.is_on = True

    def __call__(self, server, request, number):
        return [fake.reply(request)] if self.is_on else []


def configure(folder, *lines):
    with open(f"{folder}/new", "w") as f:
        f.write("".join(f"{line}\n" for line in lines))
    os.rename(f"{folder}/new", f"{folder}/conf")


def line(server, more=""):
    return f"server 127.0.0.1 port {server.port} {OPTIONS} {more}"


@contextlib.contextmanager
def following(folder, *answers, options=(), conf=()):
    """Run a daemon with these servers; options: of the line of each, if any; conf: further lines."""
    with contextlib.ExitStack() as stack:
        servers = [stack.enter_context(fake.Server(answer)) for answer in answers]
        options = list(options) + [""] * (len(servers) - len(options))
        configure(folder, *(line(server, more) for server, more in zip(servers, options)), *conf)
        running = stack.enter_context(tap.daemon(folder, "-c", f"{folder}/conf"))
        yield running, servers


def source_of(folder, server):
    """Return the row of a server in the page; None if there is none."""
    page = tap.probe(folder)
    return next((each for each in page["sources"] if each["port"] == server.port), None) if page else None


def accepted(folder, server):
    return (source_of(folder, server) or {}).get("accepted", 0)


def wait_for_selection(folder, server, *selections, patience_s=30):
    def reached():
        source = source_of(folder, server)
        return source if source and source["selection"] in selections else None
    return tap.wait_for(reached, f"port {server.port} to be {selections}", patience_s)


def check_right(folder, seconds=2, error_ns=5e6):
    """Check that every reading is right, and close to it: the least lie is 20 ms."""
    result = tap.watch(folder, seconds)
    tap.check(result["samples"] > 0 and result["outside"] == 0 and result["refused"] == 0, f"{result}")
    tap.check(result["median_ns"] < error_ns, f"{result}")


def test_one_of_three_lies(folder):
    with following(folder, fake.honest, liar(0.1), fake.honest) as (_, servers):
        tap.wait_for_status(folder, "synchronised")
        source = wait_for_selection(folder, servers[1], "falseticker")
        tap.check(source["share_percent"] == 0, f"{source}")
        said = tap.wait_for(lambda: "falseticker" in tap.said(folder) and tap.said(folder), "a line about it")
        tap.check(f"127.0.0.1 (127.0.0.1:{servers[1].port}) is a falseticker: the majority excludes its time" in said, said)
        for right in servers[0], servers[2]:
            wait_for_selection(folder, right, "followed", "combined", "spare")
        check_right(folder)
        tap.wait_for(lambda: tap.probe(folder)["maxerror_after_ns"] < 50e6, "a bound that does not admit the lie")


def test_one_of_two_lies(folder):
    """There is no majority: the clock is free-running, and its bound admits both."""
    with following(folder, fake.honest, liar(0.1)) as (_, servers):
        wait_for_selection(folder, servers[1], "no-majority", "no majority")
        tap.wait_for(lambda: accepted(folder, servers[1]) > 4, "replies")
        page = tap.wait_for_status(folder, "free-running")
        tap.check(max(page["maxerror_before_ns"], page["maxerror_after_ns"]) > 99e6, f"{page}")
        tap.check(tap.watch(folder, 1)["outside"] == 0, "the bound excludes the truth")
    said = tap.said(folder)
    tap.check("no majority of them agrees" in said and "synchronised" not in said, said)


def test_two_of_three_lie_alike(folder):
    """They are the majority. A trusted server is right against them."""
    with following(folder, fake.honest, liar(0.02), liar(0.02), options=["trust"]) as (_, servers):
        tap.wait_for_status(folder, "synchronised")
        for lying in servers[1:]:
            wait_for_selection(folder, lying, "falseticker")
        check_right(folder)


def test_noselect_does_not_vote(folder):
    with following(folder, fake.honest, liar(0.1), options=["", "noselect"]) as (_, servers):
        tap.wait_for_status(folder, "synchronised")
        tap.wait_for(lambda: accepted(folder, servers[1]) > 3, "replies")
        check_right(folder)


def test_prefer_is_followed_alone(folder):
    with following(folder, fake.honest, fake.honest, fake.honest, options=["", "prefer"]) as (_, servers):
        tap.wait_for_status(folder, "synchronised")
        tap.wait_for(lambda: [(source_of(folder, server) or {}).get("selection") for server in servers] == ["spare", "followed", "spare"],
                     "the preferred one alone", 30)


def test_a_required_server_is_missing(folder):
    with following(folder, fake.honest, fake.honest, silent, options=["", "", "require"]) as (_, servers):
        tap.wait_for(lambda: len(servers[2].requests) > 3, "the required one to be asked")
        tap.wait_for_status(folder, "free-running")
    tap.check("synchronised" not in tap.said(folder), tap.said(folder))


def test_too_few_sources(folder):
    switch = Switch()
    with following(folder, fake.honest, switch, conf=["minsources 2"]):
        tap.wait_for_status(folder, "synchronised")
        switch.is_on = False
        tap.wait_for_status(folder, "free-running", 30)
        switch.is_on = True
        tap.wait_for_status(folder, "synchronised", 30)


def test_a_silent_server_delays_nothing(folder):
    with following(folder, silent, fake.honest, fake.honest) as (_, servers):
        tap.wait_for_status(folder, "synchronised", 10)
        tap.wait_for(lambda: f"no usable reply from 127.0.0.1 (127.0.0.1:{servers[0].port})" in tap.said(folder), "a line about it")
        tap.check(source_of(folder, servers[0])["selection"] == "none", f"{tap.probe(folder)}")


def test_a_server_stops_and_starts_again(folder):
    switch = Switch()
    with following(folder, fake.honest, switch, fake.honest) as (_, servers):
        wait_for_selection(folder, servers[1], "followed", "combined", "spare")
        marker = tap.wait_for_status(folder, "synchronised")["disruption_marker"]
        switch.is_on = False
        wait_for_selection(folder, servers[1], "none")
        tap.wait_for_status(folder, "synchronised")
        check_right(folder)
        switch.is_on = True
        wait_for_selection(folder, servers[1], "followed", "combined", "spare")
        tap.check(tap.wait_for_status(folder, "synchronised")["disruption_marker"] == marker, "broke its promises")


def test_servers_are_exchanged(folder):
    """The servers that stay go on: they have no burst again, and their counts continue. A reader notices nothing."""
    with fake.Server() as more, following(folder, fake.honest, fake.honest, fake.honest) as (running, servers):
        marker = tap.wait_for_status(folder, "synchronised")["disruption_marker"]
        tap.wait_for(lambda: all(accepted(folder, server) > 8 for server in servers), "replies", 30)
        before = {server: accepted(folder, server) for server in servers}
        configure(folder, *(line(server) for server in (more, servers[2], servers[0])))
        running.send_signal(signal.SIGHUP)
        tap.wait_for(lambda: accepted(folder, more) > 0, "the new one")
        asked = len(servers[1].requests)
        for server in servers[0], servers[2]:
            tap.check(accepted(folder, server) >= before[server], f"begun again: {tap.probe(folder)}")
        tap.check(source_of(folder, servers[1]) is None, f"{tap.probe(folder)}")
        check_right(folder)
        tap.check(len(servers[1].requests) <= asked + 1, "the one that left is asked")
        tap.check(tap.wait_for_status(folder, "synchronised")["disruption_marker"] == marker, "broke its promises")
        configure(folder, line(more))                       # a single one: a different ensemble continues
        running.send_signal(signal.SIGHUP)
        tap.wait_for(lambda: len(tap.probe(folder)["sources"]) == 1, "one server")
        tap.check(tap.wait_for_status(folder, "synchronised")["disruption_marker"] == marker, "broke its promises")


def test_first_requests_are_spread(folder):
    with following(folder, *[fake.honest] * 8) as (_, servers):
        tap.wait_for(lambda: all(server.requests for server in servers), "each server to be asked")
    began = sorted(server.requests[0][0] for server in servers)
    tap.check(0.1 < began[-1] - began[0] < 3 * tap.PATIENCE, f"{began}")
    tap.check(min(b - a for a, b in zip(began, began[1:])) > 0, f"{began}")


def test_a_pool_replaces_silent_and_false_servers(folder):
    """Of six addresses three are followed at a time; one is silent, one lies."""
    hosts = namespace.hosts(f"{folder}/hosts", {"many.example": [f"127.0.0.{i}" for i in range(2, 8)]})
    answers = {2: fake.honest, 3: silent, 4: liar(0.1), 5: fake.honest, 6: fake.honest, 7: fake.honest}
    with contextlib.ExitStack() as stack:
        port = tap.free_port()
        servers = {i: stack.enter_context(fake.Server(answer, host=f"127.0.0.{i}", port=port)) for i, answer in answers.items()}
        configure(folder, f"pool many.example port {port} maxsources 3 {OPTIONS}")
        stack.enter_context(tap.daemon(folder, "-c", f"{folder}/conf", preexec_fn=hosts))

        def chosen():
            page = tap.probe(folder)
            return page and {each["last_byte"] for each in page["sources"]}
        tap.wait_for(chosen, "the page")
        tap.wait_for(lambda: chosen() <= {2, 5, 6, 7} and len(chosen()) == 3, "good servers only", 60)
        tap.wait_for_status(folder, "synchronised")
        check_right(folder)
        tap.check(servers[3].requests and servers[4].requests, "some were never tried")
    tap.check("many.example (127.0.0.4:" in tap.said(folder), tap.said(folder))


def test_too_many_servers(folder):
    for lines, words in ((["server 127.0.0.1"] * 65, "conf:65: more than 64 servers"),
                         (["server 127.0.0.1"] * 2 + ["minsources 3"], "minsources 3: there are 2 servers")):
        configure(folder, *lines)
        code, output = tap.run_daemon(folder, "-c", "conf")
        tap.check(code == 2 and words in output and len(output.splitlines()) == 1, f"{code}: {output}")
    code, output = tap.run_daemon(folder, *["127.0.0.1"] * 65)
    tap.check(code == 2 and "more than 64 servers" in output and len(output.splitlines()) == 1, f"{code}: {output}")


if __name__ == "__main__":
    tap.run(sys.modules[__name__])
