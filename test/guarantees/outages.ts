/**
 * The errors of a device's object that is unavailable or overloaded, by text, and by properties that count whatever the
 * text is: developers.cloudflare.com/durable-objects/observability/troubleshooting and …/best-practices/error-handling
 */
export const OBJECT_OUTAGES: readonly (readonly [text: string, members?: object])[] = [
  ["Network connection lost."],
  ["Durable Object is overloaded. Too many requests queued."],
  ["Durable Object is overloaded. Too much data queued."],
  ["Durable Object is overloaded. Requests queued for too long."],
  ["Durable Object is overloaded. Too many requests for the same object within a 10 second window."],
  ["Durable Object reset because its code was updated."],
  ["Durable Object storage operation exceeded timeout which caused object to be reset."],
  ["Your account is generating too much load on Durable Objects. Please back off and try again later."],
  ["Your account is doing too many concurrent storage operations. Please back off and try again later."],
  ["Connection closed: this Durable Object instance is no longer active."],
  ["whatever it says", { retryable: true }],
  ["whatever it says", { overloaded: true }],
];
