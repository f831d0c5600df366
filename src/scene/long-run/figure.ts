import type { Actor, GroundPoint } from '../actor.ts';
import type { ShapeSink } from '../shape-sink.ts';
import type { Facing } from './sprite.ts';

/** What a figure is drawn with: sprites for the many, shapes for the few. */
export interface Stage {
  /** @param tint factor on the clothes' greys, about 1 */
  person(index: number, place: GroundPoint, facing: Facing, phase: number, walking: boolean, tint: number): void;
  /** Shapes whose light is that of the place. */
  shapes(place: GroundPoint): ShapeSink;
  shadow(place: GroundPoint, heightMetres: number, widthMetres: number, lengthMetres: number): void;
  /** Light thrown on the ground ahead, and lit lamps, when it is dark. */
  headlights(place: GroundPoint, facing: 1 | -1, lengthMetres: number): void;
}

/** Someone or something that is there for a while; its place is a function of time, seconds of the scene. */
export interface Figure {
  readonly fromSecond: number;
  readonly untilSecond: number;
  /** Position in the plan's anomalies; null for normal life. */
  readonly anomaly: number | null;
  /** Upright box in metres, for the truth: width and height. */
  readonly box: readonly [width: number, height: number];
  place(second: number): GroundPoint;
  draw(second: number, stage: Stage): void;
}

/** An actor of the short scenes, moved in time and, across the street, in place. */
export function figureOf(
  actor: Actor,
  move: { readonly seconds: number; readonly lanes: number },
  anomaly: number | null,
  box: readonly [number, number],
): Figure {
  const place = (second: number): GroundPoint => {
    const { s, d } = actor.place(second - move.seconds);
    return { s, d: d + move.lanes };
  };
  return {
    fromSecond: actor.fromSecond + move.seconds,
    untilSecond: actor.untilSecond + move.seconds,
    anomaly,
    box,
    place,
    draw(second, stage) {
      const here = place(second);
      stage.shadow(here, box[1], Math.min(0.3, box[0] / 2), box[0] > 2 ? box[0] : 0);
      if (box[0] > 3) {
        const ahead = actor.place(second - move.seconds + 0.1).s - actor.place(second - move.seconds).s;
        stage.headlights(here, ahead >= 0 ? 1 : -1, box[0]);
      }
      actor.draw(second - move.seconds, movedSink(stage.shapes(here), move.lanes));
    },
  };
}

function movedSink(sink: ShapeSink, lanes: number): ShapeSink {
  if (lanes === 0) return sink;
  return {
    capsule: (from, fromRadius, to, toRadius, color) =>
      sink.capsule({ ...from, d: from.d + lanes }, fromRadius, { ...to, d: to.d + lanes }, toRadius, color),
    face: (corners, color) =>
      sink.face(
        corners.map((corner) => ({ ...corner, d: corner.d + lanes })),
        color,
      ),
  };
}
