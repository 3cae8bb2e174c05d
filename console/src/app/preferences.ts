import { effect, signal } from "@preact/signals";

export type Theme = "auto" | "light" | "dark";

/** How a person wants data to be shown, whatever it is. */
export type DataForm = "auto" | "text" | "hex" | "base64";

interface Preferences {
  readonly theme: Theme;
  readonly form: DataForm;
}

const storageKey = "millrace-preferences";
const defaults: Preferences = { theme: "auto", form: "auto" };

function readStored(): Preferences {
  try {
    return { ...defaults, ...(JSON.parse(localStorage.getItem(storageKey) ?? "{}") as Partial<Preferences>) };
  } catch {
    return defaults;
  }
}

/** Kept in this browser. */
export const preferences = signal<Preferences>(readStored());

export function prefer(change: Partial<Preferences>): void {
  preferences.value = { ...preferences.value, ...change };
  localStorage.setItem(storageKey, JSON.stringify(preferences.value));
}

export function applyTheme(): void {
  effect(() => {
    const { theme } = preferences.value;
    if (theme === "auto") delete document.documentElement.dataset["theme"];
    else document.documentElement.dataset["theme"] = theme;
  });
}
