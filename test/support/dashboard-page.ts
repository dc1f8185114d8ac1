import type { Page } from "playwright-core";
import { eventually } from "./eventually.ts";

/** The text of each line of the list of services, cells divided by blanks. */
export async function lines(page: Page): Promise<string[]> {
  const texts = await page.locator("#service-rows tr:not(.spacer)").allInnerTexts();
  return texts.map((text) => text.replaceAll(/\s+/g, " ").trim());
}

/** Waits until one line of the list matches. */
export function line(page: Page, pattern: RegExp): Promise<string> {
  return eventually(async () => (await lines(page)).find((text) => pattern.test(text)), {
    withinMs: 20_000,
    what: `the line ${String(pattern)}`,
  });
}
