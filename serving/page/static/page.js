// The page: lists what is served, fills a form from a signature, shows what comes back.
// Values stay text from the example to the request; encode.js makes the request of them.
"use strict";

const REFRESH_MS = 5000;
const MISSING = ["null", "-9223372036854775808"]; // an int64 that is missing, and what it is sent as
const HEAVIEST = 5;
const MIX = "weighted mix";
const SVG = "http://www.w3.org/2000/svg";
const STRING_OR_WORD = /("(?:[^"\\]|\\.)*")|-?\b(?:NaN|Infinity)\b/g;
const ELEMENT = /"(?:[^"\\]|\\.)*"|\{[^}]*\}|[^\s,]+/g;

let models = []; // of models.json
let modelsText = "";
let version = null; // of version.json, with `model` and `number`
let fields = []; // of the form
let checks = []; // of the form: of lists that belong together
let candidates = null; // of the form: add, read
let turn = 0; // of answers: an older one that comes later is dropped

const $ = (id) => document.getElementById(id);

function element(tag, attributes = {}, ...children) {
  const node = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) node.setAttribute(name, value);
  node.append(...children);
  return node;
}

// Roles are written out: a narrow window lays some tables out as cards, which takes them away.
const row = (...cells) => element("tr", { role: "row" }, ...cells);
const cell = (...children) => element("td", { role: "cell" }, ...children);
const rowHeading = (...children) => element("th", { role: "rowheader", scope: "row" }, ...children);
const table = (attributes, head, body, ...rest) => {
  [head, body].forEach((part) => part.setAttribute("role", "rowgroup"));
  return element("table", { role: "table", ...attributes }, ...rest, head, body);
};
/** Tables may be wider than the window: they scroll in a box, by keyboard too. */
const wide = (label, content) =>
  element("div", { class: "wide", tabindex: "0", role: "region", "aria-label": label }, content);
const heading = (text, number) =>
  element("th", { role: "columnheader", scope: "col", class: number ? "number" : "" }, text);
const numberCell = (text) => element("td", { role: "cell", class: "number" }, String(text));
/** A name that a narrow column breaks after its points and underscores. */
const breakable = (name) => name.split(/(?<=[._])/).flatMap((part) => [part, element("wbr")]);
const named = (name, node) => {
  node.dataset.name = name; // what a card calls it
  return node;
};
const format = (value) => (typeof value === "number" ? String(Number(value.toPrecision(4))) : String(value));
const option = (value, text) => element("option", { value }, text);

function svg(width, rectangles) {
  const node = document.createElementNS(SVG, "svg");
  const set = (to, values) => Object.entries(values).forEach(([k, v]) => to.setAttribute(k, v));
  set(node, { viewBox: `0 0 ${width} 1`, preserveAspectRatio: "none", "aria-hidden": "true" });
  for (const { x, span, opacity, title } of rectangles) {
    const rect = document.createElementNS(SVG, "rect");
    set(rect, { class: "heat", x, y: 0, width: span, height: 1, "fill-opacity": opacity });
    if (title) rect.appendChild(document.createElementNS(SVG, "title")).textContent = title;
    node.append(rect);
  }
  return node;
}

// --- talking to the server -----------------------------------------------------------------------

function parse(text) {
  const words = text.replace(STRING_OR_WORD, (all, string) => string ?? `"${all}"`);
  // A large integer stays the text that it came as.
  return JSON.parse(words, (_, value, context) =>
    Number.isInteger(value) && !Number.isSafeInteger(value) && context ? context.source : value);
}

async function ask(path, body) {
  let response;
  let text;
  try {
    response = await fetch(path, body === undefined ? {} : { method: "POST", body });
    text = await response.text();
  } catch {
    throw new Error("The server does not answer.");
  }
  let content = null;
  try {
    content = parse(text);
  } catch {
    throw new Error(`The server answers ${response.status}, and not in JSON.`);
  }
  if (!response.ok) throw new Error(content?.error ?? `The server answers ${response.status}.`);
  return { content, text };
}

