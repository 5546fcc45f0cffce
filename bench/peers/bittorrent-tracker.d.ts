/** What is used of a package that has no types. */
declare module "bittorrent-tracker/server" {
  import type { EventEmitter } from "node:events";
  import type { Server as HttpServer } from "node:http";

  export default class Server extends EventEmitter {
    constructor(options: { udp: boolean; http: boolean; ws: boolean; stats: boolean });
    readonly http: HttpServer;
    listen(port: number, host: string, listening: () => void): void;
    close(closed?: () => void): void;
  }
}
