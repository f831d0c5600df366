import type { AnomalyKind } from './scene-script.ts';
import type { ShapeSink } from './shape-sink.ts';

export interface GroundPoint {
  readonly s: number;
  readonly d: number;
}

/**
 * Something in the street whose place and shape are a function of time alone, so that any frame can be drawn without the frames before it.
 * Seconds count from the start of the scene.
 */
export interface Actor {
  readonly fromSecond: number;
  readonly untilSecond: number;
  /** Position in the script's `anomalies`, and whether it is anomalous at a given time; null for normal life. */
  readonly anomaly: { readonly index: number; readonly kind: AnomalyKind; activeAt(second: number): boolean } | null;
  /** Where it stands, for the painting order. */
  place(second: number): GroundPoint;
  draw(second: number, sink: ShapeSink): void;
}

/** The same actor at a time later by `seconds`. */
export function shifted(actor: Actor, seconds: number): Actor {
  return {
    fromSecond: actor.fromSecond + seconds,
    untilSecond: actor.untilSecond + seconds,
    anomaly: actor.anomaly,
    place: (second) => actor.place(second - seconds),
    draw: (second, sink) => actor.draw(second - seconds, sink),
  };
}
