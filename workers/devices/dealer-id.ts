/** Longest dealer id: twice what contracts allow. */
const MAX_LENGTH = 128;

/** Whether a text can name a dealer, and so the object of its feed. */
export const isDealerId = (text: string): boolean => text !== "" && text.length <= MAX_LENGTH;
