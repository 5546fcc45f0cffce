import { type InspectedRendition, SLOT_GAP, SLOT_IN_RING, SLOT_STORED } from "eddy-hls";

/** One slot, where it is drawn, in CSS pixels. */
export interface Cell {
  /** Column of the slots. */
  readonly column: number;
  readonly id: number;
  readonly msn: number;
  readonly part: number;
  readonly x: number;
  readonly y: number;
}

export interface Grid {
  readonly cells: readonly Cell[];
  readonly cellWidth: number;
  readonly cellHeight: number;
  /** Segments that are shown, and where their numbers stand. */
  readonly segments: readonly { readonly msn: number; readonly x: number }[];
  /** Where the part that comes next is going to be, if it opens no segment. */
  readonly next: { readonly x: number; readonly y: number };
  readonly height: number;
}

const CELL_WIDTH = 20;
const GAP = 3;
const LABEL_HEIGHT = 16;
const MAX_STACK = 110;

/** Lays the newest segments out from left to right, as many as there is room for, their parts from top to bottom. */
export function layOut({ slots, nextId }: InspectedRendition, width: number): Grid {
  const byMsn = new Map<number, number[]>();
  for (let column = 0; column < slots.msns.length; column++) {
    const msn = slots.msns[column] ?? 0;
    if (msn === 0) continue;
    const columns = byMsn.get(msn);
    if (columns === undefined) byMsn.set(msn, [column]);
    else columns.push(column);
  }
  const room = Math.max(1, Math.floor((width - CELL_WIDTH) / (CELL_WIDTH + GAP)));
  const shown = [...byMsn].slice(-room);
  const most = Math.max(1, ...shown.map(([, columns]) => (slots.parts[columns.at(-1) ?? 0] ?? 0) + 1));
  const cellHeight = Math.max(5, Math.min(22, Math.floor(MAX_STACK / most) - 2));
  const stepY = cellHeight + 2;
  const cells: Cell[] = [];
  const segments: { msn: number; x: number }[] = [];
  shown.forEach(([msn, columns], index) => {
    const x = index * (CELL_WIDTH + GAP);
    segments.push({ msn, x });
    for (const column of columns) {
      const part = slots.parts[column] ?? 0;
      cells.push({ column, id: slots.firstId + column, msn, part, x, y: part * stepY });
    }
  });
  const last = cells.at(-1);
  const next = last === undefined || last.id !== nextId - 1 ? { x: 0, y: 0 } : { x: last.x, y: last.y + stepY };
  const height = (most + 1) * stepY + LABEL_HEIGHT;
  return { cells, cellWidth: CELL_WIDTH, cellHeight, segments, next, height };
}

/** The cell at a point; undefined between them. */
export function cellAt({ cells, cellWidth, cellHeight }: Grid, x: number, y: number): Cell | undefined {
  return cells.find((cell) => x >= cell.x && x < cell.x + cellWidth && y >= cell.y && y < cell.y + cellHeight + 2);
}

/** The cell that an arrow key leads to; the newest from nowhere. */
export function cellTowards({ cells }: Grid, from: number | undefined, key: string): Cell | undefined {
  const at = cells.findIndex(({ id }) => id === from);
  const here = cells[at];
  if (here === undefined) return key.startsWith("Arrow") || key === "End" || key === "Home" ? cells.at(-1) : undefined;
  switch (key) {
    case "ArrowDown":
      return cells[at + 1] ?? here;
    case "ArrowUp":
      return cells[at - 1] ?? here;
    case "ArrowRight":
      return nearest(cells, here.msn + 1, here.part) ?? here;
    case "ArrowLeft":
      return nearest(cells, here.msn - 1, here.part) ?? here;
    case "Home":
      return cells[0];
    case "End":
      return cells.at(-1);
    default:
      return undefined;
  }
}

function nearest(cells: readonly Cell[], msn: number, part: number): Cell | undefined {
  return cells.filter((cell) => cell.msn === msn && cell.part <= part).at(-1);
}

export type SlotState = "gap" | "ring" | "disk" | "gone";

/** Where the media of a slot is. */
export function stateOf(flags: number): SlotState {
  if (flags & SLOT_GAP) return "gap";
  if (flags & SLOT_IN_RING) return "ring";
  return flags & SLOT_STORED ? "disk" : "gone";
}
