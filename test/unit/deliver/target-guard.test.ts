import { describe, expect, it } from 'vitest';
import { TargetGuard } from '../../../src/deliver/target-guard.ts';

function guardOf(allowTargets: readonly string[] = [], answers: Readonly<Record<string, readonly string[]>> = {}) {
  return new TargetGuard({
    allowTargets,
    resolveHost: async (host) => {
      const answer = answers[host];
      if (!answer) throw new Error(`queryA ENOTFOUND ${host}`);
      return answer;
    },
  });
}

const PUBLIC = ['93.184.215.14', '2606:2800:21f:cb07:6820:80da:af6b:8b2c'];

describe('webhook target guard', () => {
  it('lets a public host through with all of its addresses', async () => {
    const target = await guardOf([], { 'example.com': PUBLIC }).check('https://example.com/hook?x=1');
    expect(target.addresses.map((entry) => entry.family)).toEqual([4, 6]);
  });

  it.each([
    ['this network', '0.0.0.0'],
    ['this network', '0.1.2.3'],
    ['private', '10.1.2.3'],
    ['private', '172.16.0.1'],
    ['private', '172.31.255.254'],
    ['private', '192.168.1.1'],
    ['loopback', '127.0.0.1'],
    ['loopback', '127.255.255.254'],
    ['metadata', '169.254.169.254'],
    ['carrier-grade NAT', '100.64.0.1'],
    ['multicast', '224.0.0.1'],
    ['broadcast', '255.255.255.255'],
    ['reserved', '240.0.0.1'],
    ['IETF protocol assignments', '192.0.0.1'],
    ['documentation', '192.0.2.1'],
    ['documentation', '198.51.100.7'],
    ['documentation', '203.0.113.9'],
    ['benchmarking', '198.18.0.1'],
    ['benchmarking', '198.19.255.255'],
    ['6to4 relay', '192.88.99.1'],
    ['unspecified', '::'],
    ['loopback', '::1'],
    ['unique local', 'fd00::1'],
    ['unique local', 'fc12::1'],
    ['link-local', 'fe80::1'],
    ['site-local', 'fec0::1'],
    ['multicast', 'ff02::1'],
    ['IPv4-mapped private', '::ffff:10.0.0.1'],
    ['IPv4-mapped loopback', '::ffff:7f00:1'],
    ['IPv4-mapped metadata', '::ffff:a9fe:a9fe'],
    ['IPv4-compatible', '::7f00:1'],
    ['NAT64', '64:ff9b::7f00:1'],
    ['local NAT64', '64:ff9b:1::a9fe:a9fe'],
    ['6to4', '2002:7f00:1::'],
    ['Teredo', '2001:0:53aa:64c::1'],
    ['documentation', '2001:db8::1'],
    ['documentation', '3fff::1'],
    ['benchmarking', '2001:2::1'],
    ['discard', '100::1'],
    ['segment routing', '5f00::1'],
    ['outside of what is handed out', '4000::1'],
  ])('refuses %s %s, as an answer and as a literal', async (_what, address) => {
    const guard = guardOf([], { 'evil.example': [address] });
    await expect(guard.check('https://evil.example/')).rejects.toMatchObject({ code: 'VDT_TARGET_REFUSED' });
    const literal = address.includes(':') ? `[${address}]` : address;
    await expect(guard.check(`https://${literal}/`)).rejects.toMatchObject({ code: 'VDT_TARGET_REFUSED' });
  });

  it.each([
    'http://0x7f.1/',
    'http://2130706433/',
    'http://0177.0.0.1/',
    'http://127.1/',
    'http://[::ffff:127.0.0.1]/',
  ])('sees through the spelling %s', async (url) => {
    await expect(guardOf().check(url)).rejects.toMatchObject({ code: 'VDT_TARGET_REFUSED' });
  });

  it('refuses a host with one good and one bad address', async () => {
    const guard = guardOf([], { 'mixed.example': [...PUBLIC, '10.0.0.1'] });
    await expect(guard.check('https://mixed.example/')).rejects.toMatchObject({ code: 'VDT_TARGET_REFUSED' });
  });

  it.each([
    ['ftp://example.com/', /https/],
    ['file:///etc/passwd', /https/],
    ['javascript:alert(1)', /https/],
    ['not a url', /not a URL/],
    ['https://user:geheim@example.com/', /password/],
    ['https://example.com/#part', /fragment/],
    ['https://example.com:22/', /port 22/],
    ['https://example.com:25/', /port 25/],
    ['https://example.com:0/', /port 0/],
    [`https://example.com/${'a'.repeat(3_000)}`, /longer/],
    ['https://exa%20mple.com/', /./],
  ])('refuses the form of %.60s', async (url, reason) => {
    const error = await guardOf([], { 'example.com': PUBLIC })
      .check(url)
      .then(
        () => null,
        (thrown: unknown) => thrown,
      );
    expect(error).toMatchObject({ code: 'VDT_TARGET_INVALID' });
    expect(String(error)).toMatch(reason);
    expect(String(error)).not.toContain('geheim');
  });

  it('tells a host without an address, as something that may pass', async () => {
    const check = guardOf().check('https://nowhere.example/');
    await expect(check).rejects.toMatchObject({ code: 'VDT_TARGET_UNRESOLVED', retryable: true });
    await expect(guardOf([], { 'empty.example': [] }).check('https://empty.example/')).rejects.toMatchObject({
      code: 'VDT_TARGET_UNRESOLVED',
    });
  });

  it('lets through what an allowed network holds, in any clothes, and nothing beside it', async () => {
    const guard = guardOf(['10.1.0.0/16', '127.0.0.1', 'fd00:1::/32'], { 'a.internal': ['10.1.2.3', 'fd00:1::5'] });
    await guard.check('http://10.1.2.3/');
    await guard.check('http://[::ffff:10.1.2.3]/');
    await guard.check('http://127.0.0.1:9000/');
    await guard.check('http://a.internal/');
    await expect(guard.check('http://10.2.0.1/')).rejects.toMatchObject({ code: 'VDT_TARGET_REFUSED' });
    await expect(guard.check('http://127.0.0.2/')).rejects.toMatchObject({ code: 'VDT_TARGET_REFUSED' });
    await expect(guard.check('http://[fd00:2::1]/')).rejects.toMatchObject({ code: 'VDT_TARGET_REFUSED' });
  });

  it('lets an allowed host name lead into private networks, but not to metadata, and allows no other name', async () => {
    const answers = { 'siem.lan': ['192.168.7.7'], 'other.lan': ['192.168.7.7'], 'meta.lan': ['169.254.169.254'] };
    const guard = guardOf(['SIEM.lan', 'meta.lan'], answers);
    await guard.check('https://siem.lan/hook');
    await guard.check('https://siem.lan./hook');
    await expect(guard.check('https://other.lan/')).rejects.toMatchObject({ code: 'VDT_TARGET_REFUSED' });
    await expect(guard.check('https://192.168.7.7/')).rejects.toMatchObject({ code: 'VDT_TARGET_REFUSED' });
    await expect(guard.check('https://meta.lan/')).rejects.toMatchObject({ code: 'VDT_TARGET_REFUSED' });
  });

  it.each(['10.0.0.0/33', 'http://siem.lan', 'siem.lan:8080', '10.0.0', ''])(
    'refuses the configuration entry "%s"',
    (entry) => {
      expect(() => guardOf([entry])).toThrow(/allowTargets/);
    },
  );
});
