"""How long a map takes to be drawn in Chromium, by the component and by Plotly, in one run.

    python benchmarks/bench_map_view.py [--points 20000 80000] [--runs 3]

Points are made up: 40 clouds. Both pages send float32 coordinates and one colour a point;
Plotly's has hover switched off and no text, which is the fastest that was found for it. Opened
to drawn is from the request of the page to the first frame with all points; a recolouring is
from the click to the frame; a lasso is from the release of the button to the number of points
inside, counted on the server. Prints the median of the runs, with the machine named.
"""

from __future__ import annotations

import argparse
import os
import platform
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.request import urlopen

ROOT = Path(__file__).resolve().parents[1]
PORT = 8765
SECONDS = 180
FLAGS = ("--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking")
CLOUDS = """
import numpy as np, streamlit as st
st.set_page_config(layout="wide")
count = int(st.query_params["n"])
@st.cache_resource
def clouds(count):
    made = np.random.default_rng(0)
    middle, label = made.normal(size=(40, 2)) * 6, made.integers(0, 40, count)
    xy = middle[label] + made.normal(size=(count, 2)) * (made.random(40) + 0.3)[label][:, None]
    return (xy / np.abs(xy).max()).astype(np.float32), label.astype(np.uint16)
xy, label = clouds(count)
turned = st.toggle("turn", key="turn")
kind = (label + 7 * turned) % 12
"""
COMPONENT = (
    CLOUDS
    + """
from pages.common import map_arrays as arrays, map_component as view
from skillrouter_core.project import inside
@st.cache_resource
def points(count):
    return arrays.points_message(xy)
polygon = view.drawn_polygon()
legend = dict(title="kind", slots=list(range(12)), items=[], low="", high="")
look = dict(points=str(count), height=640, summary="", label="map", legend=legend, clusters=[],
            marked=False, within=polygon or [], picked=None, fly=None)
view.draw_map(points(count), arrays.paint_message(kind), look, lambda rows: [],
              on_picked=lambda: None, on_drawn=lambda: None)
if polygon:
    st.markdown(f"inside: {len(inside(xy, arrays.corners(polygon)))}")
"""
)
PLOTLY = (
    CLOUDS
    + """
import plotly.graph_objects as go
marker = dict(size=3, color=kind, opacity=0.7, colorscale="Turbo")
figure = go.Figure(go.Scattergl(x=xy[:, 0], y=xy[:, 1], mode="markers", marker=marker,
                                hoverinfo="skip"))
edges = dict(l=0, r=0, t=0, b=0)
figure.update_layout(height=640, dragmode="lasso", uirevision="same", margin=edges)
chosen = st.plotly_chart(figure, key="map", on_select="rerun", selection_mode=("lasso",))
if chosen["selection"]["point_indices"]:
    st.markdown(f"inside: {len(chosen['selection']['point_indices'])}")
"""
)
WAYS = {
    "component": (COMPONENT, ".map[data-drawn] .overlay"),
    "Plotly Scattergl": (PLOTLY, ".js-plotly-plot .gl-canvas"),
}
LIT = """(selector) => {
  const found = [...document.querySelectorAll(".js-plotly-plot .gl-canvas")];
  return found.some((canvas) => {
    const copy = document.createElement("canvas");
    [copy.width, copy.height] = [64, 64];
    const context = copy.getContext("2d");
    context.drawImage(canvas, 0, 0, 64, 64);
    return context.getImageData(0, 0, 64, 64).data.some((value) => value > 0);
  });
}"""
"""Whether Plotly's canvas shows anything: it is there long before its points are."""


def main() -> None:
    """Measure both ways at each size and print a row for each."""
    options = _options()
    print(f"{_machine()}; median of {options.runs} runs")
    print("| points | way | sent MB | opened to drawn s | recoloured s | lasso s | of points |")
    print("|---|---|---|---|---|---|---|")
    for points in options.points:
        for way in WAYS:
            runs = [_measured(way, points) for _ in range(options.runs)]
            cells = [statistics.median(column) for column in zip(*runs, strict=True)]
            sent, opened, recoloured, lasso, inside = cells
            print(
                f"| {points:,} | {way} | {sent:.2f} | {opened:.2f} | {recoloured:.2f} "
                f"| {lasso:.2f} | {inside:,.0f} |",
                flush=True,
            )


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--points", type=int, nargs="+", default=[20_000, 80_000])
    parser.add_argument("--runs", type=int, default=3)
    return parser.parse_args()


