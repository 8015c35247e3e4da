"""The desk as an element of the page: what it is given, and what it sends.

Responsible for mounting `static/label` and for handing back its message. Must not know what is
in either.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import streamlit as st

from pages.common import scripts

FOLDER = scripts.STATIC / "label"
MODULES = (
    "dom.js",
    "store.js",
    "clock.js",
    "line.js",
    "listing.js",
    "post.js",
    "keys.js",
    "body.js",
    "skill.js",
    "request.js",
    "bar.js",
    "sheet.js",
    "head.js",
    "verdicts.js",
    "label.js",
)
"""Modules in import order: each imports only from those before it."""
KEY = "label desk"

_desk = st.components.v2.component(
    "skillrouter_label",
    js=scripts.joined(FOLDER, MODULES),
    css=(FOLDER / "label.css").read_text(encoding="utf-8"),
)


def draw(data: dict[str, Any], on_sent: Callable[[], None]) -> None:
    """Draw the desk; `data` is the JSON that `static/label/label.js` reads.

    `on_sent` is called before the desk runs again; `sent` then has the message.
    """
    _desk(data=data, key=KEY, on_sent_change=on_sent)


def sent() -> dict[str, Any]:
    """Return the message of this run, empty without one."""
    message = getattr(st.session_state.get(KEY), "sent", None)
    return message if isinstance(message, dict) else {}
