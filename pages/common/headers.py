"""Response headers that keep the browser from asking any other machine for anything.

Responsible for one content security policy on every answer of the server. Must not know
the pages. It is the second line of defence: skill text is already drawn without images,
links and HTML (`safe_text`); what slips through is stopped here by the browser itself.
"""

from __future__ import annotations

import base64
import hashlib
import re
from pathlib import Path

import streamlit
from starlette.datastructures import MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

_INLINE_SCRIPT = re.compile(r"<script>(.*?)</script>", re.DOTALL)


def _inline_scripts(page: str) -> str:
    """Return the policy's hashes of the scripts written into Streamlit's own page `page`."""
    digests = (hashlib.sha256(text.encode()).digest() for text in _INLINE_SCRIPT.findall(page))
    return " ".join(f"'sha256-{base64.b64encode(digest).decode()}'" for digest in digests)


_PAGE = Path(streamlit.__file__).parent / "static" / "index.html"
_OWN_SCRIPTS = _inline_scripts(_PAGE.read_text(encoding="utf-8"))

POLICY = "; ".join(
    (
        "default-src 'self'",
        # Streamlit's own frontend writes styles at run time and compiles chart code.
        f"script-src 'self' 'unsafe-eval' 'wasm-unsafe-eval' blob: {_OWN_SCRIPTS}",
        "style-src 'self' 'unsafe-inline'",
        "img-src 'self' data: blob:",
        "font-src 'self' data:",
        "media-src 'self' data: blob:",
        "worker-src 'self' blob:",
        "connect-src 'self' data: blob:",
        "frame-src 'self'",
        "object-src 'none'",
        "base-uri 'self'",
        "form-action 'self'",
        "frame-ancestors 'self'",
    )
)
HEADERS = {
    "Content-Security-Policy": POLICY,
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
}


class SecurityHeaders:
    """ASGI middleware that adds `HEADERS` to every HTTP answer."""

    def __init__(self, app: ASGIApp) -> None:
        """Wrap `app`, the next ASGI application."""
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on and complete the headers of its answer."""

        async def send_with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in HEADERS.items():
                    headers[name] = value
            await send(message)

        wrapped = send_with_headers if scope["type"] == "http" else send
        await self._app(scope, receive, wrapped)
