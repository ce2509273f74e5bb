#!/usr/bin/env python3
"""Guests of real Xen: Debian's hypervisor and dom0 under QEMU, chronyd in dom0, pages read from dom0. Everything happens in a single
run; each test judges a part of dom0's console."""
import functools
import json
import os
import re
import subprocess
import sys
import time

import guest
import tap
import xenworld

SECONDS = int(os.environ.get("GUEST_SECONDS", "60"))
BOUND_NS = 20_000_000           # a round trip through two machines in a machine takes milliseconds
AHEAD_S = 3600                  # the offset of a clock that is not dom0's
AHEAD_PORT = 1123
CARD = xenworld.CARD.format(number=1).strip('"').replace(",", " ")
GUESTS = [xenworld.asking("guest", 1), xenworld.asking("ahead", 2, f":{AHEAD_PORT}"), ("follower", "follow=xen", "")]

# The script runs in dom0, whose clock is the truth. Domains are numbered in the order of their creation.
WHAT = f"""
page={guest.PAGE:#x} probe={guest.PROBE:#x}
note() {{
	read up idle </proc/uptime
	echo "dom0: $1 at $up $2"
}}
# Wait for a domain's status, for 20 s and longer on slow machines.
reached() {{
	for i in {" ".join(map(str, range(round(400 * tap.PATIENCE))))}; do
		status=$(truth show $1 $page 2>/dev/null)
		case "$status" in *$2*) break;; esac
		sleep 0.05
	done
	note $3 "$status"
}}
note first
sleep 2
note second
note create
xl create -q /guest.cfg
reached 1 synchronised synchronised

# The user of such guests writes which domains may read a page, and which domain to follow.
xl create -q /follower.cfg
xenstore-write /local/domain/1/data/ffntp/readers 2
xenstore-write /local/domain/2/data/ffntp/follow 1
reached 2 synchronised followed
sleep 10

note watch "$(truth watch 1 $page $probe {SECONDS})"
note agree "$(truth agree 1 $page $probe 2 $page $probe 3)"

xl pause guest
sleep 3
xl unpause guest
sleep 3
note after "$(truth watch 1 $page $probe 3)"
note last "$(truth show 1 $page)"

xl network-detach guest 0
note detach
reached 1 free-running detached
note followed_detached "$(truth show 2 $page)"
xl network-attach guest {CARD}
note attach
reached 1 synchronised attached
note back "$(truth watch 1 $page $probe 3)"

# Saved and restored, it is domain 3, and paused until its page was read once.
xl save guest /run/image >/dev/null 2>&1
note saved
note left "$(truth show 2 $page)"
xl restore -p /run/image >/dev/null 2>&1
truth statuses 3 $page 12 >/run/statuses &
watching=$!
sleep 0.2
note restored "$(truth show 3 $page)"
xl unpause guest
xenstore-write /local/domain/3/data/ffntp/readers 2
xenstore-write /local/domain/2/data/ffntp/follow 3
wait $watching
while read line; do note status "$line"; done </run/statuses
reached 3 synchronised settled
sleep 4
note again "$(truth watch 3 $page $probe 4)"
reached 2 synchronised found

truth serve {AHEAD_PORT} {AHEAD_S} &
xl create -q /ahead.cfg
reached 4 synchronised ahead
truth switch 2 $page $probe 20 {AHEAD_S} >/run/switch &
watching=$!
sleep 2
xenstore-write /local/domain/4/data/ffntp/readers 2
xenstore-write /local/domain/2/data/ffntp/follow 4
wait $watching
note switch "$(cat /run/switch)"
xl destroy ahead
reached 2 free-running lost
note alone "$(truth switch 2 $page $probe 2 {AHEAD_S})"
note domains "[$(xl list | grep -c null)]"

xl reboot follower
reached 5 initialising rebooted
xl shutdown guest >/dev/null
for i in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20; do
	case "$(xl list)" in *guest*) sleep 0.5;; *) break;; esac
done
note shutdown "[$(xl list | grep -c guest)]"
"""


@functools.cache
def result_of_run():
    """Return dom0's console until it was turned off, or the reason why there is none."""
    folder = tap.make_folder("ffntp-xen-")
    try:
        return run(folder), None
    except Exception as problem:
        return None, problem
    finally:
        tap.remove_folder(folder)


