import { render } from "preact";
import { Console } from "./console.tsx";
import { SignedIn } from "./sign-in/signed-in.tsx";
import "./console.css";
import "./frame.css";
import "./sign-in/sign-in.css";
import "./parts/controls.css";
import "./parts/table-cells.css";
import "./parts/states.css";
import "./parts/dialog.css";
import "./parts/sparkline.css";
import "./touch.css";

const root = document.getElementById("console");
if (root) {
  root.replaceChildren();
  render(location.pathname === "/ops/sign-in" ? <SignedIn /> : <Console />, root);
}
