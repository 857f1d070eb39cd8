// Runs one test file under node's test runner: run.mjs FILE [--node NODE]. Exit code 77: the
// node that was asked for is not there.
import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const [file, , node = process.execPath] = process.argv.slice(2);
if (!existsSync(node)) {
  console.log(`skipped: there is no ${node}`);
  process.exit(77);
}
const path = fileURLToPath(new URL(file, import.meta.url));
const { status, stdout } = spawnSync(node, ['--test', '--test-reporter=tap', path],
                                     { encoding: 'utf8', stdio: ['ignore', 'pipe', 'inherit'] });
process.stdout.write(stdout);
const count = (word) => Number(stdout.match(new RegExp(`^# ${word} (\\d+)`, 'm'))?.[1] ?? 0);
process.exit(status === 0 && count('pass') === 0 ? 77 : status);
