import "media-chrome/media-control-bar.js";
import "media-chrome/media-controller.js";
import "media-chrome/media-captions-button.js";
import "media-chrome/media-fullscreen-button.js";
import "media-chrome/media-mute-button.js";
import "media-chrome/media-pip-button.js";
import "media-chrome/media-play-button.js";
import "media-chrome/media-seek-backward-button.js";
import "media-chrome/media-time-range.js";
import "media-chrome/media-volume-range.js";
import "media-chrome/menu/media-settings-menu.js";
import "media-chrome/menu/media-settings-menu-button.js";
import "media-chrome/menu/media-settings-menu-item.js";

/** The elements of media-chrome that the player is made of: loaded beside the first picture, never before it. */
export const controlElements = [
  "media-controller",
  "media-control-bar",
  "media-time-range",
  "media-settings-menu",
] as const;
