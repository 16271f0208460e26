"""Firefox as Debian packages it, driven by its own protocol (Marionette): started headless, closed again, pressed by keys.

Everything is waited for: a page by a mark on the one before it, a state by asking again until it holds.
"""

from __future__ import annotations

import shutil
import subprocess
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

FIREFOX = shutil.which("firefox-esr") or shutil.which("firefox")
PREFERENCES = """\
user_pref("marionette.port", 0);
user_pref("browser.shell.checkDefaultBrowser", false);
user_pref("datareporting.policy.dataSubmissionEnabled", false);
user_pref("app.update.enabled", false);
user_pref("intl.accept_languages", "ja");
"""
LONGEST = 120
"""Seconds after which what was waited for will not come: no test depends on how long it takes."""


@contextmanager
def firefox(width: int = 1366, height: int = 768) -> Iterator[Firefox]:
    """One window of the size."""
    from marionette_driver.marionette import Marionette
    from marionette_driver.wait import Wait

    assert FIREFOX, "Firefox is not installed (.ci/install does it)"
    with tempfile.TemporaryDirectory() as profile:
        (Path(profile) / "user.js").write_text(PREFERENCES)
        command = [FIREFOX, "--headless", "--marionette", "--no-remote", "--profile", profile]
        process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        try:
            said = Path(profile) / "MarionetteActivePort"  # Firefox writes its port here once it listens
            Wait(process, timeout=LONGEST).until(
                lambda one: one.poll() is not None or (said.exists() and said.read_text())
            )
            client = Marionette("127.0.0.1", port=int(said.read_text()), socket_timeout=LONGEST)
            client.start_session()
            client.timeout.script = client.timeout.page_load = LONGEST
            client.set_window_rect(width=width, height=height)
            yield Firefox(client)
            client.delete_session()
        finally:
            process.terminate()
            process.wait()


class Firefox:
    """What a test does at it."""

    def __init__(self, client: Any) -> None:
        self.client = client

    @property
    def url(self) -> str:
        """The address of the page."""
        return str(self.client.get_url())

    def go(self, address: str) -> None:
        """Open a page; it is there, with its pictures."""
        self.client.navigate(address)

    def run(self, script: str, *given: Any) -> Any:
        """The value of a script in the page, beside its own (its policy forbids to evaluate in it)."""
        return self.client.execute_script(script, script_args=given)

    def text(self, selector: str) -> str:
        """The text of the first element."""
        return str(self.run("return document.querySelector(arguments[0]).innerText", selector))

    def until(self, script: str, *given: Any) -> Any:
        """The value of a script, once it is true."""
        from marionette_driver.wait import Wait

        return Wait(self.client, timeout=LONGEST).until(lambda _: self.run(script, *given), message=script)

    def write(self, selector: str, text: str) -> None:
        """Write in a field."""
        from marionette_driver import By

        self.client.find_element(By.CSS_SELECTOR, selector).send_keys(text)

    def press(self, *keys: str) -> None:
        """Press keys, wherever the focus is."""
        from marionette_driver.keys import Keys

        for key in keys:
            value = getattr(Keys, key.upper(), key)
            self.client.actions.sequence("key", "keyboard").key_down(value).key_up(value).perform()

    def lead(self, act: Callable[[], object]) -> None:
        """Do what leads to another page, and wait for it."""
        self.run("document.documentElement.dataset.before = '1'")
        act()
        self.until("return !document.documentElement.dataset.before && document.readyState === 'complete'")

    def serious(self, axe: str) -> list[str]:
        """What axe finds on the page that is serious or critical."""
        found = self.client.execute_async_script(
            axe
            + """;
            const done = arguments[arguments.length - 1];
            axe.run(document, {resultTypes: ['violations']}).then(
              (all) => done(all.violations.filter((one) => ['serious', 'critical'].includes(one.impact))
                .map((one) => one.id + ' ' + one.nodes.slice(0, 3).map((node) => node.html.slice(0, 120)).join(' '))),
              (error) => done(['axe: ' + error]));"""
        )
        return [f"{self.url}: {one}" for one in found]
