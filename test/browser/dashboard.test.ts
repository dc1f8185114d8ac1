import assert from "node:assert/strict";
import { suite, test } from "node:test";
import { Chromium, noChromium } from "../support/chromium.ts";
import { DashboardStage, successor } from "../support/dashboard-stage.ts";
import { line, lines } from "../support/dashboard-page.ts";
import { eventually } from "../support/eventually.ts";
import { TcpClient } from "../support/tcp-client.ts";
import { TemporaryFolder } from "../support/temporary-folder.ts";
import { named, TcpReplica } from "../support/tcp-replica.ts";

const markup = "/evil/<img/src=x/onerror=alert(1)>";

suite("the dashboard in a browser", { skip: noChromium, timeout: 110_000 }, () => {
  test("shows what there is, follows what happens, and tells why", async () => {
    await using one = await TcpReplica.start(named("one"));
    await using two = await TcpReplica.start(named("two"));
    await using stage = await DashboardStage.start([
      { app: "/shop/web", replicas: [one, two] },
      { app: "/shop/db", replicas: [one] },
      { app: markup, replicas: [] },
    ]);
    await using browser = await Chromium.start();
    const shown = await browser.open(stage.url);
    const { page } = shown;
    await line(page, /^\/shop\/web ● 2\/2 up .* 0 · 0 /);
    await line(page, /^\/evil\/<img\/src=x\/onerror=alert\(1\)> ✖ 0\/0 up/);
    assert.equal(await page.locator("img").count(), 0, "what app owners wrote is text");
    await page.getByText("● live").waitFor();
    assert.match(await page.locator("#sources").innerText(), /file\s.*pushed|polled/);
    assert.match(await page.locator("#routing").innerText(), /added tcp\/\d+ \/shop\/web/);

    await page.getByRole("button", { name: "/shop/web", exact: true }).click();
    await line(page, new RegExp(`^127\\.0\\.0\\.1:${two.port} ● up`));
    {
      await using client = new TcpClient(stage.port("/shop/web"));
      await eventually(() => client.text !== "");
      await line(page, /^\/shop\/web ● 2\/2 up \d+ tcp leastconn 1 /);
    }
    await two[Symbol.asyncDispose]();
    await line(page, /^\/shop\/web ◐ 1\/2 up/);
    await line(page, new RegExp(`^127\\.0\\.0\\.1:${two.port} ✖ down .* L4CON`));
    await eventually(async () => /→ down/.test(await page.locator("#routing").innerText()));

    await page.getByRole("button", { name: `why is 127.0.0.1:${two.port} as it is` }).click();
    const dialog = page.getByRole("dialog");
    await dialog.getByText("✖ out of rotation").waitFor();
    assert.match(await dialog.innerText(), /probe\s+down\s+L4CON/);
    await page.keyboard.press("Escape");
    await dialog.waitFor({ state: "hidden" });
    assert.deepEqual(shown.complaints, []);
  });

  test("is filtered, sorted and walked through with the keyboard alone", async () => {
    await using one = await TcpReplica.start(named("one"));
    await using stage = await DashboardStage.start([
      { app: "/a/first", replicas: [one] },
      { app: "/b/second", replicas: [one] },
      { app: "/b/third", replicas: [] },
    ]);
    await using browser = await Chromium.start();
    const shown = await browser.open(stage.url);
    const { page } = shown;
    await line(page, /^\/b\/third/);
    await page.keyboard.press("/");
    await page.keyboard.type("second");
    await eventually(async () => (await lines(page)).length === 1);
    await page.getByText("1 of 3 services").waitFor();
    await page.keyboard.type(" and no other");
    await page.locator('#scroller[data-empty="No service matches"]').waitFor();
    await page.keyboard.press("Escape");
    await eventually(async () => (await lines(page)).length === 3);

    await page.getByLabel("State").selectOption("down");
    await eventually(async () => (await lines(page)).join().startsWith("/b/third"));
    await page.getByLabel("State").selectOption("all");

    const heading = page.getByRole("button", { name: "service", exact: true });
    await heading.press("Enter");
    const apps = async (): Promise<(string | undefined)[]> =>
      (await lines(page)).map((text) => text.split(" ")[0]);
    await eventually(async () => (await apps()).join() === "/a/first,/b/second,/b/third");
    assert.equal(await page.locator("th.service").getAttribute("aria-sort"), "ascending");
    await heading.press("Enter");
    await eventually(async () => (await apps()).join() === "/b/third,/b/second,/a/first");

    const focused = (): Promise<string | undefined> =>
      page.evaluate("document.activeElement?.textContent ?? undefined");
    await page.getByRole("button", { name: "/b/third", exact: true }).focus();
    await page.keyboard.press("End");
    assert.equal(await focused(), "/a/first");
    await page.keyboard.press("ArrowUp");
    assert.equal(await focused(), "/b/second");
    await page.keyboard.press("ArrowRight");
    await line(page, new RegExp(`^127\\.0\\.0\\.1:${one.port} ● up`));
    assert.equal(await focused(), "/b/second", "a line keeps the focus when others come");
    await page.keyboard.press("ArrowDown");
    await page.keyboard.press("Enter");
    await page.getByRole("dialog").getByText("✔ in rotation").waitFor();
    assert.deepEqual(shown.complaints, []);
  });

  test("comes back by itself when the program does, and says so meanwhile", async () => {
    await using one = await TcpReplica.start(named("one"));
    const stage = await DashboardStage.start([{ app: "/a", replicas: [one] }]);
    await using browser = await Chromium.start();
    const { page } = await browser.open(stage.url);
    await page.getByText("● live").waitFor();
    await stage[Symbol.asyncDispose]();
    await page.getByText("no connection, trying again").waitFor();
    await line(page, /^\/a/);
    using folder = new TemporaryFolder();
    await using _ = successor(new URL(stage.url).host, folder);
    await line(page, /^\/successor/);
    await page.getByText("● live").waitFor();
    assert.equal((await lines(page)).length, 1, "nothing is left of what was known before");
  });
});
