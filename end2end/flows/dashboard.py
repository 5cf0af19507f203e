#!/usr/bin/env python3
"""Every page of the dashboard as people see it: both themes, three widths, with axe; pictures go to end2end/shots."""

import shutil
from pathlib import Path

from browser import THEMES, chromium, create_board, look, open_page, shoot, sign_in, use_theme, violations
from harness import Gantry, check, finish
from playwright.sync_api import Browser, expect
from seed import pages, seed

PORT = 18081
EVERYTHING = ["All services, also those to come", "Hosts and capacity by zone", "Deployments that run", "Last failures"]
# Pages of a Gantry that nobody has used yet.
EMPTY = {"home-empty": "/", "events-empty": "/events", "logs-empty": "/logs", "task-definitions-empty": "/task-definitions",
         "repositories-empty": "/repositories", "load-balancers-empty": "/load-balancers", "schedules-empty": "/schedules", "secrets-empty": "/secrets",
         "parameters-empty": "/parameters", "boards-empty": "/boards"}
SHOTS = Path(__file__).parent.parent / "shots"


def main() -> None:
    """Looks at every page of a Gantry in use."""
    shutil.rmtree(SHOTS, ignore_errors=True)
    with Gantry(PORT) as gantry, chromium() as browser:
        endpoint = gantry.env["AWS_ENDPOINT_URL"]
        look_at_all(browser, gantry, EMPTY, THEMES[0])
        seed(gantry)
        for theme in THEMES:
            context = browser.new_context()
            use_theme(context, endpoint, theme)
            page = context.new_page()
            wrong = look(page, f"{endpoint}/login", "login", theme, SHOTS)
            check(f"login, {theme}: nothing wrong", not wrong, wrong)
            sign_in(context, endpoint, gantry.env)
            if theme == THEMES[0]:
                create_board(context, endpoint, "wall", EVERYTHING)
            context.close()
            look_at_all(browser, gantry, pages(gantry), theme)
        the_palette_and_the_keys(browser, gantry)
    finish()


def look_at_all(browser: Browser, gantry: Gantry, paths: dict[str, str], theme: str) -> None:
    """Looks at pages as somebody who is signed in."""
    endpoint = gantry.env["AWS_ENDPOINT_URL"]
    context = browser.new_context()
    use_theme(context, endpoint, theme)
    sign_in(context, endpoint, gantry.env)
    for name, path in paths.items():
        page = context.new_page()
        wrong = look(page, endpoint + path, name, theme, SHOTS)
        check(f"{name}, {theme}: nothing wrong", not wrong, wrong)
        page.close()
    context.close()


def the_palette_and_the_keys(browser: Browser, gantry: Gantry) -> None:
    """What opens above a page, in each theme."""
    endpoint = gantry.env["AWS_ENDPOINT_URL"]
    for theme in THEMES:
        context = browser.new_context(viewport={"width": 1440, "height": 900})
        use_theme(context, endpoint, theme)
        sign_in(context, endpoint, gantry.env)
        page = context.new_page()
        open_page(page, endpoint)
        page.keyboard.press("Control+k")
        page.keyboard.type("web")
        page.get_by_role("option").first.wait_for()
        wrong = violations(page, theme)
        shoot(page, SHOTS, f"palette-{theme}-1440")
        page.keyboard.press("Escape")
        # The browser takes the focus out of what it hides when it next draws.
        expect(page.locator("body")).to_be_focused()
        page.keyboard.press("?")
        page.get_by_role("dialog", name="Keys").wait_for()
        wrong += violations(page, theme)
        shoot(page, SHOTS, f"keys-{theme}-1440")
        check(f"palette and keys, {theme}: nothing wrong", not wrong, wrong)
        context.close()


if __name__ == "__main__":
    main()
