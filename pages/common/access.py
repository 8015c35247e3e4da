"""How pages reach the workspace: opened once per server, shared by all sessions.

Responsible for opening it, and for showing an error of ours as a sentence with its remedy.
Must not know what any page asks of it.
"""

from __future__ import annotations

import logging
import os
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

import streamlit as st

from pages.common.safe_text import escape
from skillrouter_core.errors import SkillRouterError

if TYPE_CHECKING:
    from skillrouter_core.workspace import Workspace

_LOG = logging.getLogger(__name__)
HOME = "SKILLROUTER_HOME"
DATABASE = "SKILLROUTER_DATABASE_URL"


def workspace_or_stop() -> Workspace:
    """Return the server's workspace; where it cannot be opened, say why and end the page."""
    try:
        return _open(os.environ.get(HOME, ""), os.environ.get(DATABASE, ""))
    except SkillRouterError as error:
        show_error(error)
        st.stop()


def show_error(error: SkillRouterError) -> None:
    """Draw an error raised on purpose: what was wrong and what to do."""
    st.error(escape(str(error)), icon=":material/error:")


def show_unexpected(error: Exception) -> bool:
    """Draw a fault of the program as one sentence; its trace is in the server's log."""
    _LOG.error("a page failed", exc_info=error)
    kind = escape(type(error).__name__)
    st.error(
        f"The page could not be drawn ({kind}). What you typed is kept. The terminal that runs "
        "the app shows the trace; reload to try again.",
        icon=":material/error:",
    )
    return True


@contextmanager
def errors_shown() -> Iterator[None]:
    """Draw an error of ours in place of what the block would have drawn; others pass."""
    try:
        yield
    except SkillRouterError as error:
        show_error(error)


@st.cache_resource(show_spinner="Opening the workspace…")
def _open(home: str, database: str) -> Workspace:
    """Open one workspace for a home and a database; the arguments only tell two apart."""
    from skillrouter_core.workspace import Workspace

    del home, database
    return Workspace.open()
