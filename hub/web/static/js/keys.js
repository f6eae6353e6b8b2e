// Keys that work on every page. Single keys never act while somebody types.

const typing = (target) => target.closest("input:not([type=checkbox]):not([type=radio]), textarea, select, [contenteditable]");
let waitingForPlace = 0;

document.addEventListener("keydown", (event) => {
  if (event.key === "Escape") {
    const menu = document.querySelector("details.menu[open]");
    if (menu) {
      menu.open = false;
      menu.querySelector("summary").focus();
      return;
    }
    const cancel = document.querySelector(".sheet > footer a.btn");
    if (cancel && !event.defaultPrevented) cancel.click();
    return;
  }
  if (event.ctrlKey || event.metaKey || event.altKey || typing(event.target)) return;
  if (waitingForPlace && event.timeStamp - waitingForPlace < 1500) {
    waitingForPlace = 0;
    const place = { l: "/", c: "/connections", a: "/activity" }[event.key.toLowerCase()];
    if (place) location.assign(place);
    return;
  }
  if (event.key === "/") {
    const field = document.querySelector("#search input[type=search], [data-key='/']");
    if (field) {
      event.preventDefault();
      field.focus();
      field.select();
    }
  } else if (event.key === "g") {
    waitingForPlace = event.timeStamp;
  } else if (event.key === "z") {
    document.querySelector("[data-undo]")?.click();
  } else if (event.key === "w") {
    document.querySelector('#places a[href$="/before/recall"]')?.click();
  }
});
