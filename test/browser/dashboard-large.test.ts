import assert from "node:assert/strict";
import { suite, test } from "node:test";
import { Chromium, noChromium, picture } from "../support/chromium.ts";
import { line } from "../support/dashboard-page.ts";
import { DashboardStage } from "../support/dashboard-stage.ts";
import { named, TcpReplica } from "../support/tcp-replica.ts";

/** A thousand ports that a run beside this one has not; one that is taken is only shown as a problem. */
const firstPort = 10_000 + (process.pid % 20) * 1000;

suite("the dashboard in a browser", { skip: noChromium, timeout: 110_000 }, () => {
  test("has ten thousand replicas in a page of few elements, and pictures of both themes at two widths", async () => {
    await using one = await TcpReplica.start(named("one"));
    const replicas = Array.from({ length: 10 }, (_, index) => `127.0.0.${index + 1}:${one.port}`);
    const services = Array.from({ length: 1000 }, (_, index) => {
      const app = `/group-${index % 20}/service-${index}`;
      return { app, port: firstPort + index, replicas };
    });
    await using stage = await DashboardStage.start(services, ["--check-interval", "10s"]);
    await using browser = await Chromium.start();
    for (const colorScheme of ["light", "dark"] as const) {
      for (const width of [1440, 420]) {
        const shown = await browser.open(stage.url, {
          colorScheme,
          viewport: { width, height: 900 },
        });
        const { page } = shown;
        await page.getByText("1000 of 1000 services").waitFor();
        await page.getByRole("button", { name: "/group-0/service-0", exact: true }).click();
        await line(page, new RegExp(`^127\\.0\\.0\\.10:${one.port} `));
        await page.getByRole("button", { name: "/group-0/service-0", exact: true }).focus();
        await page.keyboard.press("End");
        await line(page, /^\/group-19\/service-999 /);
        const elements = Number(await page.evaluate("document.querySelectorAll('*').length"));
        assert.ok(elements < 1500, `${elements} elements`);
        await page.keyboard.press("Home");
        await line(page, /^\/group-0\/service-0 /);
        await picture(shown, `dashboard-${colorScheme}-${width}`);
        assert.deepEqual(shown.complaints, []);
        await page.context().close();
      }
    }
  });

  test("without scripts the plain summary is there", async () => {
    await using stage = await DashboardStage.start([{ app: "/a", replicas: [] }]);
    await using browser = await Chromium.start();
    const { page } = await browser.open(stage.url, { javaScriptEnabled: false });
    assert.match(
      await page.locator("body").innerText(),
      /OK, 1 services, table \d+[^]*\/api\/table/,
    );
  });
});