const requestBody = (signature, inputs) => {
  const wrap = (value) => (signature.batched ? `[${value}]` : value);
  const members = Object.entries(inputs).map(([name, value]) => `${JSON.stringify(name)}: ${wrap(value)}`);
  return `{"signature_name": ${JSON.stringify(signature.name)}, "inputs": {${members.join(", ")}}}`;
};

async function outputsOf(url, signature, inputs) {
  const { content } = await ask(url, requestBody(signature, inputs));
  const names = signature.outputs.map((output) => output.name);
  return names.length === 1 ? { [names[0]]: content.outputs } : content.outputs;
}

// --- models, versions, signatures ----------------------------------------------------------------

async function refresh() {
  try {
    const { content, text } = await ask("page/models.json");
    $("models-problem").hidden = true;
    if (text === modelsText) return;
    modelsText = text;
    models = content.models;
    showModels();
    choose($("model"), models.map(({ name }) => [name, name]));
    await showVersions();
  } catch (error) {
    $("models-problem").textContent = `${error.message} What is shown may be out of date.`;
    $("models-problem").hidden = false;
  }
}

function showModels() {
  $("models").replaceChildren(...models.flatMap(({ name, versions, labels }) => {
    if (!versions.length) return [row(rowHeading(name), cell("none"), cell(""), cell(""))];
    return versions.map(({ version: number, state, error }, index) => {
      const kind = state === "AVAILABLE" ? "available" : error ? "failed" : "";
      const own = Object.keys(labels).filter((label) => labels[label] === number).join(", ");
      const told = error ? [element("br"), element("small", {}, error)] : [];
      const first = index ? cell("") : rowHeading(name);
      return row(first, cell(number), cell(element("span", { class: kind }, state), ...told), cell(own));
    });
  }));
}

function choose(select, options) {
  const before = select.value;
  select.replaceChildren(...options.map(([value, text]) => option(value, text)));
  if (options.some(([value]) => value === before)) select.value = before;
}

const chosenModel = () => models.find(({ name }) => name === $("model").value);
const chosenSignature = () => version?.signatures.find(({ name }) => name === $("signature").value);

async function showVersions() {
  const model = chosenModel();
  const available = (model?.versions ?? []).filter(({ state }) => state === "AVAILABLE").map((v) => v.version);
  const labels = Object.entries(model?.labels ?? {}).filter(([, number]) => available.includes(number));
  choose($("version"), [
    ...available.slice(0, 1).map((number) => ["latest", `latest (${number})`]),
    ...labels.map(([label, number]) => [`label ${label}`, `${label} (${number})`]),
    ...available.map((number) => [`version ${number}`, number]),
  ]);
  await showVersion();
}

function chosenVersion() {
  const model = chosenModel();
  const [kind, ...rest] = $("version").value.split(" ");
  const name = rest.join(" ");
  const base = `v1/models/${encodeURIComponent(model.name)}`;
  if (kind === "label") return { number: model.labels[name], url: `${base}/labels/${encodeURIComponent(name)}` };
  if (kind === "version") return { number: name, url: `${base}/versions/${name}` };
  return { number: model.versions.find(({ state }) => state === "AVAILABLE").version, url: base };
}

async function showVersion() {
  const usable = Boolean($("version").value);
  $("form").hidden = $("signature-details").hidden = !usable;
  if (!usable) {
    version = null;
    choose($("signature"), []);
    $("example-note").textContent = "No version is available, so there is nothing to try.";
    return;
  }
  const model = chosenModel().name;
  const { number } = chosenVersion();
  if (version?.model === model && version.number === number) return $("form").removeAttribute("aria-busy");
  const query = new URLSearchParams({ model, version: number });
  const current = () => $("version").value && chosenModel().name === model && chosenVersion().number === number;
  $("form").setAttribute("aria-busy", "true");
  let content;
  try {
    ({ content } = await ask(`page/version.json?${query}`));
  } catch (error) {
    version = null;
    modelsText = ""; // it may have been unloaded meanwhile: the next refresh chooses again
    return say(error.message, true);
  } finally {
    if (current()) $("form").removeAttribute("aria-busy");
  }
  if (!current()) return; // another was chosen meanwhile, and is on its way
  version = { ...content, model, number };
  choose($("signature"), version.signatures.map(({ name }) => [name, name]));
  showSignature();
}

