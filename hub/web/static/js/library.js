// The grid: one tab stop, arrows by row and column, selection by Space, Shift and Ctrl A. Without it all links and boxes work.

const form = document.querySelector("#selection");
const links = () => [...document.querySelectorAll(".tile > a")];
const boxes = () => [...document.querySelectorAll(".tile .pick")];
let anchor = -1;

function count() {
  const chosen = boxes().filter((box) => box.checked).length;
  const says = document.querySelector("[data-count]");
  if (says) says.textContent = `${chosen} selected`;
  document.querySelector(".lib-grid")?.classList.toggle("selecting", chosen > 0);
}

function focusOn(link) {
  for (const other of links()) other.tabIndex = other === link ? 0 : -1;
  link.focus();
}

function above(list, from, direction) {
  const here = list[from].getBoundingClientRect();
  const middle = here.left + here.width / 2;
  const others = list.map((link) => [link, link.getBoundingClientRect()]);
  const rows = others.filter(([, box]) => (direction < 0 ? box.bottom <= here.top + 4 : box.top >= here.bottom - 4));
  if (!rows.length) return list[from];
  const edge = direction < 0 ? Math.max(...rows.map(([, box]) => box.top)) : Math.min(...rows.map(([, box]) => box.top));
  const row = rows.filter(([, box]) => Math.abs(box.top - edge) < 8);
  row.sort((a, b) => Math.abs(a[1].left + a[1].width / 2 - middle) - Math.abs(b[1].left + b[1].width / 2 - middle));
  return row[0][0];
}

function move(key, list, at) {
  switch (key) {
    case "ArrowRight": return list[Math.min(at + 1, list.length - 1)];
    case "ArrowLeft": return list[Math.max(at - 1, 0)];
    case "ArrowDown": return above(list, at, 1);
    case "ArrowUp": return above(list, at, -1);
    case "Home": return list[0];
    case "End": return list[list.length - 1];
    default: return null;
  }
}

function choose(at, on) {
  const all = boxes();
  all[at].checked = on;
  anchor = at;
  count();
}

document.addEventListener("keydown", (event) => {
  const list = links();
  const at = list.indexOf(document.activeElement);
  if ((event.ctrlKey || event.metaKey) && event.key === "a" && at >= 0) {
    event.preventDefault();
    for (const box of boxes()) box.checked = true;
    count();
    return;
  }
  if (at < 0 || event.ctrlKey || event.metaKey || event.altKey) return;
  const next = move(event.key, list, at);
  if (next) {
    event.preventDefault();
    if (event.shiftKey) {
      if (anchor < 0) anchor = at;
      const to = list.indexOf(next);
      const [low, high] = [Math.min(anchor, to), Math.max(anchor, to)];
      boxes().forEach((box, index) => { box.checked = index >= low && index <= high; });
      count();
    }
    focusOn(next);
  } else if (event.key === " ") {
    event.preventDefault();
    choose(at, !boxes()[at].checked);
  } else if (event.key === "u" || event.key === "d") {
    const act = { u: "use", d: "download" }[event.key];
    if (!boxes().some((box) => box.checked)) choose(at, true);
    form?.querySelector(`button[value="${act}"]`)?.click();
  } else if (event.key === "Escape") {
    form?.reset();
  }
});

form?.addEventListener("reset", () => setTimeout(count));
document.addEventListener("change", (event) => {
  if (event.target.matches(".pick")) {
    anchor = boxes().indexOf(event.target);
    count();
  }
});
count();
