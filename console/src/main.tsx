import "./styles.css";
import { render } from "preact";
import { watchAddress } from "./app/address.ts";
import { applyTheme } from "./app/preferences.ts";
import { Shell } from "./app/shell.tsx";

applyTheme();
watchAddress();
const root = document.getElementById("app");
if (root !== null) render(<Shell />, root);
