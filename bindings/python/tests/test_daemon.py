"""A live daemon with a server on the loopback, and its journal."""
import os
import sys
import time

import pytest

import ffntp
from conftest import TOP

sys.path.insert(0, str(TOP / "tests/system"))
import fake     # noqa: E402
import tap      # noqa: E402

pytestmark = pytest.mark.skipif("FFNTPD" not in os.environ, reason="FFNTPD names no daemon")


def synchronised(path):
    """Return the clock once it is synchronised."""
    def ready():
        try:
            with ffntp.Clock(path) as clock:
                return clock.now().status == "synchronised"
        except ffntp.Error:
            return False
    tap.wait_for(ready, "a synchronised clock")
    return ffntp.Clock(path)


def test_a_live_daemon(tmp_path):
    journal = tmp_path / "live.journal"
    with fake.Server() as server, tap.daemon(str(tmp_path), "--poll", "1", "--journal", str(journal), f"127.0.0.1:{server.port}"):
        clock = synchronised(tmp_path / "page")
        first, mark = time.time_ns(), clock.mark()
        reading, second = clock.now(), time.time_ns()
        assert reading.earliest_ns <= second and reading.latest_ns >= first
        assert abs(clock.monotonic_utc().ns - second) < 10**9
        status = clock.status()
        [source] = status.sources
        assert source.address == f"127.0.0.1:{server.port}" and source.selection == "followed" and source.verdicts["accepted"] >= 2
        assert source.rtt_ns >= source.rtt_min_ns > 0 and 0 <= source.since_accepted_s < 10 and not status.is_void
        assert clock.at(mark).is_before(clock.now()) in (True, False)
        third = time.time_ns()
        since, fourth = clock.since(mark).ns, time.time_ns()
        assert third - second - 10**7 <= since <= fourth - first + 10**7       # the system's clock may slew
        with pytest.raises(ffntp.BoundError):
            clock.now(max_bound_ns=1)
    assert clock.now().bound_ns > 0         # until the page is void
    done = ffntp.replay(journal)
    assert done.servers == {0: f"127.0.0.1:{server.port}"} and done.files[0].maps_equal >= 2
    assert done.maps.rows == done.files[0].maps_equal + done.files[0].maps_unwritten
    at_unix_ns = done.maps["time_ns"][-1] - done.maps["utc_offset_s"][-1] * 10**9
    assert abs(at_unix_ns - time.time_ns()) < 60 * 10**9
