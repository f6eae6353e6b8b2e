// What modules need to know of the page that they run in.

export const csrf = () => document.querySelector('meta[name="csrf"]')?.content ?? "";
