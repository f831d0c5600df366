import { html, type Markup } from './markup.ts';

type Cell = string | number | null;

/** A table; numbers are rounded to a readable length and stand right, null is a dash. */
export function tableOf(head: readonly string[], rows: readonly (readonly Cell[])[]): Markup {
  return html`<div class="table"><table><thead><tr>${head.map((name, column) => (typeof rows[0]?.[column] === 'number' ? html`<th class="number">${name}</th>` : html`<th>${name}</th>`))}</tr></thead><tbody>
${rows.map((row) => html`<tr>${row.map(cellOf)}</tr>`)}
</tbody></table></div>`;
}

/** A report's figures as rows of dotted name and value; lists of objects are numbered. */
export function figureRows(value: unknown, path = ''): (readonly [string, Cell])[] {
  if (typeof value === 'object' && value !== null) {
    return Object.entries(value).flatMap(([name, inner]) => figureRows(inner, path ? `${path}.${name}` : name));
  }
  return [[path, typeof value === 'number' || typeof value === 'string' || value === null ? value : String(value)]];
}

export function figureText(value: number): string {
  if (Number.isInteger(value)) return String(value);
  return Math.abs(value) >= 1000 ? value.toFixed(0) : String(Number(value.toPrecision(4)));
}

function cellOf(cell: Cell): Markup {
  if (typeof cell === 'string') return html`<td>${cell}</td>`;
  return html`<td class="number">${cell === null ? '–' : figureText(cell)}</td>`;
}
