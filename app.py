"""The app's entry: page config, navigation and the server's headers; nothing else.

Run it with `streamlit run app.py`. The script that every session runs is pages/main.py,
which calls `main` below. It lies elsewhere on purpose: with a folder named pages beside
the session's script, Streamlit answers a deep link that is opened first after a server
start by its older automatic-pages mode, without navigation.
"""

from __future__ import annotations

from pathlib import Path

import streamlit as st
from starlette.middleware import Middleware

from pages.common.access import show_unexpected
from pages.common.headers import SecurityHeaders

PAGES = Path(__file__).resolve().parent / "pages"
ICON = PAGES / "static" / "icon.png"

app = st.App(
    PAGES / "main.py",
    middleware=[Middleware(SecurityHeaders)],
    on_script_error=show_unexpected,
)


def main() -> None:
    """Draw the navigation and run the page that the address asks for."""
    st.set_page_config(page_title="SkillRouter Studio", page_icon=str(ICON), layout="wide")
    home = st.Page(_go_to_route, title="Start", url_path="start", default=True, visibility="hidden")
    page = st.navigation(
        [
            home,
            st.Page(PAGES / "route.py", title="Route", help="Try a query on the two stages."),
            st.Page(PAGES / "catalog.py", title="Catalog", help="Import, search, check health."),
            st.Page(PAGES / "duplicates.py", title="Duplicates", help="Find copies and decide."),
            st.Page(PAGES / "map.py", title="Map", help="See the whole catalog at once."),
            st.Page(PAGES / "queries.py", title="Queries", help="Gather requests in sets."),
            st.Page(PAGES / "label.py", title="Label", help="Grade skills for requests."),
            st.Page(
                PAGES / "agreement.py", title="Agreement", help="See if labels can be trusted."
            ),
            st.Page(PAGES / "suites.py", title="Suites", help="Keep answers from breaking."),
            st.Page(PAGES / "evaluate.py", title="Evaluate", help="See how often it is right."),
            st.Page(PAGES / "train.py", title="Train", help="Make a better router of labels."),
            st.Page(PAGES / "skill.py", title="Skill", visibility="hidden"),
        ],
        position="top",
    )
    page.run()


def _go_to_route() -> None:
    """Send the bare address to the page for routing, so that every view has one address."""
    st.switch_page(PAGES / "route.py", query_params=st.query_params.to_dict())
