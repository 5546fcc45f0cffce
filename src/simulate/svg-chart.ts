import type { Point } from "./report.ts";

export interface Series {
  readonly name: string;
  readonly points: readonly Point[];
}

export interface Axis {
  readonly label: string;
  readonly isLog?: boolean;
  /** The axis ends there, whatever comes; default: where the points end. */
  readonly least?: number;
  readonly most?: number;
}

export interface Chart {
  readonly title: string;
  readonly x: Axis;
  readonly y: Axis;
  readonly series: readonly Series[];
  /** A line across: what is to be kept to. */
  readonly limit?: number;
}

const WIDTH = 720;
const HEIGHT = 380;
const LEFT = 70;
const RIGHT = 20;
const TOP = 60;
const BOTTOM = 48;
const TICKS = 6;
/** Told apart by the colour-blind too (Okabe and Ito). */
const COLORS = ["#0072b2", "#d55e00", "#009e73", "#cc79a7", "#e69f00", "#56b4e9"] as const;

/** Lines over two axes, as a file of its own: readable on light and dark pages. */
export function lineChart({ title, x, y, series, limit }: Chart): string {
  const all = series.flatMap(({ points }) => points);
  const xScale = scaleOf(
    x,
    all.map((point) => point.x),
    [LEFT, WIDTH - RIGHT],
  );
  const limits = limit === undefined ? [] : [limit];
  const yScale = scaleOf(y, [...all.map((point) => point.y), ...limits], [HEIGHT - BOTTOM, TOP]);
  const lines = series.map(({ name, points }, at) => {
    const color = COLORS[at % COLORS.length]!;
    const path = points.map((point) => `${xScale.at(point.x)},${yScale.at(point.y)}`).join(" ");
    const legendX = LEFT + 10 + at * 150;
    return (
      `<polyline points="${path}" fill="none" stroke="${color}" stroke-width="2" stroke-linejoin="round"/>` +
      `<rect x="${legendX}" y="36" width="12" height="12" fill="${color}"/>` +
      `<text x="${legendX + 17}" y="46">${escapeText(name)}</text>`
    );
  });
  const limitY = limit === undefined ? undefined : yScale.at(limit);
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${HEIGHT}" font-family="sans-serif" font-size="12">`,
    `<title>${escapeText(title)}</title>`,
    `<rect width="${WIDTH}" height="${HEIGHT}" fill="#fff"/>`,
    `<text x="${LEFT}" y="22" font-size="15" font-weight="bold">${escapeText(title)}</text>`,
    ...xScale.ticks.map(
      (tick) =>
        `<line x1="${xScale.at(tick)}" x2="${xScale.at(tick)}" y1="${TOP}" y2="${HEIGHT - BOTTOM}" stroke="#ddd"/>` +
        `<text x="${xScale.at(tick)}" y="${HEIGHT - BOTTOM + 16}" text-anchor="middle">${text(tick)}</text>`,
    ),
    ...yScale.ticks.map(
      (tick) =>
        `<line x1="${LEFT}" x2="${WIDTH - RIGHT}" y1="${yScale.at(tick)}" y2="${yScale.at(tick)}" stroke="#ddd"/>` +
        `<text x="${LEFT - 6}" y="${yScale.at(tick) + 4}" text-anchor="end">${text(tick)}</text>`,
    ),
    `<text x="${(LEFT + WIDTH - RIGHT) / 2}" y="${HEIGHT - 10}" text-anchor="middle">${escapeText(x.label)}</text>`,
    `<text transform="translate(16 ${(TOP + HEIGHT - BOTTOM) / 2}) rotate(-90)" text-anchor="middle">${escapeText(y.label)}</text>`,
    ...(limitY === undefined
      ? []
      : [
          `<line x1="${LEFT}" x2="${WIDTH - RIGHT}" y1="${limitY}" y2="${limitY}" stroke="#888" stroke-dasharray="6 4"/>`,
        ]),
    ...lines,
    "</svg>",
    "",
  ].join("\n");
}

interface Scale {
  readonly ticks: readonly number[];
  at(value: number): number;
}

function scaleOf(
  { isLog = false, least, most }: Axis,
  values: readonly number[],
  [from, to]: readonly [number, number],
): Scale {
  const low = least ?? values.reduce((a, b) => Math.min(a, b), Number.POSITIVE_INFINITY);
  const high = most ?? values.reduce((a, b) => Math.max(a, b), Number.NEGATIVE_INFINITY);
  if (!Number.isFinite(low) || !Number.isFinite(high)) return { ticks: [], at: () => from };
  const ticks = isLog ? decades(low, high) : steps(low, high === low ? low + 1 : high);
  const first = Math.min(ticks[0]!, low);
  const last = Math.max(ticks.at(-1)!, high);
  const place = (value: number): number =>
    isLog ? Math.log(Math.max(value, first) / first) / Math.log(last / first) : (value - first) / (last - first);
  // Two digits are less than a pixel.
  return { ticks, at: (value) => Number((from + (to - from) * Math.min(1, Math.max(0, place(value)))).toFixed(2)) };
}

/** Round numbers from below `low` to above `high`. */
function steps(low: number, high: number): readonly number[] {
  const rough = (high - low) / TICKS;
  const magnitude = 10 ** Math.floor(Math.log10(rough));
  const step = magnitude * ([1, 2, 5, 10].find((factor) => factor * magnitude >= rough) ?? 10);
  const first = Math.floor(low / step);
  const last = Math.ceil(high / step);
  return Array.from({ length: last - first + 1 }, (_, at) => Number(((first + at) * step).toPrecision(12)));
}

/** Powers of ten around what there is; 0 has no place on such an axis. */
function decades(low: number, high: number): readonly number[] {
  const first = Math.floor(Math.log10(Math.max(low, 1e-6)));
  const last = Math.max(first + 1, Math.ceil(Math.log10(Math.max(high, 1e-6))));
  return Array.from({ length: last - first + 1 }, (_, at) => Number((10 ** (first + at)).toPrecision(1)));
}

const text = (value: number): string => (Math.abs(value) >= 10_000 ? `${value / 1000}k` : String(value));

const escapeText = (raw: string): string =>
  raw.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;");
