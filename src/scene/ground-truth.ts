import type { Actor } from './actor.ts';
import { anomalousActors } from './anomalies.ts';
import { Canvas } from './canvas.ts';
import { type AnomalyKind, frameCount, type SceneScript } from './scene-script.ts';
import { pictureSink } from './shape-sink.ts';
import { View } from './view.ts';

/** An anomalous actor counts as visible from so many pixels in a 640 x 360 picture on; scaled with the picture's area. */
const VISIBLE_PIXELS = 60;

/** A rectangle in pixels, edges inclusive at the top left, exclusive at the bottom right. */
export interface Box {
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
}

export interface FrameTruth {
  /** From 0. */
  readonly frame: number;
  readonly second: number;
  /** The anomalous actors visible in this frame; empty in a normal one. */
  readonly visible: readonly { readonly kind: AnomalyKind; readonly anomaly: number; readonly box: Box }[];
}

export interface SceneTruth {
  readonly frames: number;
  /** One for each stretch in which a scripted anomaly is visible; `anomaly` is its position in the script. Inclusive frames. */
  readonly events: readonly {
    readonly kind: AnomalyKind;
    readonly anomaly: number;
    readonly startFrame: number;
    readonly endFrame: number;
  }[];
  /** The events' frames merged, inclusive, in order: the `anomalous` of a dataset. */
  readonly anomalous: readonly (readonly [startFrame: number, endFrame: number])[];
}

/**
 * Draws only the anomalous actors of a frame, and measures them. What stands in front of them is not taken off: who walks behind a
 * lamp post is still there.
 */
export function truthReader(script: SceneScript): (frame: number) => FrameTruth {
  const view = new View(script.width, script.height);
  const canvas = new Canvas(script.width, script.height);
  const sink = pictureSink(canvas, view);
  const actors = anomalousActors(script, view).filter((actor) => actor.anomaly !== null);
  const enough = (VISIBLE_PIXELS * script.width * script.height) / (640 * 360);
  return (frame) => {
    const second = frame / script.framesPerSecond;
    const here = actors.filter((actor) => isHere(actor, second));
    const indices = [...new Set(here.flatMap((actor) => actor.anomaly?.index ?? []))];
    const visible = indices.flatMap((index) => {
      const members = here.filter((actor) => actor.anomaly?.index === index);
      canvas.beginTrace();
      for (const actor of members) actor.draw(second, sink);
      const trace = canvas.endTrace();
      const kind = members[0]?.anomaly?.kind;
      if (kind === undefined || trace.pixels < enough) return [];
      const box = {
        x: trace.left,
        y: trace.top,
        width: trace.right + 1 - trace.left,
        height: trace.bottom + 1 - trace.top,
      };
      return [{ kind, anomaly: index, box }];
    });
    return { frame, second, visible };
  };
}

export function isHere(actor: Actor, second: number): boolean {
  return second >= actor.fromSecond && second < actor.untilSecond && (actor.anomaly?.activeAt(second) ?? true);
}

/** The whole scene's ground truth, without painting it. */
export function truthOf(script: SceneScript): SceneTruth {
  const read = truthReader(script);
  const frames = frameCount(script);
  const events: { kind: AnomalyKind; anomaly: number; startFrame: number; endFrame: number }[] = [];
  const anomalous: [number, number][] = [];
  const running = new Map<number, (typeof events)[number]>();
  for (let frame = 0; frame < frames; frame += 1) {
    const { visible } = read(frame);
    for (const { kind, anomaly } of visible) {
      const event = running.get(anomaly);
      if (event?.endFrame === frame - 1) {
        event.endFrame = frame;
        continue;
      }
      const started = { kind, anomaly, startFrame: frame, endFrame: frame };
      running.set(anomaly, started);
      events.push(started);
    }
    if (visible.length === 0) continue;
    const last = anomalous.at(-1);
    if (last !== undefined && last[1] === frame - 1) last[1] = frame;
    else anomalous.push([frame, frame]);
  }
  return { frames, events, anomalous };
}
