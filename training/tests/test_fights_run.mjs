// Runs the fights encoder on segments: node test_fights_run.mjs MODEL SEGMENTS.bin FEATURES.bin COUNT; prints {"runMs", "cpuMs"} of single ones.
import { readFileSync, writeFileSync } from 'node:fs';
import { InferenceSession, Tensor } from 'onnxruntime-node';

const [, , model, input, output, count] = process.argv;
const size = 5 * 160 * 240;
const bytes = new Uint8Array(readFileSync(input));
const session = await InferenceSession.create(model, { intraOpNumThreads: 1, logSeverityLevel: 3 });
const run = async (pixels, segments) =>
  (await session.run({ frames: new Tensor('uint8', pixels, [segments, 5, 160, 240]) })).features.data;
const { buffer, byteOffset, byteLength } = await run(bytes, Number(count));
writeFileSync(output, Buffer.from(buffer, byteOffset, byteLength));
const runMs = [];
const cpuMs = [];
for (let index = 0; index < 20; index += 1) {
  const [start, startCpu] = [performance.now(), process.cpuUsage()];
  await run(bytes.slice(0, size), 1);
  runMs.push(performance.now() - start);
  const { user, system } = process.cpuUsage(startCpu);
  cpuMs.push((user + system) / 1000);
}
console.log(JSON.stringify({ runMs, cpuMs }));
