import type { Actor } from './actor.ts';
import type { Color } from './canvas.ts';
import { randomPerson } from './person.ts';
import { between, pick, type Random } from './random.ts';
import type { LeftBag } from './scene-script.ts';
import type { View } from './view.ts';
import { walker } from './walker.ts';

const COLORS: readonly Color[] = [
  [38, 42, 52],
  [120, 36, 36],
  [40, 70, 46],
];
/** The owner stands so long, the bag being put down halfway. */
const STOP_SECONDS = 2.4;

/** A bag that stands alone from `atSecond` on, and its owner, who is normal: only the bag is the anomaly. */
export function leftBag(anomaly: LeftBag, index: number, durationSeconds: number, view: View, random: Random): Actor[] {
  const lane = 3.3;
  const stretch = view.visibleStretch(lane, 1, 1.2);
  const spot = { s: stretch.from + (stretch.to - stretch.from) * between(random, 0.2, 0.32), d: lane };
  const color = pick(random, COLORS);
  const speed = 1.3;
  const metres = spot.s + 0.35 - stretch.from;
  const owner = walker({
    person: { ...randomPerson(random), handbag: null, backpack: null },
    startSecond: anomaly.atSecond - STOP_SECONDS / 2 - metres / speed - 0.3,
    fromS: stretch.from,
    toS: stretch.to,
    lane: lane - 0.35,
    metresPerSecond: speed,
    swayMetres: 0,
    swayPhase: random() * 6,
    stop: { afterMetres: metres, seconds: STOP_SECONDS },
    door: null,
  });
  const draw =
    (place: { readonly s: number; readonly d: number }, lift: number): Actor['draw'] =>
    (_, sink) => {
      const at = (ahead: number, z: number) => ({ s: place.s + ahead, d: place.d, z: z + lift });
      sink.capsule(at(-0.24, 0.2), 0.17, at(0.24, 0.2), 0.17, color);
      sink.capsule(at(-0.13, 0.4), 0.025, at(0.13, 0.4), 0.025, [24, 24, 24]);
    };
  const carried: Actor = {
    fromSecond: owner.fromSecond,
    untilSecond: anomaly.atSecond,
    anomaly: null,
    place: (second) => ({ s: owner.place(second).s - 0.05, d: owner.place(second).d + 0.3 }),
    draw(second, sink) {
      const lift = Math.min(0.35, Math.max(0, (anomaly.atSecond - second) * 0.6));
      draw(carried.place(second), lift)(second, sink);
    },
  };
  const left: Actor = {
    fromSecond: anomaly.atSecond,
    untilSecond: Math.min(durationSeconds, anomaly.atSecond + (anomaly.staysSeconds ?? durationSeconds)),
    anomaly: { index, kind: 'left-bag', activeAt: () => true },
    place: () => ({ s: spot.s + 0.3, d: owner.place(anomaly.atSecond).d + 0.3 }),
    draw: (second, sink) => draw(left.place(second), 0)(second, sink),
  };
  return [owner, carried, left];
}
