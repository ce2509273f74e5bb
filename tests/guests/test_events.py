#!/usr/bin/env python3
"""Events in the life of guests: they are stopped, restored into the past, and share their host's page."""
import contextlib
import json
import os
import subprocess
import sys
import time

import fake
import guest
import tap

BURST_S = 16                    # eight requests, 2 s apart


SWITCH_S = 20                   # 5 s on the first page, and the rest to find the second one and to read it
AT_ONCE_S = 1.5                 # s, on a busy machine, where this test reads the page late; on an idle one it takes 0.01


def resume(running, command):
    """Let QEMU resume the guest; return the times before and after."""
    began = time.monotonic()
    running.human(command)
    return began, time.monotonic()


def check_right_again(running, changes, former, resumed, words, at_once_s=AT_ONCE_S):
    """Check the page after the resumption: until the disruption it shows the former status and marker, and it is disrupted at once.
    Within a burst the guest publishes a time under a new marker, which is right from then on. Return that marker."""
    began, ended = resumed
    before = ("synchronised", former)

    def after():
        later = [(change["at_s"] - ended, (change["status"], change["marker"])) for change in changes if change["at_s"] > began]
        return [(at, *what) for at, what in later if what != before]
    tap.wait_for(lambda: any(status == "synchronised" for _, status, _ in after()), "the page to be right again", BURST_S + 1)
    seen = running.watch(BURST_S)
    (told, first, _), (again, _, marker) = after()[0], [what for what in after() if what[1] == "synchronised"][0]
    print(f"# after the resumption, s: {', '.join(f'{at:+.3f} {status}' for at, status, _ in after())}", flush=True)
    tap.check(first == "disrupted" and told < at_once_s, f"it was not disrupted at once: {changes}")
    tap.check(again < BURST_S and marker != former, f"it was not right again within a burst: {changes}")
    tap.check(seen["outside"] == 0 and seen["refused"] == 0 and seen["readings"] > 100, f"wrong after the resumption: {seen}")
    running.wait_for_line(words)
    return marker


def stop_and_continue(folder, machine):
    with guest.chronyd(folder) as port, guest.Guest(folder, machine, f"server={guest.HOST}:{port} poll=4") as running:
        running.wait_for_status("synchronised")
        time.sleep(5)
        former = running.page()["marker"]
        with running.statuses() as changes:
            running.order("stop")
            time.sleep(30)
            resumed = resume(running, "cont")
            check_right_again(running, changes, former, resumed, "stood still or jumped; disrupted")


def test_stopped_for_half_a_minute_on_q35(folder):
    stop_and_continue(folder, "q35")


def test_stopped_for_half_a_minute_on_microvm(folder):
    stop_and_continue(folder, "microvm")


def check_nonces(server, least):
    nonces = [request[40:48] for _, request in server.requests]
    print(f"# {len(nonces)} requests", flush=True)
    tap.check(len(nonces) >= least and len(set(nonces)) == len(nonces), "a nonce was used twice")


def disk_of(folder):
    """A place for snapshots."""
    disk = f"{folder}/disk.qcow2"
    subprocess.run(["qemu-img", "create", "-q", "-f", "qcow2", disk, "1M"], check=True)
    return ["-drive", f"if=none,id=disk,file={disk},format=qcow2"]


def snapshot(running):
    """Save a snapshot of a synchronised guest; return the marker of its page."""
    running.wait_for_status("synchronised")
    time.sleep(3)
    marker = running.page()["marker"]
    running.human("savevm before")
    time.sleep(12)
    return marker


def test_restored_from_a_snapshot_into_the_past(folder):
    """Restore with another QEMU: counter and memory are those of a quarter of a minute ago."""
    drive = disk_of(folder)
    with fake.Server() as server:
        words = f"server={guest.HOST}:{server.port} poll=2"
        with guest.Guest(folder, "q35", words, name="former", options=drive) as running:
            former = snapshot(running)
        for number in range(2):
            again = [*drive, "-loadvm", "before", "-S"]
            with guest.Guest(folder, "q35", words, name=f"restored{number}", options=again) as running:
                running.wait_for_status("synchronised")     # the saved page
                with running.statuses() as changes:
                    resumed = resume(running, "cont")
                    check_right_again(running, changes, former, resumed, "stood still or jumped; disrupted")
        check_nonces(server, 20)


