import { type InspectedRendition, SLOT_INDEPENDENT, SLOT_SOURCES, SLOT_STORED } from "eddy-hls";
import { SeenCanvas } from "./seen-canvas.ts";
import type { Colours } from "./slot-colours.ts";
import { type Cell, cellAt, cellTowards, type Grid, layOut, stateOf } from "./slot-grid.ts";

export interface RingPicture {
  readonly rendition: InspectedRendition;
  readonly reads: { readonly parts: ReadonlySet<number>; readonly segments: ReadonlySet<number> };
  readonly waiting: boolean;
}

/** Slots of one rendition. */
export class RingCanvas extends SeenCanvas {
  readonly #colours: () => Colours;
  readonly #choose: (id: number | undefined) => void;
  #picture: RingPicture | undefined;
  #grid: Grid | undefined;
  #chosen: number | undefined;

  constructor(label: string, colours: () => Colours, choose: (id: number | undefined) => void) {
    super({ class: "ring-canvas", tabindex: 0, role: "application", "aria-label": label });
    this.#colours = colours;
    this.#choose = choose;
    const { canvas } = this;
    canvas.addEventListener("pointermove", (event) => this.#point(event));
    canvas.addEventListener("pointerdown", (event) => this.#point(event));
    canvas.addEventListener("keydown", (event) => this.#key(event));
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

  protected override paint(): void {
    if (this.#picture === undefined) return;
    const { rendition, reads, waiting } = this.#picture;
    const grid = layOut(rendition, this.canvas.clientWidth);
    this.#grid = grid;
    const context = this.cleared(grid.height);
    if (context === null) return;
    const colours = this.#colours();
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
