#!/usr/bin/python3 -B
"""The results page in a real browser, without a network: it draws every row, fits the screen, and asks for nothing.

The page is made from page/testdata. Chromium is told what to do over two pipes (its --remote-debugging-pipe:
descriptors 3 and 4, JSON texts that end with a zero byte), so the test needs no port and no library.
"""

import collections
import json
import os
import pathlib
import select
import shutil
import subprocess
import sys
import tempfile
import unittest

MAKE = pathlib.Path(sys.argv.pop()).resolve()
TESTDATA = MAKE.parent / "testdata"
WIDE, NARROW = 1280, 390
BOUND = 60  # seconds; for a browser on a busy machine

# Colours that a canvas of this plot holds: one with only its background has drawn nothing.
COLOURS = """(canvas) => {
  const { data } = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height);
  const seen = new Set();
  for (let at = 0; at < data.length; at += 4) seen.add(data[at] << 16 | data[at + 1] << 8 | data[at + 2]);
  return seen.size;
}"""
CHOOSE = """((id, text) => {
  const select = document.getElementById(id);
  select.value = [...select.options].find((option) => option.text === text).value;
  select.dispatchEvent(new Event("change"));
})(%s, %s)"""


class browser:
    """A headless Chromium with one tab, and what that tab has said and asked for."""

    def __init__(self, folder):
        program = shutil.which("chromium") or shutil.which("chromium-browser")
        if program is None:
            raise SystemExit("page_test: this test needs a browser: apt-get install chromium")
        to_it, our_end = os.pipe()
        our_other_end, from_it = os.pipe()
        self.to, self.answers, self.rest = our_end, our_other_end, b""
        self.log = open(os.path.join(folder, "log"), "w+", encoding="utf-8", errors="replace")
        # A shell puts the pipes where Chromium looks for them. Root has no sandbox of Chromium's; the page is our own.
        self.process = subprocess.Popen(
            ["/bin/bash", "-c", 'exec 3<&%d 4>&%d "$@"' % (to_it, from_it), "bash", program, "--headless",
             "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--no-first-run",
             "--disable-background-networking", "--remote-debugging-pipe", "--user-data-dir=" + os.path.join(folder, "profile"), "about:blank"],
            pass_fds=(to_it, from_it), env={**os.environ, "HOME": folder}, stdout=self.log, stderr=self.log)
        os.close(to_it)
        os.close(from_it)
        self.asked = 0
        self.tab = None
        self.errors, self.requests, self.loaded = [], [], 0
        target = self.call("Target.createTarget", url="about:blank")["targetId"]
        self.tab = self.call("Target.attachToTarget", targetId=target, flatten=True)["sessionId"]
        for part in ("Page", "Runtime", "Log", "Network"):
            self.call(part + ".enable")
        self.call("Network.emulateNetworkConditions", offline=True, latency=0, downloadThroughput=0, uploadThroughput=0)

    def call(self, method, **parameters):
        self.asked += 1
        message = {"id": self.asked, "method": method, "params": parameters}
        if self.tab is not None:
            message["sessionId"] = self.tab
        os.write(self.to, json.dumps(message).encode() + b"\0")
        while True:
            said = self.next_message()
            if said.get("id") == self.asked:
                if "error" in said:
                    raise AssertionError("%s: %s" % (method, said["error"]))
                return said["result"]

    def next_message(self):
        while b"\0" not in self.rest:
            ready, _, _ = select.select([self.answers], [], [], BOUND)
            if not ready:
                raise SystemExit("page_test: chromium has said nothing for %d s" % BOUND)
            got = os.read(self.answers, 1 << 16)
            if not got:
                self.log.seek(0)
                raise SystemExit("page_test: chromium has ended:\n" + self.log.read()[-3000:])
            self.rest += got
        text, self.rest = self.rest.split(b"\0", 1)
        said = json.loads(text)
        self.note(said.get("method"), said.get("params", {}))
        return said

    def note(self, event, about):
        if event == "Runtime.exceptionThrown":
            details = about["exceptionDetails"]
            self.errors.append(details.get("exception", {}).get("description", details["text"]))
        elif event == "Runtime.consoleAPICalled" and about["type"] in ("error", "warning", "assert"):
            self.errors.append("console: %s" % about["args"])
        elif event == "Log.entryAdded" and about["entry"]["level"] in ("error", "warning"):
            self.errors.append("log: %s" % about["entry"]["text"])
        elif event == "Network.requestWillBeSent":
            self.requests.append(about["request"]["url"])
        elif event == "Page.loadEventFired":
            self.loaded += 1

    def open(self, url, width, dark=False):
        self.errors, self.requests = [], []
        self.call("Emulation.setDeviceMetricsOverride", width=width, height=900, deviceScaleFactor=1, mobile=False)
        self.call("Emulation.setEmulatedMedia",
                  features=[{"name": "prefers-color-scheme", "value": "dark" if dark else "light"}])
        before = self.loaded
        self.call("Page.navigate", url=url)
        while self.loaded == before:
            self.next_message()
        # A chart that follows its box does so with the next frames.
        self.evaluate("new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(() => setTimeout(done))))")

    def evaluate(self, expression):
        said = self.call("Runtime.evaluate", expression=expression, returnByValue=True, awaitPromise=True)
        if "exceptionDetails" in said:
            raise AssertionError(said["exceptionDetails"].get("exception", {}).get("description"))
        return said["result"].get("value")

    def end(self):
        os.close(self.to)
        self.process.terminate()
        self.process.wait(BOUND)
        os.close(self.answers)
        self.log.close()


