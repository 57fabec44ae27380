const END = "end/1";

/** The last line of an export. An export without it is incomplete. @param letters how many lines come before it */
export const endLine = (letters: number): string => `${JSON.stringify({ concord: END, letters })}\n`;

export const isEndLine = (line: string): boolean => line.startsWith(`{"concord":"${END}"`);
