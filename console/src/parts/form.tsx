import type { JSX } from "preact";

interface FormProps extends Omit<JSX.IntrinsicElements["form"], "class" | "onSubmit"> {
  /** Fields one below the other, or side by side. */
  readonly class: "fields" | "inline";
  readonly onSubmit: (form: HTMLFormElement) => void;
}

/** A form whose contents a function takes: the browser sends them nowhere. */
export function Form({ onSubmit, ...rest }: FormProps) {
  return (
    <form
      {...rest}
      onSubmit={(event) => {
        event.preventDefault();
        onSubmit(event.currentTarget);
      }}
    />
  );
}
