"""Which groups stand in line, and in which order.

Responsible for the filters of the queue; every one is in the address. Must not know how the
queue or an open group is drawn.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import streamlit as st
from numpy.typing import NDArray

from pages.common.dup_facts import BITS, Facts, facts
from pages.common.dup_state import FIND, LAYER, ORDER, SIZE, SOURCE, STATUS, first_page
from skillrouter_core.records import Layer

if TYPE_CHECKING:
    from skillrouter_core.workspace.duplicate_views import GroupsView

STATUSES = ("undecided", "skipped", "decided", "all")
LAYERS = {
    "text": (BITS[Layer.TEXT], 0),
    "embedding": (BITS[Layer.EMBEDDING], 0),
    "same name": (BITS[Layer.NAME], 0),
    "text only": (BITS[Layer.TEXT], BITS[Layer.EMBEDDING]),
    "embedding only": (BITS[Layer.EMBEDDING], BITS[Layer.TEXT]),
}
"""By choice: bits that a group's pairs have among them, bits that none of them has."""
SIZES = {"2": (2, 2), "3 to 5": (3, 5), "6 to 20": (6, 20), "over 20": (21, 10**9)}
ORDERS = ("biggest first", "likest first", "least alike first", "longest text first")
_FACTS = "facts of groups"


@dataclass(frozen=True, slots=True)
class Queue:
    """Groups in line: positions in the view's grouping, in the order asked for."""

    view: GroupsView
    facts: Facts
    positions: NDArray[np.int64]
    mixed: bool
    """Whether groups of several states may be among them."""

    @property
    def keepers(self) -> list[str]:
        """The keepers' ids, in order."""
        groups, ids = self.view.grouping.groups, self.view.scan.ids
        return [ids[groups[position].keeper] for position in self.positions.tolist()]


def queue(view: GroupsView) -> Queue:
    """Return the groups that the filters of the address let through."""
    found = _facts(view)
    keep = np.ones(len(found.sizes), dtype=np.bool_)
    status = _chosen(STATUS) or STATUSES[0]
    if status != "all":
        keep &= np.array([each == status for each in found.statuses], dtype=np.bool_)
    has, lacks = LAYERS.get(_chosen(LAYER), (0, 0))
    keep &= ((found.layers & has) == has) & ((found.layers & lacks) == 0)
    low, high = SIZES.get(_chosen(SIZE), (0, 10**9))
    keep &= (found.sizes >= low) & (found.sizes <= high)
    if _chosen(SOURCE):
        within = np.zeros_like(keep)
        within[found.sources.get(_chosen(SOURCE), np.zeros(0, dtype=np.int64))] = True
        keep &= within
    for word in _chosen(FIND).lower().split():
        keep &= np.array([word in each for each in found.words], dtype=np.bool_)
    positions = _ordered(found, np.flatnonzero(keep))
    return Queue(view, found, positions, mixed=status == "all")


def queue_filters(view: GroupsView) -> None:
    """Draw the filters above the queue; those seldom used are folded."""
    st.segmented_control(
        "State",
        STATUSES,
        default=STATUSES[0],
        required=True,
        key=STATUS,
        bind="query-params",
        on_change=first_page,
        width="stretch",
        label_visibility="collapsed",
    )
    with st.container(horizontal=True, vertical_alignment="center", gap="xsmall"):
        st.text_input(
            "Search",
            key=FIND,
            bind="query-params",
            type="search",
            live="300ms",
            placeholder="words in names or ids",
            on_change=first_page,
            label_visibility="collapsed",
        )
        used = sum(bool(_chosen(key)) for key in (LAYER, SOURCE, SIZE))
        label = f"Filter · {used}" if used else "Filter"
        with st.popover(label, icon=":material/filter_alt:", type="secondary"):
            _choice("Found by", list(LAYERS), LAYER)
            _choice("Source", _facts(view).by_size(), SOURCE)
            _choice("Skills in the group", list(SIZES), SIZE)
            st.selectbox("Order", ORDERS, key=ORDER, bind="query-params", on_change=first_page)


def _facts(view: GroupsView) -> Facts:
    """Return the facts of a view, made once for it in a session."""
    kept = st.session_state.get(_FACTS)
    if kept is None or kept[0] is not view:
        kept = st.session_state[_FACTS] = (view, facts(view))
    return kept[1]


def _ordered(found: Facts, positions: NDArray[np.int64]) -> NDArray[np.int64]:
    order = _chosen(ORDER) or ORDERS[0]
    if order == ORDERS[0]:
        return positions
    column = {
        ORDERS[1]: -found.weakest,
        ORDERS[2]: found.weakest,
        ORDERS[3]: -found.redundant,
    }.get(order, -found.sizes)
    return positions[np.argsort(column[positions], kind="stable")]


def _chosen(key: str) -> str:
    """Return a filter's value before its widget is drawn: the session's, else the address's."""
    if key in st.session_state:
        return st.session_state[key] or ""
    return st.query_params.get(key, "")


def _choice(label: str, options: list[str], key: str) -> None:
    st.selectbox(
        label,
        options,
        index=None,
        key=key,
        bind="query-params",
        placeholder="all",
        on_change=first_page,
    )