class page(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.folder = tempfile.TemporaryDirectory(prefix="page_test", ignore_cleanup_errors=True)
        cls.addClassCleanup(cls.folder.cleanup)
        out = os.path.join(cls.folder.name, "index.html")
        subprocess.run([sys.executable, "-B", MAKE, TESTDATA / "results.json", TESTDATA / "meta.json", out], check=True)
        cls.url = pathlib.Path(out).as_uri()
        cls.rows = json.loads((TESTDATA / "results.json").read_text(encoding="utf-8"))
        cls.browser = browser(cls.folder.name)
        cls.addClassCleanup(cls.browser.end)

    def in_each_look(self, check):
        for width in (WIDE, NARROW):
            for dark in (False, True):
                with self.subTest(width=width, dark=dark):
                    self.browser.open(self.url, width, dark)
                    check(width)

    def test_it_says_no_error_and_asks_for_nothing_but_itself(self):
        def check(_):
            self.assertEqual(self.browser.errors, [])
            self.assertEqual(self.browser.requests, [self.url])

        self.in_each_look(check)

    def test_nothing_is_wider_than_the_screen(self):
        def check(width):
            self.assertLessEqual(self.browser.evaluate("document.documentElement.scrollWidth"), width)
            # The table alone may be wider: it scrolls in a box of its own.
            self.assertEqual(self.browser.evaluate("""[...document.body.querySelectorAll("*:not(script, .skip)")]
                .filter((each) => !each.closest(".scroll table") && each.getBoundingClientRect().right > innerWidth + 1)
                .map((each) => each.outerHTML.slice(0, 80))"""), [])

        self.in_each_look(check)

    def test_every_row_is_a_bar_of_its_problem(self):
        self.browser.open(self.url, WIDE)
        for what in ("threads", "compiler"):
            self.browser.evaluate(CHOOSE % (json.dumps(what), json.dumps("all")))
        drawn = self.browser.evaluate("""Object.fromEntries(
            [...document.querySelectorAll("#problems [data-problem]")].map((card) => [card.dataset.problem,
                Chart.getChart(card.querySelector("canvas")).getDatasetMeta(0).data
                    .filter((bar) => bar.width > 0 && bar.height > 0).length]))""")
        self.assertEqual(drawn, collections.Counter(row["problem"] for row in self.rows))
        self.assertEqual(self.browser.errors, [])

    def test_every_plot_has_drawn_something(self):
        def check(_):
            plots = self.browser.evaluate("""[...document.querySelectorAll("[data-plots]")].map((section) =>
                [section.id, [...section.querySelectorAll("canvas")].map(%s)])""" % COLOURS)
            self.assertEqual([section for section, _ in plots], ["relative", "problems", "scaling", "latency", "memory"])
            for section, colours in plots:
                self.assertTrue(colours and min(colours) > 8, "%s: %s" % (section, colours))

        self.in_each_look(check)

    def test_the_table_has_every_row_and_sorts_and_searches(self):
        self.browser.open(self.url, WIDE)
        shown = "[...document.querySelectorAll('#table tbody tr')].filter((row) => !row.hidden)"
        self.assertEqual(self.browser.evaluate(shown + ".length"), len(self.rows))
        self.browser.evaluate("""[...document.querySelectorAll("#table th")]
            .find((each) => each.innerText.startsWith("median")).firstChild.click()""")
        medians = self.browser.evaluate(shown + ".map((row) => Number(row.cells[5].dataset.value))")
        self.assertEqual(medians, sorted(row["median_seconds"] for row in self.rows))
        self.browser.evaluate("(search.value = 'fib weft', search.dispatchEvent(new Event('input')))")
        wanted = [row for row in self.rows if row["problem"] == "fib" and row["rival"] == "weft"]
        self.assertEqual(self.browser.evaluate(shown + ".length"), len(wanted))

    def test_a_hidden_rival_leaves_all_plots(self):
        self.browser.open(self.url, WIDE)
        self.browser.evaluate("document.querySelector('#legend [data-rival=go]').click()")
        labels = self.browser.evaluate("""[...document.querySelectorAll("[data-plots] canvas")]
            .map((canvas) => canvas.getAttribute("aria-label"))""")
        self.assertTrue(labels)
        self.assertFalse([label for label in labels if " go " in label])
        self.assertEqual(self.browser.errors, [])


if __name__ == "__main__":
    unittest.main()
