"""A signed-in browser that looks at pages as a person and axe would.

It drives the machine's own Chromium. Nothing waits by sleeping: every wait is for a state of the page.
"""

import re
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Page, TimeoutError, sync_playwright

WIDTHS = (1440, 768, 360)
THEMES = ("light", "dark")
# How often a picture is tried: now and then Chromium paints no frame for a tab that it holds to be out of sight.
TRIES = 3
# Rules of WCAG 2.2 AA and axe's own good practice.
RULES = {"runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]}
# What differs between the themes, which share every element: their colours.
COLOURS = {"runOnly": {"type": "rule", "values": ["color-contrast", "link-in-text-block"]}}


@contextmanager
def chromium() -> Iterator[Browser]:
    """The machine's Chromium, without a window."""
    program = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=program, args=["--no-sandbox", "--disable-dev-shm-usage"])
        yield browser
        browser.close()


def sign_in(context: BrowserContext, endpoint: str, env: dict[str, str]) -> None:
    """Signs in by the form with the access key in `env`."""
    page = context.new_page()
    page.goto(f"{endpoint}/login")
    page.get_by_label("Access key ID").fill(env["AWS_ACCESS_KEY_ID"])
    page.get_by_label("Secret access key").fill(env["AWS_SECRET_ACCESS_KEY"])
    page.get_by_role("button", name="Sign in").click()
    page.wait_for_url(f"{endpoint}/")
    page.close()


def create_board(context: BrowserContext, endpoint: str, name: str, boxes: list[str]) -> None:
    """Makes a status board by the form, with these boxes of the default cluster ticked."""
    page = context.new_page()
    open_page(page, f"{endpoint}/create-board")
    page.get_by_label("Name").fill(name)
    page.get_by_label("Title").fill("Production")
    cluster = page.get_by_role("group", name="Cluster default")
    for box in boxes:
        cluster.get_by_label(box, exact=True).check()
    page.get_by_role("button", name="Create board").click()
    page.wait_for_url(f"{endpoint}/boards/{name}")
    page.close()


def watch(page: Page) -> list[str]:
    """A list that grows by what goes wrong on the page: errors of scripts, of the console, and answers of 500 and above."""
    wrong: list[str] = []
    page.on("pageerror", lambda error: wrong.append(f"script: {error}"))
    page.on("console", lambda line: is_fault(line, page) and wrong.append(f"console: {line.text}"))
    page.on("response", lambda answer: answer.status >= 500 and wrong.append(f"{answer.status} {answer.url}"))
    return wrong


def is_fault(line: ConsoleMessage, page: Page) -> bool:
    """Whether a line of the console tells of a fault: not that a page is not there, nor that the API refused a form, nor
    that an engine made an interface for a container, at which Chromium cuts off what it loads."""
    not_found = "404" in line.text and line.location["url"] == page.url
    refused = "400" in line.text and "/ui/api/" in line.location["url"]
    network = "ERR_NETWORK_CHANGED" in line.text
    return line.type == "error" and not (not_found or refused or network)


def open_page(page: Page, address: str) -> None:
    """Opens an address and waits until WebAssembly has taken the page over."""
    page.goto(address)
    page.wait_for_selector("html[data-hydrated]", state="attached", timeout=60_000)


def use_theme(context: BrowserContext, endpoint: str, theme: str) -> None:
    """Makes the pages light or dark."""
    context.add_cookies([{"name": "theme", "value": theme, "url": endpoint}])


def violations(page: Page, theme: str) -> list[str]:
    """What axe finds: rule, and the first elements that break it. All rules are asked in the first theme."""
    found = Axe().run(page, options=RULES if theme == THEMES[0] else COLOURS).response["violations"]
    return [f"{v['id']}: {' | '.join(n['html'][:160] for n in v['nodes'][:3])}" for v in found]


def sideways(page: Page) -> str:
    """What makes the page scroll sideways; empty when nothing does."""
    return page.evaluate(
        """() => {
            const wide = document.documentElement.clientWidth;
            if (document.documentElement.scrollWidth <= wide) return '';
            const out = [...document.querySelectorAll('body *')].filter(e => e.getBoundingClientRect().right > wide + 1);
            return out.slice(0, 3).map(e => e.outerHTML.slice(0, 120)).join(' | ') || 'the page itself';
        }"""
    )


def faults(page: Page, theme: str) -> list[str]:
    """What is wrong with the page as it stands, but for its width."""
    wrong = violations(page, theme)
    headings = page.locator("h1").count()
    if headings != 1:
        wrong.append(f"{headings} headings of the first rank")
    if not page.title().endswith("Gantry"):
        wrong.append(f"title {page.title()!r}")
    return wrong


def shoot(page: Page, folder: Path, name: str) -> Path:
    """A picture of the whole page."""
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{re.sub(r'[^a-z0-9]+', '-', name.lower()).strip('-')}.png"
    for tried in range(TRIES):
        try:
            page.screenshot(path=path, full_page=True)
            break
        except TimeoutError:
            if tried == TRIES - 1:
                raise
            page.bring_to_front()
    return path


def look(page: Page, address: str, name: str, theme: str, folder: Path) -> list[str]:
    """Opens a page, takes its pictures, and answers what is wrong with it. The width in the middle is looked at in one theme:
    colours move nothing."""
    wrong = watch(page)
    found: list[str] = []
    for width in WIDTHS if theme == THEMES[0] else (WIDTHS[0], WIDTHS[-1]):
        page.set_viewport_size({"width": width, "height": 900})
        if width == WIDTHS[0]:
            open_page(page, address)
            found += faults(page, theme)
        if over := sideways(page):
            found.append(f"sideways at {width}: {over}")
        if width == WIDTHS[-1]:
            found += [f"narrow: {v}" for v in violations(page, theme)]
        shoot(page, folder, f"{name}-{theme}-{width}")
    return found + wrong
