import { openRelay, type Relay } from "eddy-hls";
import { attack } from "./attacker.ts";
import { fill } from "./filler.ts";
import { play } from "./player.ts";
import { Producer, type ProducerOptions } from "./producer.ts";
import { StreamReader, type StreamReaderOptions } from "./stream-reader.ts";
import { isUpdating, update } from "./update.ts";
import { readWindows } from "./window.ts";

/** What a tab of the soak can be told to do. */
const soak = {
  relay: undefined as Promise<Relay> | undefined,
  producers: new Map<string, Producer>(),
  readers: new Map<string, StreamReader>(),
  async produce(options: ProducerOptions): Promise<void> {
    soak.relay ??= openRelay();
    soak.producers.set(options.stream.name, await Producer.start(await soak.relay, options));
  },
  read(options: StreamReaderOptions): void {
    soak.readers.get(options.stream.name)?.stop();
    soak.readers.set(options.stream.name, new StreamReader(options));
  },
  async control(): Promise<void> {
    soak.relay ??= openRelay();
    await soak.relay;
  },
  play,
  attack,
  fill,
  update,
  isUpdating,
  readWindows,
};

declare global {
  interface Window {
    soak: typeof soak;
  }
}
window.soak = soak;
