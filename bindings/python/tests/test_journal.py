"""Journals in tables."""
import builtins
import gzip
import io
import os
import re
import subprocess
import threading

import pytest

import ffntp
from conftest import run_python
from ffntp import _ffntp

NAMES = ["live", "three-servers", "wifi-law", "wifi-radclock"]


@pytest.mark.parametrize("name", NAMES)
def test_counts_are_those_of_the_lines(journals, name):
    """The file itself is the truth: it has a line for each map and each input."""
    path = journals / f"{name}.journal"
    words = [line.split()[0] for line in path.read_text().splitlines()]
    done = ffntp.replay(path)
    [counts] = done.files
    assert counts.maps_equal == words.count("map") == done.maps.rows
    assert (counts.maps_different, counts.maps_uncompared, counts.maps_unwritten, counts.cut_in_line) == (0, 0, 0, None)
    assert counts.sessions == words.count("session") + words.count("ensemble")
    assert counts.program == path.read_text().split()[2]
    events = [ffntp.EVENTS[each] for each in done.events["event"]]
    assert events.count("map") == done.maps.rows and events.count("reply") == done.replies.rows > 0
    assert max(done.maps["session"]) == counts.sessions


def test_columns(journals):
    done = ffntp.replay(journals / "three-servers.journal")
    assert sorted(done.servers.values()) == ["192.0.2.1:123", "192.0.2.3:123", "192.0.2.4:123"]
    assert len(done.maps) == len(list(done.maps)) > 10
    assert set(done.replies["member"]) == {0, 1, 2}
    assert set(done.events["member"]) <= {-1, 0, 1, 2}
    statuses = {ffntp.STATUSES[each] for each in done.maps["status"]}
    assert "synchronised" in statuses
    seconds = ffntp.replay(journals / "wifi-law.journal").events["seconds"].tolist()
    assert seconds == sorted(seconds) and 0 <= seconds[0] < 60 and 300 < seconds[-1] < 400      # 0.1 h
    for column in done.maps.values():
        assert column.readonly and len(column) == done.maps.rows
    for i in range(done.maps.rows):
        if ffntp.STATUSES[done.maps["status"][i]] == "synchronised":
            assert done.maps["bound_before_ns"][i] > 0 and 0 < done.maps["period_s"][i] < 1e-8
    assert {ffntp.VERDICTS[each] for each in done.replies["verdict"]} == {"accepted"}
    assert all(rtt > 0 for rtt in done.replies["rtt_ns"])
    assert repr(done.replies).startswith("<Table of ") and "offset_ns" in done.replies
    with pytest.raises(KeyError):
        done.maps["nothing"]


@pytest.mark.skipif("FFNTP" not in os.environ, reason="FFNTP names no tool")
@pytest.mark.parametrize("name", NAMES)
def test_values_are_those_that_the_tool_prints(journals, name):
    path = journals / f"{name}.journal"
    said = subprocess.run([os.environ["FFNTP"], "replay", "--verbose", path], capture_output=True, text=True, check=True).stdout
    done = ffntp.replay(path)
    maps = [line for line in said.splitlines() if re.match(r" *-?[\d.]+ map ", line)]
    assert len(maps) == done.maps.rows
    for i, line in enumerate(maps):
        wanted = [f"{done.maps['seconds'][i]:.6f} map {ffntp.STATUSES[done.maps['status'][i]]}"]
        if " bound " in line:
            wanted += [f"bound -{done.maps['bound_before_ns'][i] / 1000:.3f} +{done.maps['bound_after_ns'][i] / 1000:.3f} us",
                       f"estimated error {done.maps['esterror_ns'][i] / 1000:.3f} us"]
        assert all(part in line for part in wanted), (line, wanted)
    replies = [line for line in said.splitlines() if re.search(r" reply \S+: ", line)]
    assert len(replies) == done.replies.rows
    for i, line in enumerate(replies):
        row = {key: column[i] for key, column in done.replies.items()}
        wanted = f"reply {ffntp.VERDICTS[row['verdict']]}: {ffntp.DECISIONS[row['decision']]}"
        wanted += f", {ffntp.REASONS[row['reason']]}" if row["reason"] else ""
        assert wanted in line, (line, wanted)
        assert f"{row['seconds']:.6f} " in line
        for key in "gap_s", "outside_s", "strain_s":
            assert (f"{key} {row[key]:.6g}" in line) == (row[key] != 0), (line, row)
    # A session's map has the offset and the round trip of its server, as of the reply that it follows.
    pairs = re.findall(r"offset ([-+\d.]+) us, RTT ([\d.]+) us.*\n.* reply accepted", said)
    rows = [i for i in range(done.replies.rows) if done.replies["verdict"][i] == 0]
    for (offset, rtt), i in zip(pairs, rows):
        assert (f"{done.replies['offset_ns'][i] / 1000:+.3f}", f"{done.replies['rtt_ns'][i] / 1000:.3f}") == (offset, rtt)
    assert bool(pairs) == (name != "three-servers")


