// Follows a state topic of Mandate, or reads its golden messages (../README.md says how to run it).
import { randomUUID } from "node:crypto";
import { readFileSync } from "node:fs";
import { createFileRegistry, fromBinary, toJson } from "@bufbuild/protobuf";
import { FileDescriptorSetSchema } from "@bufbuild/protobuf/wkt";
import { Kafka, logLevel, type KafkaMessage } from "kafkajs";

const contract = createFileRegistry(fromBinary(FileDescriptorSetSchema, readFileSync(process.env.MANDATE_BINPB!)));

/** How new a record is (edition, ce_sequence, form), and its line. Throws whatever is wrong with it. */
function read(key: string, value: Uint8Array, headers: Record<string, string>): { age: number[]; line: string } {
  const kind = contract.getMessage(headers.ce_type);
  if (!kind) throw new Error(`there is no ${headers.ce_type}`);
  const message = JSON.stringify(toJson(kind, fromBinary(kind, value)));
  const age = [headers.edition, headers.ce_sequence, headers.form].map(Number);
  if (age.some(Number.isNaN)) throw new Error("edition, ce_sequence or form is missing");
  return { age, line: `${kind.name} ${key} ${age.join("/")} ${message}` };
}

const ages = new Map<string, number[]>();
const lines = new Map<string, string>();

/** The line of a record that is news. A tombstone, and what cannot be read, take the line of their key away. */
function take(where: string, record: KafkaMessage): string | undefined {
  const key = record.key?.toString() ?? "";
  try {
    if (record.value === null) return void lines.delete(key);
    const headers = Object.entries(record.headers ?? {}).map(([name, text]) => [name, String(text)]);
    const { age, line } = read(key, record.value, Object.fromEntries(headers));
    const before = ages.get(key) ?? [0, 0, 0];
    const first = age.findIndex((number, at) => number !== before[at]);
    if (first < 0 || age[first] < before[first]) return undefined; // a repeat, or a late record
    ages.set(key, age);
    lines.set(key, line);
    return line;
  } catch (cause) {
    lines.delete(key);
    console.error(`dead letter ${where}@${record.offset}: ${cause}`);
    return undefined;
  }
}

async function live(broker: string, topic: string, follow: boolean): Promise<void> {
  const kafka = new Kafka({ brokers: [broker], logLevel: logLevel.NOTHING });
  const admin = kafka.admin();
  await admin.connect();
  const ends = new Map((await admin.fetchTopicOffsets(topic)).map((one) => [one.partition, Number(one.high)]));
  await admin.disconnect();
  for (const [partition, end] of ends) if (end === 0) ends.delete(partition);
  const consumer = kafka.consumer({ groupId: `follow-${randomUUID()}` }); // kafkajs knows groups only: one of our own
  await consumer.connect();
  await consumer.subscribe({ topic, fromBeginning: true });
  await new Promise<void>((done) => {
    const caughtUp = () => {
      for (const key of [...lines.keys()].sort()) console.log(lines.get(key));
      if (!follow) done();
    };
    if (!ends.size) caughtUp();
    void consumer.run({
      autoCommit: false,
      eachMessage: async ({ partition, message }) => {
        const line = take(`${topic}/${partition}`, message);
        if (!ends.size && line) console.log(line);
        if (Number(message.offset) + 1 >= (ends.get(partition) ?? Infinity) && ends.delete(partition) && !ends.size) caughtUp();
      },
    });
  });
  await consumer.disconnect();
}

const [mode, from, topic, flag] = process.argv.slice(2);
if (mode === "golden") {
  for (const text of readFileSync(from, "utf8").trimEnd().split("\n")) {
    const { key, value, headers } = JSON.parse(text);
    console.log(read(key, Buffer.from(value, "base64"), headers).line);
  }
} else await live(from, topic, flag === "--follow");
