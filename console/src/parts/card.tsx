import type { ComponentChildren } from "preact";

interface CardProps {
  readonly title: string;
  readonly tone?: "good" | "warn" | "bad" | undefined;
  readonly children: ComponentChildren;
}

/** One figure or state at the top of a page. */
export function Card({ title, tone, children }: CardProps) {
  return (
    <div class={`card ${tone ?? ""}`}>
      <span>{title}</span>
      <b>{children}</b>
    </div>
  );
}
