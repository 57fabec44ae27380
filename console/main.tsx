import { render } from "preact";
import { Console } from "./console.tsx";
import "./console.css";
import "./frame.css";
import "./parts/controls.css";
import "./parts/table-cells.css";
import "./parts/states.css";
import "./parts/dialog.css";
import "./parts/sparkline.css";
import "./touch.css";

const root = document.getElementById("console");
if (root) {
  root.replaceChildren();
  render(<Console />, root);
}
