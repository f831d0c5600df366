import { describe, expect, it } from 'vitest';
import type { Dataset } from '../../../src/eval/dataset.ts';
import { evaluate } from '../../../src/eval/driver.ts';
import type { EvalEvidence } from '../../../src/eval/report/evidence.ts';
import { html } from '../../../src/eval/report/markup.ts';
import { reportPage } from '../../../src/eval/report/report-page.ts';
import { ManualClock } from '../../../src/platform/manual-clock.ts';
import { FakePath, frames } from './fake-path.ts';

const EVENT = frames([100, 10], [40, 90], [100, 10]);
const CONTEXT = { madeMs: Date.UTC(2026, 2, 1), settings: [['alertBudgetPerDay', '1']] as const };

async function pageOf(dataset: Dataset, path: FakePath): Promise<string> {
  const evidence: EvalEvidence[] = [];
  const report = await evaluate(dataset, {
    file: 'set.json',
    path,
    clock: new ManualClock(),
    onEvidence: (given) => evidence.push(given),
  });
  const [only] = evidence;
  if (!only || evidence.length > 1) throw new Error(`${evidence.length} times evidence`);
  return reportPage(report, only, CONTEXT);
}

const scene: Dataset = {
  kind: 'scene',
  name: 'street <b> & "yard"',
  cameras: ['gate', 'yard'].map((id) => ({
    id,
    field: id,
    normal: ['n.mp4'],
    test: [{ file: 'a.mp4', name: `${id}/a<script>.mp4`, anomalous: [[100, 139]] as [number, number][], field: 'f' }],
  })),
};
const path = () => new FakePath({ 'n.mp4': frames([40, 5]), 'a.mp4': EVENT });
const count = (page: string, text: string) => page.split(text).length - 1;

describe('the report of a scene', () => {
  it('stands alone: no script, no address, nothing to be fetched', async () => {
    const page = await pageOf(scene, path());
    expect(page).not.toMatch(/<script|<link|<img|<iframe|url\(|https?:\/\/|@import/);
    expect(page).toContain("default-src 'none'");
  });

  it('escapes what comes from the dataset', async () => {
    const page = await pageOf(scene, path());
    expect(page).toContain('<h1>street &lt;b&gt; &amp; &quot;yard&quot;</h1>');
    expect(page).toContain('gate/a&lt;script&gt;.mp4');
  });

  it('draws the curves with their controls, and each video with its truth and its alert', async () => {
    const page = await pageOf(scene, path());
    expect(page).toContain('detector: 1<');
    expect(page).toMatch(/oracle that knows the video but not the moment: 0\.5</);
    expect(page).toMatch(/truth, 0\.4 s late: 0\.9\d+</);
    expect(count(page, '<figure class="scores">')).toBe(2);
    expect(count(page, '<rect class="truth"')).toBe(2);
    expect(page).toContain('<title>anomaly from 10 s to 13.9 s</title>');
    expect(page).toContain('<title>alert at 10.4 s, incident until 13.9 s</title>');
  });

  it('has a row a camera, an event, a figure and a setting, and the notes', async () => {
    const page = await pageOf(scene, path());
    expect(page).toMatch(/<tr><td>yard<\/td><td class="number">1<\/td>/);
    expect(page).toMatch(
      /<td>yard\/a&lt;script&gt;.mp4<\/td><td class="number">10<\/td><td class="number">13.9<\/td><td class="number">0.4<\/td>/,
    );
    expect(page).toContain('<td>panel.controls.delayedTruth.frameAuc</td>');
    expect(page).toContain('<td>alertBudgetPerDay</td><td>1</td>');
    expect(page).toContain('motion-grid 1.0.0');
    expect(page).toContain('2026-03-01T00:00:00.000Z');
    expect(page).toContain('read its interval, not its value');
    expect(page).not.toMatch(/NaN|undefined|Infinity/);
  });

  it('says what was missed', async () => {
    const blind = new FakePath({ 'n.mp4': frames([40, 5]), 'a.mp4': frames([240, 10]) });
    const page = await pageOf(scene, blind);
    expect(count(page, '<td>missed</td>')).toBe(2);
    expect(count(page, 'class="alarm"')).toBe(0);
    expect(page).not.toMatch(/NaN|undefined|Infinity/);
  });
});

it('the report of clips has the curve of its control and every clip', async () => {
  const clips = ['fight', 'normal', 'fight', 'normal'].map((label, i) => ({
    file: `${i}.mp4`,
    name: `${i}.mp4`,
    label,
    group: null,
  }));
  const recordings = Object.fromEntries(
    clips.map(({ file, label }) => [file, frames([10, label === 'fight' ? 90 : 10])]),
  );
  const scorer = {
    name: 'brightness',
    threshold: 0.5,
    startClip: () => ({
      observe: (_: unknown, features: { values: Float32Array } | null) => (features?.values[0] ?? 0) / 100,
    }),
  };
  const page = await pageOf({ kind: 'clips', name: 'fights', clips }, new FakePath(recordings, 2, scorer));
  expect(page).toContain('brightness: 1<');
  expect(page).toMatch(/frame difference alone: \S+</);
  expect(page).toMatch(/<tr><td>0.mp4<\/td><td>0.mp4<\/td><td>anomalous<\/td><td class="number">0.9<\/td>/);
  expect(page).not.toMatch(/NaN|undefined|Infinity/);
});

it('a template escapes values, joins lists, and leaves out null', () => {
  expect(html`<p title="${'"'}">${['a', html`<b>${'<'}</b>`, null, 3]}</p>`.text).toBe(
    '<p title="&quot;">a<b>&lt;</b>3</p>',
  );
});
