"""Debian's chronyd, which serves the host's time and does not change it (-x)."""
import contextlib
import os

import packages
import tap


@contextlib.contextmanager
def chronyd(folder, more="", local="local stratum 1", port=None, **options):
    """Run chronyd; yields its port: this one, or a free one. more: further lines of its configuration. local: the line by which it
    serves the time of this machine; "": it serves that of its servers. options: those of tap.process."""
    program = packages.program("chrony", "/usr/sbin/chronyd")
    port = port or tap.free_port()
    with open(f"{folder}/chronyd.conf", "w") as f:
        f.write(f"{local}\nallow\nport {port}\ncmdport 0\nbindcmdaddress /\npidfile {folder}/chronyd.pid\n{more}")
    user = ["-u", "root"] if os.geteuid() == 0 else ["-U"]
    with tap.process([program, "-x", "-d", *user, "-f", f"{folder}/chronyd.conf"], f"{folder}/chronyd.log", **options) as running:
        tap.wait_for(lambda: tap.answers(port) or running.poll() is not None, "chronyd to answer")
        tap.check(running.poll() is None, "chronyd ended")
        yield port
