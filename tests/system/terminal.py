"""A terminal for programs with a screen: a pseudo-terminal, and pyte as the model of what a user sees. Without pyte the tests that
need it are skipped."""
import contextlib
import fcntl
import os
import pty
import select
import signal
import struct
import subprocess
import sys
import termios
import time

import tap

# Debian's module, whichever python3 runs the tests.
sys.path.append("/usr/lib/python3/dist-packages")
try:
    import pyte
except ImportError:
    pyte = None


def be_its_shell(job):
    """Wait for the job, and end as it ends."""
    _, status = os.waitpid(job, 0)
    if os.WIFSIGNALED(status):
        signal.signal(os.WTERMSIG(status), signal.SIG_DFL)
        os.kill(os.getpid(), os.WTERMSIG(status))
    os._exit(os.waitstatus_to_exitcode(status) & 255)


class Terminal:
    """A program on a terminal of this size."""

    def __init__(self, command, rows, columns, environment):
        self.master, self.slave = pty.openpty()
        self.screen, self.raw = pyte.Screen(columns, rows), b""
        self.stream = pyte.ByteStream(self.screen)
        self.resize(rows, columns, signals=False)
        self.usual = termios.tcgetattr(self.slave)
        self.process = subprocess.Popen(command, stdin=self.slave, stdout=self.slave, stderr=self.slave, preexec_fn=self.take,
                                        env={**os.environ, "TERM": "screen-256color", "LC_ALL": "C.UTF-8", **environment})

    def take(self):
        """
        Make the terminal the controlling one of a session of its own, so that keys send signals, and the program its
        foreground job: the kernel does not stop a program that has nobody in its session to continue it.
        """
        tap.end_with_us()
        os.setsid()
        fcntl.ioctl(0, termios.TIOCSCTTY, 0)
        job = os.fork()
        if job > 0:
            os.closerange(3, 1024)
            be_its_shell(job)
        tap.end_with_us()
        os.setpgid(0, 0)
        signal.signal(signal.SIGTTOU, signal.SIG_IGN)
        os.tcsetpgrp(0, os.getpid())
        signal.signal(signal.SIGTTOU, signal.SIG_DFL)

    def pid(self):
        return os.tcgetpgrp(self.master)

    def resize(self, rows, columns, signals=True):
        fcntl.ioctl(self.slave, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))
        if signals:
            self.screen.resize(rows, columns)

    def read(self, patience_s=0.1):
        """Show what the program has written."""
        while select.select([self.master], [], [], patience_s)[0]:
            try:
                part = os.read(self.master, 65536)
            except OSError:
                return
            self.raw += part
            self.stream.feed(part)
            patience_s = 0.02 * tap.PATIENCE     # between the parts of one picture

    def lines(self):
        return [line.rstrip() for line in self.screen.display]

    def text(self):
        return "\n".join(self.lines())

    def wait(self, condition, what, patience_s=15):
        """Wait until the screen fulfils the condition; a text: until it is there."""
        end = time.monotonic() + patience_s * tap.PATIENCE
        while not (condition in self.text() if isinstance(condition, str) else condition(self)):
            tap.check(time.monotonic() < end, f"waited for {what}:\n{self.text()}")
            self.read()

    def type(self, keys):
        os.write(self.master, keys)

    def ended(self, patience_s=10):
        """Wait for the program; return its exit code."""
        end = time.monotonic() + patience_s * tap.PATIENCE
        while self.process.poll() is None:
            tap.check(time.monotonic() < end, f"still running:\n{self.text()}")
            self.read(0.05)
        self.read(0)
        return self.process.returncode

    def is_as_before(self):
        """Return whether the modes of the terminal are those from before, its cursor is visible and its usual screen is shown."""
        shown = self.raw.rfind(b"\x1b[?25h"), self.raw.rfind(b"\x1b[?1049l")
        hidden = self.raw.rfind(b"\x1b[?25l"), self.raw.rfind(b"\x1b[?1049h")
        return termios.tcgetattr(self.slave) == self.usual and shown[0] > hidden[0] and shown[1] > hidden[1]


@contextlib.contextmanager
def terminal(command, rows=24, columns=80, **environment):
    """Run a program on a terminal until the block ends."""
    if pyte is None:
        raise tap.Skip("no python3-pyte")
    running = Terminal(command, rows, columns, environment)
    try:
        yield running
    finally:
        if running.process.poll() is None:
            running.process.send_signal(signal.SIGKILL)
            running.process.wait()
        os.close(running.master)
        os.close(running.slave)
