#!/usr/bin/env python3
"""The dashboard: what each page weighs when nothing is cached, how soon it stands, how soon a change reaches the pixels of
many open pages, and what Lighthouse says of four of them.

Weights are as they cross the wire. Times are of this machine and of this run: compare rows, not days.
"""

import argparse
import json
import os
import shutil
import statistics
import subprocess
import tempfile
import time
from pathlib import Path

from browser import chromium, create_board, open_page, sign_in
from harness import Gantry, finish, wait_until
from playwright.sync_api import Browser, BrowserContext, Page
from seed import SERVICE, pages, seed, service

PORT = 18160
LIGHTHOUSE = "lighthouse@12"
LIGHTHOUSE_PAGES = ("home", "service", "repository", "status")
# What the browser tells of a page that stands.
TIMES = """() => new Promise(done => {
    let lcp = 0, cls = 0;
    new PerformanceObserver(list => { for (const e of list.getEntries()) lcp = e.startTime; })
        .observe({ type: 'largest-contentful-paint', buffered: true });
    new PerformanceObserver(list => { for (const e of list.getEntries()) if (!e.hadRecentInput) cls += e.value; })
        .observe({ type: 'layout-shift', buffered: true });
    requestAnimationFrame(() => requestAnimationFrame(() => {
        const nav = performance.getEntriesByType('navigation')[0];
        done({ ttfb: nav.responseStart, lcp, cls });
    }));
})"""
# Notes by the clock when the text of the page first has what is waited for.
NOTE_CHANGE = """wanted => {
    window.changedAt = 0;
    const look = () => { if (!window.changedAt && document.querySelector('main').innerText.includes(wanted)) window.changedAt = Date.now(); };
    new MutationObserver(look).observe(document.body, { subtree: true, childList: true, characterData: true });
}"""


def main() -> None:
    """Prints the tables."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--open-pages", type=int, default=20, help="pages that wait for a change")
    parser.add_argument("--lighthouse", action="store_true", help="ask Lighthouse, by npx")
    arguments = parser.parse_args()
    with Gantry(PORT) as gantry, chromium() as browser:
        seed(gantry)
        endpoint = gantry.env["AWS_ENDPOINT_URL"]
        context = browser.new_context()
        sign_in(context, endpoint, gantry.env)
        create_board(context, endpoint, "wall", ["All services, also those to come"])
        state = context.storage_state()
        weigh(browser, state, endpoint, pages(gantry))
        changes(browser, state, endpoint, gantry, arguments.open_pages)
        if arguments.lighthouse:
            lighthouse(context, endpoint, pages(gantry))
    finish()


def weigh(browser: Browser, state: dict, endpoint: str, all_pages: dict[str, str]) -> None:
    """One row a page: requests, bytes by kind, and times, with a cold cache."""
    print(f"{'page':26}{'requests':>9}{'html':>9}{'js':>8}{'css':>8}{'wasm':>9}{'ttfb ms':>9}{'lcp ms':>8}{'cls':>7}")
    for name, path in all_pages.items():
        context = browser.new_context(storage_state=state, viewport={"width": 1440, "height": 900})
        page = context.new_page()
        weights = count(context, page)
        open_page(page, endpoint + path)
        times = page.evaluate(TIMES)
        row = [weights[kind] / 1024 for kind in ("document", "script", "stylesheet", "wasm")]
        print(f"{name:26}{weights['requests']:>9}{row[0]:>9.1f}{row[1]:>8.1f}{row[2]:>8.1f}{row[3]:>9.1f}"
              f"{times['ttfb']:>9.0f}{times['lcp']:>8.0f}{times['cls']:>7.3f}")
        context.close()


def count(context: BrowserContext, page: Page) -> dict[str, float]:
    """Counts requests and bytes of the first load, as they cross the wire."""
    found = dict.fromkeys(("requests", "document", "script", "stylesheet", "wasm", "other"), 0)
    kinds: dict[str, str] = {}
    network = context.new_cdp_session(page)
    network.send("Network.enable")

    def answered(event: dict) -> None:
        kind = "wasm" if event["response"]["url"].endswith(".wasm") else event["type"].lower()
        kinds[event["requestId"]] = kind if kind in found else "other"

    def loaded(event: dict) -> None:
        found["requests"] += 1
        found[kinds.get(event["requestId"], "other")] += event["encodedDataLength"]

    network.on("Network.responseReceived", answered)
    network.on("Network.loadingFinished", loaded)
    return found


def changes(browser: Browser, state: dict, endpoint: str, gantry: Gantry, how_many: int) -> None:
    """How long after its acknowledgement a change of a service is in the pixels of many pages."""
    contexts = [browser.new_context(storage_state=state) for _ in range(how_many)]
    opened = [context.new_page() for context in contexts]
    for page in opened:
        open_page(page, f"{endpoint}/clusters/default/services/{SERVICE}")
        page.wait_for_selector(".topbar .live[data-state=running]")
    delays: list[float] = []
    for desired in (4, 3, 4, 3):
        for page in opened:
            page.evaluate(NOTE_CHANGE, f"of {desired} running")
        gantry.client("ecs").update_service(service=SERVICE, desiredCount=desired)
        acknowledged = time.time() * 1000
        for page in opened:
            page.wait_for_function("window.changedAt")
            delays.append(max(0, page.evaluate("window.changedAt") - acknowledged))
        wait_until(lambda: service(gantry, SERVICE)["runningCount"] == desired, "the service is scaled")  # noqa: B023
    cuts = statistics.quantiles(delays, n=100)
    print(f"\nchange to pixels, {how_many} pages: p50 {cuts[49]:.0f} ms, p99 {cuts[98]:.0f} ms")
    for context in contexts:
        context.close()


def lighthouse(context: BrowserContext, endpoint: str, all_pages: dict[str, str]) -> None:
    """Scores of the desktop preset."""
    cookies = "; ".join(f"{c['name']}={c['value']}" for c in context.cookies())
    print(f"\n{'Lighthouse, desktop':26}{'performance':>12}{'accessibility':>15}{'best practices':>16}")
    with tempfile.TemporaryDirectory() as folder:
        headers = Path(folder) / "headers.json"
        headers.write_text(json.dumps({"Cookie": cookies}))
        for name in LIGHTHOUSE_PAGES:
            report = Path(folder) / f"{name}.json"
            command = ["npx", "--yes", LIGHTHOUSE, endpoint + all_pages[name], "--preset=desktop", "--quiet", "--output=json",
                       f"--output-path={report}", f"--extra-headers={headers}", "--only-categories=performance,accessibility,best-practices",
                       "--chrome-flags=--headless --no-sandbox --disable-dev-shm-usage"]
            subprocess.run(command, check=True, env=os.environ | {"CHROME_PATH": shutil.which("chromium") or ""})
            scores = json.loads(report.read_text())["categories"]
            row = [scores[kind]["score"] * 100 for kind in ("performance", "accessibility", "best-practices")]
            print(f"{name:26}{row[0]:>12.0f}{row[1]:>15.0f}{row[2]:>16.0f}")


if __name__ == "__main__":
    main()
