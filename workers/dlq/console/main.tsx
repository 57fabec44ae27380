import { render } from "preact";
import { Console } from "./console.tsx";
import "./console.css";
import "./touch.css";

const root = document.getElementById("console");
if (root) {
  root.replaceChildren();
  render(<Console />, root);
}
