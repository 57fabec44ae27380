/** Stands where there is nothing to say. */
export const None = () => <span class="muted">–</span>;
