"""A workspace with a few real files in it, and the pages drawn over it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest
import streamlit as st
from streamlit.testing.v1 import AppTest

from pages.common import access
from pages.common.safe_text import JOINER
from skillrouter_core.encode import Encoder
from skillrouter_core.models import Profile
from skillrouter_core.rerank import Reranker
from skillrouter_core.route import Tuning
from skillrouter_core.workspace import Workspace
from tests.fakes import HashEncoder, OverlapReranker

ROOT = Path(__file__).parents[2]
SECONDS = 120
"""Long enough for a busy machine: no test asserts a time."""

SKILLS = {
    "documents/pdf-merge": (
        "PDF merge",
        "Merge several PDF files into one report.",
        "Join the files with pdfunite and keep the bookmarks of every report.\n" * 6,
    ),
    "documents/pdf-split": (
        "PDF split",
        "Cut a PDF file into chapters.",
        "Split by page ranges with qpdf, one file a chapter.\n" * 6,
    ),
    "devops/pod-restarts": (
        "Pod restarts",
        "Find out why a pod restarts.",
        "Read the last state, the exit code and the limits of the pod.\n" * 6,
    ),
    "writing/minutes": ("Minutes", "", "Write it down."),
}
HOSTILE = "<script>alert(1)</script> ![x](http://evil.example/x.png) :red[no] $x$"


@dataclass
class FakeModels:
    """Models without weights; `refuse` makes loading fail, `warm` says they are loaded."""

    warm: bool = True
    refuse: Exception | None = None
    reranks: OverlapReranker = field(default_factory=OverlapReranker)
    tuned: Tuning = field(default_factory=Tuning)

    def encoder(self, profile: Profile) -> Encoder:
        if self.refuse:
            raise self.refuse
        return HashEncoder()

    def reranker(self, profile: Profile) -> Reranker:
        return self.reranks

    def tuning(self, profile: Profile) -> Tuning:
        return self.tuned

    def loaded(self, profile: Profile) -> bool:
        return self.warm


@dataclass
class Studio:
    """The workspace under the pages, and a way to open one of them."""

    ws: Workspace
    models: FakeModels
    source: Path

    def write(self, folder: str, name: str, description: str, body: str) -> None:
        path = self.source / folder / "SKILL.md"
        path.parent.mkdir(parents=True, exist_ok=True)
        described = f"description: {description!r}\n" if description else ""
        path.write_text(f"---\nname: {name!r}\n{described}---\n{body}", encoding="utf-8")

    def fill(self, *, index: bool = True) -> None:
        for folder, (name, description, body) in SKILLS.items():
            self.write(folder, name, description, body)
        self.sync(index=index)

    def sync(self, *, index: bool = True) -> None:
        self.ws.catalogs.sync(str(self.source), "mine")
        if index:
            self.ws.indexing.build()

    def open(self, page: str, /, **address: str) -> AppTest:
        at = AppTest.from_file(str(ROOT / "pages" / "main.py"), default_timeout=SECONDS)
        at.switch_page(f"{page}.py")
        for name, value in address.items():
            at.query_params[name] = value
        return at.run()


@pytest.fixture
def studio(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Studio]:
    st.cache_resource.clear()
    st.cache_data.clear()
    models = FakeModels()
    with Workspace.open(tmp_path / "home", models=models) as ws:
        monkeypatch.setattr(access, "_open", lambda home, database: ws)
        yield Studio(ws, models, tmp_path / "source")


def texts(at: AppTest) -> str:
    """Everything the page says, one element a line, escapes taken away."""
    kinds = (at.header, at.subheader, at.markdown, at.caption, at.info, at.warning, at.error)
    assert not at.exception, at.exception
    said = "\n".join(str(element.value) for kind in kinds for element in kind)
    return re.sub(r"\\([!-/:-@\[-`{-~])", r"\1", said).replace(JOINER, "")
