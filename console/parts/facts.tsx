import type { ComponentChildren } from "preact";
import "./facts.css";

/** Names and values, one beside the other. */
export const Facts = ({ children }: { readonly children: ComponentChildren }) => <dl class="facts">{children}</dl>;

/** One of them; it is left out where there is nothing to say. */
export const Fact = ({ name, children }: { readonly name: string; readonly children: ComponentChildren }) =>
  children === null || children === undefined || children === false ? null : (
    <div>
      <dt>{name}</dt>
      <dd>{children}</dd>
    </div>
  );
