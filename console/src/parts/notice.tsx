import type { ComponentChildren } from "preact";

/** A sentence in the place of what is not there. */
export function Empty({ children }: { readonly children: ComponentChildren }) {
  return <div class="empty">{children}</div>;
}

/** Why something did not work. */
export function Fault({ children }: { readonly children: ComponentChildren }) {
  return (
    <p class="fault" role="alert">
      {children}
    </p>
  );
}
