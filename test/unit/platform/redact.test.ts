import { describe, expect, test } from 'vitest';
import { createLogger } from '../../../src/platform/logger.ts';
import { redactSecrets } from '../../../src/platform/redact.ts';

describe('redaction', () => {
  test.each([
    'Error opening rtsp://admin:canary-password@10.0.0.2:554/live: 401',
    "Impossible to open 'rtsp://admin:canary-password@10.0.0.2/live'",
    'rtsp://admin:pa@canary-password@10.0.0.2/live',
    'https://canary-password@hooks.example/x',
    'whsec_canary-passwordAAAA=',
    'key vdt_canary-password-0123456789',
    'Authorization: Basic canary-password',
    '{"authorization":"Bearer canary-password"}',
  ])('cleans %s', (text) => {
    expect(redactSecrets(text)).not.toContain('canary-password');
  });

  test('leaves ordinary text alone', () => {
    const text = 'rtsp://10.0.0.2:554/live stalled after 15 s (mail a@b.example)';
    expect(redactSecrets(text)).toBe(text);
  });

  test('every log line is cleaned: message, error, stack and nested fields', () => {
    const lines: string[] = [];
    const log = createLogger({ level: 'info', destination: { write: (line) => void lines.push(line) } });
    const url = 'rtsp://admin:canary-password@cam/1';
    log.info({ deep: { deeper: { url } }, err: new Error(`cannot open ${url}`) }, `opening ${url}`);
    expect(lines.join('')).toContain('cam/1');
    expect(lines.join('')).not.toContain('canary-password');
  });
});
