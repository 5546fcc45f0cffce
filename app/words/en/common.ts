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
  frame: {
    title: "Eddy: live video inside the browser",
    skip: "Skip to the content",
    home: "Eddy, start page",
    views: "Views",
    footer:
      "The video stays in this browser, where a Service Worker serves and keeps it, unless you let others watch or pass on what you watch.",
  },
  update: {
    ready: "A new version of Eddy is ready.",
    remedy: "Reload the page to use it. What is kept stays.",
  },
  install: {
    button: "Install",
    label: "Install Eddy as an app",
  },
};
