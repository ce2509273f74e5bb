"""Chromium without a window, driven over its pipe (the DevTools protocol): pages, their messages, their pictures."""
import contextlib
import json
import os
import subprocess
import tempfile

import tap

CHROMIUM = "chromium"


class Browser:
    """A browser. Its messages come as JSON, each with a zero behind it."""

    def __init__(self, process, reading, writing):
        self.process, self.reading, self.writing = process, reading, writing
        self.number, self.rest = 0, b""

    def receive(self):
        while b"\0" not in self.rest:
            part = os.read(self.reading, 1 << 20)
            tap.check(part, "the browser ended")
            self.rest += part
        message, self.rest = self.rest.split(b"\0", 1)
        return json.loads(message)

    def call(self, method, events, session=None, **params):
        """Call a method; events that come before its answer are added to the list."""
        self.number += 1
        message = {"id": self.number, "method": method, "params": params}
        if session:
            message["sessionId"] = session
        os.write(self.writing, json.dumps(message).encode() + b"\0")
        while True:
            answer = self.receive()
            if answer.get("id") == self.number:
                tap.check("error" not in answer, f"{method}: {answer}")
                return answer["result"]
            events.append(answer)

    def open(self, path, width=1200, height=900, **media):
        return Page(self, path, width, height, media)


class Page:
    """A page that was loaded. media: media features, such as prefers_color_scheme."""

    def __init__(self, browser, path, width, height, media):
        self.browser, self.events = browser, []
        target = browser.call("Target.createTarget", self.events, url="about:blank")["targetId"]
        self.session = browser.call("Target.attachToTarget", self.events, targetId=target, flatten=True)["sessionId"]
        for domain in "Page", "Runtime", "Log":
            self.call(f"{domain}.enable")
        self.call("Emulation.setDeviceMetricsOverride", width=width, height=height, deviceScaleFactor=1, mobile=False)
        self.call("Emulation.setEmulatedMedia",
                  features=[{"name": name.replace("_", "-"), "value": value} for name, value in media.items()])
        self.events.clear()
        self.call("Page.navigate", url=f"file://{path}")
        while not any(event["method"] == "Page.loadEventFired" for event in self.events):
            self.events.append(browser.receive())

    def call(self, method, **params):
        return self.browser.call(method, self.events, self.session, **params)

    def value(self, expression):
        answer = self.call("Runtime.evaluate", expression=expression, returnByValue=True)
        tap.check("exceptionDetails" not in answer, f"{expression}: {answer}")
        return answer["result"].get("value")

    def complaints(self):
        """Return the page's exceptions and messages on the console, except advice on how the test itself reads a canvas."""
        return [event for event in self.events
                if event["method"] in ("Runtime.exceptionThrown", "Runtime.consoleAPICalled", "Log.entryAdded")
                and "Multiple readback operations" not in json.dumps(event)]


def begin(folder, reading, writing):
    def arrange():
        """The browser reads descriptor 3 and writes 4."""
        tap.end_with_us()
        high = [os.dup(fd) for fd in (reading, writing)]
        os.dup2(high[0], 3)
        os.dup2(high[1], 4)
    # Root has no sandbox; the pages are the test's own.
    return subprocess.Popen([CHROMIUM, "--headless", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage",
                             "--remote-debugging-pipe", f"--user-data-dir={folder}", "about:blank"],
                            preexec_fn=arrange, close_fds=False, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                            stderr=subprocess.DEVNULL)


@contextlib.contextmanager
def running():
    """Run a browser until the block ends."""
    (to_read, to_write), (from_read, from_write) = os.pipe(), os.pipe()
    with tempfile.TemporaryDirectory(prefix="ffntp-browser-", ignore_cleanup_errors=True) as folder:
        process = begin(folder, to_read, from_write)
        os.close(to_read)
        os.close(from_write)
        try:
            yield Browser(process, from_read, to_write)
        finally:
            os.close(to_write)
            os.close(from_read)
            tap.stop(process)
