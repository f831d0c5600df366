import { lookup } from 'node:dns/promises';
import ipaddr from 'ipaddr.js';
import { problem, reasonOf } from '../platform/errors.ts';
import { isBlockedPort } from './blocked-ports.ts';

type Address = ipaddr.IPv4 | ipaddr.IPv6;

/** Every address of a host name; injected so that tests can be an evil name server. */
export type ResolveHost = (hostname: string) => Promise<readonly string[]>;

export const systemResolveHost: ResolveHost = async (hostname) =>
  (await lookup(hostname, { all: true, verbatim: true })).map((entry) => entry.address);

export interface CheckedTarget {
  readonly url: URL;
  /** All addresses of the host, each one checked, canonical text; at least one. Connect to these and to nothing else. */
  readonly addresses: readonly { readonly address: string; readonly family: 4 | 6 }[];
}

export interface TargetGuardOptions {
  /** From the configuration: networks (CIDR), single addresses, or host names that may lead into private networks. */
  readonly allowTargets: readonly string[];
  readonly resolveHost?: ResolveHost;
}

/** What a host name (not a network) in `allowTargets` may open. Link-local stays shut: cloud metadata lives there. */
const OPENED_BY_NAME: ReadonlySet<string> = new Set(['private', 'uniqueLocal', 'loopback', 'carrierGradeNat']);
/** A last part of digits alone makes it an address (URL standard), a broken one if it gets as far as here. */
const HOST_NAME = /^(?=.{1,253}$)(?!(?:.*\.)?\d+$)[a-z0-9_]([a-z0-9_-]{0,62})(\.[a-z0-9_][a-z0-9_-]{0,62})*$/;
const LONGEST_URL = 2_048;

/**
 * Decides whether a webhook may go to a URL (invariant 7). No user-given address is trusted: the host is resolved
 * and **every** address must be publicly routable or allowed, so that a name with one good and one bad answer is refused.
 */
export class TargetGuard {
  readonly #networks: readonly (readonly [Address, number])[];
  readonly #hostNames: ReadonlySet<string>;
  readonly #resolveHost: ResolveHost;

  /** Throws VDT_CONFIG_INVALID for an entry that is neither network, address nor host name. */
  constructor(options: TargetGuardOptions) {
    const networks: (readonly [Address, number])[] = [];
    const hostNames = new Set<string>();
    for (const entry of options.allowTargets) {
      const network = parseNetwork(entry);
      if (network) networks.push(network);
      else if (HOST_NAME.test(entry.toLowerCase())) hostNames.add(entry.toLowerCase());
      else {
        throw problem('VDT_CONFIG_INVALID', {
          field: 'webhooks.allowTargets',
          reason: `"${entry}" is neither a network such as 10.0.0.0/8 nor a host name`,
        });
      }
    }
    this.#networks = networks;
    this.#hostNames = hostNames;
    this.#resolveHost = options.resolveHost ?? systemResolveHost;
  }

  /**
   * Checks form and addresses of a webhook URL; used when an endpoint is registered and again at each send.
   * Throws VDT_TARGET_INVALID (form), VDT_TARGET_REFUSED (address) or VDT_TARGET_UNRESOLVED (no such host, retryable).
   */
  async check(rawUrl: string): Promise<CheckedTarget> {
    const url = parseTargetUrl(rawUrl);
    const host = hostOf(url);
    const literal = ipaddr.isValid(host) ? [host] : null;
    const texts = literal ?? (await this.#resolve(host));
    const addresses = texts.map((text) => {
      const address = canonical(text);
      this.#assertOpen(host, address, literal !== null);
      return { address: address.toString(), family: address.kind() === 'ipv4' ? (4 as const) : (6 as const) };
    });
    return { url, addresses };
  }

  async #resolve(host: string): Promise<readonly string[]> {
    let texts: readonly string[];
    try {
      texts = await this.#resolveHost(host);
    } catch (thrown) {
      throw problem('VDT_TARGET_UNRESOLVED', { host, reason: reasonOf(thrown) }, { cause: thrown });
    }
    if (texts.length === 0) throw problem('VDT_TARGET_UNRESOLVED', { host, reason: 'it has no address' });
    return texts;
  }

  #assertOpen(host: string, address: Address, isLiteral: boolean): void {
    const range = address.range();
    // 2000::/3 is all that is handed out (RFC 4291): what lies outside and has no name in the table is shut too
    const isGlobal = range === 'unicast' && (address.kind() === 'ipv4' || inNetwork(address, GLOBAL_IPV6));
    if (isGlobal) return;
    if (this.#networks.some((network) => inNetwork(address, network))) return;
    if (!isLiteral && this.#hostNames.has(host) && OPENED_BY_NAME.has(range)) return;
    throw problem('VDT_TARGET_REFUSED', { host, address: address.toString(), range });
  }
}

const GLOBAL_IPV6: readonly [Address, number] = [ipaddr.parse('2000::'), 3];

/** The URL, if its form is acceptable; throws VDT_TARGET_INVALID, which does not repeat a password. */
export function parseTargetUrl(rawUrl: string): URL {
  const refuse = (reason: string) => problem('VDT_TARGET_INVALID', { reason });
  if (rawUrl.length > LONGEST_URL) throw refuse(`is longer than ${LONGEST_URL} characters`);
  if (!URL.canParse(rawUrl)) throw refuse('is not a URL');
  const url = new URL(rawUrl);
  if (url.protocol !== 'https:' && url.protocol !== 'http:') throw refuse('must begin with https:// or http://');
  if (url.username !== '' || url.password !== '') throw refuse('must not hold a user name or password');
  if (url.hash !== '') throw refuse('must not hold a fragment (#…)');
  const port = url.port === '' ? (url.protocol === 'https:' ? 443 : 80) : Number(url.port);
  if (isBlockedPort(port)) throw refuse(`must not use port ${port}, which belongs to another protocol`);
  const host = hostOf(url);
  if (!ipaddr.isValid(host) && !HOST_NAME.test(host)) throw refuse('has a host that is not a host name');
  return url;
}

/** Lower case, without the brackets of an IPv6 literal and without the root's trailing dot. */
function hostOf(url: URL): string {
  return url.hostname
    .toLowerCase()
    .replace(/^\[|\]$/g, '')
    .replace(/\.$/, '');
}

/** An IPv4 address in IPv6 clothes (`::ffff:10.0.0.1`) is judged, and connected to, as the IPv4 address that it is. */
function canonical(text: string): Address {
  const address = ipaddr.parse(text);
  return address instanceof ipaddr.IPv6 && address.isIPv4MappedAddress() ? address.toIPv4Address() : address;
}

function parseNetwork(entry: string): readonly [Address, number] | null {
  if (ipaddr.isValidCIDR(entry)) {
    const [address, bits] = ipaddr.parseCIDR(entry);
    return [address, bits];
  }
  if (!ipaddr.IPv4.isValidFourPartDecimal(entry) && !ipaddr.IPv6.isValid(entry)) return null;
  const address = canonical(entry);
  return [address, address.kind() === 'ipv4' ? 32 : 128];
}

function inNetwork(address: Address, [network, bits]: readonly [Address, number]): boolean {
  if (address instanceof ipaddr.IPv4) return network instanceof ipaddr.IPv4 && address.match(network, bits);
  return network instanceof ipaddr.IPv6 && address.match(network, bits);
}