/** What the spec calls an input that is served under another name. */
const ownName = ({ name, column = name }) => (column === name ? [] : [" ", element("small", {}, column)]);
const columnsOf = (signature) => new Map(signature.inputs.map(({ name, column }) => [name, column]));

function showSignature() {
  const signature = chosenSignature();
  const shape = (dims) => (dims === null ? "any" : `[${dims.map((d) => (d < 0 ? "any" : d)).join(", ")}]`);
  const tensors = (kind, list) => list.map((t) =>
    row(cell(kind), rowHeading(...breakable(t.name), ...ownName(t)), cell(t.dtype), cell(shape(t.shape))));
  $("tensors").replaceChildren(...tensors("input", signature.inputs), ...tensors("output", signature.outputs));
  $("method").textContent = `Method: ${signature.method || "none"}`;
  $("example-note").textContent = signature.recorded
    ? "The form holds an example that was exported with the model."
    : "The model brings no example of this signature: the form holds values of the right type and shape.";
  buildForm(signature);
  $("result").hidden = $("attention").hidden = true;
  say("");
}

function say(text, problem = false) {
  $("status").textContent = text;
  $("status").className = problem ? "problem" : "";
}

// --- the form ------------------------------------------------------------------------------------

function encodeScalar(name, dtype, text) {
  if (dtype === "string") return BASE64.test(text) ? text : JSON.stringify(text);
  return encodeValue(name, dtype, text.trim());
}

const decodeScalar = (json) => (json.startsWith('"') ? JSON.parse(json) : json);

function encodeJson(name, text, list) {
  const trimmed = text.trim();
  const json = list && !trimmed.startsWith("[") ? `[${trimmed}]` : trimmed;
  try {
    JSON.parse(json.replace(STRING_OR_WORD, (all, string) => string ?? "0"));
  } catch {
    throw new Wrong(list ? 'a list, such as [1, 2] or ["a", "b"]' : "a value in JSON", name);
  }
  return json;
}

const elements = (json) => json.slice(1, -1).match(ELEMENT) ?? [];

/** A control of one value; `read` gives JSON text or marks the control as wrong and throws. */
function makeField(name, dtype, dims, json, label) {
  const scalar = dims?.length === 0;
  const text = scalar ? decodeScalar(json) : json;
  const lines = scalar ? (text.match(/\n/g)?.length ?? 0) : 1;
  const control = lines ? element("textarea", { rows: lines + 1, spellcheck: "false" }) : element("input");
  control.value = text;
  if (label) control.setAttribute("aria-label", label);
  const wrong = element("span", { class: "wrong", id: `wrong-${++makeField.count}` });
  const mark = (problem) => {
    wrong.textContent = problem;
    if (!problem) return ["aria-invalid", "aria-describedby"].forEach((each) => control.removeAttribute(each));
    control.setAttribute("aria-invalid", "true");
    control.setAttribute("aria-describedby", wrong.id);
  };
  const read = () => {
    try {
      mark("");
      return scalar ? encodeScalar(name, dtype, control.value) : encodeJson(name, control.value, Boolean(dims));
    } catch (error) {
      if (!(error instanceof Wrong)) throw error;
      mark(`This is not ${error.message}.`);
      error.control = control;
      throw error;
    }
  };
  return { name, dtype, control, wrong, mark, read };
}
makeField.count = 0;

function labelled(control, text, dtype, ...rest) {
  control.id ||= `control-${++labelled.count}`;
  const label = element("label", { for: control.id }, text, ...(dtype ? [" ", element("small", {}, dtype)] : []));
  return element("div", {}, label, control, ...rest);
}
labelled.count = 0;

const labelledField = ({ control, wrong }, text, dtype) => labelled(control, text, dtype, wrong);

