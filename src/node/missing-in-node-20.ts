/**
 * Adds what `@moq/net` and `@moq/qmux` use of the language and Node 20 lacks; newer versions keep their own. A call and no import for
 * its effect, so that the package has none.
 */
export function addWhatNode20Lacks(): void {
  if (Promise.withResolvers === undefined) {
    Object.defineProperty(Promise, "withResolvers", {
      configurable: true,
      writable: true,
      value: function withResolvers<T>(this: PromiseConstructor) {
        let resolve: ((value: T | PromiseLike<T>) => void) | undefined;
        let reject: ((reason?: unknown) => void) | undefined;
        const promise = new this<T>((...settle) => {
          [resolve, reject] = settle;
        });
        return { promise, resolve, reject };
      },
    });
  }

  if (Set.prototype.difference === undefined) {
    Object.defineProperty(Set.prototype, "difference", {
      configurable: true,
      writable: true,
      value: function difference<T>(this: Set<T>, other: { has(value: unknown): boolean }) {
        return new Set([...this].filter((value) => !other.has(value)));
      },
    });
  }
}

// What the compiler's library for Node 20 does not know yet.
declare global {
  interface PromiseConstructor {
    withResolvers?: unknown;
  }
  interface Set<T> {
    difference?: unknown;
  }
}
