import { describe, expect, test } from 'vitest';
import { concatScript } from '../../../src/ingest/concat-script.ts';
import { checkSourceHost, forbiddenAddress } from '../../../src/ingest/source-host.ts';
import { parseSourceUrl } from '../../../src/ingest/source-url.ts';

describe('a camera URL', () => {
  test.each([
    ['rtsp://192.0.2.1/live', 'rtsp', '192.0.2.1', 554],
    ['rtsps://camera.example:8322/live', 'rtsps', 'camera.example', 8322],
    ['rtmp://camera/app/stream', 'rtmp', 'camera', 1935],
    ['http://[fd00::1]/video.m3u8', 'http', 'fd00::1', 80],
    ['HTTPS://user:p%40ss@camera/mjpeg?x=1', 'https', 'camera', 443],
  ])('%s is taken', (text, scheme, host, port) => {
    expect(parseSourceUrl(text)).toMatchObject({ scheme, host, port });
  });

  test.each([
    ['', /empty/],
    ['file:///etc/passwd', /scheme "file:"/],
    ['/etc/passwd', /scheme:\/\//],
    ['concat:/etc/passwd|/etc/hosts', /scheme:\/\//],
    ['concat://x', /scheme "concat:"/],
    ['subfile,,start,0,end,9,,:/etc/passwd', /scheme:\/\//],
    ['exec:rm -rf', /space/],
    ['exec://rm', /scheme "exec:"/],
    ['rtsp+exec://host/', /not allowed/],
    ['-i rtsp://host/', /space/],
    ['-rtsp://host/', /"-"/],
    ["rtsp://host/a\nfile '/etc/passwd'", /line break/],
    ['rtsp://host/\u0000', /control/],
    [' rtsp://host/', /space/],
    ['rtsp:///live', /host/],
    ['rtsp://', /host|valid/],
    ['rtsp://host\\@evil/', /backslash/],
    ['rtsp://admin:12/34@host/live', /"@"|valid/],
    ['rtsp://admin:12#34@host/live', /"#"|valid/],
    ['rtsp://host:99999/', /valid/],
    ['rtsp://host:0/', /port 0/],
    [`rtsp://host/${'a'.repeat(3_000)}`, /longer/],
    ['pipe:0', /scheme:\/\//],
    ['data:text/plain,x', /scheme:\/\//],
    ['ftp://host/x', /not allowed/],
    ['javascript://host/%0a', /not allowed/],
  ])('%j is refused with the reason and a remedy', (text, reason) => {
    const refusal = (() => {
      try {
        parseSourceUrl(text);
      } catch (error) {
        return error;
      }
      return null;
    })();
    expect(refusal).toMatchObject({
      code: 'VDT_CAMERA_URL_REFUSED',
      values: { field: 'url', reason: expect.stringMatching(reason) },
    });
    expect((refusal as { hint: string }).hint).not.toBe('');
  });

  test('is not repeated in its refusal', () => {
    expect(() => parseSourceUrl('ftp://admin:c4nary@host/')).toThrow(/^(?!.*c4nary)/);
  });
});

describe('the host of a camera', () => {
  test.each(['10.0.0.7', '192.168.1.2', '127.0.0.1', '::1', 'fd00::7', '203.0.113.9', '100.64.0.1'])(
    'may be %s',
    (address) => {
      expect(forbiddenAddress(address)).toBeNull();
    },
  );

  test.each([
    '169.254.169.254',
    '::ffff:169.254.169.254',
    '64:ff9b::a9fe:a9fe',
    'fe80::1',
    '224.0.0.1',
    'ff02::1',
    '0.0.0.0',
    '::',
    '255.255.255.255',
    'fd00:ec2::254',
    '100.100.100.200',
    'nonsense',
  ])('may not be %s', (address) => {
    expect(forbiddenAddress(address)).not.toBeNull();
  });

  test('is refused if one of its addresses is forbidden', async () => {
    const lookup = async () => ['192.0.2.1', '169.254.169.254'];
    await expect(checkSourceHost('two.example', lookup)).rejects.toMatchObject({ code: 'VDT_CAMERA_URL_REFUSED' });
  });

  test('written as a number goes through the resolver, which knows such spellings', async () => {
    const asked: string[] = [];
    const lookup = async (host: string) => {
      asked.push(host);
      return ['169.254.169.254'];
    };
    await expect(checkSourceHost('2852039166', lookup)).rejects.toMatchObject({ code: 'VDT_CAMERA_URL_REFUSED' });
    expect(asked).toEqual(['2852039166']);
  });
});

describe('the script that carries the URL to ffmpeg', () => {
  test('quotes what a URL may hold', () => {
    expect(concatScript("rtsp://u:it's@h/a'b", { timeout: 5 })).toBe(
      "ffconcat version 1.0\nfile 'rtsp://u:it'\\''s@h/a'\\''b'\noption timeout '5'\n",
    );
  });

  test('has no way to smuggle in a line', () => {
    expect(() => concatScript("rtsp://h/\nfile '/etc/passwd'", {})).toThrow(/line break/);
  });
});
