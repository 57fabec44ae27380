/** A dash for a value that there is not. */
export const None = () => <span class="muted">–</span>;
