import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

/** How other commands on this machine find the running service; mode 600, for the key is an administrator's. */
export interface ServiceFile {
  readonly url: string;
  readonly key: string;
  readonly processId: number;
}

const fileOf = (dataDir: string) => join(dataDir, 'service.json');

export function writeServiceFile(dataDir: string, service: ServiceFile): void {
  // a new file each time: the mode of an old one would stay
  rmSync(fileOf(dataDir), { force: true });
  writeFileSync(fileOf(dataDir), JSON.stringify(service), { mode: 0o600 });
}

export function removeServiceFile(dataDir: string): void {
  rmSync(fileOf(dataDir), { force: true });
}

/** The service that runs on this data folder, or null. */
export function readServiceFile(dataDir: string): ServiceFile | null {
  try {
    const service = JSON.parse(readFileSync(fileOf(dataDir), 'utf8')) as ServiceFile;
    return isAlive(service.processId) ? service : null;
  } catch {
    return null;
  }
}

function isAlive(processId: number): boolean {
  try {
    process.kill(processId, 0);
    return true;
  } catch (thrown) {
    return (thrown as NodeJS.ErrnoException).code === 'EPERM';
  }
}
