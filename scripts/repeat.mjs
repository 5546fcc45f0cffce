// The figures of the README: the tests that are held to a latency, a minute each, five times.
process.env.EDDY_OBSERVED_MS ??= "60000";
process.argv.push("live", "files.spec", "--repeat-each", "5");
await import("./e2e.mjs");