def console():
    """Return the console of the run that all tests share."""
    said, problem = result_of_run()
    if problem:
        raise problem
    return said


def read(folder):
    with open(f"{folder}/console.log", errors="replace") as f:
        return f.read()


def is_clock_right(folder):
    """Return whether dom0's second is one of ours. Xen measures its counter when it starts; on a machine that is busy at that moment,
    the result is too wrong for dom0's clock to be the truth."""
    seen = []
    for name in "first", "second":
        found = tap.wait_for(lambda: re.search(rf"dom0: {name} at ([0-9.]+)", read(folder)), f"dom0 to print '{name}'", 60)
        seen.append((time.monotonic(), float(found[1])))
    (began, first), (ended, second) = seen
    rate = (second - first) / (ended - began)
    print(f"# dom0's second is {rate:.2f} of ours", flush=True)
    return 0.9 < rate < 1.1


def run_once(folder):
    """Run dom0 to its end. Return False if its clock is not right, because the run is then useless."""
    began = time.monotonic()
    with tap.process(xenworld.command(folder), f"{folder}/qemu.log", preexec_fn=guest.first) as qemu:
        if not is_clock_right(folder):
            return False
        try:
            qemu.wait(SECONDS + 240 * tap.PATIENCE)
        except subprocess.TimeoutExpired:
            pass
    print(f"# Xen, dom0 and guests ran for {time.monotonic() - began:.0f} s", flush=True)
    return True


def run(folder):
    tree = xenworld.unpacked(os.environ["PACKAGES"])
    xenworld.build(folder, tree, guest.IMAGE, os.environ["TRUTH_XEN"], GUESTS, WHAT, guest.PAGE, guest.PROBE)
    for _ in range(3):
        open(f"{folder}/console.log", "w").close()
        if run_once(folder):
            break
    return read(folder)


def all_said(name):
    """Return the time and the value of each line of this name that dom0 printed."""
    found = re.findall(rf"dom0: {name} at ([0-9.]+) ?([^\r\n]*)", console())
    tap.check(found, f"dom0 did not print '{name}': {console()[-3000:]}")
    return [(float(at), json.loads(what) if what else None) for at, what in found]


def said(name):
    return all_said(name)[0]


def lines_of(name):
    """Return a guest's console."""
    tap.check(f"dom0: console {name}" in console(), f"no console of {name}: {console()[-3000:]}")
    lines = console().split(f"dom0: console {name}")[1].split("dom0: ")[0]
    tap.check("exception" not in lines, lines[-3000:])
    return lines


def check_bounded(seen, least):
    print(f"# beside dom0's clock: median {seen['median_ns'] / 1e3:.1f} us, 99 % {seen['p99_ns'] / 1e3:.1f} us, bound up to "
          f"{seen['largest_bound_ns'] / 1e3:.1f} us, {seen['readings']} readings, counters known to "
          f"{seen['bracket_ns'] / 1e3:.1f} us", flush=True)
    tap.check(seen["readings"] >= least, f"too few readings: {seen}")
    tap.check(seen["outside"] == 0 and seen["refused"] == 0, f"the bound did not hold: {seen}")
    tap.check(seen["busy"] <= seen["readings"] / 20, f"the page was busy: {seen}")
    tap.check(seen["largest_bound_ns"] <= BOUND_NS, f"the bound is too large: {seen}")


def test_a_guest_of_xen(_):
    took = said("synchronised")[0] - said("create")[0]
    print(f"# synchronised {took:.1f} s after xl create", flush=True)
    tap.check(took <= 15 * tap.PATIENCE, f"{took} s to synchronised")
    check_bounded(said("watch")[1], 5 * SECONDS)
    tap.check(said("last")[1]["accepted"] > SECONDS / 2, f"too few polls: {said('last')[1]}")
    tap.check("ffntp: Xen PVH" in lines_of("guest"), lines_of("guest"))


def test_it_is_paused_and_goes_on(_):
    check_bounded(said("after")[1], 30)
    tap.check("was paused for" in lines_of("guest"), "the pause was not noticed")


