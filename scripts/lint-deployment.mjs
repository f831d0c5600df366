// Lints docker/ and k8s/ as far as no engine allows: files parse, what they name exists, and the hardening that
// the documents promise is there. usage: node scripts/lint-deployment.mjs
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseAllDocuments, parseDocument } from 'yaml';

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

// Dockerfiles: stages, non-root, tini, and every copied path is let through by .dockerignore
const ignored = readFileSync('.dockerignore', 'utf8').split('\n');
const instructionsOf = (file) =>
  readFileSync(file, 'utf8')
    .replace(/\\\n/g, ' ')
    .split('\n')
    .filter((line) => /^[A-Z]+ /.test(line));
const lintDockerfile = (file) => {
  const instructions = instructionsOf(file);
  const fault = (text) => `${file}: ${text}`;
  const last = (name) => instructions.filter((line) => line.startsWith(`${name} `)).at(-1) ?? '';
  const stages = instructions.filter((line) => line.startsWith('FROM '));
  expect(stages.length >= 2, fault('not multi-stage'));
  expect(
    stages.every((line) => !/:latest\b/.test(line) && /:\S+/.test(line)),
    fault('an image without a version'),
  );
  expect(/^USER [1-9]\d*:[1-9]\d*$/.test(last('USER')), fault('the last USER is not a numeric non-root user'));
  expect(last('ENTRYPOINT').includes('tini'), fault('tini does not start the process'));
  expect(last('HEALTHCHECK') !== '', fault('no health check'));
  expect(
    !instructions.some((line) => /^ADD https?:/.test(line) || /curl .*\| *(ba)?sh/.test(line)),
    fault('fetches code from an address'),
  );
  const names = new Set(stages.map((line) => / AS (\S+)$/.exec(line)?.[1]));
  for (const line of instructions.filter((text) => text.startsWith('COPY '))) {
    const from = /--from=(\S+)/.exec(line)?.[1];
    if (from !== undefined) {
      expect(names.has(from), fault(`COPY --from=${from}: there is no such stage`));
      continue;
    }
    for (const path of line.split(/\s+/).slice(1, -1)) {
      expect(existsSync(path), fault(`COPY ${path}: not there`));
      expect(ignored.includes(`!${path}`), fault(`COPY ${path}: .dockerignore hides it`));
    }
  }
};
lintDockerfile('docker/Dockerfile');
lintDockerfile('docker/Dockerfile.gpu');

// the images differ in the GPU's libraries alone: the same stages copy the same files and start the same process
const same = (line) => /^(COPY|USER|VOLUME|EXPOSE|ENTRYPOINT|CMD|WORKDIR) /.test(line) && !line.includes('/bin/node');
expect(
  instructionsOf('docker/Dockerfile').filter(same).join('\n') ===
    instructionsOf('docker/Dockerfile.gpu').filter(same).join('\n'),
  'docker/Dockerfile.gpu: what is copied, opened or started differs from docker/Dockerfile',
);
const gpuImage = instructionsOf('docker/Dockerfile.gpu').join('\n');
expect(/^FROM nvidia\/cuda:12\S*-cudnn-runtime-/m.test(gpuImage), 'docker/Dockerfile.gpu: no CUDA 12 with cuDNN');
expect(
  gpuImage.includes('ONNXRUNTIME_NODE_INSTALL=cuda12'),
  'docker/Dockerfile.gpu: the CUDA provider is not asked for',
);
expect(/providers: \[cuda, cpu\]/.test(gpuImage), 'docker/Dockerfile.gpu: cuda is not configured');

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

// the GPU overlay changes roles that are there, with a Dockerfile that is there
const [composeGpu] = load('docker/compose.gpu.yaml');
for (const [name, service] of Object.entries(composeGpu.services)) {
  expect(compose.services[name], `compose.gpu: there is no service ${name} to change`);
  expect(
    existsSync(join('docker', service.build.context, service.build.dockerfile)),
    `compose.gpu: ${name}: no Dockerfile`,
  );
  expect(
    service.deploy?.resources?.reservations?.devices?.some(({ capabilities }) => capabilities.includes('gpu')),
    `compose.gpu: ${name} gets no GPU`,
  );
}

// kustomize: resources exist and are all named; every Deployment has probes, limits and the restricted security context
const FOLDERS = ['k8s/base', ...readdirSync('k8s/overlays').map((name) => `k8s/overlays/${name}`)];
for (const folder of FOLDERS) {
  const [kustomization] = load(join(folder, 'kustomization.yaml'));
  for (const resource of kustomization.resources)
    expect(existsSync(join(folder, resource)), `${folder}: ${resource} is not there`);
  for (const file of readdirSync(folder)) {
    if (file !== 'kustomization.yaml')
      expect(kustomization.resources.includes(file), `${folder}: ${file} is not in the kustomization`);
  }
}
/** Whether the parent of a JSON pointer is there, so that an `add` or `replace` can be applied. */
const reaches = (object, pointer) =>
  pointer
    .split('/')
    .slice(1, -1)
    .reduce((found, key) => found?.[key.replaceAll('~1', '/').replaceAll('~0', '~')], object) !== undefined;
const objects = readdirSync('k8s/base')
  .filter((file) => file !== 'kustomization.yaml')
  .flatMap((file) => load(join('k8s/base', file)));
for (const object of objects)
  expect(object.apiVersion && object.kind && object.metadata?.name, 'k8s: an object without apiVersion, kind or name');
// overlays: each patch meets an object, and its paths are there
for (const folder of FOLDERS.filter((name) => name !== 'k8s/base')) {
  const [{ patches = [] }] = load(join(folder, 'kustomization.yaml'));
  for (const { target, patch } of patches) {
    const met = objects.find((object) => object.kind === target.kind && object.metadata.name === target.name);
    expect(met, `${folder}: there is no ${target.kind} ${target.name} to patch`);
    for (const { op, path } of parseDocument(patch).toJS())
      expect(met && reaches(met, path), `${folder}: ${op} ${path}: nothing there`);
  }
}
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
