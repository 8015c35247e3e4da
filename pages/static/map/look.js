// How large and how strong points are drawn: few are large, many are small, and while the
// whole map is in the window the density behind them does most of the telling.

const LARGEST = 11;
const SMALLEST = 2.2;
const DENSE_FROM = 1500; // points; with fewer there is no density to see
const FADE = [1.5, 7]; // zoom from which and until which the density fades away

export function lookOf(view) {
  const count = view.hub.points.count;
  const { zoom } = view.camera;
  const base = Math.min(Math.max(300 / Math.sqrt(Math.max(count, 1)), SMALLEST), LARGEST);
  const grown = base * Math.pow(Math.max(zoom, 0.5), 0.33);
  const size = Math.min(grown, LARGEST);
  // The fewer are marked the larger they are: ten matches among 80,000 points must be seen.
  const marked = Math.min(Math.max(230 / Math.sqrt(Math.max(view.marked, 1)), size + 1.5), size + 6);
  const near = Math.min(Math.max(Math.log(zoom / FADE[0]) / Math.log(FADE[1] / FADE[0]), 0), 1);
  const dense = count >= DENSE_FROM;
  return {
    ratio: view.ratio,
    size,
    markSize: marked,
    opacity: dense ? 0.55 + 0.35 * near : 0.9,
    field: dense ? 1 - near : 0,
    wanted: view.wanted ?? 0,
  };
}