def test_its_network_card_is_taken_and_given_back(_):
    took = said("attached")[0] - said("attach")[0]
    print(f"# synchronised {took:.1f} s after xl network-attach", flush=True)
    for name, status in ("detached", "free-running"), ("followed_detached", "free-running"), ("attached", "synchronised"):
        tap.check(said(name)[1]["status"] == status, f"{name}: {said(name)[1]}")
    check_bounded(said("back")[1], 30)
    told = re.findall("the network card .*", lines_of("guest"))
    tap.check([line.strip() for line in told] == 2 * ["the network card is gone", "the network card has a link"],
              f"not once for each of detaching and restoring: {told}")


def test_a_guest_on_its_neighbours_page_agrees_with_it(_):
    seen = said("agree")[1]
    print(f"# apart: median {seen['median_ns']} ns, 95 % {seen['p95_ns']} ns, 99 % {seen['p99_ns']} ns, counters known to {seen['bracket_ns']} ns", flush=True)
    tap.check(seen["readings"] > 100 and seen["refused"] == 0, f"too few readings: {seen}")
    # Once a second, one of them has a newer map than the other, for 10 ms at least.
    tap.check(seen["p95_ns"] <= 1000, f"they do not agree: {seen}")
    tap.check(seen["apart"] == 0, f"their bounds do not overlap: {seen}")


def test_it_is_saved_and_restored_as_another_domain(_):
    """The page is disrupted from the image on, and right again within a burst."""
    former, image = said("last")[1], said("restored")[1]
    tap.check(image["status"] == "disrupted" and image["marker"] != former["marker"], f"the image tells a time: {image}")
    statuses = [change for _, change in all_said("status")]
    print("# after xl unpause, s:", ", ".join(f"{change['after_s'] - 0.2:.1f} {change['status']}" for change in statuses), flush=True)
    again = [change for change in statuses if change["status"] == "synchronised" and change["marker"] != former["marker"]]
    tap.check(statuses[0]["status"] == "disrupted" and again, f"not right again: {statuses}")
    check_bounded(said("again")[1], 50)
    told = lines_of("guest").split("to be saved, as requested")[1]
    tap.check("restored" in told and "the network card has a link" in told, told)


def test_its_follower_is_left_and_finds_it_again(_):
    tap.check(said("left")[1]["status"] == "disrupted", f"not its neighbour's last page: {said('left')[1]}")
    tap.check(said("found")[1]["status"] == "synchronised", f"not found again: {said('found')[1]}")
    tap.check(said("found")[1]["marker"] != said("left")[1]["marker"], "another counter's page is no disruption")
    tap.check(lines_of("follower").count("domain 1 is gone") == 1, lines_of("follower")[-2000:])


def test_a_guest_moved_to_another_neighbours_page(_):
    seen = said("switch")[1]
    print(f"# {seen}", flush=True)
    tap.check(seen["first"] > 300 and seen["second"] > 300, f"too few readings: {seen}")
    tap.check(seen["wrong"] == 0, f"wrong readings: {seen}")
    tap.check(seen["markers"] >= 2, f"no disruption: {seen}")


def test_the_neighbour_is_destroyed(_):
    """The follower's last page still holds, and its neighbour's memory is given back."""
    tap.check(said("lost")[1]["status"] == "free-running", f"not free-running: {said('lost')[1]}")
    alone = said("alone")[1]
    tap.check(alone["second"] > 300 and alone["wrong"] == 0 and alone["refused"] == 0, f"wrong without its neighbour: {alone}")
    tap.check(lines_of("follower").count("domain 4 is gone") == 1, lines_of("follower")[-2000:])
    tap.check(said("domains")[1] == [0], f"a domain could not die: {said('domains')[1]}")


def test_turned_off_and_started_again_when_asked_to(_):
    tap.check(said("rebooted")[1]["status"] == "initialising", f"not started again: {said('rebooted')[1]}")
    tap.check(lines_of("follower").count("ffntp: Xen PVH") == 2, lines_of("follower")[-2000:])
    tap.check("powering off, as requested" in lines_of("guest") and said("shutdown")[1] == [0], lines_of("guest")[-2000:])


if __name__ == "__main__":
    tap.run(sys.modules[__name__], together=1)