def test_numpy(journals):
    numpy = pytest.importorskip("numpy")
    done = ffntp.replay(journals / "wifi-law.journal")
    arrays = done.maps.numpy()
    assert list(arrays) == list(done.maps)
    for name, array in arrays.items():
        assert array.shape == (done.maps.rows,) and array.tolist() == done.maps[name].tolist()
        assert numpy.shares_memory(array, numpy.asarray(done.maps[name])) and not array.flags.writeable
    assert [str(arrays[name].dtype) for name in ("session", "at", "seconds", "status", "time_ns", "utc_offset_s", "tai_is_known")] == [
        "uint32", "uint64", "float64", "uint8", "int64", "int16", "bool"]
    good = arrays["status"] == ffntp.STATUSES.index("synchronised")
    assert good.sum() > 100 and (numpy.diff(arrays["time_ns"][good]) >= 0).all()


def test_without_numpy(journals, monkeypatch):
    done = run_python("import sys; sys.modules['numpy'] = None\n"
                      "import ffntp; done = ffntp.replay(sys.argv[1]); print(done.maps.rows, done.maps['bound_before_ns'][5])\n"
                      "try: done.maps.numpy()\nexcept ImportError: print('no numpy')", journals / "live.journal")
    assert done.returncode == 0 and "no numpy" in done.stdout, done.stderr


def test_files_compressed_and_open(journals, tmp_path):
    content = (journals / "live.journal").read_bytes()
    packed = tmp_path / "live.journal.gz"
    packed.write_bytes(gzip.compress(content))
    wanted = ffntp.replay(journals / "live.journal")
    for source in packed, str(packed), bytes(packed), io.BytesIO(content), gzip.open(packed), open(journals / "live.journal", "rb"):
        done = ffntp.replay(source)
        assert done.files == wanted.files and done.maps["time_ns"] == wanted.maps["time_ns"]

    class Trickle(io.RawIOBase):
        """A file that gives its bytes in small parts."""

        def __init__(self):
            self.at = 0

        def read(self, size=-1):
            self.at += 7
            return content[self.at - 7:self.at]
    assert ffntp.replay(Trickle()).files == wanted.files


def test_several_files(journals):
    one, two = journals / "live.journal", journals / "three-servers.journal"
    done = ffntp.replay(one, two)
    alone = ffntp.replay(one), ffntp.replay(two)
    assert done.files == alone[0].files + alone[1].files
    assert done.maps.rows == alone[0].maps.rows + alone[1].maps.rows
    assert max(done.maps["session"]) == 3


def test_a_map_that_differs(journals, tmp_path):
    lines = (journals / "wifi-law.journal").read_text().splitlines(keepends=True)
    number = [i for i, line in enumerate(lines) if line.startswith("map ")][9]
    lines[number] = re.sub(r"map (.)", lambda found: "map 0" if found[1] != "0" else "map 1", lines[number])
    path = tmp_path / "changed.journal"
    path.write_text("".join(lines))
    with pytest.raises(ffntp.JournalError) as raised:
        ffntp.replay(path)
    assert str(raised.value).startswith(f"{path}:{number + 1}: the replayed map differs from this one; 9 maps before it are equal")
    done = ffntp.replay(path, compare=False)
    assert (done.files[0].maps_different, done.files[0].maps_equal) == (1, done.maps.rows - 1)


def test_a_journal_cut_short(journals, tmp_path):
    content = (journals / "live.journal").read_bytes()
    path = tmp_path / "cut.journal"
    ends = range(len(content) - 300, len(content), 7)
    for end in ends:
        path.write_bytes(content[:end])
        [counts] = ffntp.replay(path).files
        assert (counts.cut_in_line is None) == content[:end].endswith(b"\n")


