/** The number that an option was given. @throws Error which says what the option takes */
export function wholeNumber(option: string, text: string, { from, to }: { from: number; to: number }): number {
  const number = Number(text);
  if (/^\d+$/.test(text) && number >= from && number <= to) return number;
  throw new Error(`${option} takes a whole number from ${from} to ${to}, not "${text}".`);
}