def _measured(way: str, points: int) -> tuple[float, float, float, float, float]:
    """Return MB sent, the three times in seconds, and the points inside the lasso."""
    from playwright.sync_api import sync_playwright

    with tempfile.TemporaryDirectory() as folder, sync_playwright() as playwright:
        script = Path(folder) / "page.py"
        script.write_text(WAYS[way][0], encoding="utf-8")
        with _serving(script) as address:
            browser = playwright.chromium.launch(executable_path=_chromium(), args=FLAGS)
            page = browser.new_page(viewport={"width": 1280, "height": 900})
            page.set_default_timeout(SECONDS * 1000)
            try:
                return _acted(page, way, f"{address}/?n={points}")
            finally:
                browser.close()


def _acted(page: Any, way: str, address: str) -> tuple[float, float, float, float, float]:
    # The server's first answer in a process includes imports; it is not what is compared.
    page.goto(address.replace("n=", "n=10&was="))
    page.wait_for_selector(WAYS[way][1])
    received: list[int] = []
    page.on(
        "websocket",
        lambda socket: socket.on("framereceived", lambda data: received.append(len(data))),
    )
    opened = _timed(lambda: (page.goto(address), _drawn(page, way)))
    sent = sum(received) / 1e6
    page.wait_for_timeout(1500)
    before = _state(page, way)
    page.get_by_text("turn", exact=True).click()
    recoloured = _timed(lambda: _changed(page, way, before))
    page.wait_for_timeout(1500)
    _lasso(page, way)
    lasso = _timed(lambda: page.get_by_text("inside:").wait_for())
    inside = int(page.get_by_text("inside:").inner_text().split()[1])
    return sent, opened, recoloured, lasso, float(inside)


def _drawn(page: Any, way: str) -> None:
    page.wait_for_selector(WAYS[way][1])
    if way != "component":
        page.wait_for_function(LIT)


def _state(page: Any, way: str) -> Any:
    if way == "component":
        return page.locator(".map").get_attribute("data-drawn")
    # The chart is taken out for a moment while it is drawn anew.
    return page.evaluate(
        "document.querySelector('.js-plotly-plot')?._fullData?.[0].marker.color[0]"
    )


def _changed(page: Any, way: str, before: Any) -> None:
    for _ in range(SECONDS * 50):
        if _state(page, way) not in (before, None):
            return
        time.sleep(0.02)
    raise TimeoutError("the colours did not change")


def _lasso(page: Any, way: str) -> None:
    """Draw a circle around the middle; Plotly's drag mode is the lasso already."""
    selector = ".map .overlay" if way == "component" else ".js-plotly-plot .nsewdrag"
    box = page.locator(selector).first.bounding_box()
    x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
    corners = [(0, -60), (50, -40), (60, 0), (50, 40), (0, 60), (-50, 40), (-60, 0), (-50, -40)]
    if way == "component":
        page.keyboard.down("Alt")
    page.mouse.move(x + corners[0][0], y + corners[0][1])
    page.mouse.down()
    for dx, dy in corners[1:]:
        page.mouse.move(x + dx, y + dy, steps=3)
    page.mouse.up()
    if way == "component":
        page.keyboard.up("Alt")


def _timed(work: Callable[[], Any]) -> float:
    started = time.perf_counter()
    work()
    return time.perf_counter() - started


@contextmanager
def _serving(script: Path) -> Iterator[str]:
    command = [sys.executable, "-m", "streamlit", "run", str(script), "--server.port", str(PORT)]
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "OMP_NUM_THREADS": "1"}
    server = subprocess.Popen(
        command, cwd=ROOT, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    address = f"http://localhost:{PORT}"
    try:
        for _ in range(SECONDS * 4):
            try:
                with urlopen(f"{address}/_stcore/health", timeout=5):
                    break
            except OSError:
                time.sleep(0.25)
        yield address
    finally:
        server.terminate()
        server.wait()


def _chromium() -> str:
    named = os.environ.get("SKILLROUTER_CHROMIUM")
    found = named or shutil.which("chromium") or shutil.which("google-chrome")
    if not found:
        raise SystemExit("no Chromium here; name one in SKILLROUTER_CHROMIUM")
    return found


def _machine() -> str:
    """Return the processor's name and its number of cores."""
    names = [platform.processor() or platform.machine()]
    info = Path("/proc/cpuinfo")
    if info.exists():
        lines = info.read_text(encoding="utf-8").splitlines()
        names = [line.split(":", 1)[1].strip() for line in lines if line.startswith("model name")]
    return f"{names[0]}, {os.cpu_count()} cores, Chromium without a graphics card"


if __name__ == "__main__":
    main()
