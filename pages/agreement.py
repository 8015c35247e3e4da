"""The page for agreement: whether the labels can be trusted, and what people disagree about.

Draws the answer, then one of four views: agreement, conflicts, progress, drift. Everything that
matters is in the address.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import streamlit as st

from pages.common.access import show_error, workspace_or_stop
from pages.common.address import kept_view
from pages.common.agreement.conflicts import conflicts_view
from pages.common.agreement.drift import drift_view
from pages.common.agreement.empty import no_verdicts, one_opinion
from pages.common.agreement.filters import OPEN, of_state
from pages.common.agreement.overview import overview
from pages.common.agreement.progress import progress_view
from pages.common.agreement.state import SHOW, VIEW
from pages.common.agreement.words import alpha_words, trust
from pages.common.empty import no_skills
from pages.common.scores import count
from skillrouter_core.errors import SkillRouterError

if TYPE_CHECKING:
    from skillrouter_core.records.agreement import AgreementReport
    from skillrouter_core.workspace import Workspace

AGREEMENT, CONFLICTS, PROGRESS, DRIFT = "agreement", "conflicts", "progress", "drift"


def page() -> None:
    """Draw the page."""
    ws = workspace_or_stop()
    st.header("Can these labels be trusted?", anchor=False)
    try:
        report = ws.agreement.report()
        if report.verdicts:
            _draw(ws, report)
        elif any(catalog.skills for catalog in ws.catalogs.all()):
            no_verdicts()
        else:
            no_skills(ws)
    except SkillRouterError as error:
        show_error(error)


def _draw(ws: Workspace, report: AgreementReport) -> None:
    alpha = report.alpha
    left = len(of_state(ws.agreement.conflicts(), OPEN))
    waiting = f"{count(left, 'conflict')} to settle" if left else "no conflict to settle"
    st.markdown(f"{trust(alpha)} :small[:gray[{alpha_words(alpha)}; {waiting}.]]")
    show = st.segmented_control(
        "View",
        (AGREEMENT, CONFLICTS, PROGRESS, DRIFT),
        default=AGREEMENT,
        required=True,
        key=SHOW,
        bind="query-params",
        label_visibility="collapsed",
    )
    if show == CONFLICTS:
        conflicts_view(ws)
    elif show == PROGRESS:
        progress_view(ws)
    elif show == DRIFT:
        drift_view(ws)
    elif alpha.pairs:
        overview(report)
    else:
        one_opinion(report)


with kept_view("agreement", VIEW):
    page()
