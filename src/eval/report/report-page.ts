import { toRfc3339 } from '../../platform/clock.ts';
import type { EvalReport } from '../driver.ts';
import { clipsSections } from './clips-sections.ts';
import type { EvalEvidence } from './evidence.ts';
import { html, Markup } from './markup.ts';
import { sceneSections } from './scene-sections.ts';
import { STYLE } from './style.ts';
import { figureRows, figureText, tableOf } from './table.ts';

export interface ReportContext {
  /** UTC ms. */
  readonly madeMs: number;
  /** Name and value of every setting that the figures depend on. */
  readonly settings: readonly (readonly [string, string])[];
}

/** An evaluation as one HTML page that needs nothing else: no script, no network, no other file. */
export function reportPage(report: EvalReport, evidence: EvalEvidence, { madeMs, settings }: ReportContext): string {
  const { notes, packs, name, kind, ...figures } = report;
  const used = packs.map((pack) => `${pack.id} ${pack.version}`).join(', ');
  const sections =
    report.kind === 'scene' && evidence.kind === 'scene'
      ? sceneSections(report, evidence.videos)
      : report.kind === 'clips' && evidence.kind === 'clips'
        ? clipsSections(report, evidence.clips)
        : null;
  const page = html`<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">
<title>${name}: detection figures</title><style>${new Markup(STYLE)}</style></head><body>
<header><h1>${name}</h1><p>${kind === 'scene' ? 'Fixed cameras' : 'Single clips'}, ${used}, ${toRfc3339(madeMs)}</p></header>
<ul class="headline">${headline(report).map(([label, value]) => html`<li><b>${value}</b>${label}</li>`)}</ul>
${notes.length > 0 ? html`<section class="notes"><h2>To be kept in mind</h2><ul>${notes.map((note) => html`<li>${note}</li>`)}</ul></section>` : null}
${sections}
<section><h2>All figures</h2>${tableOf(['figure', 'value'], figureRows(figures))}</section>
<section><h2>Settings</h2>${tableOf(['setting', 'value'], settings)}</section>
</body></html>
`;
  return page.text;
}

function headline(report: EvalReport): (readonly [label: string, value: string])[] {
  const text = (value: number | null) => (value === null ? '–' : figureText(value));
  if (report.kind === 'clips')
    return [
      ['AUC', text(report.auc)],
      ['accuracy', text(report.accuracy)],
    ];
  const rate = report.falseAlertsPerCameraDay;
  return [
    ['frame AUC (micro)', text(report.frameAuc)],
    ['frame AUC (macro)', text(report.frameAucMacro)],
    ['average precision', text(report.ap)],
    ['event recall', text(report.eventRecall)],
    ['s to detect, median', text(report.timeToDetectSeconds.p50)],
    [`false alerts a camera-day (${text(rate.low)} to ${text(rate.high)})`, text(rate.value)],
  ];
}
