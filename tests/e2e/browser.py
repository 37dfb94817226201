"""A headless Chromium, driven over the WebDriver protocol: no package is needed for that."""
import base64
import json
import os
import re
import shutil
import subprocess
import tempfile
import time
import urllib.error
import urllib.request

import pytest

FLAGS = ["--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
         "--disable-background-networking", "--disable-component-update", "--disable-sync"]
DRIVER, CHROMIUM = shutil.which("chromedriver"), shutil.which("chromium")


class Browser:
    def __init__(self):
        self.profile = tempfile.mkdtemp(prefix="gimlet-chromium-")
        self.driver = subprocess.Popen([DRIVER, "--port=0"], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
                                       text=True, start_new_session=True)
        self.session = None
        port = self.port()
        self.base = f"http://127.0.0.1:{port}/session"
        options = {"binary": CHROMIUM, "args": [*FLAGS, f"--user-data-dir={self.profile}"]}
        made = self.call("POST", "", {"capabilities": {"alwaysMatch": {
            "goog:chromeOptions": options, "goog:loggingPrefs": {"browser": "ALL"}}}})
        self.session = made["sessionId"]

    def port(self):
        for line in self.driver.stdout:
            found = re.search(r"started successfully on port (\d+)", line)
            if found:
                return found.group(1)
        raise AssertionError("chromedriver did not start")

    def call(self, method, path, body=None):
        session = f"/{self.session}" if self.session else ""
        request = urllib.request.Request(self.base + session + path, method=method,
                                         data=None if body is None else json.dumps(body).encode(),
                                         headers={"Content-Type": "application/json"})
        try:
            with urllib.request.urlopen(request, timeout=60) as answer:
                return json.load(answer)["value"]
        except urllib.error.HTTPError as e:
            raise AssertionError(e.read().decode()[:600]) from None

    def devtools(self, command, **params):
        return self.call("POST", "/goog/cdp/execute", {"cmd": command, "params": params})

    def run(self, script, *args):
        return self.call("POST", "/execute/sync", {"script": script, "args": list(args)})

    def log(self):
        """What the console says, but for Chromium's advice to those who read pixels: the tests do."""
        return [entry for entry in self.call("POST", "/se/log", {"type": "browser"}) if entry["source"] != "rendering"]

    def open(self, path, width=1400, scheme="light"):
        """The page on a screen that wide, drawn."""
        self.devtools("Emulation.setDeviceMetricsOverride", width=width, height=900, deviceScaleFactor=1,
                      mobile=False)
        self.prefer(scheme)
        self.log()
        self.call("POST", "/url", {"url": path if str(path).startswith("http") else f"file://{path}"})
        self.settle()

    def prefer(self, scheme, media=""):
        self.devtools("Emulation.setEmulatedMedia", media=media,
                      features=[{"name": "prefers-color-scheme", "value": scheme}])

    def settle(self):
        """Two frames later everything is laid out and drawn."""
        self.call("POST", "/execute/async", {"args": [], "script":
                  "const done = arguments[0]; requestAnimationFrame(() => requestAnimationFrame(() => done()))"})

    def pdf(self):
        return base64.b64decode(self.devtools("Page.printToPDF", printBackground=False)["data"])

    def press(self, key):
        for kind in ("keyDown", "keyUp"):
            self.devtools("Input.dispatchKeyEvent", type=kind, key=key, code=key,
                          windowsVirtualKeyCode={"Tab": 9, "Enter": 13, "ArrowDown": 40}[key],
                          **({"text": "\r"} if (key, kind) == ("Enter", "keyDown") else {}))

    def quit(self):
        try:
            if self.session:
                self.call("DELETE", "")
        finally:
            self.driver.terminate()
            self.driver.wait(10)
            self.driver.stdout.close()
            for _ in range(20):  # what it writes while it ends
                shutil.rmtree(self.profile, ignore_errors=True)
                if not os.path.exists(self.profile):
                    break
                time.sleep(0.1)


needs_browser = pytest.mark.skipif(not (CHROMIUM and DRIVER), reason="apt-get install chromium chromium-driver")


@pytest.fixture(scope="module")
def browser():
    it = Browser()
    yield it
    it.quit()


# ---- what a page is asked, run in it ------------------------------------------------------------------

# By how much the page is wider than the screen, and what is; in a .wide box one may scroll.
OVERFLOW = """const wide = [];
for (const e of document.querySelectorAll('body *')) {
  const box = e.closest('.wide');
  if ((!box || box === e) && !e.classList.contains('skip') && e.getBoundingClientRect().right > innerWidth + 1)
    wide.push(e.outerHTML.slice(0, 80));
}
return [document.documentElement.scrollWidth - document.documentElement.clientWidth, wide]"""

# The least contrast of a text with its ground, the text, and how light the page's ground is.
CONTRAST = """const light = (c) => c.match(/[\\d.]+/g).slice(0, 3).map((v) => v / 255)
  .map((v) => (v <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4))
  .reduce((sum, v, i) => sum + v * [0.2126, 0.7152, 0.0722][i], 0);
const behind = (e) => { for (; e; e = e.parentElement) {
  const c = getComputedStyle(e).backgroundColor;
  if (!/, 0\\)$/.test(c)) return c; } };
let least = 99, where = '';
for (const e of document.querySelectorAll('body *')) {
  if (![...e.childNodes].some((n) => n.nodeType === 3 && n.data.trim()) || e.closest('script, noscript, .skip'))
    continue;
  const [a, b] = [light(getComputedStyle(e).color), light(behind(e))].sort((x, y) => y - x);
  const ratio = (a + 0.05) / (b + 0.05);
  if (ratio < least) { least = ratio; where = e.outerHTML.slice(0, 80); }
}
return [least, where, light(behind(document.body))]"""
