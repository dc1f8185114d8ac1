/** An element with text and attributes; what others wrote goes in as text, never as markup. */
export function element<Name extends keyof HTMLElementTagNameMap>(
  name: Name,
  attributes: Readonly<Record<string, string>> = {},
  content: string | readonly Node[] = "",
): HTMLElementTagNameMap[Name] {
  const made = document.createElement(name);
  for (const [attribute, value] of Object.entries(attributes)) made.setAttribute(attribute, value);
  if (typeof content === "string") made.textContent = content;
  else made.append(...content);
  return made;
}

/** The element of the page with this id; the page and this script belong together, so its absence is a bug. */
export function byId<Kind extends Element>(id: string, kind: new () => Kind): Kind {
  const found = document.querySelector(`#${id}`);
  if (!(found instanceof kind)) throw new Error(`the page has no ${kind.name} #${id}`);
  return found;
}

/** Sets the text of an element, touching the page only when it differs. */
export function say(target: Element, text: string): void {
  if (target.textContent !== text) target.textContent = text;
}

/** The same for an attribute; an empty text removes it. */
export function mark(target: Element, attribute: string, text: string): void {
  if ((target.getAttribute(attribute) ?? "") === text) return;
  if (text === "") target.removeAttribute(attribute);
  else target.setAttribute(attribute, text);
}
