import { type InspectedRendition, SLOT_INDEPENDENT, SLOT_SOURCES, SLOT_STORED } from "eddy-hls";
import { h } from "../kit/dom.ts";
import type { Colours } from "./slot-colours.ts";
import { type Cell, cellAt, cellTowards, type Grid, layOut, stateOf } from "./slot-grid.ts";

export interface RingPicture {
  readonly rendition: InspectedRendition;
  readonly reads: { readonly parts: ReadonlySet<number>; readonly segments: ReadonlySet<number> };
  readonly waiting: boolean;
}

/** Slots of one rendition on a canvas. Drawn when something has changed and somebody can see it, at most once a frame. */
export class RingCanvas {
  readonly canvas: HTMLCanvasElement;
  readonly #colours: () => Colours;
  readonly #choose: (id: number | undefined) => void;
  #picture: RingPicture | undefined;
  #grid: Grid | undefined;
  #chosen: number | undefined;
  #isSeen = false;
  #isDue = false;

  constructor(label: string, colours: () => Colours, choose: (id: number | undefined) => void) {
    this.#colours = colours;
    this.#choose = choose;
    this.canvas = h("canvas", { class: "ring-canvas", tabindex: 0, role: "application", "aria-label": label });
    const { canvas } = this;
    canvas.addEventListener("pointermove", (event) => this.#point(event));
    canvas.addEventListener("pointerdown", (event) => this.#point(event));
    canvas.addEventListener("keydown", (event) => this.#key(event));
  }

  /** Until `signal` aborts: knows whether it is seen, and how wide it is. */
  watch(signal: AbortSignal): void {
    const seen = new IntersectionObserver(([entry]) => {
      this.#isSeen = entry?.isIntersecting === true;
      this.draw();
    });
    const sized = new ResizeObserver(() => this.draw());
    seen.observe(this.canvas);
    sized.observe(this.canvas);
    signal.addEventListener("abort", () => {
      seen.disconnect();
      sized.disconnect();
    });
  }

  show(picture: RingPicture): void {
    this.#picture = picture;
    this.draw();
  }

  set chosen(id: number | undefined) {
    if (id === this.#chosen) return;
    this.#chosen = id;
    this.draw();
  }

  draw(): void {
    if (this.#isDue || !this.#isSeen || document.hidden) return;
    this.#isDue = true;
    requestAnimationFrame(() => {
      this.#isDue = false;
      if (this.#picture !== undefined) this.#paint(this.#picture);
    });
  }

  #point({ offsetX, offsetY }: PointerEvent): void {
    if (this.#grid === undefined) return;
    const cell = cellAt(this.#grid, offsetX, offsetY);
    if (cell !== undefined) this.#choose(cell.id);
  }

  #key(event: KeyboardEvent): void {
    if (this.#grid === undefined) return;
    if (event.key === "Escape") {
      this.#choose(undefined);
      return;
    }
    const cell = cellTowards(this.#grid, this.#chosen, event.key);
    if (cell === undefined) return;
    event.preventDefault();
    this.#choose(cell.id);
  }

  #paint({ rendition, reads, waiting }: RingPicture): void {
    const { canvas } = this;
    const width = canvas.clientWidth;
    const grid = layOut(rendition, width);
    this.#grid = grid;
    const ratio = devicePixelRatio;
    if (canvas.width !== Math.round(width * ratio) || canvas.height !== Math.round(grid.height * ratio)) {
      canvas.width = Math.round(width * ratio);
      canvas.height = Math.round(grid.height * ratio);
      canvas.style.height = `${grid.height}px`;
    }
    const context = canvas.getContext("2d");
    if (context === null) return;
    const colours = this.#colours();
    context.setTransform(ratio, 0, 0, ratio, 0, 0);
    context.clearRect(0, 0, width, grid.height);
    for (const cell of grid.cells) {
      const isRead = reads.parts.has(cell.id) || reads.segments.has(cell.msn);
      this.#paintCell(context, { cell, grid, rendition, colours, isRead });
    }
    this.#paintNext(context, { grid, colours, waiting });
    context.fillStyle = colours.soft;
    context.font = "10px ui-monospace, monospace";
    context.textAlign = "center";
    // Every number has no room.
    const every = (grid.segments.at(-1)?.msn ?? 0) >= 1000 ? 3 : 2;
    for (const { msn, x } of grid.segments)
      if (msn % every === 0) context.fillText(String(msn), x + grid.cellWidth / 2, grid.height - 4);
  }

  #paintCell(context: CanvasRenderingContext2D, painted: PaintedCell): void {
    const { cell, grid, rendition, colours, isRead } = painted;
    const { x, y, column } = cell;
    const { cellWidth: w, cellHeight: height } = grid;
    const flags = rendition.slots.flags[column] ?? 0;
    const source = SLOT_SOURCES[rendition.slots.sources[column] ?? 0] ?? "unknown";
    const state = stateOf(flags);
    context.lineWidth = 1.5;
    context.setLineDash([]);
    if (state === "ring") {
      context.fillStyle = colours[source];
      context.fillRect(x, y, w, height);
      if (flags & SLOT_STORED) {
        context.fillStyle = colours.disk;
        context.fillRect(x + w - 4, y, 4, height);
      }
    } else {
      context.strokeStyle = state === "gap" ? colours.gap : state === "disk" ? colours.diskOnly : colours.gone;
      context.strokeRect(x + 0.75, y + 0.75, w - 1.5, height - 1.5);
      if (state === "gap") cross(context, x, y, w, height);
      if (state === "disk") {
        context.fillStyle = colours.disk;
        context.fillRect(x + w - 4, y, 4, height);
      }
    }
    if (flags & SLOT_INDEPENDENT) {
      context.fillStyle = state === "ring" ? colours.surface : colours.independent;
      context.beginPath();
      context.moveTo(x + 2, y + 2);
      context.lineTo(x + 2 + Math.min(7, height - 3), y + 2);
      context.lineTo(x + 2, y + 2 + Math.min(7, height - 3));
      context.fill();
    }
    if (isRead) outline(context, colours.read, [x, y, w, height]);
    if (cell.id === this.#chosen) outline(context, colours.ink, [x, y, w, height]);
  }

  #paintNext(
    context: CanvasRenderingContext2D,
    { grid, colours, waiting }: { grid: Grid; colours: Colours; waiting: boolean },
  ): void {
    const { x, y } = grid.next;
    context.setLineDash([3, 2]);
    context.lineWidth = 1.5;
    context.strokeStyle = colours.next;
    context.strokeRect(x + 0.75, y + 0.75, grid.cellWidth - 1.5, grid.cellHeight - 1.5);
    context.setLineDash([]);
    if (!waiting) return;
    context.fillStyle = colours.next;
    context.fillRect(x + 4, y + grid.cellHeight / 2 - 1, grid.cellWidth - 8, 2);
  }
}

interface PaintedCell {
  readonly cell: Cell;
  readonly grid: Grid;
  readonly rendition: InspectedRendition;
  readonly colours: Colours;
  readonly isRead: boolean;
}

function cross(context: CanvasRenderingContext2D, x: number, y: number, w: number, height: number): void {
  context.beginPath();
  context.moveTo(x + 2, y + 2);
  context.lineTo(x + w - 2, y + height - 2);
  context.moveTo(x + w - 2, y + 2);
  context.lineTo(x + 2, y + height - 2);
  context.stroke();
}

function outline(
  context: CanvasRenderingContext2D,
  colour: string,
  [x, y, w, height]: readonly [x: number, y: number, width: number, height: number],
): void {
  context.strokeStyle = colour;
  context.lineWidth = 2;
  context.strokeRect(x - 1, y - 1, w + 2, height + 2);
}
