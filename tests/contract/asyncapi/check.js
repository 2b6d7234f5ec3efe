// What AsyncAPI's own parser says of a file: its errors and warnings, one a line; then how many channels it read.
import { readFileSync } from "node:fs";
import { Parser } from "@asyncapi/parser";

const { document, diagnostics } = await new Parser().parse(readFileSync(process.argv[2], "utf8"));
const [ERROR, WARNING] = [0, 1];
const grave = diagnostics.filter((one) => one.severity === ERROR || one.severity === WARNING);
for (const one of grave) console.log(`${one.code} ${one.path.join(".")}: ${one.message}`);
console.log(`${document?.channels().length ?? 0} channels`);
process.exit(grave.length ? 1 : 0);
