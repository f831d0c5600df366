import { execFileSync } from 'node:child_process';

/** Before the integration tests: builds `dist/`, so that the processes they start are today's sources and start fast. */
export function setup(): void {
  execFileSync('npm', ['run', '--silent', 'build'], { stdio: ['ignore', 'inherit', 'ignore'] });
}
