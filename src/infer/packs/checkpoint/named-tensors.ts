import type { Pickled } from './pickle.ts';
import { ScriptObject, TorchTensor } from './torch-world.ts';
import { Unreadable } from './unreadable.ts';

/** Deepest nesting of modules and most objects that are looked at: an object that holds itself would have no end. */
const DEEPEST = 64;
const MOST = 200_000;
/** Longest path of a tensor, characters. */
const LONGEST_PATH = 1_000;

/** Every tensor of a state dict or module tree by its path, the names joined with dots: `visual.conv1.weight`. */
export function namedTensors(root: Pickled): ReadonlyMap<string, TorchTensor> {
  const found = new Map<string, TorchTensor>();
  let seen = 0;
  const visit = (value: Pickled, path: string, depth: number): void => {
    seen += 1;
    if (seen > MOST || depth > DEEPEST || path.length > LONGEST_PATH) {
      throw new Unreadable('nests its objects without end');
    }
    if (value instanceof TorchTensor) {
      found.set(path, value);
      return;
    }
    const members = value instanceof ScriptObject ? value.attributes : value;
    if (!(members instanceof Map)) return;
    for (const [name, member] of members) {
      if (typeof name === 'string') visit(member, path === '' ? name : `${path}.${name}`, depth + 1);
    }
  };
  visit(root, '', 0);
  return found;
}
