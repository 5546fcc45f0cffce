/** Runs in a tab of a test that failed: what stands in it, for who reads the failure. */
export function lookInside(): object {
  const video = document.querySelector("video");
  const ranges = (each: TimeRanges | undefined): number[][] =>
    Array.from({ length: each?.length ?? 0 }, (_, index) => [each?.start(index) ?? 0, each?.end(index) ?? 0]);
  const { hls } = window as { hls?: { readonly latestLevelDetails?: { fragmentStart: number; edge: number } | null } };
  return {
    address: location.search,
    text: document.querySelector("main")?.innerText.slice(0, 400),
    visibility: document.visibilityState,
    stats: window.eddy?.stats?.(),
    listed: [hls?.latestLevelDetails?.fragmentStart, hls?.latestLevelDetails?.edge],
    video: video && {
      buffered: ranges(video.buffered),
      currentTime: video.currentTime,
      readyState: video.readyState,
      paused: video.paused,
      seeking: video.seeking,
      error: video.error?.message,
    },
  };
}
