import { defineConfig } from 'vitest/config';

/** `unit`: pure code and in-process parts, seconds. `integration`: real ffmpeg, RTSP, Redis, PostgreSQL. */
export default defineConfig({
  test: {
    env: { ORT_DISABLE_TELEMETRY: '1' },
    projects: [
      {
        test: {
          name: 'unit',
          sequence: { groupOrder: 0 },
          include: ['test/unit/**/*.test.ts'],
          testTimeout: 20_000,
          hookTimeout: 30_000,
          maxWorkers: '100%',
          // files of one worker share their modules: a quarter of the time went into loading them once more for each file
          isolate: false,
        },
      },
      {
        test: {
          name: 'integration',
          globalSetup: ['test/support/build-once.ts'],
          // after the unit tests, two files at a time: they mostly wait for real time to pass
          sequence: { groupOrder: 1 },
          include: ['test/integration/**/*.test.ts'],
          testTimeout: 120_000,
          hookTimeout: 120_000,
          maxWorkers: 2,
        },
      },
    ],
  },
});
