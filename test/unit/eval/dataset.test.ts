import { describe, expect, it } from 'vitest';
import { parseDataset } from '../../../src/eval/dataset.ts';
import { loadDataset } from '../../../src/eval/load-input.ts';
import { VedetteError } from '../../../src/platform/errors.ts';

const FILE = '/data/set.json';
const scene = {
  kind: 'scene',
  name: 'yard',
  cameras: [{ id: 'Gate_1', normal: ['n.mp4'], test: [{ file: 'sub/t.mp4', anomalous: [[5, 9]], class: 'Fall' }] }],
};
const clips = { kind: 'clips', name: 'fights', clips: [{ file: 'a.mp4', label: 'fight', group: 'src1' }] };

function parse(content: unknown, exists: (path: string) => boolean = () => true) {
  return parseDataset(typeof content === 'string' ? content : JSON.stringify(content), { file: FILE, exists });
}

function refusal(content: unknown, exists?: (path: string) => boolean): VedetteError {
  try {
    parse(content, exists);
  } catch (thrown) {
    if (thrown instanceof VedetteError) return thrown;
    throw thrown;
  }
  throw new Error('the dataset was accepted');
}

function withTest(test: unknown) {
  return { ...scene, cameras: [{ id: 'a', normal: [], test: [test] }] };
}

describe('a dataset', () => {
  it('of scenes has paths relative to its file, ids of the service and unknown keys let be', () => {
    expect(parse(scene)).toEqual({
      kind: 'scene',
      name: 'yard',
      cameras: [
        {
          id: 'gate-1',
          normal: ['/data/n.mp4'],
          field: 'cameras[0]',
          test: [{ file: '/data/sub/t.mp4', name: 'sub/t.mp4', anomalous: [[5, 9]], field: 'cameras[0].test[0]' }],
        },
      ],
    });
  });

  it('of clips has a label and perhaps a group for each', () => {
    expect(parse({ ...clips, clips: [...clips.clips, { file: '/b.mp4', label: 'normal' }] })).toEqual({
      kind: 'clips',
      name: 'fights',
      clips: [
        { file: '/data/a.mp4', name: 'a.mp4', label: 'fight', group: 'src1' },
        { file: '/b.mp4', name: '/b.mp4', label: 'normal', group: null },
      ],
    });
  });

  it('sorts ranges and merges those that touch or overlap', () => {
    const dataset = parse(
      withTest({
        file: 't.mp4',
        anomalous: [
          [20, 30],
          [0, 4],
          [5, 8],
          [25, 40],
        ],
      }),
    );
    expect(dataset.kind === 'scene' && dataset.cameras[0]?.test[0]?.anomalous).toEqual([
      [0, 8],
      [20, 40],
    ]);
  });

  it.each([
    ['is no JSON', '{', 'the file', /not JSON/],
    ['is a list', [], 'the file', /object, not a list/],
    ['has another kind', { ...scene, kind: 'video' }, 'kind', /"scene" or "clips", not "video"/],
    ['has no name', { ...scene, name: '' }, 'name', /not an empty text/],
    ['has no cameras', { ...scene, cameras: [] }, 'cameras', /is empty/],
    ['has one camera twice', { ...scene, cameras: [...scene.cameras, ...scene.cameras] }, 'cameras[1].id', /twice/],
    ['has an id of signs', { ...scene, cameras: [{ ...scene.cameras[0], id: '%' }] }, 'cameras[0].id', /begin with/],
    ['has no test videos', { ...scene, cameras: [{ id: 'a', test: [] }] }, 'cameras[0].test', /is empty/],
    ['lacks the truth', withTest({ file: 't.mp4' }), 'cameras[0].test[0].anomalous', /a list, not nothing/],
    [
      'has a negative frame',
      withTest({ file: 't', anomalous: [[-1, 3]] }),
      'cameras[0].test[0].anomalous[0]',
      /at least 0/,
    ],
    [
      'has a range backwards',
      withTest({ file: 't', anomalous: [[9, 3]] }),
      'cameras[0].test[0].anomalous[0]',
      /after its end/,
    ],
    ['has a clip without label', { ...clips, clips: [{ file: 'a' }] }, 'clips[0].label', /nothing/],
  ])('that %s is refused with field, reason and remedy', (_, content, field, reason) => {
    const error = refusal(content);
    expect(error).toMatchObject({ code: 'VDT_DATASET_INVALID', values: { file: FILE, field } });
    expect(error.message).toMatch(reason);
    expect(error.hint.length).toBeGreaterThan(10);
  });

  it('names the video that is not there', () => {
    const error = refusal(scene, (path) => !path.endsWith('t.mp4'));
    expect(error).toMatchObject({
      code: 'VDT_DATASET_VIDEO_MISSING',
      values: { field: 'cameras[0].test[0].file', video: '/data/sub/t.mp4' },
    });
  });

  it('that cannot be read says why', async () => {
    await expect(loadDataset('/nowhere/set.json')).rejects.toMatchObject({
      code: 'VDT_DATASET_INVALID',
      message: expect.stringContaining('ENOENT'),
    });
  });
});
