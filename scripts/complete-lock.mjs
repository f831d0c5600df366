// Completes package-lock.json after `npm install`: a registry mirror may lack the optional binaries of other
// platforms, npm then leaves their entries out, and `npm ci` refuses such a lock file as "not in sync".
// Each left-out optional package gets an entry with its version and the platform that its name tells.
// usage: npm install && node scripts/complete-lock.mjs
import { readFileSync, writeFileSync } from 'node:fs';

const PLATFORMS = [
  'aix',
  'android',
  'darwin',
  'freebsd',
  'linux',
  'netbsd',
  'openbsd',
  'openharmony',
  'sunos',
  'win32',
];
const CPUS = ['arm64', 'arm', 'ia32', 'loong64', 'mips64el', 'ppc64', 'riscv64', 's390x', 'x64', 'wasm32'];
const pick = (name, values) =>
  values.find((value) => name.split(/[-/]/).some((part) => part === value || part === `${value}hf`));

const lock = JSON.parse(readFileSync('package-lock.json', 'utf8'));
const added = [];
for (const [parentPath, parent] of Object.entries({ ...lock.packages })) {
  for (const [name, range] of Object.entries(parent.optionalDependencies ?? {})) {
    const nested = `${parentPath}/node_modules/${name}`;
    if (lock.packages[nested] || lock.packages[`node_modules/${name}`]) continue;
    const os = pick(name, PLATFORMS);
    const cpu = pick(name, CPUS);
    lock.packages[`node_modules/${name}`] = {
      version: range.replace(/^[\^~]/, ''),
      ...(cpu && { cpu: [cpu] }),
      ...(parent.dev && { dev: true }),
      optional: true,
      ...(os && { os: [os] }),
    };
    added.push(name);
  }
}
lock.packages = Object.fromEntries(Object.entries(lock.packages).sort(([a], [b]) => a.localeCompare(b, 'en')));
writeFileSync('package-lock.json', `${JSON.stringify(lock, null, 2)}\n`);
console.log(`${added.length} left-out optional packages entered into package-lock.json`);
