"""The use cases around saved queries: suites, what is expected, the side of training.

Responsible for keeping a text on one side wherever it is saved. Must not know how a query is
routed or labelled.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from db import label_version
from db import saved_queries as stored
from db.saved_queries import QueryEntry
from skillrouter_core.errors import UsageError
from skillrouter_core.labelling.splits import split_of
from skillrouter_core.records import NewQuery, SavedCounts, SavedQuery, Split, SuiteSize
from skillrouter_core.workspace import label_checks as checks
from skillrouter_core.workspace.label_part import LabelPart


class SavedQueries(LabelPart):
    """What can be done with saved queries."""

    def save_query(
        self,
        text: str,
        suite: str = "default",
        expected: Sequence[str] = (),
        author: str = "",
        source: str = "",
    ) -> SavedQuery:
        """Keep a query for rerun; the same text again in a suite replaces what it expects.

        It goes on the side that a kept copy of the text has, else on the one the text decides.
        """
        text, suite = checks.query_text(text), checks.label("suite", suite)
        author, source = checks.optional_label("author", author), checks.source(source)
        with label_version.turn(self._database) as session:
            side = stored.splits(session, [text]).get(text) or split_of(text)
            entry = QueryEntry(text, tuple(expected), side)
            stored.save(session, [entry], suite, author, source)
            return stored.saved(session, text, suite)

    def save_queries(
        self,
        rows: Sequence[NewQuery],
        suite: str,
        author: str,
        source: str,
        *,
        held_out: bool = False,
    ) -> SavedCounts:
        """Keep queries for rerun, all or none; return how many texts were new, changed, neither.

        The expected skills of rows with the same text are put together; a row without any leaves
        what is expected already. `held_out`, or a row's `split`, puts every kept copy of the text
        on that side. Raises `UsageError` where a row asks for training with a held-out text.
        """
        merged = _merged(rows, held_out)
        suite, author = checks.label("suite", suite), checks.optional_label("author", author)
        source = checks.source(source)
        with label_version.turn(self._database) as session:
            there = stored.splits(session, merged)
            entries = [_entry(row, there.get(text)) for text, row in merged.items()]
            return stored.save(session, entries, suite, author, source)

    def queries(
        self, suite: str | None = None, split: Split | None = None
    ) -> tuple[SavedQuery, ...]:
        """Return the saved queries, of one suite or one side if named, oldest first."""
        with self._database.read() as session:
            return stored.queries(session, suite, split)

    def suites(self) -> tuple[str, ...]:
        """Return the names of the suites, sorted."""
        with self._database.read() as session:
            return stored.suites(session)

    def suite_sizes(self) -> tuple[SuiteSize, ...]:
        """Return what each suite holds, sorted by name."""
        with self._database.read() as session:
            return stored.suite_sizes(session)

    def split(self, query_text: str) -> Split:
        """Return the side of a query: that of a kept copy, else the one its text decides."""
        return self.splits([query_text])[query_text]

    def splits(self, texts: Iterable[str]) -> dict[str, Split]:
        """Return the side of each of many queries, as `split` does."""
        wanted = {text: text.strip() for text in texts}
        with self._database.read() as session:
            known = stored.splits(session, wanted.values())
        return {text: known.get(bare) or split_of(bare) for text, bare in wanted.items()}

    def remove_query(self, query_id: int) -> None:
        """Delete a saved query; judgements of the same text stay, and the side it was on."""
        with label_version.turn(self._database) as session:
            stored.remove_query(session, query_id, split_of)

    def remove_suite(self, name: str) -> int:
        """Delete the queries of a suite, as `remove_query` does; return how many they were."""
        with label_version.turn(self._database) as session:
            return stored.remove_suite(session, name, split_of)


def _merged(rows: Sequence[NewQuery], held_out: bool) -> Mapping[str, NewQuery]:
    """Return one row a text, in order, with what all its rows expect and the side they declare."""
    merged: dict[str, NewQuery] = {}
    for row in rows:
        text = checks.query_text(row.text)
        before = merged.get(text, NewQuery(text, split=Split.HELD_OUT if held_out else None))
        expected = tuple(dict.fromkeys((*before.expected, *row.expected)))
        if row.split and before.split and row.split is not before.split:
            raise _both_sides(text)
        merged[text] = NewQuery(text, expected, row.split or before.split)
    return merged


def _entry(row: NewQuery, there: Split | None) -> QueryEntry:
    if there is Split.HELD_OUT and row.split is Split.TRAIN:
        raise _both_sides(row.text)
    return QueryEntry(row.text, row.expected or None, row.split or there or split_of(row.text))


def _both_sides(text: str) -> UsageError:
    return UsageError(
        f"the query {text[:80]!r} is held out, and a row asks to train with it; "
        "leave that row's split empty, or give it as held-out"
    )
