"""Text that is typed and not handed over yet, kept over a reload.

Responsible for the component that writes a field's text into the address while it is typed.
Must not know what the text is for.
"""

from __future__ import annotations

from pathlib import Path

import streamlit as st

_STATIC = Path(__file__).resolve().parents[1] / "static"
_component = st.components.v2.component(
    "draft",
    html='<span class="draft"></span>',
    js=(_STATIC / "draft.js").read_text(encoding="utf-8"),
)


def kept_draft(label: str, parameter: str) -> None:
    """Keep what is typed into the field of that label; `parameter` is what the field is bound to.

    A reload fills the field from the address, as it does with text that was handed over.
    """
    _component(key=f"draft {parameter}", data={"label": label, "parameter": parameter}, height=1)
