// Lints docker/ and k8s/ as far as no engine allows: files parse, what they name exists, and the hardening that
// the documents promise is there. usage: node scripts/lint-deployment.mjs
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseAllDocuments } from 'yaml';

const ROLES = ['api', 'ingest', 'infer', 'deliver', 'keep'];
const faults = [];
const expect = (holds, fault) => {
  if (!holds) faults.push(fault);
};
const load = (file) =>
  parseAllDocuments(readFileSync(file, 'utf8'), { merge: true }).map((document) => {
    for (const error of document.errors) faults.push(`${file}: ${error.message}`);
    return document.toJS();
  });

// Dockerfile: stages, non-root, tini, and every copied path is let through by .dockerignore
const dockerfile = readFileSync('docker/Dockerfile', 'utf8').replace(/\\\n/g, ' ');
const instructions = dockerfile.split('\n').filter((line) => /^[A-Z]+ /.test(line));
const last = (name) => instructions.filter((line) => line.startsWith(`${name} `)).at(-1) ?? '';
expect(instructions.filter((line) => line.startsWith('FROM ')).length >= 2, 'Dockerfile: not multi-stage');
expect(
  instructions.filter((line) => line.startsWith('FROM ')).every((line) => !/:latest\b/.test(line) && /:\S+/.test(line)),
  'Dockerfile: an image without a version',
);
expect(/^USER [1-9]\d*:[1-9]\d*$/.test(last('USER')), 'Dockerfile: the last USER is not a numeric non-root user');
expect(last('ENTRYPOINT').includes('tini'), 'Dockerfile: tini does not start the process');
expect(last('HEALTHCHECK') !== '', 'Dockerfile: no health check');
expect(
  !/\bADD https?:/.test(dockerfile) && !/curl .*\| *(ba)?sh/.test(dockerfile),
  'Dockerfile: fetches code from an address',
);
const ignored = readFileSync('.dockerignore', 'utf8').split('\n');
for (const line of instructions.filter((text) => text.startsWith('COPY ') && !text.includes('--from='))) {
  for (const path of line.split(/\s+/).slice(1, -1)) {
    expect(existsSync(path), `Dockerfile: COPY ${path}: not there`);
    expect(ignored.includes(`!${path}`), `Dockerfile: COPY ${path}: .dockerignore hides it`);
  }
}

// compose: every role hardened, dependencies are services, volumes are declared
const [compose] = load('docker/compose.yaml');
for (const role of ROLES) {
  const service = compose.services[role];
  expect(service, `compose: role ${role} is missing`);
  if (!service) continue;
  expect(service.read_only === true && service.cap_drop?.includes('ALL'), `compose: ${role} is not hardened`);
  expect(service.command?.join(' ') === `run ${role}`, `compose: ${role} runs something else`);
  for (const name of Object.keys(service.depends_on ?? {}))
    expect(
      compose.services[name]?.healthcheck || name === 'api',
      `compose: ${role} waits for ${name}, which has no health check`,
    );
  for (const volume of service.volumes ?? [])
    expect(volume.split(':')[0] in compose.volumes, `compose: ${role}: volume ${volume} is not declared`);
}

// kustomize: resources exist and are all named; every Deployment has probes, limits and the restricted security context
for (const folder of ['k8s/base', 'k8s/overlays/example']) {
  const [kustomization] = load(join(folder, 'kustomization.yaml'));
  for (const resource of kustomization.resources)
    expect(existsSync(join(folder, resource)), `${folder}: ${resource} is not there`);
  for (const file of readdirSync(folder)) {
    if (file !== 'kustomization.yaml')
      expect(kustomization.resources.includes(file), `${folder}: ${file} is not in the kustomization`);
  }
}
const objects = readdirSync('k8s/base')
  .filter((file) => file !== 'kustomization.yaml')
  .flatMap((file) => load(join('k8s/base', file)));
for (const object of objects)
  expect(object.apiVersion && object.kind && object.metadata?.name, 'k8s: an object without apiVersion, kind or name');
for (const role of ROLES) {
  const deployment = objects.find(
    (object) => object.kind === 'Deployment' && object.metadata.name === `vedette-${role}`,
  );
  expect(deployment, `k8s: no Deployment for ${role}`);
  if (!deployment) continue;
  const pod = deployment.spec.template.spec;
  const [container] = pod.containers;
  expect(
    JSON.stringify(deployment.spec.selector.matchLabels) === JSON.stringify(deployment.spec.template.metadata.labels),
    `k8s: ${role}: selector and labels differ`,
  );
  expect(container.args?.join(' ') === `run ${role}`, `k8s: ${role} runs something else`);
  expect(
    container.startupProbe && container.livenessProbe && container.readinessProbe,
    `k8s: ${role}: a probe is missing`,
  );
  expect(
    container.resources?.requests?.memory && container.resources?.limits?.memory,
    `k8s: ${role}: no memory request or limit`,
  );
  expect(
    pod.securityContext?.runAsNonRoot === true && pod.automountServiceAccountToken === false,
    `k8s: ${role}: may run as root, or holds a service account token`,
  );
  expect(
    container.securityContext?.readOnlyRootFilesystem === true &&
      container.securityContext?.allowPrivilegeEscalation === false &&
      container.securityContext?.capabilities?.drop?.includes('ALL'),
    `k8s: ${role}: container is not hardened`,
  );
  const volumes = new Set(pod.volumes.map((volume) => volume.name));
  for (const mount of container.volumeMounts)
    expect(volumes.has(mount.name), `k8s: ${role}: volume ${mount.name} is not declared`);
  for (const source of container.envFrom) {
    const config = source.configMapRef?.name;
    if (config)
      expect(
        objects.some((object) => object.kind === 'ConfigMap' && object.metadata.name === config),
        `k8s: ${role}: ConfigMap ${config} is not there`,
      );
  }
}

for (const fault of faults) console.error(`deployment: ${fault}`);
console.log(
  `deployment: ${faults.length === 0 ? 'no faults' : `${faults.length} faults`} in docker/ and k8s/ (${objects.length} objects)`,
);
process.exit(faults.length === 0 ? 0 : 1);
