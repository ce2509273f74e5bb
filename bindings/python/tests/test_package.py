"""The package as a whole: types, documentation, names, memory, interpreters."""
import inspect
import ffntp
from conftest import TOP, run_python
from ffntp import _ffntp

CLASSES = [ffntp.Clock, ffntp.FakeClock, ffntp.Instant, ffntp.Mark, ffntp.Reading, ffntp.Duration, ffntp.Table, _ffntp.Replayer]


def test_all_names_are_exported():
    public = {name for name, each in vars(ffntp).items()
              if not name.startswith("_") and not inspect.ismodule(each) and name not in ("annotations", "dataclass")}
    assert public == set(ffntp.__all__) and sorted(set(ffntp.__all__)) == sorted(ffntp.__all__)


def test_all_errors_have_one_base():
    errors = [each for each in vars(ffntp).values() if inspect.isclass(each) and issubclass(each, Exception)]
    assert len(errors) >= 29 and all(issubclass(each, ffntp.Error) and each.__doc__ for each in errors)
    assert ffntp.VoidError.__mro__[1:3] == (ffntp.ClockError, ffntp.Error)
    assert ffntp.PageMissingError.__mro__[1:3] == (ffntp.PageError, ffntp.Error)
    assert str(ffntp.VoidError.__module__) == "ffntp"


def test_all_errors_of_the_library_have_a_class():
    """The headers are the truth: each constant is in the table of the extension."""
    header = (TOP / "include/ffntp/clock.h").read_text() + (TOP / "include/ffntp/page.h").read_text()
    source = (TOP / "bindings/python/src/errors.c").read_text()
    results = []
    for name in "ffntp_clock_result", "ffntp_page_result":
        block = header.partition(f"enum {name} {{")[2].partition("};")[0]
        results += [word.strip(",") for word in block.replace("=", " ").split() if word.startswith(("FFNTP_CLOCK_", "FFNTP_PAGE_"))]
    wanted = [name for name in dict.fromkeys(results) if not name.endswith("_OK")]
    assert len(wanted) >= 25
    assert [name for name in wanted if f"{{ {name}," not in source] == []


def test_everything_is_documented():
    missing = []
    for each in [getattr(ffntp, name) for name in ffntp.__all__] + CLASSES:
        if (inspect.isclass(each) or inspect.isroutine(each)) and not each.__doc__:
            missing.append(each)
    for owner in CLASSES:
        for name, each in inspect.getmembers(owner):
            is_own = getattr(each, "__objclass__", owner).__module__.startswith("ffntp")
            if not name.startswith("_") and is_own and name != "rows" and not getattr(each, "__doc__", None):
                missing.append((owner, name))
    assert not missing


def test_signatures_can_be_read():
    assert str(inspect.signature(ffntp.Clock.now)) == "(self, /, scale='utc', max_bound_ns=None)"
    assert str(inspect.signature(ffntp.Instant)) == "(s, frac=0)"
    assert str(inspect.signature(ffntp.FakeClock().set_bound)) == "(bound_ns, growth_ppb=0)"


