"""One query whole: what it was answered, what is expected of it, and what can be done.

Responsible for the details of the open query. Must not know which others there are.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import streamlit as st

from pages.common.access import errors_shown
from pages.common.safe_text import escape, one_line
from pages.common.suites.lines import Line
from pages.common.suites.words import MEANINGS, first_answer, place
from pages.common.verdicts import annotator
from skillrouter_core.records import SavedQuery

if TYPE_CHECKING:
    from skillrouter_core.workspace import Workspace


def query_detail(ws: Workspace, line: Line, *, alone: bool) -> None:
    """Draw one query whole: what it was answered, what is expected, and what can be done."""
    st.markdown(f"**{escape(line.text)}**")
    st.caption(f"{line.word}: {MEANINGS[line.word]}.")
    _answers(ws, line, alone=alone)
    with st.container(horizontal=True, vertical_alignment="center"):
        st.page_link(
            "route.py", label="Route it", icon=":material/alt_route:", query_params={"q": line.text}
        )
        for skill_id in _named(line):
            st.page_link(
                "skill.py", label=escape(one_line(skill_id, 60)), query_params={"id": skill_id}
            )
    if line.saved is None:
        st.caption("It is not saved any more.")
    else:
        _expectation(ws, line, line.saved)


def _answers(ws: Workspace, line: Line, *, alone: bool) -> None:
    if line.change is None:
        return
    change = line.change
    parts = [] if alone or change.before is None else [("before", change.before)]
    parts += [] if change.after is None else [("now" if parts else "answer", change.after)]
    rows = [
        f"- {name}: {_skill(first_answer(answer))}"
        + (f", confidence {answer.confidence:.2f}" if answer.confidence is not None else "")
        for name, answer in parts
    ]
    live = ws.catalogs.skills_by_id(change.expected)
    for skill_id in change.expected:
        last = change.last
        rows.append(
            f"- expected {_skill(skill_id)}: {place(skill_id, last.ranking)}, "
            f"after stage 1 {place(skill_id, last.stage1_ranking)}"
            f"{'' if skill_id in live else '; :orange[no catalog has it any more]'}"
        )
    if change.copy_of:
        rows.append(
            f"- :blue[The first answer is a near-copy of the expected {_skill(change.copy_of)}.]"
        )
    st.markdown("\n".join(rows))


def _skill(skill_id: str) -> str:
    return escape(one_line(skill_id, 90))


def _named(line: Line) -> tuple[str, ...]:
    """Return the skills worth a look: the first answer and what is expected, each once."""
    first = () if line.change is None else line.change.last.ranking[:1]
    return tuple(dict.fromkeys((*first, *line.expected)))[:3]


def _expectation(ws: Workspace, line: Line, saved: SavedQuery) -> None:
    ranking = () if line.change is None else line.change.last.ranking
    key = f"expected of {saved.query_id} {','.join(saved.expected)}"
    wanted = st.multiselect(
        "Skills that should answer it",
        list(dict.fromkeys((*saved.expected, *ranking))),
        default=list(saved.expected),
        accept_new_options=True,
        key=key,
        help="Choose among the answers, or type a skill's id.",
    )
    with st.container(horizontal=True, vertical_alignment="center"):
        if st.button("Save", key="save expected", disabled=tuple(wanted) == saved.expected):
            _save(ws, saved, wanted)
        first = ranking[0] if ranking else ""
        if (
            first
            and first not in saved.expected
            and st.button(
                "Accept the new answer too",
                key="accept",
                help=f"Expect {one_line(first, 120)} as well.",
            )
        ):
            _save(ws, saved, [*saved.expected, first])
        with st.popover("Remove", icon=":material/delete:"):
            st.markdown("The query leaves the suite; what was labelled and past runs stay.")
            if st.button("Remove the query", type="primary", key="remove query"):
                with errors_shown():
                    ws.labels.remove_query(saved.query_id)
                    st.rerun()


def _save(ws: Workspace, saved: SavedQuery, expected: Sequence[str]) -> None:
    with errors_shown():
        ws.labels.save_query(saved.text, saved.suite, tuple(expected), annotator())
        st.rerun()
