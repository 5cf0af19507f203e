#!/usr/bin/env python3
"""Every page of the dashboard as people see it: both themes, three widths, with axe; pictures go to end2end/shots."""

import shutil
from pathlib import Path

from browser import THEMES, chromium, look, sign_in, use_theme
from harness import Gantry, check, finish
from seed import pages, seed

PORT = 18081
SHOTS = Path(__file__).parent.parent / "shots"


def main() -> None:
    """Looks at every page of a Gantry in use."""
    shutil.rmtree(SHOTS, ignore_errors=True)
    with Gantry(PORT) as gantry, chromium() as browser:
        seed(gantry)
        endpoint = gantry.env["AWS_ENDPOINT_URL"]
        for theme in THEMES:
            context = browser.new_context()
            use_theme(context, endpoint, theme)
            page = context.new_page()
            wrong = look(page, f"{endpoint}/login", "login", theme, SHOTS)
            check(f"login, {theme}: nothing wrong", not wrong, wrong)
            sign_in(context, endpoint, gantry.env)
            for name, path in pages(gantry).items():
                page = context.new_page()
                wrong = look(page, endpoint + path, name, theme, SHOTS)
                check(f"{name}, {theme}: nothing wrong", not wrong, wrong)
                page.close()
            context.close()
    finish()


if __name__ == "__main__":
    main()
