"""A real server on a real workspace, and a real Chromium that may talk to it alone."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit
from urllib.request import urlopen

import pytest

from skillrouter_core.workspace import Workspace
from tests.browser.hostile import HOSTILE

ROOT = Path(__file__).parents[2]
NAMES = ("chromium", "chromium-browser", "google-chrome")
FLAGS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)
SECONDS = 120
"""How long anything is waited for: busy machines are slow, and no test asserts a time."""
LOCAL = {"localhost", "127.0.0.1"}


@dataclass
class Visit:
    """One browser window; `outside` collects every request that left the machine."""

    page: object
    base: str
    outside: list[str] = field(default_factory=list)
    dialogs: list[str] = field(default_factory=list)

    def open(self, address: str) -> None:
        self.page.goto(f"{self.base}/{address}")  # type: ignore[attr-defined]

    def sees(self, text: str) -> None:
        self.page.get_by_text(text).first.wait_for()  # type: ignore[attr-defined]


@pytest.fixture(scope="session")
def chromium() -> Iterator[object]:
    from playwright.sync_api import expect, sync_playwright

    expect.set_options(timeout=SECONDS * 1000)
    named = os.environ.get("SKILLROUTER_CHROMIUM")
    path = named or next((found for name in NAMES if (found := shutil.which(name))), None)
    if path is None:
        pytest.skip("no Chromium on this machine; name one in SKILLROUTER_CHROMIUM")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=FLAGS)
        yield browser
        browser.close()


@pytest.fixture(scope="session")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A workspace with some skills, one of them hostile, and BM25's index."""
    folder = tmp_path_factory.mktemp("browser")
    source = folder / "skills"
    skills = {
        "documents/pdf-merge": ("PDF merge", "Merge several PDF files into one.", "Join them.\n"),
        "documents/pdf-split": ("PDF split", "Cut a PDF file into chapters.", "Split it.\n"),
        "evil/evil": (HOSTILE, HOSTILE, f"# {HOSTILE}\n\nmerge pdf {HOSTILE}\n\n`{HOSTILE}`\n"),
    }
    for name, (title, description, body) in skills.items():
        path = source / name / "SKILL.md"
        path.parent.mkdir(parents=True)
        head = f"---\nname: {title!r}\ndescription: {description!r}\n---\n"
        path.write_text(head + body, encoding="utf-8")
    home = folder / "home"
    with Workspace.open(home) as ws:
        ws.catalogs.sync(str(source), "mine")
        _index_words(ws)
    return home


def _index_words(ws: Workspace) -> None:
    """Publish the index without vectors: these tests need no model."""
    from skillrouter_core.models import profile_named
    from skillrouter_core.texts import preset_named
    from skillrouter_core.workspace.building import BuildPlan, ensure_lexical

    profile = profile_named("compact")
    plan = BuildPlan(ws.indexing.folder(profile), ws.home / "vectors", preset_named(profile.preset))
    ensure_lexical(plan, sorted(ws.catalogs.skills(), key=lambda skill: skill.skill_id))


@contextmanager
def serving(home: Path) -> Iterator[str]:
    """Run `streamlit run app.py` on a free port and yield its address."""
    port = free_port()
    server = server_of(home, port)
    try:
        yield f"http://localhost:{port}"
    finally:
        server.terminate()
        server.wait(SECONDS)


def free_port() -> int:
    """Return a port that nothing listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
    return port


def server_of(home: Path, port: int) -> subprocess.Popen[bytes]:
    """Start `streamlit run app.py` on a port and return it once it answers; the caller ends it."""
    command = [sys.executable, "-m", "streamlit", "run", "app.py", "--server.port", str(port)]
    environment = {**os.environ, "SKILLROUTER_HOME": str(home), "OMP_NUM_THREADS": "1"}
    environment.pop("SKILLROUTER_DATABASE_URL", None)
    server = subprocess.Popen(
        command, cwd=ROOT, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    try:
        _wait(f"http://localhost:{port}/_stcore/health", server)
    except BaseException:
        server.kill()
        raise
    return server


def _wait(address: str, server: subprocess.Popen[bytes]) -> None:
    for _ in range(SECONDS * 4):
        assert server.poll() is None, "the server ended"
        try:
            with urlopen(address, timeout=5):
                return
        except OSError:
            time.sleep(0.25)
    raise AssertionError(f"no answer from {address}")


@pytest.fixture(scope="session")
def server(home: Path) -> Iterator[str]:
    with serving(home) as base:
        yield base


@pytest.fixture
def visit(chromium: object) -> Iterator[Callable[[str], Visit]]:
    """Open windows on a server's address; at the end nothing may have left the machine."""
    contexts, visits = [], []

    def start(base: str) -> Visit:
        context = chromium.new_context()  # type: ignore[attr-defined]
        context.set_default_timeout(SECONDS * 1000)
        contexts.append(context)
        window = Visit(None, base)
        # The context, not the page: a page's listener misses the favicon.
        context.on("request", lambda request: _note(request.url, window.outside))
        window.page = context.new_page()
        window.page.on("dialog", lambda dialog: window.dialogs.append(dialog.message))
        visits.append(window)
        return window

    yield start
    for context in contexts:
        context.close()
    assert [address for window in visits for address in window.outside] == []
    assert [message for window in visits for message in window.dialogs] == []


def _note(address: str, outside: list[str]) -> None:
    parts = urlsplit(address)
    if parts.scheme not in {"data", "blob"} and parts.hostname not in LOCAL:
        outside.append(address)
