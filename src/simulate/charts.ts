import type { SimulationReport } from "./report.ts";
import { lineChart } from "./svg-chart.ts";

/** The charts of runs that are shown together, by file name. */
export function chartsOf(reports: ReadonlyMap<string, SimulationReport>): ReadonlyMap<string, string> {
  const named = [...reports];
  const series = (curve: keyof SimulationReport["curves"]) =>
    named.map(([name, { curves }]) => ({ name, points: curves[curve] }));
  const seconds = { label: "seconds of the measured time" };
  return new Map([
    [
      "delay.svg",
      lineChart({
        title: "Delay of parts: from the moment a part is made until a viewer has it whole",
        x: { label: "ms", least: 0, most: 2500 },
        y: { label: "share of parts", least: 0, most: 1 },
        series: series("delay"),
      }),
    ],
    [
      "copies.svg",
      lineChart({
        title: "Copies of each part that leave the origin, but for those to attackers",
        x: seconds,
        y: { label: "copies", isLog: true },
        series: series("copies").map(({ name, points }) => ({ name, points: points.filter(({ y }) => y > 0) })),
        limit: 1.1,
      }),
    ],
    [
      "attackers.svg",
      lineChart({
        title: "Copies of each part that free riders and polluters take of the origin",
        x: seconds,
        y: { label: "copies", least: 0 },
        series: series("attackers"),
      }),
    ],
    [
      "missed.svg",
      lineChart({
        title: "Parts that were not there when they were to be played",
        x: seconds,
        y: { label: "% of parts", least: 0 },
        series: series("missed").map(({ name, points }) => ({
          name,
          points: points.map(({ x, y }) => ({ x, y: 100 * y })),
        })),
        limit: 0.1,
      }),
    ],
    [
      "upload.svg",
      lineChart({
        title: "What viewers send, over what they receive",
        x: { label: "sent over received", least: 0, most: 8 },
        y: { label: "share of viewers that share", least: 0, most: 1 },
        series: series("upload"),
      }),
    ],
  ]);
}
