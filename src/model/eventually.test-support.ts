import { vi } from "vitest";

/** As long as a machine may be busy with other things. */
const PATIENCE_MS = 30_000;

/** Looks again and again until nothing throws. */
export function eventually<T>(look: () => T): Promise<Awaited<T>> {
  return vi.waitFor(look, { timeout: PATIENCE_MS }) as Promise<Awaited<T>>;
}
