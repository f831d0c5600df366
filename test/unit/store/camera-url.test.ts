import { describe, expect, it } from 'vitest';
import { joinCameraUrl, splitCameraUrl } from '../../../src/store/camera-url.ts';

describe('parting a camera URL', () => {
  it.each([
    'rtsp://admin:secret@10.0.0.5:554/Streaming/Channels/101',
    'rtsps://admin:p%40s%3As%2F%23%25%3F@cam.local/live?profile=1&x=%20',
    'rtsp://admin:@10.0.0.5/live',
    'rtsp://only-user:@10.0.0.5/live',
    'http://10.0.0.5/video.cgi?user=admin&pwd=hunter2&size=1',
    'rtsp://u:p@[fe80::1]:8554/live',
    'rtmp://10.0.0.5/app/stream',
    'https://cam.example/live.m3u8?token=a%2Fb%3D%3D',
  ])('%s comes back as it was', (text) => {
    const { url, secrets } = splitCameraUrl(text);
    expect(joinCameraUrl(url, secrets)).toBe(text);
  });

  it('shows neither userinfo nor the values of secret parameters', () => {
    const { url } = splitCameraUrl('http://admin:one@10.0.0.5/v.cgi?usr=x&PWD=two&access_token=three&channel=4');
    expect(url).toBe('http://10.0.0.5/v.cgi?usr=x&PWD=***&access_token=***&channel=4');
  });

  it('keeps a password with a literal % that looks like an encoding', () => {
    const { url, secrets } = splitCameraUrl('rtsp://u:100%2541@cam/live');
    expect(secrets?.password).toBe('100%41');
    expect(joinCameraUrl(url, secrets)).toBe('rtsp://u:100%2541@cam/live');
  });

  it.each([
    ['rtsp://admin:12/hunter2@10.0.0.5/live', 'a slash in the password'],
    ['rtsp://admin:p@12/hunter2@10.0.0.5/live', 'an at sign and a slash in it'],
    ['rtsp://admin:12?hunter2@10.0.0.5/live', 'a question mark in it'],
    ['rtsp://admin:hunter2#@10.0.0.5/live', 'a hash in it'],
    ['rtsp://admin:hunter2%zz@10.0.0.5/live', 'a broken encoding'],
    ['hunter2', 'no URL'],
    ['rtsp:///hunter2', 'no host'],
    ['file:///etc/hunter2', 'a scheme outside the list'],
    ['concat:rtsp://hunter2', 'a protocol of ffmpeg'],
  ])('refuses %s (%s) without quoting it', (text) => {
    let thrown: unknown;
    try {
      splitCameraUrl(text);
    } catch (error) {
      thrown = error;
    }
    expect(thrown).toMatchObject({ code: 'VDT_REQUEST_INVALID', values: { field: 'url' } });
    expect(JSON.stringify(thrown) + String(thrown)).not.toContain('hunter2');
    expect((thrown as Error).cause).toBeUndefined();
  });
});
