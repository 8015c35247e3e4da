"""Numbers as people read them: scores, places, times, sizes; each with its unit.

Responsible for wording alone. Pure; must not know streamlit.
"""

from __future__ import annotations

from datetime import UTC, datetime

from skillrouter_core.records import Candidate, Timings


def score(value: float | None) -> str:
    """Return a score with two decimals, or a dash where the layer did not run."""
    return "–" if value is None else f"{value:.2f}"


def moved(places: int) -> str:
    """Return Markdown for the places stage 2 moved a candidate: +3, -2 or an equals sign."""
    if places > 0:
        return f":green[▲\u00a0+{places}]"
    if places < 0:
        return f":red[▼\u00a0−{-places}]"
    return ":gray[=]"


def layers(candidate: Candidate) -> str:
    """Return every layer's score of a candidate on one line."""
    parts = [
        f"stage 1 {score(candidate.stage1_score)}",
        f"BM25 {score(candidate.bm25)}",
        f"cosine {score(candidate.dense)}",
    ]
    if candidate.stage2_score is not None:
        parts.append(f"stage 2 {score(candidate.stage2_score)}")
    return " · ".join(parts)


def times(timings: Timings) -> str:
    """Return where a route's milliseconds went."""
    return (
        f"{timings.total:.0f} ms: encode {timings.encode:.0f} ms, "
        f"stage 1 {timings.stage1:.0f} ms, stage 2 {timings.stage2:.0f} ms"
    )


def count(number: int, unit: str) -> str:
    """Return a number with its unit in the right form: 1 skill, 20,121 skills."""
    return f"{number:,} {unit}{'' if number == 1 else 's'}"


def remaining(seconds: float | None) -> str:
    """Return a remaining time in words, coarse enough not to flicker."""
    if seconds is None:
        return "remaining time not known yet"
    if seconds < 60:
        return f"about {max(round(seconds), 1)} s left"
    if seconds < 3600:
        return f"about {round(seconds / 60)} min left"
    return f"about {seconds / 3600:.1f} h left"


def when(moment: datetime | None) -> str:
    """Return a moment in local time, to the minute."""
    if moment is None:
        return "never"
    aware = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
    return aware.astimezone().strftime("%Y-%m-%d %H:%M")
