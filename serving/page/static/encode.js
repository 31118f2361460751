// Raw features as the JSON of a request, by the rules of infnet_keras/request/encode.py: the cases
// of tests/request/encode_cases.json hold both. Values are JSON texts from end to end, as a number
// of JavaScript cannot hold an int64. A row maps names of inputs to them; `null` is a missing value.
"use strict";

const BASE64 = /^\{\s*"b64"\s*:\s*"([A-Za-z0-9+/]{4})*([A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?"\s*\}$/;
const TOKEN = /"(?:[^"\\]|\\.)*"|\{[^}]*\}|[[\]]|[^\s,[\]]+/g;
const NUMBER = /^-?(\d+(\.\d+)?([eE][+-]?\d+)?|Infinity|NaN)$/;

/** A value that cannot be sent; `input` is the name of where it stands. */
class Wrong extends Error {
  constructor(message, input) {
    super(message);
    this.input = input;
  }
}

/** Valid JSON as nested lists of the texts of its values. */
function nested(json) {
  const stack = [[]];
  for (const [token] of json.matchAll(TOKEN)) {
    if (token === "[") stack.push([]);
    else stack.at(token === "]" ? -2 : -1).push(token === "]" ? stack.at(-1) : token);
    if (token === "]") stack.pop();
  }
  return stack[0][0];
}

const integerBounds = (dtype) => {
  const bits = BigInt(dtype.match(/\d+/)[0]);
  return dtype.startsWith("u") ? [0n, 2n ** bits - 1n] : [-(2n ** (bits - 1n)), 2n ** (bits - 1n) - 1n];
};

/** What a missing value is sent as; undefined where the type has none to spare. */
function missing(dtype) {
  if (dtype === "string") return '""';
  if (dtype.startsWith("int")) return String(integerBounds(dtype)[0]);
  return /^(double|float|half|bfloat16)$/.test(dtype) ? "NaN" : undefined;
}

/** One value in the type of its input. */
function encodeValue(name, dtype, json) {
  const fail = (what) => {
    throw new Wrong(what, name);
  };
  if (json === "null") return missing(dtype) ?? fail(`a value: ${dtype} has none for what is missing`);
  if (dtype === "string") return json.startsWith('"') || BASE64.test(json) ? json : fail("a text");
  if (dtype === "bool") return /^(true|false)$/.test(json) ? json : fail("true or false");
  if (!dtype.includes("int")) return NUMBER.test(json) ? json : fail("a number, such as 0.5, NaN or -Infinity");
  if (!/^-?\d+$/.test(json)) fail("a whole number");
  const [least, most] = integerBounds(dtype);
  return BigInt(json) >= least && BigInt(json) <= most ? json : fail(`a whole number that ${dtype} holds`);
}

const depthOf = (value) => (Array.isArray(value) ? 1 + Math.max(0, ...value.map(depthOf)) : 0);
const deepened = (value) => (Array.isArray(value) ? value.map(deepened) : [value]);

/** Nested values filled up to one length along each axis that is free (-1). */
function encodeTensor(name, dtype, shape, value) {
  const dims = shape ?? Array(depthOf(value)).fill(-1);
  const lists = dims.length === 1 ? 'a list, such as [1, 2] or ["a", "b"]' : `lists nested ${dims.length} deep`;
  const fail = (what) => {
    throw new Wrong(what, name);
  };
  let whole = value;
  for (let depth = depthOf(value); value !== "null" && depth < dims.length; depth += 1) {
    if (dims.slice(depth).some((size) => size !== 1)) break;
    whole = deepened(whole);
  }
  const sizes = [];
  let level = [whole];
  for (const size of dims) {
    if (!level.every((each) => each === "null" || Array.isArray(each))) fail(lists);
    const found = new Set(level.map((each) => (each === "null" ? null : each.length)));
    if (missing(dtype) === undefined && (found.size > 1 || found.has(null))) fail("lists of one length");
    found.delete(null);
    if (size >= 0 && [...found].some((length) => length !== size)) fail(`lists of ${size} values`);
    sizes.push(Math.max(size, 0, ...found));
    level = level.filter(Array.isArray).flat();
  }
  if (level.some(Array.isArray)) fail(dims.length ? lists : "a single value");
  const write = (each, axis) => {
    if (axis === dims.length) return encodeValue(name, dtype, each);
    const items = each === "null" ? [] : each;
    return `[${Array.from({ length: sizes[axis] }, (_, i) => write(items[i] ?? "null", axis + 1)).join(", ")}]`;
  };
  return write(whole, 0);
}

/** Every input of a signature from a row; the lengths of behaviours that it leaves out are counted. */
function encodeRow(signature, features) {
  const counted = new Map(signature.behaviours.map((b) => [b.length, b.lists.map(([name]) => name)]));
  const names = signature.inputs.map(({ name }) => name);
  const unknown = Object.keys(features).find((name) => !names.includes(name));
  if (unknown !== undefined) throw new Wrong("an input of the signature", unknown);
  const encoded = {};
  for (const { name, dtype, shape } of signature.inputs) {
    const given = features[name];
    const dims = signature.batched ? shape.slice(1) : shape;
    if (!counted.has(name)) {
      if (given === undefined) throw new Wrong("left out by the row", name);
      encoded[name] = encodeTensor(name, dtype, dims, nested(given));
      continue;
    }
    const lists = counted.get(name).map((list) => nested(features[list] ?? "null"));
    const most = Math.min(...lists.map((list) => (Array.isArray(list) ? list.length : Number(list !== "null"))));
    const length = (given ?? "null") === "null" ? String(most) : encodeTensor(name, dtype, dims, nested(given));
    if (Number(length) < 0 || Number(length) > most) throw new Wrong(`a length of 0 to ${most}`, name);
    encoded[name] = length;
  }
  return encoded;
}

/** One user and many candidates as the inputs of `rank`. */
function encodeRanking(signature, user, candidates) {
  const items = {};
  for (const name of signature.candidates) {
    const values = candidates.map((candidate) => candidate[name]);
    if (values.includes(undefined)) throw new Wrong("left out by a candidate", name);
    items[name] = `[${values.join(", ")}]`;
  }
  return encodeRow(signature, { ...user, ...items, candidate_count: String(candidates.length) });
}

/** A row whose behaviours' lists end where their lengths say: what follows is padding, no event. */
function withoutPadding(signature, features) {
  const real = { ...features };
  for (const { length, lists } of signature.behaviours) {
    for (const [name] of lists) {
      real[name] = `[${nested(features[name]).slice(0, Number(features[length])).join(", ")}]`;
    }
  }
  return real;
}
