// page.js: draws the OpenAPI document beside it and sends requests to the service that gave it.
// No library and no markup made of strings: what the document says goes into the page as text. An
// operation is drawn when it is opened, so a document of a thousand of them opens at once.
"use strict";

const METHODS = ["get", "put", "post", "delete", "options", "head", "patch", "trace"];
const SHOWN_MAX = 262144; // characters of a reply that are shown
let api;
const secrets = {}; // by security scheme; only here, gone with the page

function el(tag, props, ...children) {
  const node = Object.assign(document.createElement(tag), props);
  node.append(...children.flat(3).filter((child) => child !== null && child !== undefined && child !== ""));
  return node;
}

// A disclosure that makes its content when it is opened the first time: schemas may hold themselves.
function later(className, summary, make) {
  const box = el("details", { className }, el("summary", {}, summary));
  box.addEventListener("toggle", () => box.append(...make().flat(3).filter(Boolean)), { once: true });
  return box;
}

// ---- text: the part of CommonMark that descriptions use -------------------------------------------

function inline(text) {
  return text.split(/(`[^`]+`|\*\*[^*]+\*\*|\[[^\]]+\]\([^)\s]+\))/).map((piece) => {
    const link = /^\[([^\]]+)\]\(([^)\s]+)\)$/.exec(piece);
    if (link && /^(https?:|mailto:|[/#.])/.test(link[2])) return el("a", { href: link[2], rel: "noreferrer" }, link[1]);
    if (/^`.+`$/.test(piece)) return el("code", {}, piece.slice(1, -1));
    if (/^\*\*.+\*\*$/.test(piece)) return el("strong", {}, piece.slice(2, -2));
    return piece;
  });
}

function prose(text) {
  return (text || "").split(/\n\s*\n/).filter((part) => part.trim()).map((part) => {
    if (/^```/.test(part)) return el("pre", {}, part.replace(/^```.*\n?|\n?```$/g, ""));
    const heading = /^#+ +(.*)/.exec(part);
    if (heading) return el("h3", {}, inline(heading[1]));
    if (/^[-*] /.test(part)) return el("ul", {}, part.split(/\n[-*] /).map((item) => el("li", {}, inline(item.replace(/^[-*] /, "")))));
    return el("p", {}, inline(part));
  });
}

// ---- schemas --------------------------------------------------------------------------------------

function deref(node) {
  for (let n = 0; node && node.$ref && n < 16; n++) {
    const { $ref, ...more } = node;
    const keys = $ref.slice(2).split("/").map((key) => key.replace(/~1/g, "/").replace(/~0/g, "~"));
    node = { ...keys.reduce((at, key) => at?.[key], api), ...more };
  }
  return node || {};
}

const branches = (s) => s.anyOf || s.oneOf || s.allOf;
const nameOf = (schema) => (schema.$ref ? schema.$ref.split("/").pop() : null);

function typeOf(schema) {
  const s = deref(schema);
  if (branches(s)) return branches(s).map(typeOf).join(" or ");
  const words = [s.type || []].flat().map((type) => {
    if (type === "array") return `array of ${typeOf(s.items || {})}`;
    return (type === "object" && nameOf(schema)) || type;
  });
  return (words.join(" or ") || "any value") + (s.format ? `, ${s.format}` : "");
}

function range(low, high, unit) {
  if (low === undefined && high === undefined) return null;
  if (high === undefined) return `at least ${low}${unit}`;
  return low === undefined ? `at most ${high}${unit}` : `${low} to ${high}${unit}`;
}

function rulesOf(s) {
  return [
    s.enum && `one of ${s.enum.map((v) => JSON.stringify(v)).join(", ")}`,
    range(s.minimum, s.maximum, ""),
    range(s.minLength, s.maxLength, " characters"),
    range(s.minItems, s.maxItems, " items"),
    range(s.minProperties, s.maxProperties, " members"),
    s.uniqueItems && "no two are equal",
    s.pattern && `matches ${s.pattern}`,
    s.items && rulesOf(deref(s.items)) && `each ${rulesOf(deref(s.items))}`,
    s.additionalProperties === false && "no other members",
    s.default !== undefined && `default ${JSON.stringify(s.default)}`,
    s.examples && `such as ${JSON.stringify(s.examples[0])}`,
  ].filter(Boolean).join("; ");
}

