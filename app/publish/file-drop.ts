/** Files may be dropped anywhere on the page; without this the browser would open one and leave. */
export function acceptDrops(
  root: HTMLElement,
  { take, signal }: { readonly take: (files: readonly File[]) => void; readonly signal: AbortSignal },
): void {
  const carriesFile = (event: DragEvent): boolean => event.dataTransfer?.types.includes("Files") === true;
  const drag = (dragging: boolean): void => {
    root.toggleAttribute("data-dragging", dragging);
  };
  window.addEventListener(
    "dragover",
    (event) => {
      if (!carriesFile(event)) return;
      event.preventDefault();
      drag(true);
    },
    { signal },
  );
  window.addEventListener("dragleave", (event) => drag(event.relatedTarget !== null), { signal });
  window.addEventListener(
    "drop",
    (event) => {
      if (!carriesFile(event)) return;
      event.preventDefault();
      drag(false);
      take([...(event.dataTransfer?.files ?? [])]);
    },
    { signal },
  );
}
