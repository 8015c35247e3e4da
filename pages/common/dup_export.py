"""The plan in files: what people decided, ready for a pull request or a shell.

Responsible for the downloads and for saying what is in each. Must not know any format.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import streamlit as st

from pages.common.dup_scan import PROFILE
from pages.common.scores import count

if TYPE_CHECKING:
    from skillrouter_core.workspace import Workspace
    from skillrouter_core.workspace.duplicate_views import GroupsView

FORMATS = {
    "csv": ("CSV", "duplicates.csv", "text/csv", "for a spreadsheet, with values and decisions"),
    "json": (
        "JSON",
        "duplicates.json",
        "application/json",
        "with decisions and figures, for programs",
    ),
    "markdown": ("Markdown", "duplicates.md", "text/markdown", "a report for a pull request"),
    "script": (
        "Shell script",
        "remove-duplicates.sh",
        "text/x-shellscript",
        "prints what it would remove; removes only with `--apply`",
    ),
}


def exports(ws: Workspace, view: GroupsView) -> None:
    """Draw a download for each format with what is in it."""
    decided = sum(status.value == "decided" for status in view.statuses)
    removed = len(view.settled.gone)
    st.markdown(
        f"**{count(view.counts.groups, 'group')}** at Jaccard above {view.thresholds.jaccard:.2f} "
        f"and cosine above {view.thresholds.cosine:.2f}, **{decided:,}** decided; "
        f"the plan removes **{count(removed, 'skill')}**."
    )
    if not removed:
        st.caption("Nothing is to be removed yet: merge or retire a skill first.")
    held = _held(view)
    for name, (label, file, mime, meaning) in FORMATS.items():
        with st.container(horizontal=True, vertical_alignment="center"):
            st.download_button(
                label,
                lambda name=name: ws.duplicates.export(name, view.thresholds, PROFILE),
                file_name=file,
                mime=mime,
                key=f"export {name}",
                icon=":material/download:",
                on_click="ignore",
                width=160,
            )
            st.markdown(f":small[:gray[{file}: {held[name]}; {meaning}]]")


def _held(view: GroupsView) -> dict[str, str]:
    """Return by format how much is in it."""
    counts = view.counts
    skills, groups = count(counts.redundant + counts.groups, "skill"), count(counts.groups, "group")
    return {
        "csv": f"{skills} in groups",
        "json": f"{count(counts.pairs, 'pair')} in {groups}",
        "markdown": f"{groups} with {skills}",
        "script": f"{count(len(view.settled.gone), 'skill')} to remove",
    }
