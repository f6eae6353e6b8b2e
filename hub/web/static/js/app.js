// Loaded on every page: the Trusted Types policy, htmx without eval, keys and menus.

import "./keys.js";

const policy = window.trustedTypes
  ? window.trustedTypes.createPolicy("damhub", { createHTML: (text) => text })
  : { createHTML: (text) => text };

function refuse() {
  throw new Error("This page never runs text as code.");
}

window.htmx.registerExtension("damhub", {
  init(api) {
    // Fragments come from this hub alone and are escaped by its templates; nothing else may become markup or code.
    api.initSecurity({ createHTML: (text) => policy.createHTML(text), createScript: refuse }, refuse, refuse);
  },
});

// Until somebody chooses, the browser's own wish counts: the button then offers the other colours.
if (!document.documentElement.dataset.theme && matchMedia("(prefers-color-scheme: dark)").matches) {
  for (const form of document.querySelectorAll('form[action="/theme"]')) {
    const button = form.querySelector("button");
    form.elements.namedItem("theme").value = "light";
    button.title = button.ariaLabel = "Light colours";
  }
}

document.documentElement.classList.add("js");

document.addEventListener("click", (event) => {
  for (const menu of document.querySelectorAll("details.menu[open]")) {
    if (!menu.contains(event.target)) menu.open = false;
  }
});

document.addEventListener("change", (event) => {
  const form = event.target.closest("[data-facets]");
  if (form) form.requestSubmit();
  if (event.target.matches("[data-substitute]")) location.search = `?substitute=${encodeURIComponent(event.target.value)}`;
  if (event.target.matches("[data-preview]")) location.assign(location.pathname + event.target.dataset.preview);
});

// What a swap takes away may have had the focus: after "show more" it goes to the first of the new pictures.
let tiles = 0;
let focused = false;
document.addEventListener("htmx:before:swap", () => {
  tiles = document.querySelectorAll(".tile").length;
  focused = document.activeElement !== document.body;
});
document.addEventListener("htmx:after:swap", () => {
  if (!focused || document.activeElement !== document.body) return;
  const next = document.querySelectorAll(".tile > a")[tiles] ?? document.querySelector("#main");
  next?.focus({ preventScroll: true });
});

// A second click on a proof closes it again.
document.addEventListener(
  "click",
  (event) => {
    const link = event.target.closest("a.ev[hx-target]");
    if (!link) return;
    const slot = document.querySelector(link.getAttribute("hx-target"));
    if (link.getAttribute("aria-expanded") === "true") {
      event.preventDefault();
      event.stopImmediatePropagation();
      slot.replaceChildren();
      link.setAttribute("aria-expanded", "false");
    } else {
      link.setAttribute("aria-expanded", "true");
    }
  },
  { capture: true },
);
