import { createRoot } from "react-dom/client";
import { App } from "./app.tsx";
import "./editors.ts";
import "graphiql/style.css";
import "./graphiql.css";

const root = document.getElementById("graphiql");
if (root) createRoot(root).render(<App />);