// The object that a value is, or holds: whose members are worth a list.
function objectIn(schema) {
  const s = deref(schema);
  if (branches(s)) return branches(s).map(objectIn).find(Boolean);
  if (s.items) return objectIn(s.items);
  return s.properties ? s : null;
}

const mark = (text) => el("span", { className: "mark" }, text);

function valueLine(name, schema, required, description) {
  const s = deref(schema);
  return [
    el("code", { className: "name" }, name), " ", el("span", { className: "type" }, typeOf(schema)),
    required ? mark("required") : null, s.deprecated ? mark("deprecated") : null,
    el("span", { className: "rules" }, rulesOf(s)), prose(description || s.description),
  ];
}

// `hidden`: "readOnly" in what clients send, "writeOnly" in what they are given.
function membersOf(schema, hidden) {
  const s = objectIn(schema);
  if (!s) return el("p", { className: "rules" }, `${typeOf(schema)} ${rulesOf(deref(schema))}`);
  return el("ul", { className: "members" }, Object.entries(s.properties).filter(([, m]) => !deref(m)[hidden]).map(([name, member]) =>
    el("li", {}, valueLine(name, member, (s.required || []).includes(name)),
      objectIn(member) ? later("more", "Its members", () => [membersOf(member, hidden)]) : null)));
}

const SAMPLES = { "date-time": () => new Date().toISOString(), email: () => "ada@example.org", uri: () => "https://example.org/",
  uuid: () => "123e4567-e89b-12d3-a456-426614174000" };

// A value that the schema takes, for the body's box.
function sample(schema, depth = 0) {
  const s = deref(schema);
  if (s.examples?.length) return s.examples[0];
  if (s.default !== undefined) return s.default;
  if (s.enum) return s.enum[0];
  if (branches(s)) return sample(branches(s)[0], depth);
  switch ([s.type].flat().find((type) => type !== "null")) {
    case "object":
      return Object.fromEntries(Object.entries(s.properties || {}).filter(([, m]) => !deref(m).readOnly && depth < 5)
        .map(([name, m]) => [name, sample(m, depth + 1)]));
    case "array": return depth < 5 ? [sample(s.items || {}, depth + 1)] : [];
    case "string": return (SAMPLES[s.format] || (() => "text"))();
    case "integer": case "number": return s.minimum ?? 0;
    case "boolean": return true;
    default: return null;
  }
}

// ---- trying it out --------------------------------------------------------------------------------

function inputOf(schema, required) {
  const s = deref(schema);
  const choices = s.enum || ([s.type].flat().includes("boolean") ? [true, false] : null);
  if (choices) return el("select", {}, required ? null : el("option", { value: "" }, ""), choices.map((v) => el("option", {}, String(v))));
  return el("input", { type: "text", autocomplete: "off", required, placeholder: s.default !== undefined ? String(s.default) : "" });
}

// What the schemes of the operation add to its headers or query.
function signed(op, headers, query) {
  for (const name of Object.keys(Object.assign({}, ...(op.security || api.security || [])))) {
    const scheme = deref(api.components.securitySchemes[name]), value = secrets[name];
    if (!value) continue;
    if (scheme.type === "apiKey" && scheme.in === "header") headers[scheme.name] = value;
    if (scheme.type === "apiKey" && scheme.in === "query") query.append(scheme.name, value);
    if (scheme.scheme === "bearer") headers.Authorization = `Bearer ${value}`;
    if (scheme.scheme === "basic") headers.Authorization = `Basic ${btoa(String.fromCharCode(...new TextEncoder().encode(value)))}`;
  }
}

