import { createHash } from 'node:crypto';
import { MOTION_GRID_CHANNELS, MOTION_LATTICE_CHANNELS } from '../../src/score/motion-grid-channels.ts';
import {
  buildMotionGrid,
  MOTION_GRID_INPUT,
  MOTION_GRID_OUTPUT,
  MOTION_GRID_VERSION,
  MOTION_LATTICE_OUTPUT,
} from './motion-grid-graph.ts';

/** The files of `models/motion-grid`: name and bytes. The same sources always give the same bytes. */
export function buildMotionGridPack(): readonly { readonly name: string; readonly bytes: Uint8Array }[] {
  const graph = buildMotionGrid();
  const manifest = {
    id: 'motion-grid',
    version: MOTION_GRID_VERSION,
    kind: 'extractor',
    task: 'motion and appearance statistics',
    description:
      'Per cell of a grid over half a second: Lucas-Kanade velocity on three scales, temporal energies, edge directions, brightness. Computed by formula; nothing is trained.',
    licence: 'Apache-2.0',
    files: [
      {
        path: 'motion-grid.onnx',
        sha256: createHash('sha256').update(graph).digest('hex'),
        sizeBytes: graph.length,
        source: 'scripts/build-motion-grid.ts',
      },
    ],
    input: {
      name: 'frames',
      ...MOTION_GRID_INPUT,
      channels: 1,
      layout: 'NTHW',
      type: 'uint8',
    },
    output: {
      name: 'grid',
      dims: [MOTION_GRID_OUTPUT.rows, MOTION_GRID_OUTPUT.columns, MOTION_GRID_CHANNELS.length],
      meaning: MOTION_GRID_CHANNELS,
    },
    lattice: {
      name: 'lattice',
      dims: [MOTION_LATTICE_OUTPUT.rows, MOTION_LATTICE_OUTPUT.columns, MOTION_LATTICE_CHANNELS.length],
      meaning: MOTION_LATTICE_CHANNELS,
    },
  };
  return [
    { name: 'motion-grid.onnx', bytes: graph },
    { name: 'pack.json', bytes: Buffer.from(`${readableJson(manifest)}\n`, 'utf8') },
  ];
}

const LINE_WIDTH = 120;

/** JSON as the formatter leaves it: a list stands on one line where it fits. */
function readableJson(value: unknown): string {
  return JSON.stringify(value, null, 2).replace(/^(.*)(\[[^[\]{}]+\])/gm, (whole, before: string, list: string) => {
    const line = before + list.replace(/\s+/g, ' ').replace('[ ', '[').replace(' ]', ']');
    return line.length < LINE_WIDTH ? line : whole;
  });
}
