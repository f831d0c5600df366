import type { Actor } from '../actor.ts';
import { anomalousActors } from '../anomalies.ts';
import { drawPerson, gaitPose, randomPerson } from '../person.ts';
import { between, pick, type Random, seededRandom, shuffled } from '../random.ts';
import { type Anomaly, sceneScript } from '../scene-script.ts';
import type { Point3, View } from '../view.ts';
import { walker } from '../walker.ts';
import type { LongAnomalyKind } from './anomaly-kind.ts';
import { carFigure, type DayLife } from './day-life.ts';
import { type Figure, figureOf } from './figure.ts';
import type { SceneKind } from './scene-kind.ts';

export interface PlannedAnomaly {
  readonly kind: LongAnomalyKind;
  readonly atSecond: number;
}

/** An anomaly as it is seen: seconds of the scene in which enough of it is in the picture. */
export interface SceneEvent {
  readonly kind: LongAnomalyKind;
  readonly startSecond: number;
  readonly endSecond: number;
}

export interface PlanOptions {
  readonly fromSecond: number;
  readonly untilSecond: number;
  /** Minutes from one to the next. Default 40 to 90; at hours in which hardly anyone comes, half as often. */
  readonly gapMinutes?: readonly [number, number];
  /** Default: all that the kind of scene has. */
  readonly kinds?: readonly LongAnomalyKind[];
}

/** Room before an anomaly's time in its own small script, for those who must arrive first. */
const LEAD_SECONDS = 60;
const QUIET_PER_MINUTE = 0.5;
/** Cuts off those of whom less can be seen, pixels of a 240 x 160 picture. */
const VISIBLE_PIXELS = 20;

/** When which anomaly happens: the kinds take turns in a random order. */
export function planAnomalies(
  kind: SceneKind,
  seed: number,
  walkersPerMinute: (second: number) => number,
  options: PlanOptions,
): PlannedAnomaly[] {
  const random = seededRandom(seed, 'plan');
  const [low, high] = options.gapMinutes ?? [40, 90];
  const kinds = options.kinds ?? kind.anomalies;
  const plan: PlannedAnomaly[] = [];
  let turn: LongAnomalyKind[] = [];
  for (let second = options.fromSecond + 60 * between(random, 0.25 * low, low); ; ) {
    // the last one needs time to end
    if (second > options.untilSecond - 150) return plan;
    if (turn.length === 0) turn = shuffled(random, kinds);
    const next = turn.pop();
    if (next === undefined) return plan;
    plan.push({ kind: next, atSecond: Math.round(second * 10) / 10 });
    const quiet = walkersPerMinute(second) < QUIET_PER_MINUTE ? 2 : 1;
    second += 60 * quiet * between(random, low, high);
  }
}

/** The figures of one planned anomaly, those who come with it included. */
export function strangeFigures(
  planned: PlannedAnomaly,
  index: number,
  kind: SceneKind,
  seed: number,
  view: View,
  life: DayLife,
): Figure[] {
  const random = seededRandom(seed, 'strange', index);
  const { atSecond, kind: what } = planned;
  // the short scenes' lanes are those of a pavement of 0.5 to 4.4 m
  const lanes = (kind.walkLanes[0] + kind.walkLanes[1]) / 2 - 2.45;
  switch (what) {
    case 'wrong-way':
      // who drives against the others does so slowly
      return [carFigure(random, life, atSecond, 0.6 * between(random, ...kind.carMetresPerSecond), -1, index)];
    case 'intruder':
      return [intruder(random, kind, life, atSecond, index)];
    case 'fall':
      return [fall(random, kind, life, atSecond, index)];
    default: {
      const script = sceneScript({
        seed: Math.floor(random() * 0x7fffffff),
        durationSeconds: 600,
        anomalies: [shortAnomaly(what, random)],
      });
      const move = { seconds: atSecond - LEAD_SECONDS, lanes };
      return anomalousActors(script, view).map((actor) =>
        figureOf(actor, move, actor.anomaly === null ? null : index, boxOf(actor, what)),
      );
    }
  }
}

function shortAnomaly(kind: Anomaly['kind'], random: Random): Anomaly {
  const atSecond = LEAD_SECONDS;
  switch (kind) {
    case 'left-bag':
      return { kind, atSecond, staysSeconds: between(random, 60, 150) };
    case 'brawl':
      return { kind, atSecond, lastsSeconds: between(random, 7, 20), people: pick(random, [2, 3]) };
    case 'runner':
      return { kind, atSecond, direction: pick(random, ['left', 'right']), speedFactor: between(random, 2.6, 3.4) };
    case 'cyclist':
      return { kind, atSecond, direction: pick(random, ['left', 'right']), metresPerSecond: between(random, 3.8, 6) };
    case 'vehicle':
      return { kind, atSecond, direction: pick(random, ['left', 'right']), metresPerSecond: between(random, 2.4, 4.5) };
  }
}

function boxOf(actor: Actor, kind: Anomaly['kind']): readonly [number, number] {
  if (actor.anomaly === null) return [0.5, 1.75];
  switch (kind) {
    case 'vehicle':
      return [5, 2.2];
    case 'cyclist':
      return [1.7, 1.8];
    case 'left-bag':
      return [0.75, 0.42];
    case 'runner':
    case 'brawl':
      return [0.6, 1.75];
  }
}

