import { lookup } from 'node:dns/promises';
import ipaddr from 'ipaddr.js';
import { problem } from '../platform/errors.ts';

/** All addresses of a host name; rejects where there are none. Injected, so that tests can be an evil name server. */
export type LookupHost = (host: string) => Promise<readonly string[]>;

export const systemLookup: LookupHost = async (host) =>
  (await lookup(host, { all: true, verbatim: true })).map((entry) => entry.address);

/** Cameras live in private networks, so those are allowed; what can only be an attack on the machine or its cloud is not. */
const FORBIDDEN_RANGES: ReadonlyMap<string, string> = new Map([
  ['linkLocal', 'link-local, where cloud metadata lives'],
  ['multicast', 'multicast'],
  ['unspecified', 'unspecified'],
  ['broadcast', 'broadcast'],
]);
/** Metadata services outside the link-local networks: AWS over IPv6, Alibaba Cloud. */
const METADATA_ADDRESSES: ReadonlySet<string> = new Set(['fd00:ec2::254', '100.100.100.200']);

/** Why a camera must not be reached at this address; null where it may. */
export function forbiddenAddress(text: string): string | null {
  if (!ipaddr.isValid(text)) return 'not an IP address';
  const address = ipaddr.process(text); // ::ffff:169.254.169.254 counts as 169.254.169.254
  if (METADATA_ADDRESSES.has(address.toString())) return 'a cloud metadata service';
  return FORBIDDEN_RANGES.get(embedded(address).range()) ?? null;
}

/** The IPv4 address inside a NAT64 address (64:ff9b::/96), else the address itself. */
function embedded(address: ipaddr.IPv4 | ipaddr.IPv6): ipaddr.IPv4 | ipaddr.IPv6 {
  if (!(address instanceof ipaddr.IPv6) || address.range() !== 'rfc6052') return address;
  return ipaddr.fromByteArray(address.toByteArray().slice(12));
}

/**
 * Resolves the host and refuses it (VDT_CAMERA_URL_REFUSED) if any of its addresses is forbidden; a lookup failure is passed on
 * as it is. Returns the addresses, at least one.
 */
export async function checkSourceHost(host: string, lookupHost: LookupHost): Promise<readonly string[]> {
  const addresses =
    ipaddr.IPv4.isValidFourPartDecimal(host) || ipaddr.IPv6.isValid(host) ? [host] : await lookupHost(host);
  if (addresses.length === 0) throw new Error(`${host} has no address`);
  for (const address of addresses) {
    const reason = forbiddenAddress(address);
    if (reason !== null) {
      throw problem(
        'VDT_CAMERA_URL_REFUSED',
        { field: 'url', reason: `leads to ${address} (${reason})` },
        { hint: 'Use the address of the camera in your own network.' },
      );
    }
  }
  return addresses;
}
