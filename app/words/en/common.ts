/** Said by more than one view, and by the page around them. */
export const common = {
  live: "Live",
  copy: "Copy",
  copied: "Copied.",
  cancel: "Cancel",
  close: "Close",
  dismiss: "Dismiss",
  details: "Details",
  reload: "Reload",
  nav: {
    publish: "Publish",
    watch: "Watch",
    library: "Library",
    inspect: "Inspect",
    settings: "Settings",
  },
  title: (view: string): string => `${view} – Eddy`,
};
