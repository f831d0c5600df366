import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, normalize } from 'node:path';
import { describe, expect, test } from 'vitest';

/**
 * Who may import whom (docs/architecture.md). Each room lists what it may know besides itself; what is not listed is refused.
 * `pure` rooms do no I/O: of Node's own modules they may use none, of packages none.
 */
const ROOMS: Readonly<
  Record<string, { readonly may: readonly string[]; readonly pure?: boolean; readonly packages?: readonly string[] }>
> = {
  platform: { may: [] },
  score: { may: [], pure: true },
  incident: { may: [], pure: true },
  'eval/metrics': { may: [], pure: true },
  store: { may: ['platform'] },
  bus: { may: ['platform'] },
  media: { may: ['platform'] },
  scene: { may: ['platform'] },
  ingest: { may: ['platform', 'store', 'bus', 'media'] },
  infer: { may: ['platform', 'store', 'bus', 'media', 'score', 'incident'] },
  deliver: { may: ['platform', 'store', 'bus', 'media'] },
  keep: { may: ['platform', 'store', 'bus', 'media'] },
  api: { may: ['platform', 'store', 'bus', 'media'] },
  eval: { may: ['platform', 'bus', 'score', 'incident', 'eval/metrics'] },
  cli: {
    may: [
      'platform',
      'store',
      'bus',
      'media',
      'scene',
      'ingest',
      'infer',
      'deliver',
      'keep',
      'api',
      'eval',
      'eval/metrics',
      'score',
      'incident',
    ],
  },
};
/** What pure rooms may take from `platform`. They may also import each other's types. */
const PURE_PLATFORM = ['platform/clock.ts', 'platform/errors.ts', 'platform/ids.ts'];
const PURE_ROOMS = Object.entries(ROOMS)
  .filter(([, room]) => room.pure)
  .map(([name]) => name);

interface Import {
  readonly from: string;
  readonly specifier: string;
  /** Path below src for a relative import, null for a package or Node's own module. */
  readonly target: string | null;
  readonly typeOnly: boolean;
}

function importsOf(file: string): Import[] {
  const text = readFileSync(join('src', file), 'utf8');
  const found: Import[] = [];
  for (const match of text.matchAll(/^\s*(import|export)\s+(type\s+)?(?:[^'"();]*?\sfrom\s+)?'([^']+)'/gm)) {
    found.push(importOf(file, match[3] ?? '', match[2] !== undefined));
  }
  for (const match of text.matchAll(/\bimport\(\s*'([^']+)'\s*\)/g)) found.push(importOf(file, match[1] ?? '', false));
  return found;
}

function importOf(from: string, specifier: string, typeOnly: boolean): Import {
  return {
    from,
    specifier,
    target: specifier.startsWith('.') ? normalize(join(dirname(from), specifier)) : null,
    typeOnly,
  };
}

const roomOf = (file: string): string => {
  const rooms = Object.keys(ROOMS).filter((room) => file.startsWith(`${room}/`));
  return rooms.sort((a, b) => b.length - a.length)[0] ?? 'none';
};

const files = readdirSync('src', { recursive: true, encoding: 'utf8' }).filter(
  (file) => /\.tsx?$/.test(file) && !file.startsWith('web/'),
);
const imports = files.flatMap(importsOf);

describe('import rules', () => {
  test('the sources were found', () => {
    expect(files.length).toBeGreaterThan(50);
    expect(imports.length).toBeGreaterThan(200);
  });

  test('every file lies in a room', () => {
    expect(files.filter((file) => roomOf(file) === 'none')).toEqual([]);
  });

  test('rooms import only what they may', () => {
    const faults = imports.flatMap((entry) => {
      if (entry.target === null) return [];
      const room = roomOf(entry.from);
      const target = roomOf(entry.target);
      if (target === room || ROOMS[room]?.may.includes(target)) return [];
      if (
        ROOMS[room]?.pure &&
        (PURE_PLATFORM.includes(entry.target) || (entry.typeOnly && PURE_ROOMS.includes(target)))
      )
        return [];
      return [`${entry.from} imports ${entry.target}`];
    });
    expect(faults).toEqual([]);
  });

  test('pure rooms do no I/O: no packages, none of Node’s modules, no globals that reach out', () => {
    const faults = imports
      .filter((entry) => ROOMS[roomOf(entry.from)]?.pure && entry.target === null)
      .map((entry) => `${entry.from} imports ${entry.specifier}`);
    const reaching = files.filter(
      (file) =>
        ROOMS[roomOf(file)]?.pure &&
        /\b(fetch|process|setTimeout|setInterval)\s*[(.]|Math\.random|Date\.now|new Date\(\)/.test(
          readFileSync(join('src', file), 'utf8'),
        ),
    );
    expect([...faults, ...reaching]).toEqual([]);
  });

  test('time comes from the clock alone', () => {
    const allowed = ['platform/clock.ts'];
    const faults = files.filter(
      (file) => !allowed.includes(file) && /\bDate\.now\(|\bsetTimeout\(|\bsetInterval\(/.test(withoutComments(file)),
    );
    expect(faults).toEqual([]);
  });

  test('no circles between files', () => {
    const edges = new Map<string, string[]>();
    for (const entry of imports)
      if (entry.target !== null) edges.set(entry.from, [...(edges.get(entry.from) ?? []), entry.target]);
    const state = new Map<string, 'open' | 'done'>();
    const circles: string[] = [];
    const visit = (file: string, path: readonly string[]) => {
      if (state.get(file) === 'done') return;
      if (state.get(file) === 'open') {
        circles.push([...path.slice(path.indexOf(file)), file].join(' -> '));
        return;
      }
      state.set(file, 'open');
      for (const next of edges.get(file) ?? []) visit(next, [...path, file]);
      state.set(file, 'done');
    };
    for (const file of files) visit(file, []);
    expect(circles).toEqual([]);
  });

  test('no default exports, no any, no unfinished words', () => {
    const faults = files.filter((file) =>
      /\bexport default\b|\bas any\b|: any\b|\b(TODO|FIXME|XXX)\b/.test(withoutComments(file)),
    );
    expect(faults).toEqual([]);
  });

  test('the entry stays small', () => {
    expect(readFileSync('src/cli/main.ts', 'utf8').split('\n').length).toBeLessThan(60);
  });
});

function withoutComments(file: string): string {
  return readFileSync(join('src', file), 'utf8')
    .replace(/\/\*[\s\S]*?\*\//g, '')
    .replace(/\/\/.*$/gm, '');
}
