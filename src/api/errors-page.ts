import { ERROR_KINDS } from '../platform/errors.ts';

const escapeHtml = (text: string) => text.replace(/[&<>"]/g, (each) => `&#${each.charCodeAt(0)};`);

/** Every error kind as a page; the `type` of a problem detail points at its row. */
export function errorsPage(): string {
  const rows = Object.entries(ERROR_KINDS).map(
    ([code, kind]) =>
      `<tr id="${code}"><td><code>${code}</code></td><td>${kind.status}</td><td>${kind.retryable ? 'yes' : 'no'}</td>` +
      `<td>${escapeHtml(kind.message)}</td><td>${escapeHtml(kind.hint)}</td></tr>`,
  );
  return `<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>Vedette: errors</title>
<style>body{font:15px/1.5 system-ui,sans-serif;margin:2rem;max-width:75rem}td,th{padding:.4rem .8rem;text-align:left;vertical-align:top;border-bottom:1px solid #8884}tr:target{background:#fc03}</style>
</head><body><h1>Errors</h1>
<table><thead><tr><th>Code</th><th>Status</th><th>Try again</th><th>What it says</th><th>What to do</th></tr></thead>
<tbody>${rows.join('\n')}</tbody></table></body></html>
`;
}
