import { loadScoreFile } from '../eval/load-input.ts';
import { reportScoreFile } from '../eval/metrics-report.ts';
import { type Command, operand } from './command.ts';
import { EXIT_CODES } from './exit-codes.ts';
import { table } from './terminal.ts';

export const metricsCommand: Command = {
  name: 'metrics',
  summary:
    'Computes the detection figures of a score file: AUC (micro, macro, on anomalous videos), AP, PATE, recall and more.',
  usage: 'FILE.json',
  examples: ['vedette metrics scores.json --json'],
  async run(input) {
    const file = await loadScoreFile(operand(input, 0, 'the score file', 'metrics'));
    input.terminal.progress(`computing the figures of ${file.videos.length} videos; the intervals take a few seconds`);
    const report = reportScoreFile(file);
    input.terminal.progressDone();
    input.terminal.print(table(['FIGURE', 'VALUE'], figures(report)));
    input.terminal.result(report);
    return EXIT_CODES.ok.code;
  },
};

/** A report as rows; what is nested becomes a dotted name. */
export function figures(report: object, prefix = ''): string[][] {
  return Object.entries(report).flatMap(([name, value]: [string, unknown]) => {
    const path = prefix ? `${prefix}.${name}` : name;
    if (typeof value === 'number') return [[path, Number.isInteger(value) ? String(value) : value.toFixed(5)]];
    if (Array.isArray(value))
      return value.length === 0
        ? []
        : [[path, value.map((item) => (typeof item === 'object' ? JSON.stringify(item) : String(item))).join(', ')]];
    if (typeof value === 'object' && value !== null) return figures(value, path);
    return [[path, value === null ? 'none' : String(value)]];
  });
}
