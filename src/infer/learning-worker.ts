import { parentPort, workerData } from 'node:worker_threads';
import type { LearningTask } from '../score/camera-scorer.ts';
import { headsNamed } from '../score/heads.ts';
import { learnNormality } from '../score/learn-normality.ts';

// The body of a learning thread (learner.ts): one task in, one model out.
const task = workerData as LearningTask;
parentPort?.postMessage(learnNormality(task.samples, headsNamed(task.heads), task.shape, task.seed));