def test_its_memory_restored_while_its_counter_goes_on(folder):
    """Restore with the same QEMU, whose counter never runs backwards. The jump is too small for the calendar clock to show it, so
    the next exchange finds it."""
    with fake.Server() as server, guest.Guest(folder, "q35", f"server={guest.HOST}:{server.port} poll=1",
                                              options=disk_of(folder)) as running:
        markers = [snapshot(running)]
        for _ in range(2):
            with running.statuses() as changes:
                resumed = resume(running, "loadvm before")
                words = "contradiction; disrupted|stood still or jumped; disrupted"
                markers.append(check_right_again(running, changes, markers[0], resumed, words, 3))
        # The guest has forgotten the marker that it published the first time, but readers of its page then may still
        # have it.
        tap.check(len(set(markers)) == 3, f"a marker was used twice: {markers}")
        check_nonces(server, 30)


# --- dependent clocks ---

@contextlib.contextmanager
def host_page(folder, name, port):
    """A clock on the host: yields the file of its page."""
    os.mkdir(f"{folder}/{name}")
    with tap.daemon(f"{folder}/{name}", "--poll", "1", f"127.0.0.1:{port}", preexec_fn=guest.first):
        tap.wait_for_status(f"{folder}/{name}", "synchronised")
        yield f"{folder}/{name}/page"


def shared(pages):
    """A guest that has the pages as devices, and may read them."""
    words = []
    for number, page in enumerate(pages):
        words += ["-object", f"memory-backend-file,id=page{number},size=4K,mem-path={page},share=on,readonly=on",
                  "-device", f"ivshmem-plain,memdev=page{number}"]
    return words


def dependent(folder, name, pages):
    return guest.Guest(folder, "q35", "follow=ivshmem", name=name, devices=["-device", "virtio-rng-pci"],
                       options=shared(pages))


def check_read_only(running, page):
    """Check that neither QEMU nor the guest can write the page."""
    with open(f"/proc/{running.process.pid}/maps") as f:
        rights = [line.split()[1] for line in f if line.rstrip().endswith(page)]
    tap.check(rights == ["r--s"], f"the host's page is mapped as {rights}")


def follow(running, device):
    running.wait_for_line("waiting for a page|page")
    guest.truth("tell", running.memory, guest.PROBE, device)
    running.wait_for_status("synchronised")


def test_two_guests_on_their_hosts_page_agree(folder):
    with guest.chronyd(folder) as port, host_page(folder, "host", port) as page, \
            dependent(folder, "one", [page]) as one, dependent(folder, "two", [page]) as two:
        time.sleep(5)
        follow(one, 0)
        follow(two, 0)
        check_read_only(one, page)
        seen = guest.truth("agree", one.memory, guest.PAGE, guest.PROBE, two.memory, guest.PAGE, guest.PROBE, 20)[0]
        print(f"# apart: median {seen['median_ns']} ns, 99 % {seen['p99_ns']} ns, counters known to {seen['bracket_ns']} ns",
              flush=True)
        tap.check(seen["readings"] > 200 and seen["refused"] == 0, f"too few readings: {seen}")
        tap.check(seen["p99_ns"] <= 1000, f"they do not agree: {seen}")
        tap.check(seen["apart"] == 0, f"their bounds do not overlap: {seen}")
        watched = one.watch(10)
        tap.check(watched["outside"] == 0 and watched["refused"] == 0, f"wrong: {watched}")


def test_a_guest_moved_to_another_hosts_page(folder):
    shift_s = 3600
    ahead = lambda server, request, number: [fake.reply(request, offset_s=shift_s)]
    with guest.chronyd(folder) as port, fake.Server(ahead) as other, host_page(folder, "a", port) as page_a, \
            host_page(folder, "b", other.port) as page_b, dependent(folder, "guest", [page_a, page_b]) as running:
        follow(running, 0)
        with subprocess.Popen([guest.TRUTH, "switch", running.memory, str(guest.PAGE), str(guest.PROBE), str(SWITCH_S), str(shift_s)],
                              stdout=subprocess.PIPE, text=True, preexec_fn=guest.first) as watching:
            time.sleep(5)
            before = running.page()["marker"]
            follow(running, 1)
            running.wait_for_line("page 1: ")
            tap.check(running.page()["marker"] != before, "the switch is not visible")
            seen = json.loads(watching.communicate(timeout=30 * tap.PATIENCE)[0])
        print(f"# {seen}", flush=True)
        tap.check(seen["first"] > 1000 and seen["second"] > 1000, f"too few readings: {seen}")
        tap.check(seen["wrong"] == 0, f"wrong readings: {seen}")
        tap.check(seen["markers"] == 2, f"not one disruption: {seen}")


if __name__ == "__main__":
    tap.run(sys.modules[__name__], together=3)