function buildForm(signature) {
  const dimsOf = (input) => (signature.batched ? input.shape.slice(1) : input.shape);
  const single = signature.inputs.filter(({ name }) => !signature.candidates.includes(name));
  const grouped = new Set(signature.behaviours.flatMap((b) => [b.length, ...b.lists.map(([name]) => name)]));
  fields = [];
  checks = [];
  const example = withoutPadding(signature, signature.example);
  const make = (input) => {
    const field = makeField(input.name, input.dtype, dimsOf(input), example[input.name]);
    fields.push(field);
    return field;
  };
  const grid = element("div", { class: "grid" });
  const lists = element("div", { class: "lists" });
  const groups = [];
  for (const input of single) {
    const { name, column, dtype } = input;
    if (grouped.has(name)) continue;
    if (signature.candidates.length && name === "candidate_count") continue;
    (dimsOf(input)?.length === 0 ? grid : lists).append(labelledField(make(input), column, dtype));
  }
  for (const behaviour of signature.behaviours) {
    const own = behaviour.lists.map(([name, column]) => [column, make(single.find((i) => i.name === name))]);
    const count = element("small");
    const boxes = own.map(([column, field]) => labelledField(field, column, field.dtype));
    const countEvents = () => {
      const sizes = own.map(([, field]) => elements(field.read()).length);
      const odd = sizes.findIndex((size) => size !== sizes[0]);
      if (odd > 0) {
        const { control, mark } = own[odd][1];
        mark(`These are ${sizes[odd]} events, the first list has ${sizes[0]}.`);
        throw Object.assign(new Wrong("lists of one length"), { control });
      }
      return sizes[0];
    };
    const recount = () => {
      try {
        const events = countEvents();
        count.textContent = events === 1 ? "1 event" : `${events} events, oldest first`;
      } catch {
        count.textContent = "";
      }
    };
    recount();
    own.forEach(([, field]) => field.control.addEventListener("input", recount));
    checks.push(countEvents);
    groups.push(element("fieldset", {}, element("legend", {}, behaviour.name, " ", count),
      element("div", { class: "lists" }, ...boxes)));
  }
  candidates = signature.candidates.length ? candidateTable(signature) : null;
  $("inputs").replaceChildren(...[grid, lists].filter((box) => box.children.length), ...groups,
    ...(candidates ? [candidates.box] : []));
}

function candidateTable(signature) {
  const inputs = signature.inputs.filter(({ name }) => signature.candidates.includes(name));
  const body = element("tbody");
  const rows = [];
  const number = () => rows.forEach((each, index) => {
    each.head.textContent = String(index + 1);
    each.fields.forEach((f, i) => f.control.setAttribute("aria-label", `${inputs[i].column} of candidate ${index + 1}`));
    each.remove.setAttribute("aria-label", `Remove candidate ${index + 1}`);
  });
  const insert = (values) => {
    const cells = inputs.map(({ name, dtype }, i) => makeField(name, dtype, [], values[i]));
    const head = rowHeading();
    const remove = element("button", { type: "button" }, "Remove");
    const node = row(head, ...cells.map((f, i) => named(inputs[i].column, cell(f.control, f.wrong))), cell(remove));
    const each = { head, fields: cells, remove };
    remove.addEventListener("click", () => {
      const index = rows.indexOf(each);
      rows.splice(index, 1);
      node.remove();
      number();
      (rows[Math.min(index, rows.length - 1)]?.remove ?? add).focus();
    });
    rows.push(each);
    body.append(node);
    number();
    return each;
  };
  const add = element("button", { type: "button" }, "Add a candidate");
  const examples = inputs.map(({ name }) => elements(signature.example[name]));
  add.addEventListener("click", () => {
    insert(examples.map((values) => values[rows.length % values.length])).fields[0].control.focus();
  });
  examples[0].forEach((_, index) => insert(examples.map((values) => values[index])));
  const heads = ["#", ...inputs.map(({ column }) => column), ""].map((text) => heading(text));
  const list = table({ class: "cards" }, element("thead", {}, row(...heads)), body);
  return {
    box: element("fieldset", {}, element("legend", {}, "Candidates"), wide("Candidates", list), element("div", { class: "buttons" }, add)),
    read: () => rows.map((each) => Object.fromEntries(each.fields.map((f) => [f.name, f.read()]))),
  };
}

