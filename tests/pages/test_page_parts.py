"""The small parts the pages share: wording, marks, warm-up, headers."""

from __future__ import annotations

import threading
from pathlib import Path

import pytest

from pages.common.compare import marks
from pages.common.headers import HEADERS, SecurityHeaders
from pages.common.scores import count, moved, remaining, score
from pages.common.warmup import Warmup
from skillrouter_core.errors import ModelNotFoundError
from skillrouter_core.records import Candidate, Route, RouteOptions, Timings
from tests.fakes import skill

ROOT = Path(__file__).parents[2]


@pytest.mark.parametrize(
    ("number", "unit", "text"),
    [(0, "skill", "0 skills"), (1, "skill", "1 skill"), (20121, "skill", "20,121 skills")],
)
def test_count(number: int, unit: str, text: str) -> None:
    assert count(number, unit) == text


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (None, "remaining time not known yet"),
        (0.2, "about 1 s left"),
        (59.4, "about 59 s left"),
        (150, "about 2 min left"),
        (5400, "about 1.5 h left"),
    ],
)
def test_remaining(seconds: float | None, text: str) -> None:
    assert remaining(seconds) == text


def test_movement_and_scores() -> None:
    assert moved(3) == ":green[▲\u00a0+3]"
    assert moved(-2) == ":red[▼\u00a0−2]"
    assert moved(0) == ":gray[=]"
    assert score(None) == "–"
    assert score(1.234) == "1.23"


def route(*ids: str, folded: str = "") -> Route:
    candidates = tuple(
        Candidate(
            skill=skill(skill_id),
            rank=rank,
            place=rank,
            stage1_rank=rank,
            stage1_score=1.0,
            stage2_score=None,
            bm25=1.0,
            dense=None,
            text_score=None,
            folded=(skill(folded),) if folded and rank == 1 else (),
        )
        for rank, skill_id in enumerate(ids, start=1)
    )
    timings = Timings(0, 0, 0, 0)
    return Route("q", RouteOptions(), candidates, ids, ids, None, 0.5, timings)


def test_marks_tell_what_only_one_side_has_and_what_moved() -> None:
    first, second = route("a", "b", "c", "d"), route("a", "c", "e", folded="d")
    assert marks(first, second) == {
        "b": ":orange-badge[only here]",
        "c": ":gray-badge[2. there]",
        "d": ":gray-badge[folded there]",
    }


def test_warm_up_runs_once_beside_its_caller() -> None:
    gate, calls = threading.Event(), []

    def work() -> None:
        calls.append(threading.current_thread().name)
        gate.wait(60)

    attempt = Warmup(work)
    assert attempt.pending
    assert attempt.seconds == 0.0
    attempt.begin()
    attempt.begin()
    assert attempt.pending
    gate.set()
    wait_for(attempt)
    assert attempt.ready
    assert calls == ["warm-up"]


def test_warm_up_keeps_the_reason_of_a_failure() -> None:
    def work() -> None:
        raise ModelNotFoundError("no model at /x; name another")

    attempt = Warmup(work)
    attempt.begin()
    wait_for(attempt)
    assert not attempt.ready
    assert attempt.error == "no model at /x; name another"


def wait_for(attempt: Warmup) -> None:
    for thread in threading.enumerate():
        if thread.name == "warm-up":
            thread.join(60)
    assert not attempt.pending


def test_every_answer_carries_the_policy() -> None:
    import asyncio

    async def inner(scope: object, receive: object, send: object) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": []})  # type: ignore[operator]

    sent: list[dict[str, list[tuple[bytes, bytes]]]] = []

    async def send(message: dict[str, list[tuple[bytes, bytes]]]) -> None:
        sent.append(message)

    asyncio.run(SecurityHeaders(inner)({"type": "http"}, None, send))  # type: ignore[arg-type]
    got = {name.decode(): value.decode() for name, value in sent[0]["headers"]}
    assert got == {name.lower(): value for name, value in HEADERS.items()}
    assert "http:" not in got["content-security-policy"]


def test_no_page_allows_html() -> None:
    for path in [ROOT / "app.py", *(ROOT / "pages").rglob("*.py")]:
        text = path.read_text(encoding="utf-8")
        assert "unsafe_allow" not in text, path
        assert "st.html(" not in text, path
