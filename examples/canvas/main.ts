import { openRelay, publishCapture, startCapture } from "eddy-hls";

const canvas = document.querySelector("canvas")!;
const context = canvas.getContext("2d")!;
requestAnimationFrame(function draw(timeMs) {
  context.fillStyle = `hsl(${timeMs / 20} 90% 50%)`;
  context.fillRect(0, 0, canvas.width, canvas.height);
  requestAnimationFrame(draw);
});

const relay = await openRelay({ worker: "/sw.js" });
const source = { kind: "stream", stream: canvas.captureStream(30) } as const;
const capture = await startCapture({ source, partTargetMs: 333 });
const live = await publishCapture({ relay, name: "studio", capture });
canvas.addEventListener("click", () => live.stop());
