import { render } from "preact";
import { Console } from "./console.tsx";
import "./console.css";

const root = document.getElementById("console");
if (root) {
  root.replaceChildren();
  render(<Console />, root);
}