function requestOf(path, method, op, inputs, type, body) {
  const headers = {}, query = new URLSearchParams();
  let target = path;
  for (const { parameter: p, input } of inputs) {
    if (p.in === "path") target = target.replace(`{${p.name}}`, encodeURIComponent(input.value).replace(p["x-rest"] ? /%2F/g : /$^/, "/"));
    else if (input.value === "") continue;
    else if (p.in === "header") headers[p.name] = input.value;
    else if (p.in === "query" && [deref(p.schema).type].flat().includes("array")) input.value.split(",").forEach((v) => query.append(p.name, v.trim()));
    else if (p.in === "query") query.append(p.name, input.value);
  }
  if (typeof body === "string") headers["Content-Type"] = type; // the browser names that of a multipart form
  signed(op, headers, query);
  return { url: new URL(location.origin + target + (query.size ? `?${query}` : "")).href, method: method.toUpperCase(), headers, body };
}

const quoted = (text) => `'${String(text).replace(/'/g, "'\\''")}'`;
const curlOf = (r) => [`curl -i${r.method === "GET" ? "" : ` -X ${r.method}`} ${quoted(r.url)}`,
  ...Object.entries(r.headers).map(([name, value]) => `-H ${quoted(`${name}: ${value}`)}`),
  ...(r.body instanceof FormData ? [...r.body].map(([name, v]) => `-F ${quoted(v.name ? `${name}=@${v.name}` : `${name}=${v}`)}`)
    : r.body === undefined ? [] : [`--data-raw ${quoted(r.body)}`])].join(" \\\n  ");

// Reads while it comes, so that a reply without end shows what there is.
async function readReply(answer, show) {
  const type = answer.headers.get("content-type") || "";
  if (!/json|text|xml|javascript|form/.test(type)) {
    const blob = await answer.blob();
    return blob.size ? el("a", { href: URL.createObjectURL(blob), download: "reply" }, `Save ${blob.size} bytes of ${type || "no type"}`) : "";
  }
  const decoder = new TextDecoder(), reader = answer.body?.getReader();
  let text = "";
  for (let part; reader && text.length < SHOWN_MAX && !(part = await reader.read()).done;) {
    text += decoder.decode(part.value, { stream: true });
    show(el("pre", {}, text));
  }
  try { text = JSON.stringify(JSON.parse(text), null, 2); } catch { /* shown as it is */ }
  return text ? el("pre", { tabIndex: 0 }, text) : "";
}

async function send(request, reply, signal) {
  const start = performance.now();
  const command = el("pre", { tabIndex: 0, className: "curl" }, curlOf(request));
  try {
    const answer = await fetch(request.url, { ...request, signal, redirect: "manual", credentials: "same-origin", cache: "no-store" });
    const line = answer.type === "opaqueredirect" ? "a redirect, which browsers keep to themselves" : `${answer.status} ${answer.statusText}`;
    const head = el("p", {}, el("strong", { className: answer.status < 400 ? "status good" : "status bad" }, line),
      ` in ${Math.round(performance.now() - start)} ms`);
    const fields = el("pre", { tabIndex: 0 }, [...answer.headers].map(([name, value]) => `${name}: ${value}`).join("\n"));
    const show = (body) => reply.replaceChildren(...[head, fields, body, command].filter(Boolean));
    show("");
    show(await readReply(answer, show));
  } catch (error) {
    reply.append(el("p", { className: "trouble" }, error.name === "AbortError" ? "Stopped." : `No answer: ${error.message}`), command);
  }
}

// The fields of a multipart form, each with its input.
function partsOf(schema) {
  const s = deref(schema);
  return Object.entries(s.properties || {}).map(([name, member]) => {
    const required = (s.required || []).includes(name), m = deref(member), accept = m.contentMediaType || m.items?.contentMediaType;
    const input = accept ? el("input", { type: "file", accept, multiple: !!m.items, required }) : inputOf(member, required);
    input.name = name;
    return el("label", {}, el("code", {}, name), required ? mark("required") : null, input);
  });
}

