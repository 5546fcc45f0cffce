import { h } from "../kit/dom.ts";

interface LatencyChoice {
  readonly partTargetMs: number;
  readonly name: string;
  readonly behind: string;
  readonly note: string;
}

/** What viewers see at each part target; measured with hls.js, from the moment a picture is drawn to the moment it shows. */
const CHOICES: readonly LatencyChoice[] = [
  { partTargetMs: 200, name: "Lowest", behind: "about 0.7 s", note: "may stall on a busy machine" },
  { partTargetMs: 333, name: "Low", behind: "about 1 s", note: "a good start" },
  { partTargetMs: 500, name: "Balanced", behind: "about 1.6 s", note: "calmer" },
  { partTargetMs: 1000, name: "Steady", behind: "about 3 s", note: "fewest requests" },
];

/** One choice among latencies. A part target that is none of them (from the address) becomes a choice of its own. */
export class LatencyField {
  readonly element: HTMLFieldSetElement;

  constructor(partTargetMs: number) {
    const choices = [...CHOICES];
    if (!choices.some((choice) => choice.partTargetMs === partTargetMs)) {
      choices.push({
        partTargetMs,
        name: "Custom",
        behind: `about ${((partTargetMs * 3) / 1000).toFixed(1)} s`,
        note: "three parts behind",
      });
      choices.sort((a, b) => a.partTargetMs - b.partTargetMs);
    }
    this.element = h(
      "fieldset",
      { class: "choices" },
      h("legend", {}, "Latency"),
      ...choices.map((choice) => option(choice, choice.partTargetMs === partTargetMs)),
    );
  }

  get partTargetMs(): number {
    return Number(this.element.querySelector<HTMLInputElement>("input:checked")?.value);
  }
}

function option({ partTargetMs, name, behind, note }: LatencyChoice, checked: boolean): HTMLElement {
  return h(
    "label",
    { class: "choice" },
    h("input", { type: "radio", name: "latency", value: partTargetMs, checked }),
    h("span", { class: "choice-name" }, name),
    h("span", { class: "choice-figure" }, behind),
    h("span", { class: "choice-note" }, `parts of ${partTargetMs} ms, ${note}`),
  );
}