def test_files_that_are_no_journals(tmp_path, journals):
    path = tmp_path / "file"
    for content, reason in ((b"", "not a journal"), (b"hello\n", "1: not a journal"), (b"\0" * 100000, "not a journal"),
                            (b"ffntp-journal 99 x\n", "1: a version"), (b"x" * 10**6 + b"\n", "1: not a journal"),
                            (b"ffntp-journal 1 x\nmap 0123456789abcdef\n", "2: a map before the first session"),
                            (b"ffntp-journal 1 x\n" + b"z" * 10**6 + b"\n", "2: not a kind of line"),
                            (b"\x1f\x8b", "compressed"), (gzip.compress(b"ffntp-journal 1 x\n" * 100)[:-9], "compressed"),
                            (b"\x1f\x8bnonsense that is not gzip", "file: ")):
        path.write_bytes(content)
        with pytest.raises(ffntp.JournalError) as raised:
            ffntp.replay(path)
        assert str(raised.value).startswith(f"{path}:") and reason in str(raised.value)
    with pytest.raises(FileNotFoundError):
        ffntp.replay(tmp_path / "none")
    with pytest.raises(IsADirectoryError):
        ffntp.replay(tmp_path)
    with pytest.raises(TypeError):
        ffntp.replay(open(journals / "live.journal"))
    packed = gzip.compress((journals / "live.journal").read_bytes())
    path.write_bytes(packed[:100] + bytes([packed[100] ^ 0xff]) + packed[101:])
    with pytest.raises(ffntp.JournalError):
        ffntp.replay(path)


def test_damage(journals, tmp_path):
    """A changed byte: a JournalError that names a line, or the same maps."""
    content = (journals / "three-servers.journal").read_bytes()[:12000]
    state, refused = 99, 0
    for _ in range(300):
        state = (state * 6364136223846793005 + 1442695040888963407) % 2**64
        damaged = bytearray(content)
        damaged[(state >> 33) % len(content)] = state >> 56
        for compare in True, False:
            try:
                ffntp.replay(io.BytesIO(damaged), compare=compare)
            except ffntp.JournalError as problem:
                refused += 1
                assert re.match(r"journal:\d+: .", str(problem)), problem
    assert refused > 100


def test_after_a_refused_line_the_file_is_over(journals):
    lines = (journals / "three-servers.journal").read_bytes().splitlines(keepends=True)
    replayer = _ffntp.Replayer()
    replayer.begin_file()
    replayer.feed(lines[0] + lines[1])
    for data in b"removed 5 0\n", lines[2], lines[1], b"session x\n", b"\n":
        with pytest.raises(ffntp.JournalError):
            replayer.feed(data)
    replayer.begin_file()
    replayer.feed(b"".join(lines))
    assert replayer.end_file()["maps_equal"] == 276
    assert len(replayer.servers()) == 3


def test_rubbish_for_a_replayer():
    replayer = _ffntp.Replayer()
    for wrong in None, 1, "text", [], object():
        with pytest.raises(TypeError):
            replayer.feed(wrong)
    assert replayer.servers() == {} and set(replayer.tables()) == {"maps", "replies", "events"}
    replayer.feed(b"")
    data = bytearray(b"par")
    replayer.feed(data)
    data += b"it is not held"
    replayer.feed(memoryview(b"tly"))
    assert replayer.end_file()["cut_in_line"] == 1
    with pytest.raises(BufferError):
        replayer.feed(memoryview(b"abcdef")[::2])


def test_two_threads(journals):
    """Replays run at the same time; one replayer refuses a second thread."""
    content = (journals / "wifi-law.journal").read_bytes()
    results = []
    threads = [threading.Thread(target=lambda: results.append(ffntp.replay(io.BytesIO(content)).files)) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(results) == 4 and all(each == results[0] for each in results)
    replayer, refused = _ffntp.Replayer(), []
    replayer.begin_file()
    thread = threading.Thread(target=lambda: replayer.feed(content * 15))      # half a second: a file may have several sessions
    thread.start()
    while thread.is_alive():
        try:
            replayer.servers()
        except RuntimeError as problem:
            refused.append(str(problem))
    thread.join()
    assert refused and set(refused) == {"the replayer is running in another thread"}


def test_an_error_of_the_file_comes_through():
    class Broken(io.RawIOBase):
        def read(self, size=-1):
            raise builtins.TimeoutError("slow disk")
    with pytest.raises(TimeoutError, match="slow disk"):
        ffntp.replay(Broken())