// --- sending and showing answers -----------------------------------------------------------------

async function send(event) {
  event.preventDefault();
  const mine = ++turn;
  const signature = chosenSignature();
  if (!signature) return say("The server has not said yet what this version takes.", true);
  let inputs;
  let listed = null;
  let all;
  try {
    inputs = Object.fromEntries(fields.map((field) => [field.name, field.read()]));
    checks.forEach((check) => check());
    listed = candidates && candidates.read();
    all = listed ? encodeRanking(signature, inputs, listed) : encodeRow(signature, inputs);
  } catch (error) {
    if (!(error instanceof Wrong)) throw error;
    const field = fields.find(({ name }) => name === error.input);
    if (!error.control) field?.mark(`This is not ${error.message}.`);
    (error.control ?? field?.control)?.focus();
    return say("A value cannot be sent: see the form.", true);
  }
  const url = `${chosenVersion().url}:predict`;
  say("Sent.");
  const start = performance.now();
  let outputs;
  try {
    outputs = await outputsOf(url, signature, all);
  } catch (error) {
    if (mine !== turn) return;
    $("result").hidden = $("attention").hidden = true;
    return say(error.message, true);
  }
  if (mine !== turn) return;
  $("request-url").textContent = `POST /${url}`;
  $("request-body").textContent = requestBody(signature, all);
  $("result").hidden = false;
  if (listed) showRanking(signature, inputs, listed, outputs);
  else showOutputs(signature, inputs, outputs);
  say(`Answered in ${Math.round(performance.now() - start)} ms; the answer is below.`);
}

function showOutputs(signature, inputs, outputs) {
  const first = ({ name, shape }) => (signature.batched && shape?.[0] === -1 ? outputs[name]?.[0] : outputs[name]);
  const answers = version.tasks.length && signature.name !== "attention"
    && signature.outputs.every(({ name }) => version.tasks.includes(name));
  const rows = signature.outputs.map((output) => {
    const value = first(output);
    const head = rowHeading(output.name);
    if (!answers) return row(head, cell(typeof value === "object" ? JSON.stringify(value) : String(value)));
    if (version.numbers.includes(output.name)) return row(head, numberCell(value), cell(""));
    const bar = element("td", { role: "cell", class: "bar" }, svg(1, [{ x: 0, span: value, opacity: 1 }]));
    return row(head, numberCell(value), bar);
  });
  const measure = version.numbers.length ? "Answer" : "Probability";
  const head = answers ? row(heading("Task"), heading(measure, true), heading(""))
    : row(heading("Output"), heading("Value"));
  $("answer").replaceChildren(wide("Answer", table({}, element("thead", {}, head), element("tbody", {}, ...rows))));
  const takesRows = signature.name === "predict";
  showAttention(answers && takesRows ? inputs : null, "", signature);
}