/** Someone walks, and stops for a while, where nobody ever is. */
function intruder(random: Random, kind: SceneKind, life: DayLife, atSecond: number, index: number): Figure {
  const lane = kind.forbiddenLane + between(random, -0.1, 0.4);
  const { from, to } = life.stretch(lane, 1.9, 0.4);
  const right = random() < 0.5;
  const length = to - from;
  const actor = walker({
    person: randomPerson(random),
    startSecond: atSecond,
    fromS: right ? from : to,
    toS: right ? to : from,
    lane,
    metresPerSecond: between(random, 0.9, 1.4),
    swayMetres: 0.1,
    swayPhase: random() * 6,
    stop: { afterMetres: length * between(random, 0.3, 0.6), seconds: between(random, 8, 25) },
    door: null,
  });
  return figureOf(actor, { seconds: 0, lanes: 0 }, index, [0.5, 1.75]);
}

/** Someone walking in the usual way falls, lies for a while, gets up and walks on. The anomaly begins with the fall. */
function fall(random: Random, kind: SceneKind, life: DayLife, atSecond: number, index: number): Figure {
  const person = { ...randomPerson(random), handbag: null };
  const lane = between(random, kind.walkLanes[0] + 0.6, Math.min(kind.walkLanes[1], kind.walkLanes[0] + 3));
  const { from, to } = life.stretch(lane, 1.9, 0.4);
  const spot = from + (to - from) * between(random, 0.25, 0.6);
  const speed = 1.3;
  const lies = between(random, 25, 60);
  const arrives = atSecond - (spot - from) / speed;
  const up = atSecond + lies;
  const tilt = (second: number): number => {
    const down = Math.max(0, Math.min(1, (second - atSecond) / 0.7));
    const rise = Math.max(0, Math.min(1, (second - up) / 3));
    return (Math.PI / 2) * Math.min(down * down, 1 - rise);
  };
  const goes = up + 3;
  const place = (second: number) => ({
    s: second < atSecond ? from + speed * (second - arrives) : second < goes ? spot : spot + speed * (second - goes),
    d: lane,
  });
  const until = goes + (to - spot) / speed;
  return {
    fromSecond: arrives,
    untilSecond: until,
    anomaly: index,
    box: [0.9, 0.9],
    place,
    draw(second, stage) {
      const here = place(second);
      const angle = tilt(second);
      const walks = second < atSecond || second >= goes;
      stage.shadow(here, 1.7 * Math.max(0.15, Math.cos(angle)), 0.2, 0);
      const sink = stage.shapes(here);
      const lay = (point: Point3): Point3 => {
        const ahead = point.s - here.s;
        return {
          s: here.s + ahead * Math.cos(angle) + point.z * Math.sin(angle),
          d: point.d,
          z: Math.max(0.06, point.z * Math.cos(angle) - ahead * Math.sin(angle) + 0.12 * Math.sin(angle)),
        };
      };
      drawPerson(
        {
          capsule: (a, ra, b, rb, color) => sink.capsule(lay(a), ra, lay(b), rb, color),
          face: (corners, color) => sink.face(corners.map(lay), color),
        },
        person,
        here,
        0,
        gaitPose(second * 6, walks ? 1 : 0),
      );
    },
  };
}

/** The moments at which a figure is the anomaly that it stands for: one who falls was normal before, and is again after. */
function isStrange(figure: Figure, planned: PlannedAnomaly, second: number): boolean {
  if (second < figure.fromSecond || second >= figure.untilSecond) return false;
  if (planned.kind !== 'fall') return true;
  return second >= planned.atSecond && figure.place(second).s === figure.place(planned.atSecond + 1).s;
}

/** When a planned anomaly is to be seen; null if it never is. Read from the figures that are drawn, ten times a second. */
export function eventOf(figures: readonly Figure[], planned: PlannedAnomaly, view: View): SceneEvent | null {
  const strange = figures.filter((figure) => figure.anomaly !== null);
  if (strange.length === 0) return null;
  const from = Math.min(...strange.map((figure) => figure.fromSecond));
  const until = Math.max(...strange.map((figure) => figure.untilSecond));
  let first = Number.NaN;
  let last = Number.NaN;
  for (let tick = Math.ceil(from * 10); tick <= until * 10; tick += 1) {
    const second = tick / 10;
    const seen = strange.some(
      (figure) => isStrange(figure, planned, second) && visiblePixels(figure, second, view) >= VISIBLE_PIXELS,
    );
    if (!seen) continue;
    if (Number.isNaN(first)) first = second;
    last = second;
  }
  return Number.isNaN(first) ? null : { kind: planned.kind, startSecond: first, endSecond: last };
}

function visiblePixels(figure: Figure, second: number, view: View): number {
  const { s, d } = figure.place(second);
  const foot = view.project({ s, d, z: 0 });
  const [width, height] = figure.box;
  const x = foot.x - view.shiftX;
  const y = foot.y - view.shiftY;
  const half = (width * foot.scale) / 2;
  const across = Math.min(view.width, x + half) - Math.max(0, x - half);
  const down = Math.min(view.height, y) - Math.max(0, y - height * foot.scale);
  return across > 0 && down > 0 ? across * down : 0;
}
