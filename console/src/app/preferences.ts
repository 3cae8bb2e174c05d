import { computed, effect, signal } from "@preact/signals";

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

const systemIsDark = matchMedia("(prefers-color-scheme: dark)");
const systemTheme = signal<"light" | "dark">(systemIsDark.matches ? "dark" : "light");

/** The colors in use. */
export const shownTheme = computed(() => {
  const { theme } = preferences.value;
  return theme === "auto" ? systemTheme.value : theme;
});

/** Keeps the colors of the document those that a person, or else the system, has chosen. */
export function applyTheme(): void {
  systemIsDark.addEventListener("change", ({ matches }) => {
    systemTheme.value = matches ? "dark" : "light";
  });
  effect(() => {
    document.documentElement.dataset["theme"] = shownTheme.value;
  });
}
