// Narrow a long list of choices down to those whose words hold what is typed. What is chosen always stays.

const field = document.querySelector("[data-narrow]");

function narrow() {
  const wanted = field.value.trim().toLowerCase();
  for (const group of document.querySelectorAll("[data-narrowed]")) {
    const name = group.querySelector("legend").textContent.toLowerCase();
    let left = 0;
    for (const choice of group.querySelectorAll(".choice")) {
      const fits = !wanted || name.includes(wanted) || choice.textContent.toLowerCase().includes(wanted);
      choice.hidden = !fits && !choice.querySelector("input").checked;
      left += !choice.hidden;
    }
    group.hidden = left === 0;
  }
}

if (field) {
  field.closest("[hidden]").hidden = false;
  field.addEventListener("input", narrow);
  // Enter narrows; it does not send what was chosen so far.
  field.addEventListener("keydown", (event) => event.key === "Enter" && event.preventDefault());
}
