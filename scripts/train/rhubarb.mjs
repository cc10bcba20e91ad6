// Runs Rhubarb Lip Sync (its WebAssembly build) over raw 16 kHz 16-bit mono files.
// usage: node rhubarb.mjs PACKAGE_FOLDER JOBS.json, where JOBS.json is a list of {pcm, cues}: input and output paths.
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { pathToFileURL } from "node:url";

const [folder, jobs] = process.argv.slice(2);
const entry = join(folder, "node_modules", "rhubarb-lip-sync-wasm", "dist", "index.js");
const { Rhubarb } = await import(pathToFileURL(entry));

for (const { pcm, cues } of JSON.parse(readFileSync(jobs, "utf8"))) {
  const result = await Rhubarb.getLipSync(readFileSync(pcm));
  writeFileSync(cues, JSON.stringify(result.mouthCues));
}
