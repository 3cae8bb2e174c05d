import type { RefObject } from "preact";
import { useEffect, useRef, useState } from "preact/hooks";
import { shownTheme } from "../app/preferences.ts";

/** Colors of the style sheet by the name of their custom property, for what is drawn on a canvas. */
export type Colors = (name: string) => string;

export interface Drawing {
  readonly context: CanvasRenderingContext2D;
  readonly width: number;
  readonly height: number;
  readonly color: Colors;
}

/** A canvas that is drawn again when its size, the colors, or one of `inputs` changes. */
export function useCanvas(
  draw: (drawing: Drawing) => void,
  inputs: readonly unknown[],
): RefObject<HTMLCanvasElement | null> {
  const ref = useRef<HTMLCanvasElement>(null);
  const [size, setSize] = useState("");
  const theme = shownTheme.value;
  useEffect(() => {
    const canvas = ref.current;
    if (canvas === null) return undefined;
    const observer = new ResizeObserver(() => setSize(`${canvas.clientWidth}x${canvas.clientHeight}`));
    observer.observe(canvas);
    return () => observer.disconnect();
  }, []);
  useEffect(() => {
    const canvas = ref.current;
    const context = canvas?.getContext("2d");
    if (canvas === null || context == null) return;
    const { clientWidth: width, clientHeight: height } = canvas;
    const scale = devicePixelRatio;
    canvas.width = Math.round(width * scale);
    canvas.height = Math.round(height * scale);
    context.setTransform(scale, 0, 0, scale, 0, 0);
    context.clearRect(0, 0, width, height);
    const style = getComputedStyle(canvas);
    draw({ context, width, height, color: (name) => style.getPropertyValue(name).trim() });
  }, [size, theme, ...inputs]);
  return ref;
}