function showRanking(signature, inputs, listed, outputs) {
  const tasks = signature.outputs.map(({ name }) => name);
  const columns = columnsOf(signature);
  const entries = listed.map((candidate, index) => ({
    candidate, index, scores: Object.fromEntries(tasks.map((task) => [task, outputs[task][0][index]])),
  }));
  const sort = element("select", { id: "sort" }, ...tasks.map((task) => option(task, task)), option(MIX, MIX));
  const weights = Object.fromEntries(tasks.map((task) => {
    return [task, element("input", { type: "number", step: "any", value: "1" })];
  }));
  const mixing = element("fieldset", {}, element("legend", {}, "Weights of the mix"),
    element("div", { class: "grid" }, ...tasks.map((task) => labelled(weights[task], task))));
  const caption = element("caption", { class: "note" });
  const head = element("thead");
  const body = element("tbody");
  let chosen = -1;
  const look = ({ candidate, index }) => {
    chosen = index;
    order();
    const item = signature.candidates.map((name) => `${columns.get(name)} ${shown(candidate[name])}`).join(", ");
    showAttention({ ...inputs, ...candidate }, `Candidate ${index + 1}: ${item}.`, signature);
  };
  function order() {
    const mixed = sort.value === MIX;
    mixing.hidden = !mixed;
    const weigh = ({ scores }) => tasks.reduce((sum, task) => sum + (Number(weights[task].value) || 0) * scores[task], 0);
    const score = (entry) => (mixed ? weigh(entry) : entry.scores[sort.value]);
    const sorted = [...entries].sort((a, b) => score(b) - score(a));
    const scored = [...(mixed ? ["mix"] : []), ...tasks].map((text) => {
      const by = text === (mixed ? "mix" : sort.value);
      const node = heading(by ? `${text} ↓` : text, true);
      if (by) node.setAttribute("aria-sort", "descending");
      return node;
    });
    head.replaceChildren(row(...["Place", ...signature.candidates.map((name) => columns.get(name))].map((text) => heading(text)), ...scored, heading("")));
    body.replaceChildren(...sorted.map((entry, place) => {
      const button = element("button", { type: "button", "data-index": entry.index }, "Attention");
      button.setAttribute("aria-label", `Attention of candidate ${entry.index + 1}, in place ${place + 1}`);
      button.addEventListener("click", () => {
        look(entry);
        body.querySelector(`[data-index="${entry.index}"]`).focus();
      });
      const node = row(rowHeading(String(place + 1)),
        ...signature.candidates.map((name) => named(columns.get(name), cell(shown(entry.candidate[name])))),
        ...(mixed ? [named("mix", numberCell(format(score(entry))))] : []),
        ...tasks.map((task) => named(task, numberCell(entry.scores[task]))), cell(button));
      if (entry.index === chosen) node.className = "chosen";
      return node;
    }));
    caption.textContent = `Candidates by ${sort.value}`;
    return sorted[0];
  }
  [sort, ...Object.values(weights)].forEach((control) => control.addEventListener("input", order));
  $("answer").replaceChildren(element("div", { class: "choices" }, labelled(sort, "Sort by")), mixing,
    wide("Ranking", table({ id: "ranking", class: "cards" }, head, body, caption)));
  const best = order();
  if (best) look(best);
  else $("attention").hidden = true;
}

const shown = (json) => (MISSING.includes(json) ? "missing" : decodeScalar(json) || "empty");

// --- attention -----------------------------------------------------------------------------------

async function showAttention(inputs, about, signature) {
  const mine = turn;
  const body = $("attention-body");
  const stop = (text) => body.replaceChildren(element("p", { class: "note" }, text));
  $("attention").hidden = false;
  if (!version.positions) {
    return stop(`Version ${version.number} of ${version.model} has no signature \`attention\`: `
      + "there is nothing to show of what its tasks look at.");
  }
  if (!inputs) return stop("Choose the signature predict or rank to see what its tasks look at.");
  const { model, number, positions } = version;
  const asked = version.signatures.find(({ name }) => name === "attention");
  const counted = asked.behaviours.map(({ length }) => length);
  const given = asked.inputs.filter(({ name }) => !counted.includes(name));
  const own = encodeRow(asked, Object.fromEntries(given.map(({ name }) => [name, inputs[name]])));
  const request = (showAttention.last = `${mine} ${about}`);
  const url = `v1/models/${encodeURIComponent(model)}/versions/${number}:predict`;
  let weights;
  try {
    weights = await outputsOf(url, asked, own);
  } catch (error) {
    if (request === showAttention.last) stop(error.message);
    return;
  }
  if (mine !== turn || request !== showAttention.last || signature !== chosenSignature()) return;
  const tasks = asked.outputs.map(({ name }) => name);
  const by = Object.fromEntries(tasks.map((task) => [task, weights[task][0]]));
  const note = element("p", { class: "note" }, `${about} What each task's query weighs, in the last block of the `
    + "model. The weights over the fields sum to 1, and so do those over the events of all histories.");
  body.replaceChildren(note, ...fieldWeights(tasks, by, version, own), ...historyWeights(tasks, by, version, own));
}