function formDataOf(parts) {
  const data = new FormData();
  for (const input of parts.querySelectorAll("[name]"))
    for (const value of input.files || (input.value === "" ? [] : [input.value])) data.append(input.name, value);
  return data;
}

function formOf(path, method, parameters, op) {
  const content = deref(op.requestBody).content || {};
  const types = Object.keys(content);
  const type = el("select", {}, types.map((t) => el("option", {}, t)));
  const body = el("textarea", { spellcheck: false }), parts = el("div"), bodyLabel = el("label", {}, "Body", body);
  const inputs = parameters.filter((p) => p.in !== "cookie").map((parameter) => ({ parameter, input: inputOf(parameter.schema, parameter.required) }));
  const button = el("button", { type: "submit" }, "Send");
  const reply = el("div", { className: "reply", role: "status" });
  const fill = () => {
    bodyLabel.hidden = /^multipart/.test(type.value);
    parts.replaceChildren(...(bodyLabel.hidden ? partsOf(content[type.value].schema || {}) : []));
    const value = types.length ? sample(content[type.value].schema || {}) : "";
    body.value = /json/.test(type.value) ? JSON.stringify(value, null, 2)
      : /urlencoded/.test(type.value) ? new URLSearchParams(value || {}).toString() : "";
  };
  type.addEventListener("change", fill);
  fill();
  const form = el("form", { ariaLabel: `Try ${method.toUpperCase()} ${path}` }, el("h3", {}, "Try it"),
    inputs.map(({ parameter: p, input }) => el("label", {}, el("code", {}, p.name), ` in ${p.in}`, p.required ? mark("required") : null, input)),
    types.length ? [el("label", {}, "Content-Type", type), bodyLabel, parts] : null, button, reply);
  let running = null;
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    if (running) return running.abort();
    running = new AbortController();
    button.textContent = "Stop";
    const sent = !types.length ? undefined : bodyLabel.hidden ? formDataOf(parts) : body.value;
    await send(requestOf(path, method, op, inputs, type.value, sent), reply, running.signal);
    running = null;
    button.textContent = "Send";
  });
  return form;
}

// ---- the page -------------------------------------------------------------------------------------

function contentOf(content, hidden) {
  return Object.entries(content || {}).map(([type, media]) => later("more", [type, media.schema ? `: ${typeOf(media.schema)}` : ""],
    () => [media.schema ? membersOf(media.schema, hidden) : el("p", { className: "rules" }, "Nothing more is said of it.")]));
}

function answerOf(status, answer) {
  const a = deref(answer);
  return el("li", {}, el("code", { className: status < 400 ? "status good" : "status bad" }, status), " ", inline(a.description || ""),
    Object.entries(a.headers || {}).map(([name, h]) => el("span", { className: "rules" }, el("code", {}, name), " ", inline(deref(h).description || ""))),
    contentOf(a.content, "writeOnly"));
}

function drawOperation(path, method, item, op) {
  const parameters = [...(item.parameters || []), ...(op.parameters || [])].map(deref);
  const content = deref(op.requestBody).content;
  const asks = Object.keys(Object.assign({}, ...(op.security || api.security || [])));
  return [
    prose(op.description), op.deprecated ? el("p", { className: "trouble" }, "Deprecated: it will go.") : null,
    asks.length ? el("p", {}, `Asks for: ${asks.join(", ")}.`) : null,
    parameters.length ? [el("h3", {}, "Parameters"), el("ul", { className: "members" }, parameters.map((p) =>
      el("li", {}, mark(p.in), " ", valueLine(p.name, p.schema || {}, p.required, p.description))))] : null,
    content ? [el("h3", {}, "Body"), contentOf(content, "readOnly")] : null,
    el("h3", {}, "Answers"), el("ul", { className: "answers" }, Object.entries(op.responses || {}).map(([s, a]) => answerOf(s, a))),
    formOf(path, method, parameters, op),
  ];
}

