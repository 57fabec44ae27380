import { type Stack, startStack } from "../../local/stack.ts";
import { TEST_CREDENTIALS } from "./rest-proxy.ts";

let started: Promise<Stack> | undefined;

/**
 * The stack that the files of a ring share, since starting one takes longer than most of them. It runs until its
 * process ends. What a file writes stays for the next one, so each file has devices, topics and dealers of its own.
 */
export const sharedStack = (): Promise<Stack> => (started ??= startStack({ secrets: TEST_CREDENTIALS }));