LEAKS = """
import gc, sys, ffntp
from ffntp import _ffntp

def resident():
    with open("/proc/self/statm") as file:
        return int(file.read().split()[1]) * 4096

def use(page, journal):
    with ffntp.Clock(page) as clock:
        reading = clock.now("tai")
        [getattr(reading, name) for name in dir(reading)]
        mark = clock.mark()
        clock.since(mark), clock.at(mark), clock.monotonic_utc(), clock.elapsed_ns(), clock.status(), clock.path
        mark.__reduce__(), mark.phase.__reduce__(), hash(mark), repr(mark), mark == mark, mark.phase - mark.phase
        clock.reopen(), clock.is_replaced(), clock.__init__(page)
    ffntp.Clock(page).now()
    for wrong in (lambda: clock.now(), lambda: clock.now(3), lambda: clock.now("x"), lambda: clock.now(nonsense=1),
                  lambda: ffntp.Clock("/nowhere" * 500), lambda: ffntp.Clock(3), lambda: ffntp.Instant(2**70), lambda: ffntp.Mark(1, 2, 3, 4, 5),
                  lambda: _ffntp.Replayer().feed(b"x\\n"), lambda: _ffntp.ClockBase()):
        try:
            wrong()
        except (ffntp.Error, TypeError, ValueError):
            pass
    fake = ffntp.FakeClock()
    fake.step(5), fake.set_bound(3, 4), fake.set_status("disrupted"), fake.reboot(), fake.__init__(7)
    replayer = _ffntp.Replayer()
    replayer.begin_file()
    replayer.feed(journal)
    replayer.end_file(), replayer.tables(), replayer.servers()

page, path = sys.argv[1:]
journal = b"".join(open(path, "rb").read().splitlines(keepends=True)[:30])
counted = [ffntp.Instant, ffntp.Reading, ffntp.Mark, ffntp.Clock, ffntp.FakeClock, _ffntp.Replayer, ffntp.VoidError, None, "utc"]
for _ in range(200):
    use(page, journal)
gc.collect()
before, blocks, references = resident(), sys.getallocatedblocks(), [sys.getrefcount(each) for each in counted]
for _ in range(1000):
    use(page, journal)
gc.collect()
print(resident() - before, sys.getallocatedblocks() - blocks, [sys.getrefcount(each) - old for each, old in zip(counted, references)])
"""


def test_nothing_leaks(page, journals):
    page.publish(1_800_000_000)
    done = run_python(LEAKS, page.path, journals / "three-servers.journal")
    assert done.returncode == 0, done.stderr
    memory, blocks, references = done.stdout.replace("[", "").replace("]", "").replace(",", "").split(maxsplit=2)
    # Two kilobytes for each use: a mapping or a long path has four. Less than that is the allocator's own.
    assert int(memory) < 2_000_000 and abs(int(blocks)) < 50, done.stdout
    assert all(abs(int(each)) < 50 for each in references.split()), done.stdout


INTERPRETERS = """
import sys, ffntp
try:
    import _xxsubinterpreters as interpreters
    create = lambda: interpreters.create(isolated=False)
except ImportError:
    import _interpreters as interpreters
    create = lambda: interpreters.create("legacy")
first = ffntp.FakeClock
for _ in range(5):
    other = create()
    interpreters.run_string(other, '''
import ffntp, ffntp._ffntp
fake = ffntp.FakeClock(5)
assert fake.now().time_ns == 5
try:
    fake.since(3)
except TypeError:
    pass
fake.close()
try:
    fake.now()
except ffntp.DisconnectedError:
    print("own", flush=True)
''')
    interpreters.destroy(other)
assert ffntp.FakeClock is first and first(7).now().time_ns == 7
try:
    ffntp._ffntp.FakeClock.__new__(ffntp.FakeClock).now()
except ffntp.DisconnectedError:
    print("main")
"""


def test_subinterpreters_have_their_own_types():
    done = run_python(INTERPRETERS)
    assert done.returncode == 0 and done.stdout.split() == ["own"] * 5 + ["main"], done.stdout + done.stderr


def test_import_twice():
    done = run_python("import sys, ffntp\nold = ffntp._ffntp\nfor name in [n for n in sys.modules if n.startswith('ffntp')]: del sys.modules[name]\n"
                      "import ffntp\nassert ffntp._ffntp is not old\ntry: ffntp.FakeClock().since(old.FakeClock(0).mark())\n"
                      "except TypeError as problem: print(problem)")
    assert done.stdout.strip() == "mark must be a Mark, not Mark" and done.returncode == 0, done.stderr


def test_the_interpreter_ends_well():
    """With clocks that are open, in a thread that reads."""
    done = run_python("import ffntp, threading\nfake = ffntp.FakeClock()\nfake.tick(1)\n"
                      "def read():\n    while True: fake.now()\n"
                      "threading.Thread(target=read, daemon=True).start()\nreading = fake.now()\nprint('ok')")
    assert done.returncode == 0 and done.stdout == "ok\n" and done.stderr == ""
