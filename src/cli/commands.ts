import type { Command } from './command.ts';

/** Every command, in the order of the overview, loaded when it is asked for: most need a part of the service only. */
export const COMMANDS: Readonly<Record<string, () => Promise<Command>>> = {
  up: async () => (await import('./run.ts')).upCommand,
  run: async () => (await import('./run.ts')).runRoleCommand,
  camera: async () => (await import('./camera.ts')).cameraCommand,
  key: async () => (await import('./key.ts')).keyCommand,
  demo: async () => (await import('./demo.ts')).demoCommand,
  eval: async () => (await import('./eval.ts')).evalCommand,
  features: async () => (await import('./features.ts')).featuresCommand,
  metrics: async () => (await import('./metrics.ts')).metricsCommand,
  models: async () => (await import('./models.ts')).modelsCommand,
  bench: async () => (await import('./bench.ts')).benchCommand,
  scene: async () => (await import('./scene.ts')).sceneCommand,
  doctor: async () => (await import('./doctor.ts')).doctorCommand,
  health: async () => (await import('./health.ts')).healthCommand,
};

export const allCommands = (): Promise<Command[]> => Promise.all(Object.values(COMMANDS).map((load) => load()));

export async function overview(): Promise<string> {
  const commands = await allCommands();
  const width = Math.max(...commands.map((command) => command.name.length));
  return [
    'usage: vedette COMMAND [--help]',
    '',
    'Watches surveillance cameras and tells people, within a second or two, what does not belong there.',
    '',
    ...commands.map((command) => `  ${command.name.padEnd(width)}  ${command.summary.split('\n')[0] ?? ''}`),
  ].join('\n');
}
