import { type CurvePoint, thinned } from '../metrics/curves.ts';
import { html, type Markup } from './markup.ts';

export interface Curve {
  readonly name: string;
  /** Both coordinates 0 to 1. */
  readonly points: readonly CurvePoint[];
  /** Controls are drawn thin and dashed, behind the rest. */
  readonly isControl?: boolean;
}

interface ChartText {
  readonly title: string;
  readonly x: string;
  readonly y: string;
}

const SIZE = 300;
const LEFT = 44;
const TOP = 12;
const BOTTOM = 40;
const TICKS = [0, 0.25, 0.5, 0.75, 1];

/** A square chart of curves over the unit square, with a legend beneath. */
export function curveChart({ title, x, y }: ChartText, curves: readonly Curve[]): Markup {
  const drawn = [...curves].sort((a, b) => Number(b.isControl ?? false) - Number(a.isControl ?? false));
  const style = (curve: Curve) =>
    curve.isControl ? `control c${1 + curves.filter((one) => one.isControl).indexOf(curve)}` : 'curve';
  return html`<figure class="chart"><figcaption>${title}</figcaption>
<svg viewBox="0 0 ${LEFT + SIZE + 10} ${TOP + SIZE + BOTTOM}" role="img" aria-label="${title}">
${TICKS.map((tick) => gridLines(tick))}
<text class="axis" x="${LEFT + SIZE / 2}" y="${TOP + SIZE + 34}" text-anchor="middle">${x}</text>
<text class="axis" transform="translate(12 ${TOP + SIZE / 2}) rotate(-90)" text-anchor="middle">${y}</text>
${drawn.map((curve) => html`<path class="${style(curve)}" d="${pathOf(curve.points)}"><title>${curve.name}</title></path>`)}
</svg>
<ul class="legend">${curves.map((curve) => html`<li class="${style(curve)}">${curve.name}</li>`)}</ul></figure>`;
}

function gridLines(tick: number): Markup {
  const at = { x: LEFT + tick * SIZE, y: TOP + (1 - tick) * SIZE };
  return html`<path class="grid" d="M${at.x} ${TOP}v${SIZE}M${LEFT} ${at.y}h${SIZE}"/>
<text class="tick" x="${at.x}" y="${TOP + SIZE + 14}" text-anchor="middle">${tick}</text>
<text class="tick" x="${LEFT - 5}" y="${at.y + 4}" text-anchor="end">${tick}</text>`;
}

function pathOf(points: readonly CurvePoint[]): string {
  return thinned(points)
    .map(({ x, y }, index) => `${index ? 'L' : 'M'}${round(LEFT + x * SIZE)} ${round(TOP + (1 - y) * SIZE)}`)
    .join('');
}

function round(pixels: number): number {
  return Math.round(pixels * 10) / 10;
}
