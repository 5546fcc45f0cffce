/** The validator by itself: what the build gives pages as `eddy-validate.js`, for the requests of a Service Worker. */
export { validate } from "./validate.ts";