function operationsByTag() {
  const tags = new Map((api.tags || []).map((tag) => [tag.name, { doc: tag.description, ops: [] }]));
  for (const [path, item] of Object.entries(api.paths || {}))
    for (const method of METHODS.filter((m) => item[m])) {
      const op = item[method], tag = op.tags?.[0] || "other";
      if (!tags.has(tag)) tags.set(tag, { ops: [] });
      tags.get(tag).ops.push({ path, method, item, op, id: op.operationId || `${method}${path}` });
    }
  return tags;
}

function drawSchemes() {
  const schemes = Object.entries(api.components?.securitySchemes || {}).map(([name, s]) => [name, deref(s)]);
  if (!schemes.length) return null;
  return el("form", { ariaLabel: "Who is asking" }, schemes.map(([name, s]) => {
    const input = el("input", { type: "password", autocomplete: "off", placeholder: s.scheme === "basic" ? "user:password" : "" });
    input.addEventListener("input", () => { secrets[name] = input.value; });
    return el("label", {}, el("code", {}, name), ` ${s.scheme || s.type} `, inline(s.description || ""),
      s.in === "cookie" ? " (the browser sends the cookie it has)" : input);
  }));
}

function draw() {
  const { title, version, description, license, contact } = api.info;
  document.title = title;
  document.getElementById("title").replaceChildren(title, el("small", {}, version));
  document.getElementById("about").replaceChildren(...prose(description), el("p", { className: "type" },
    el("a", { href: "openapi.json" }, "openapi.json"), license ? ` · ${license.name}` : "", contact?.name ? ` · ${contact.name}` : ""),
    ...[drawSchemes()].filter(Boolean));
  const index = document.getElementById("index"), main = document.getElementById("main");
  for (const [tag, { doc, ops }] of operationsByTag()) {
    if (!ops.length) continue;
    index.append(el("div", {}, el("strong", {}, tag), el("ul", {}, ops.map(({ id, op, method, path }) =>
      el("li", {}, el("a", { href: `#${id}` }, op.summary || `${method.toUpperCase()} ${path}`))))));
    main.append(el("section", {}, el("h2", {}, tag), prose(doc), ops.map(({ path, method, item, op, id }) => {
      const box = later(op.deprecated ? "op deprecated" : "op", [el("span", { className: `method ${method}` }, method.toUpperCase()),
        el("code", { className: "path" }, path), el("span", { className: "what" }, op.summary || "")],
      () => drawOperation(path, method, item, op));
      box.id = id;
      return box;
    })));
  }
}

function find(words) {
  const hides = (node) => !words.every((word) => node.textContent.toLowerCase().includes(word));
  for (const box of document.querySelectorAll(".op")) {
    box.hidden = hides(box.querySelector("summary"));
    document.querySelector(`nav a[href="#${CSS.escape(box.id)}"]`).parentNode.hidden = box.hidden;
  }
  for (const part of document.querySelectorAll("main section, nav #index > div"))
    part.hidden = !part.querySelector(".op:not([hidden]), li:not([hidden])");
}

function openNamed() {
  const box = document.getElementById(decodeURIComponent(location.hash.slice(1)));
  if (!box?.classList.contains("op")) return;
  if (box.hidden) find([document.getElementById("find").value = ""]);
  box.open = true;
  box.scrollIntoView();
  box.querySelector("summary").focus();
}

async function start() {
  const answer = await fetch("openapi.json");
  if (!answer.ok) throw new Error(`openapi.json: ${answer.status} ${answer.statusText}`);
  api = await answer.json();
  draw();
  document.getElementById("find").addEventListener("input", (event) => find(event.target.value.toLowerCase().split(/\s+/)));
  addEventListener("hashchange", openNamed);
  openNamed();
}

start().catch((error) => document.getElementById("main").append(el("p", { className: "trouble", role: "alert" }, `The document cannot be shown: ${error.message}`)));
