"""The candidates of the saved queries: routed in a job, or one by one when they are asked for.

Responsible for what is routed and with which stages. Must not know who labels the candidates,
nor in which order.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from threading import RLock
from typing import TYPE_CHECKING

from skillrouter_core.errors import IndexNotReadyError, ModelError
from skillrouter_core.labelling.candidates import CandidateBook, CandidateList, StoredCandidate
from skillrouter_core.progress import Meter, ProgressListener
from skillrouter_core.records import Candidate, Route, RouteOptions, Stage1
from skillrouter_core.records.queues import Prepared

if TYPE_CHECKING:
    from collections.abc import Mapping

    from skillrouter_core.workspace import Workspace

DEPTH = 20
"""Candidates kept of a query: those that stage 2 reads."""

NO_INDEX = "There is no index yet. Import a catalog, then run `skillrouter index`."


class Candidates:
    """One workspace's candidate lists, by profile; safe to share between threads."""

    def __init__(self, workspace: Workspace) -> None:
        """Bind to a workspace; nothing is read yet."""
        self._workspace = workspace
        self._books: dict[Path, CandidateBook] = {}
        self._lock = RLock()

    def read(self, profile: str) -> tuple[object, Mapping[str, CandidateList]]:
        """Return the newest list of each query by its text, with a token that changes with them.

        Lists of an earlier index are among them.
        """
        return self._book(profile).read()

    def of(self, text: str, profile: str) -> CandidateList:
        """Return a query's candidates of the published index, routed now where none are kept.

        Loads the profile's models where it routes. Raises IndexNotReadyError.
        """
        version = self._version(profile)
        found = self._book(profile).lists().get(text)
        if found is None or not _ready(found, version):
            found = self._routed(text, profile, version, "")
            self._book(profile).add(found)
        return found

    def ready(self, texts: set[str], profile: str) -> int:
        """Return how many of some queries have the candidates of the published index."""
        version = self._workspace.routing.version(profile)
        lists = self._book(profile).lists()
        return sum(text in lists and lists[text].index_version == version for text in texts)

    def prepare(self, listener: ProgressListener, suite: str | None, profile: str) -> Prepared:
        """Route the saved queries that have no candidates of the published index.

        What was routed is kept at once, so a run that ends early goes on where it stopped.
        Raises IndexNotReadyError before the first index, and what the listener raises.
        """
        self._version(profile)
        book = self._book(profile)
        texts = list(dict.fromkeys(one.text for one in self._workspace.labels.queries(suite)))
        meter = Meter(listener, "routing saved queries", len(texts), unit="queries")
        routed, unable = 0, ""
        for text in texts:
            version, found = self._version(profile), book.lists().get(text)
            # Looked up anew each time: another run, or a page, may have routed it meanwhile.
            if found is None or not _ready(found, version):
                found = self._routed(text, profile, version, unable)
                book.add(found)
                routed += 1
                unable = unable if found.complete else found.notes[0]
            meter.advance()
        book.compact({one.text for one in self._workspace.labels.queries()})
        ready = self.ready(set(texts), profile)
        return Prepared(routed, ready, len(texts), (unable,) if unable else ())

    def _routed(self, text: str, profile: str, version: str, unable: str) -> CandidateList:
        """Route a query; `unable` says why models are not to be tried, "" where they are."""
        options = RouteOptions(top=DEPTH, candidates=DEPTH, profile=profile, fold=False)
        if not unable:
            try:
                return _listed(self._workspace.routing.route(text, options), version)
            except ModelError as error:
                unable = f"The models cannot be used, so BM25 answered alone: {error}"
        plain = replace(options, stage1=Stage1.BM25, rerank=False)
        found = _listed(self._workspace.routing.route(text, plain), version)
        return replace(found, complete=False, notes=(unable, *found.notes))

    def _version(self, profile: str) -> str:
        version = self._workspace.routing.version(profile)
        if not version:
            raise IndexNotReadyError(NO_INDEX)
        return version

    def _book(self, profile: str) -> CandidateBook:
        folder = self._folder(profile)  # looked up each time: another model may answer by now
        with self._lock:
            if folder not in self._books:
                self._books[folder] = CandidateBook(folder)
            return self._books[folder]

    def _folder(self, profile: str) -> Path:
        name = self._workspace.indexing.place(profile).name
        return self._workspace.home / "queue" / name


def _ready(found: CandidateList, version: str) -> bool:
    """Return whether a list need not be routed again; one made without models is tried again."""
    return found.index_version == version and found.complete


def _listed(route: Route, version: str) -> CandidateList:
    return CandidateList(
        query_text=route.query,
        index_version=version,
        candidates=tuple(_stored(one) for one in route.candidates),
        confidence=route.confidence,
        notes=route.notes,
    )


def _stored(one: Candidate) -> StoredCandidate:
    return StoredCandidate(
        skill_id=one.skill.skill_id,
        content_hash=one.skill.content_hash,
        place=one.place,
        stage1_rank=one.stage1_rank,
        stage1=one.stage1_score,
        stage2=one.stage2_score,
        bm25=one.bm25,
        dense=one.dense,
    )
