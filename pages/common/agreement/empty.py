"""What to do while there is nothing to agree on.

Responsible for the sentences and the way to the next step. Must not know how pairs are labelled.
"""

from __future__ import annotations

import streamlit as st

from pages.common.agreement.words import people
from pages.common.scores import count
from skillrouter_core.records.agreement import AgreementReport


def no_verdicts() -> None:
    """Say that nobody has graded anything, and where that is done."""
    with st.container(border=True):
        st.markdown(
            "**Nobody has graded anything yet.** Save some queries, grade which skills answer "
            "them, and let a second person grade a share of the same pairs."
        )
        with st.container(horizontal=True):
            st.page_link("queries.py", label="Queries", icon=":material/list:")
            _label_link()


def one_opinion(report: AgreementReport) -> None:
    """Say that no pair was graded by two people, and how that changes."""
    said = count(report.verdicts, "verdict")
    by = people(len(report.annotators))
    with st.container(border=True):
        st.markdown(
            f"**{said} by {by}, and no pair was graded by two.** Agreement shows once two people "
            "grade the same pairs: set the share of pairs that go to two people on the Label page, "
            "and let somebody else label under their own name."
        )
        _label_link()


def _label_link() -> None:
    st.page_link("label.py", label="Label", icon=":material/label:")