function fieldWeights(tasks, by, { positions, fields: inputOf }, inputs) {
  const rows = positions.flatMap(([source, step], index) => {
    if (step !== null) return [];
    const given = inputs[inputOf[source]];
    const value = given === undefined ? "" : ` ${shown(given)}`;
    const cells = tasks.map((task) => {
      const node = element("td", { role: "cell", class: "number cell" }, by[task][index].toFixed(3));
      node.style.setProperty("--weight", `${Math.round(by[task][index] * 60)}%`);
      return node;
    });
    return [row(rowHeading(...breakable(source), element("small", {}, value)), ...cells)];
  });
  const heads = ["Field", ...tasks].map((text, i) => heading(text, i > 0));
  const weights = table({ id: "field-weights" }, element("thead", {}, row(...heads)), element("tbody", {}, ...rows));
  return [element("h3", {}, "Fields"), wide("Weights over the fields", weights)];
}

function historyWeights(tasks, by, { positions, histories }, inputs) {
  const sources = new Map(); // source -> the indices of its steps, oldest first
  positions.forEach(([source, step], index) => {
    if (step !== null) sources.set(source, [...(sources.get(source) ?? []), index]);
  });
  if (!sources.size) return [];
  const values = new Map([...sources.keys()].map((source) => (
    [source, histories[source].map((name) => elements(inputs[name]).map(shown))])));
  const valueAt = (source, step) => values.get(source).map((list) => list.at(step) ?? "").join(", ");
  const steps = [...sources.values()].flat();
  const longest = Math.max(...[...sources.values()].map((list) => list.length));
  const most = tasks.reduce((max, task) => steps.reduce((m, i) => Math.max(m, by[task][i]), max), 0);
  const told = (task, index) => {
    const [source, step] = positions[index];
    const place = step === -1 ? "latest event" : `event −${-step}`;
    return `${source}, ${place} (${valueAt(source, step)}): ${by[task][index].toFixed(4)}`;
  };
  const figures = tasks.map((task) => {
    const strips = [...sources].flatMap(([source, indices]) => {
      const rectangles = indices.flatMap((index, i) => (by[task][index] > 0
        ? [{ x: longest - indices.length + i, span: 1, opacity: by[task][index] / most, title: told(task, index) }] : []));
      return [element("span", {}, ...breakable(source)), element("div", { class: "strip" }, svg(longest, rectangles))];
    });
    const axis = element("div", { class: "axis" }, element("span", {}, `−${longest}`), element("span", {}, "latest event"));
    const heaviest = steps.filter((i) => by[task][i] > 0).sort((a, b) => by[task][b] - by[task][a]).slice(0, HEAVIEST);
    return element("figure", {}, element("figcaption", {}, task),
      element("div", { class: "strips" }, ...strips, element("span"), axis),
      element("p", { class: "note" }, "Heaviest:"),
      element("ol", {}, ...heaviest.map((index) => element("li", {}, told(task, index)))));
  });
  const ramp = svg(20, Array.from({ length: 20 }, (_, i) => ({ x: i, span: 1, opacity: (i + 0.5) / 20 })));
  const scale = element("div", { class: "scale" }, "0", ramp, most.toFixed(4));
  if (!most) return [element("h3", {}, "Histories"), element("p", { class: "note" }, "This user has no event yet.")];
  return [element("h3", {}, "Histories"), scale, element("div", { class: "maps", id: "history-weights" }, ...figures)];
}

// --- start ---------------------------------------------------------------------------------------

$("model").addEventListener("change", showVersions);
$("version").addEventListener("change", showVersion);
$("signature").addEventListener("change", showSignature);
$("reset").addEventListener("click", showSignature);
$("form").addEventListener("submit", send);
setInterval(() => document.hidden || refresh(), REFRESH_MS);
refresh();
