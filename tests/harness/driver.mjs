// Runs one call of @huggingface/hub, named on stdin, answered on stdout; the first argument is the
// folder that the package is installed in.
//
// In: {"call", "parameters", "slices"?}; a value {"$file": path} becomes a Blob of that file. Out:
// {"value"} or {"error", "status", "text"}. A Blob is answered as {"size", "sha256"}, and with
// `slices` ([[first, end]]) also as the base64 of each.
import { createHash } from "node:crypto";
import { readFile } from "node:fs/promises";
import { pathToFileURL } from "node:url";

const entry = `${process.argv[2]}/node_modules/@huggingface/hub/dist/index.mjs`;
const hub = await import(pathToFileURL(entry));

async function build(value) {
  if (Array.isArray(value)) return Promise.all(value.map(build));
  if (value === null || typeof value !== "object") return value;
  if ("$file" in value) return new Blob([await readFile(value.$file)]);
  const pairs = Object.entries(value).map(async ([name, item]) => [name, await build(item)]);
  return Object.fromEntries(await Promise.all(pairs));
}

async function describe(blob, slices) {
  const bytes = Buffer.from(await blob.arrayBuffer());
  const cut = async ([first, end]) =>
    Buffer.from(await blob.slice(first, end).arrayBuffer()).toString("base64");
  const parts = await Promise.all(slices.map(cut));
  return { size: blob.size, sha256: createHash("sha256").update(bytes).digest("hex"), parts };
}

async function run({ call, parameters, slices = [] }) {
  const got = hub[call](await build(parameters));
  if (got?.[Symbol.asyncIterator]) {
    const items = [];
    for await (const item of got) items.push(item);
    return items;
  }
  const value = await got;
  return value instanceof Blob ? describe(value, slices) : value;
}

let text = "";
for await (const block of process.stdin) text += block;
try {
  console.log(JSON.stringify({ value: (await run(JSON.parse(text))) ?? null }));
} catch (error) {
  const { name, statusCode: status = null, message } = error;
  console.log(JSON.stringify({ error: name, status, text: `${message} ${error.cause ?? ""}` }));
}
