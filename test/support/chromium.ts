import { existsSync, mkdirSync } from "node:fs";
import { chromium, type Browser, type BrowserContextOptions, type Page } from "playwright-core";

const binary = "/usr/bin/chromium";

/** Why tests in a browser are skipped here; false where they can run. */
export const noChromium: string | false = existsSync(binary)
  ? false
  : "chromium is not installed: apt-get install chromium";

/** Where pictures of pages are kept, to look at after a run. Ignored by git, like everything below `coverage/`. */
export const pictures: URL = new URL("../../coverage/pictures/", import.meta.url);

/** A page with everything that it complained of. */
export interface WatchedPage {
  readonly page: Page;
  /** Errors, warnings and refusals of the content security policy, as the console has them. */
  readonly complaints: readonly string[];
}

/** A browser without a window. */
export class Chromium implements AsyncDisposable {
  readonly #browser: Browser;

  private constructor(browser: Browser) {
    this.#browser = browser;
  }

  static async start(): Promise<Chromium> {
    // In a container there is neither room in /dev/shm nor a sandbox to be had for root.
    const args = ["--no-sandbox", "--disable-dev-shm-usage", "--disable-gpu"];
    return new Chromium(await chromium.launch({ executablePath: binary, args }));
  }

  async open(url: string, options: BrowserContextOptions = {}): Promise<WatchedPage> {
    const context = await this.#browser.newContext(options);
    const page = await context.newPage();
    const complaints: string[] = [];
    page.on("console", (message) => {
      if (message.type() === "error" || message.type() === "warning")
        complaints.push(message.text());
    });
    page.on("pageerror", (error) => complaints.push(error.message));
    page.on("requestfailed", (request) => {
      // The page itself ends a stream when it wants another.
      if (request.failure()?.errorText !== "net::ERR_ABORTED") complaints.push(request.url());
    });
    await page.goto(url);
    return { page, complaints };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#browser.close();
  }
}

/** Keeps a picture of a page under this name. */
export async function picture({ page }: WatchedPage, name: string): Promise<void> {
  mkdirSync(pictures, { recursive: true });
  await page.screenshot({ path: new URL(`${name}.png`, pictures).pathname, fullPage: true });
}
