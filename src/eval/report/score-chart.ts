import { type EvaluatedVideo, eventsOf } from '../evaluated-video.ts';
import { html, type Markup } from './markup.ts';

const WIDTH = 900;
const HEIGHT = 90;
const LEFT = 30;
const TOP = 12;
const BOTTOM = 18;
/** Shortest width of a mark, so that a glance finds it. */
const THINNEST = 1.5;

/** The score of one video over its time, with the truth behind it and the alerts above it. */
export function scoreChart(video: EvaluatedVideo): Markup {
  const { frameSeconds, recording } = video;
  const seconds = Math.max(frameSeconds.at(-1) ?? 0, recording.segments.at(-1)?.endSeconds ?? 0, 1e-3);
  const x = (at: number) => round(LEFT + (at / seconds) * WIDTH);
  const y = (score: number) => round(TOP + (1 - score) * HEIGHT);
  const width = (from: number, to: number) => Math.max(THINNEST, round(x(to) - x(from)));
  const events = eventsOf(video);
  return html`<figure class="scores"><figcaption>${video.name} <span>${video.cameraId}</span></figcaption>
<svg viewBox="0 0 ${LEFT + WIDTH + 8} ${TOP + HEIGHT + BOTTOM}" role="img" aria-label="Score of ${video.name} over time">
${events.map(
  ({ startSeconds: from, endSeconds: to }) =>
    html`<rect class="truth" x="${x(from)}" y="${TOP}" width="${width(from, to)}" height="${HEIGHT}"><title>anomaly from ${time(from)} to ${time(to)}</title></rect>`,
)}
${[0, 0.5, 1].map(
  (score) => html`<path class="grid" d="M${LEFT} ${y(score)}h${WIDTH}"/>
<text class="tick" x="${LEFT - 4}" y="${y(score) + 4}" text-anchor="end">${score}</text>`,
)}
<path class="curve" d="${scorePath(video, x, y)}"/>
${recording.alarms.map(
  ({ fromSeconds: from, toSeconds: to }) =>
    html`<g class="alarm"><title>alert at ${time(from)}, incident until ${time(to)}</title><rect x="${x(from)}" y="2" width="${width(from, to)}" height="7"/><path d="M${x(from)} 2v${TOP + HEIGHT - 2}"/></g>`,
)}
${ticksOf(seconds).map(
  (at) => html`<text class="tick" x="${x(at)}" y="${TOP + HEIGHT + 13}" text-anchor="middle">${time(at)}</text>`,
)}
</svg></figure>`;
}

/** One corner a segment; of segments closer than a pixel only the highest. */
function scorePath(video: EvaluatedVideo, x: (at: number) => number, y: (score: number) => number): string {
  const corners: { left: number; right: number; score: number }[] = [];
  for (const { startSeconds, endSeconds, score } of video.recording.segments) {
    const left = x(startSeconds);
    const right = x(endSeconds);
    const last = corners.at(-1);
    if (last && right - last.left < 1)
      corners[corners.length - 1] = { left: last.left, right, score: Math.max(last.score, score) };
    else corners.push({ left, right, score });
  }
  return corners.map(({ left, right, score }, i) => `${i ? 'L' : 'M'}${left} ${y(score)}H${right}`).join('');
}

function ticksOf(seconds: number): number[] {
  const step =
    [1, 2, 5, 10, 30, 60, 300, 600, 1800, 3600, 7200, 21_600, 86_400].find((one) => seconds / one <= 10) ?? seconds;
  return Array.from({ length: Math.floor(seconds / step) + 1 }, (_, i) => i * step);
}

function time(seconds: number): string {
  if (seconds < 60) return `${Math.round(seconds * 10) / 10} s`;
  const whole = Math.round(seconds);
  const [hours, minutes, rest] = [Math.floor(whole / 3600), Math.floor(whole / 60) % 60, whole % 60];
  const two = (value: number) => String(value).padStart(2, '0');
  return hours > 0 ? `${hours}:${two(minutes)}:${two(rest)}` : `${minutes}:${two(rest)}`;
}

function round(pixels: number): number {
  return Math.round(pixels * 10) / 10;
}
