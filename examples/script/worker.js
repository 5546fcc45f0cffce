importScripts("eddy-hls/eddy-worker.js");

EddyWorker.serveRelay(self, { base: "/script/live/" });
