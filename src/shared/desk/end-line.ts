const END = "end/1";

/** The last line of an export: without it, an export broke off. @param letters how many stand before it */
export const endLine = (letters: number): string => `${JSON.stringify({ concord: END, letters })}\n`;

export const isEndLine = (line: string): boolean => line.startsWith(`{"concord":"${END}"`);
