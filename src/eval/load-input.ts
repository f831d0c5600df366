import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { problem, reasonOf } from '../platform/errors.ts';
import { type Dataset, parseDataset } from './dataset.ts';
import { parseScoreFile, type ScoreFile } from './score-file.ts';

/**
 * Reads a dataset file and checks that its videos are there.
 * @throws VDT_DATASET_INVALID, VDT_DATASET_VIDEO_MISSING
 */
export async function loadDataset(file: string): Promise<Dataset> {
  const text = await readFile(file, 'utf8').catch((thrown) => {
    throw problem('VDT_DATASET_INVALID', { file, field: 'the file', reason: `cannot be read: ${reasonOf(thrown)}` });
  });
  return parseDataset(text, { file, exists: existsSync });
}

/**
 * Reads a score file.
 * @throws VDT_SCORE_FILE_INVALID
 */
export async function loadScoreFile(file: string): Promise<ScoreFile> {
  const text = await readFile(file, 'utf8').catch((thrown) => {
    throw problem('VDT_SCORE_FILE_INVALID', { file, field: 'the file', reason: `cannot be read: ${reasonOf(thrown)}` });
  });
  return parseScoreFile(text, file);
}
