import { openRelay } from "eddy-hls";
import Hls from "hls.js";
import { useEffect, useRef, useState } from "react";

/** Plays a stream of this browser's relay. Lets go of player and relay when it is unmounted, or given another stream. */
export function LivePlayer({ stream }: { readonly stream: string }) {
  const video = useRef<HTMLVideoElement>(null);
  const [problem, setProblem] = useState("");

  useEffect(() => {
    const gone = new AbortController();
    const hls = new Hls({ lowLatencyMode: true });
    openRelay({ worker: "/sw.js", signal: gone.signal })
      .then((relay) => {
        gone.signal.addEventListener("abort", () => relay.close());
        hls.loadSource(relay.url(stream));
        if (video.current !== null) hls.attachMedia(video.current);
      })
      .catch((error: Error) => {
        if (!gone.signal.aborted) setProblem(error.message);
      });
    return () => {
      gone.abort();
      hls.destroy();
    };
  }, [stream]);

  return (
    <figure>
      <video ref={video} autoPlay muted playsInline controls width={640} height={360} />
      <figcaption role="status">{problem}</figcaption>
    </figure>
  );
}
