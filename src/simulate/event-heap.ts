/** Something that happens at a moment of virtual time. The clock sets `atMs` and `sequence`. */
export interface SimEvent {
  atMs: number;
  /** Orders events of the same moment. */
  sequence: number;
  /** Another one of the same bucket; the clock's too. */
  next: SimEvent | undefined;
  fire(): void;
}

const isBefore = (a: SimEvent, b: SimEvent): boolean =>
  a.atMs < b.atMs || (a.atMs === b.atMs && a.sequence < b.sequence);

/** Events, the earliest first. */
export class EventHeap {
  readonly #events: SimEvent[] = [];

  get size(): number {
    return this.#events.length;
  }

  get first(): SimEvent | undefined {
    return this.#events[0];
  }

  push(event: SimEvent): void {
    const events = this.#events;
    let at = events.length;
    events.push(event);
    while (at > 0) {
      const parent = (at - 1) >> 1;
      const above = events[parent]!;
      if (!isBefore(event, above)) break;
      events[at] = above;
      at = parent;
    }
    events[at] = event;
  }

  pop(): SimEvent | undefined {
    const events = this.#events;
    const first = events[0];
    const last = events.pop();
    if (events.length > 0) this.#sink(last!, 0);
    return first;
  }

  /** Takes events that hang on each other, into a heap that holds none; returns how many. */
  take(first: SimEvent): number {
    const events = this.#events;
    let next: SimEvent | undefined = first;
    while (next !== undefined) {
      const event: SimEvent = next;
      events.push(event);
      next = event.next;
      event.next = undefined;
    }
    for (let at = (events.length >> 1) - 1; at >= 0; at--) this.#sink(events[at]!, at);
    return events.length;
  }

  #sink(event: SimEvent, from: number): void {
    const events = this.#events;
    const { length } = events;
    let at = from;
    for (let child = 2 * at + 1; child < length; child = 2 * at + 1) {
      if (child + 1 < length && isBefore(events[child + 1]!, events[child]!)) child += 1;
      const below = events[child]!;
      if (!isBefore(below, event)) break;
      events[at] = below;
      at = child;
    }
    events[at] = event;
  }
}
