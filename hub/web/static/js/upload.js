// Files by button or by dropping: one after the other, each with its progress and its own trouble in the tray.

import { csrf } from "./page.js";

const tray = document.querySelector("[data-tray]");
const zone = document.querySelector("[data-dropzone]");
const form = document.querySelector("[data-upload]");
const waiting = [];
let running = false;
let done = 0;
let failed = 0;

function element(name, attributes = {}, ...children) {
  const made = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
  made.append(...children);
  return made;
}

const says = element("b");
const counted = element("span", { class: "q num" });
const bar = element("progress", { "aria-label": "Adding files", max: "1", value: "0" });
const list = element("ul");
const status = element("p", { class: "sr", role: "status" });
const closing = element("button", { class: "btn ghost s push", type: "button" }, "Show them");
closing.addEventListener("click", () => location.assign("/"));
tray?.append(element("header", {}, says, counted, closing), bar, list, status);

function show() {
  const all = done + failed + waiting.length + (running ? 1 : 0);
  says.textContent = running ? `Adding ${all} ${all === 1 ? "file" : "files"}` : failed ? `${failed} not added` : "Added";
  counted.textContent = `${done} done`;
  bar.max = all;
  bar.value = done + failed;
  closing.hidden = running || done === 0;
  tray.hidden = false;
}

function send(file) {
  const row = element("span", { class: "trunc" }, file.name, element("br"), element("span", { class: "xs q" }, "waiting"));
  const item = element("li", {}, row);
  const note = row.lastChild;
  list.append(item);
  return new Promise((resolve) => {
    const request = new XMLHttpRequest();
    request.open("POST", `/api/v1/assets?filename=${encodeURIComponent(file.name)}`);
    request.setRequestHeader("Content-Type", "application/octet-stream");
    request.setRequestHeader("X-CSRF-Token", csrf());
    request.upload.addEventListener("progress", (event) => {
      note.textContent = `${Math.round((event.loaded / event.total) * 100)} % of ${(event.total / 1e6).toFixed(1)} MB`;
    });
    request.addEventListener("loadend", () => {
      const answer = read(request.responseText);
      if (request.status === 201 || request.status === 200) {
        done += 1;
        note.textContent = answer.duplicate_of ? "in the library already" : `added as ${answer.code}`;
      } else {
        failed += 1;
        item.classList.add("stop");
        note.textContent = [answer.detail ?? "The connection broke. Nothing was kept.", answer.next ?? "Try again."].join(" ");
      }
      resolve();
    });
    request.send(file);
  });
}

function read(text) {
  try {
    return JSON.parse(text);
  } catch {
    return {};
  }
}

async function work(files) {
  waiting.push(...files);
  if (running) return show();
  running = true;
  while (waiting.length) {
    const file = waiting.shift();
    show();
    await send(file);
  }
  running = false;
  show();
  status.textContent = `${done} added, ${failed} not added.`;
}

form?.addEventListener("submit", (event) => {
  event.preventDefault();
  const field = form.querySelector("input[type=file]");
  form.closest("details").open = false;
  work([...field.files]);
  form.reset();
});

if (form) {
  let depth = 0;
  addEventListener("dragenter", (event) => {
    if (!event.dataTransfer?.types.includes("Files")) return;
    depth += 1;
    zone.hidden = false;
  });
  addEventListener("dragleave", () => {
    depth = Math.max(0, depth - 1);
    zone.hidden = depth === 0;
  });
  addEventListener("dragover", (event) => event.preventDefault());
  addEventListener("drop", (event) => {
    event.preventDefault();
    depth = 0;
    zone.hidden = true;
    if (event.dataTransfer?.files.length) work([...event.dataTransfer.files]);
  });
}
