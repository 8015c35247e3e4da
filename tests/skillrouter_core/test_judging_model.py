"""Whatever annotators do in whatever order, and however often it is sent: what counts is right."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from dataclasses import dataclass, field

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from skillrouter_core.records import EventKind, LabelEvent
from skillrouter_core.workspace import Workspace
from tests.stores import scan, skill

Verdict = tuple[str, int | None]
SKILLS = ["tools/a", "tools/b"]
MISSING = "tools/gone"
ACTIONS = st.tuples(
    st.sampled_from(["grade", "grade", "skip", "undo"]),
    st.sampled_from([*SKILLS, MISSING]),
    st.sampled_from([None, 0, 1, 2, 3]),
    st.integers(0, 30),
)
# How many events go in one call, and whether that call is made twice.
SENDINGS = st.lists(st.tuples(st.integers(1, 5), st.booleans()), min_size=1, max_size=8)


@dataclass
class Model:
    """What a person said by a list in memory: each verdict and skip, and whether it is undone."""

    verdicts: dict[str, tuple[Verdict, bool]] = field(default_factory=dict)
    skips: dict[str, tuple[str, bool]] = field(default_factory=dict)

    def keep(self, event: LabelEvent) -> bool:
        if event.kind is EventKind.UNDO:
            return self._undo(event.undoes or "")
        if event.skill_id == MISSING:
            return False
        if event.kind is EventKind.SKIP:
            self.skips[event.token] = (event.skill_id, False)
        else:
            self.verdicts[event.token] = ((event.skill_id, event.grade), False)
        return True

    def _undo(self, token: str) -> bool:
        for kept in (self.verdicts, self.skips):
            if token in kept:
                kept[token] = (kept[token][0], True)  # type: ignore[assignment]
                return True
        return False

    def counting(self) -> dict[str, int | None]:
        return dict(said for said, undone in self.verdicts.values() if not undone)

    def skipped(self) -> list[str]:
        return [skill_id for skill_id, undone in self.skips.values() if not undone]


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Workspace]:
    """One workspace for all examples; each has a person of its own."""
    with Workspace.open(tmp_path_factory.mktemp("home")) as opened:
        opened.catalogs.store(scan(*(skill(one) for one in SKILLS)))
        yield opened


def events_of(person: str, actions: list[tuple[str, str, int | None, int]]) -> list[LabelEvent]:
    """Return events; an undo names any earlier or later one, or none that there is."""
    return [
        LabelEvent(f"{person}-{number}", EventKind.UNDO, undoes=f"{person}-{target}")
        if kind == "undo"
        else LabelEvent(f"{person}-{number}", EventKind(kind), "q", skill_id, None, grade)
        for number, (kind, skill_id, grade, target) in enumerate(actions)
    ]


@settings(max_examples=50)
@given(actions=st.lists(ACTIONS, max_size=30), sendings=SENDINGS)
def test_what_counts_is_what_was_said_last_and_not_taken_back(
    shared: Workspace,
    actions: list[tuple[str, str, int | None, int]],
    sendings: list[tuple[int, bool]],
) -> None:
    person, model, first, turn = uuid.uuid4().hex, Model(), 0, 0
    events = events_of(person, actions)
    while first < len(events):
        size, twice = sendings[turn % len(sendings)]
        batch = events[first : first + size]
        answers = [ack.ok for ack in shared.labels.record(batch, person)]
        assert answers == [model.keep(event) for event in batch]
        if twice and all(answers):
            assert all(ack.ok for ack in shared.labels.record(batch, person))
        first, turn = first + size, turn + 1
    counting = {
        one.skill_id: one.grade for one in shared.labels.judgements("q") if one.annotator == person
    }
    assert counting == model.counting()
    assert [one.skill_id for one in shared.labels.skips(person)] == model.skipped()
    shown = [(one.token, one.undone) for one in shared.labels.recent(person, 99)[::-1]]
    both = [
        (token, gone) for kept in (model.verdicts, model.skips) for token, (_, gone) in kept.items()
    ]
    assert shown == sorted(both, key=lambda one: int(one[0].rsplit("-", 1)[1]))
