// Runs a graph by ONNX Runtime for the tests in Python: node run_onnx.mjs MODEL THREADS [TIMED_RUNS], a request on the
// standard input, the answer on the standard output.
// Request: {"inputs": {NAME: {"type": "float32"|"int64", "shape": [...], "file": "RAW.bin"}}, "outputs": {NAME: "RAW.bin"}}
// Answer: {"outputs": {NAME: [shape]}, "openMs": 1, "runMs": [1, 1], "cpuMs": [1, 1]}; the CPU's time counts all threads
import { readFileSync, writeFileSync } from 'node:fs';
import { InferenceSession, Tensor } from 'onnxruntime-node';

const [, , model, threads, timedRuns = '0'] = process.argv;
const request = JSON.parse(readFileSync(0, 'utf8'));

const read = ({ type, shape, file }) => {
  const { buffer, byteOffset, byteLength } = readFileSync(file);
  const bytes = buffer.slice(byteOffset, byteOffset + byteLength);
  return new Tensor(type, type === 'int64' ? new BigInt64Array(bytes) : new Float32Array(bytes), shape);
};

const before = performance.now();
const session = await InferenceSession.create(model, {
  executionProviders: ['cpu'],
  graphOptimizationLevel: 'all',
  intraOpNumThreads: Number(threads),
  logSeverityLevel: 3,
});
const openMs = performance.now() - before;
const feeds = Object.fromEntries(Object.entries(request.inputs).map(([name, input]) => [name, read(input)]));
const results = await session.run(feeds, Object.keys(request.outputs));
const shapes = {};
for (const [name, file] of Object.entries(request.outputs)) {
  const { data, dims } = results[name];
  writeFileSync(file, Buffer.from(data.buffer, data.byteOffset, data.byteLength));
  shapes[name] = dims;
}
const runMs = [];
const cpuMs = [];
for (let index = 0; index < Number(timedRuns); index += 1) {
  const start = performance.now();
  const startCpu = process.cpuUsage();
  await session.run(feeds, Object.keys(request.outputs));
  runMs.push(performance.now() - start);
  const { user, system } = process.cpuUsage(startCpu);
  cpuMs.push((user + system) / 1000);
}
await session.release();
console.log(JSON.stringify({ outputs: shapes, openMs, runMs, cpuMs }));
