#!/usr/bin/env python3
"""Status boards: made by a form, opened by a link without an account, live, honest when stale, and closed when revoked."""

import json
import re
import urllib.error
import urllib.parse
import urllib.request

from browser import chromium, create_board, open_page, sign_in, violations, watch
from harness import Gantry, check, finish, wait_until
from playwright.sync_api import Browser, BrowserContext, Page, expect
from seed import SERVICE, STAGED, seed, service, steady

PORT = 18150
ALL = "All services, also those to come"


def main() -> None:
    """A board from its making to the end of its links."""
    with Gantry(PORT) as gantry, chromium() as browser:
        seed(gantry)
        endpoint = gantry.env["AWS_ENDPOINT_URL"]
        maker = browser.new_context(viewport={"width": 1440, "height": 900})
        sign_in(maker, endpoint, gantry.env)
        create_board(maker, endpoint, "wall", [ALL, "Hosts and capacity by zone", "Deployments that run", "Last failures"])
        create_board(maker, endpoint, "one", [f"Service {SERVICE}"])
        link = make_link(maker, endpoint, "wall", "the hall")
        screen = opened_by_link(browser, link)
        shows_what_it_names_and_no_more(browser, gantry, maker)
        is_live(screen, gantry)
        remembers_an_outage(screen, gantry)
        is_read_without_scripts(browser, link)
        turns_a_kiosk(browser, link)
        says_when_it_is_stale(screen, gantry)
        is_closed_when_revoked(maker, screen, browser, endpoint, link)
    finish()


def make_link(maker: BrowserContext, endpoint: str, board: str, label: str) -> str:
    """Makes a link and answers its address, which is told once."""
    page = maker.new_page()
    wrong = watch(page)
    open_page(page, f"{endpoint}/boards/{board}")
    page.get_by_label("For", exact=True).fill(label)
    page.get_by_role("button", name="Make a link").click()
    told = page.get_by_role("region", name="Link", exact=True)
    expect(told).to_be_visible()
    link = told.inner_text().strip()
    check("a link is told when it is made", link.startswith(f"{endpoint}/status/{board}?key="), link)
    open_page(page, f"{endpoint}/boards/{board}")
    key = link.rsplit("=", 1)[1]
    check("and never again", key not in page.content() and label in page.content())
    check("no script failed on the way", not wrong, wrong)
    page.close()
    return link


def opened_by_link(browser: Browser, link: str) -> Page:
    """The screen, in a browser that nobody signed in with."""
    page = browser.new_context(viewport={"width": 1920, "height": 1080}).new_page()
    open_page(page, link)
    expect(page.get_by_role("heading", level=1)).to_have_text("1 of 3 services is failing")
    tile = page.locator(".wall-tile", has=page.get_by_role("heading", name="web"))
    expect(tile).to_contain_text("3 of 3")
    check("a link opens the board without signing in", True)
    check("the failing service stands first", "broken" in page.locator(".wall-tile").first.inner_text())
    check("the screen has no fault that axe finds", not violations(page, "light"), violations(page, "light"))
    return page


def shows_what_it_names_and_no_more(browser: Browser, gantry: Gantry, maker: BrowserContext) -> None:
    """A link opens its own board, and nothing beside it."""
    endpoint = gantry.env["AWS_ENDPOINT_URL"]
    link = make_link(maker, endpoint, "one", "the lobby")
    key = link.rsplit("=", 1)[1]
    page = browser.new_context().new_page()
    with page.expect_response("**/ui/api/board-view") as answer:
        open_page(page, link)
    told = answer.value.text()
    check("a board tells of what it names only", SERVICE in told and "broken" not in told and STAGED not in told, told)
    other = page.goto(f"{endpoint}/status/wall?key={key}")
    check("a key opens no other board", other.status == 403, other.status)
    page.goto(f"{endpoint}/clusters")
    check("nor any page", page.url.startswith(f"{endpoint}/login"), page.url)
    for path in ("/ui/api/list-clusters", "/ui/api/list-boards", "/ui/api/describe-board"):
        status = post(f"{endpoint}{path}", {"board": "wall", "key": key})
        check(f"nor {path}", status == 401, status)
    check("nor the stream of events", get(f"{endpoint}/events", "text/event-stream") == 401)
    check("a wrong key opens nothing", get(f"{endpoint}/status/wall?key=0") == 403)
    check("nor does none", get(f"{endpoint}/status/wall") == 403)
    page.context.close()


def is_live(screen: Page, gantry: Gantry) -> None:
    """A change reaches the screen without a reload."""
    screen.evaluate("window.notReloaded = true")
    gantry.client("ecs").update_service(service=SERVICE, desiredCount=4)
    tile = screen.locator(".wall-tile", has=screen.get_by_role("heading", name="web"))
    expect(tile).to_contain_text("4 of 4", timeout=60_000)
    expect(screen.locator(".wall-clock")).to_contain_text(re.compile(r"Live, \d+ s old"))
    check("a change reaches the screen by itself", screen.evaluate("window.notReloaded"))


def remembers_an_outage(screen: Page, gantry: Gantry) -> None:
    """A service that lost its only task for a moment has a day with an outage."""
    ecs = gantry.client("ecs")
    ecs.update_service(service=STAGED, desiredCount=1)
    tile = screen.locator(".wall-tile", has=screen.get_by_role("heading", name=STAGED))
    bars = tile.get_by_role("img", name=re.compile("days"))
    expect(bars).to_have_attribute("aria-label", "90 days, none with trouble on record")
    for task in ecs.list_tasks(serviceName=STAGED)["taskArns"]:
        ecs.stop_task(task=task)
    expect(bars).to_have_attribute("aria-label", re.compile("1 day down"), timeout=60_000)
    wait_until(lambda: service(gantry, STAGED)["runningCount"] >= 1, "the service is back")
    expect(tile).not_to_contain_text("100")
    check("an outage stays on the record", "%" in tile.inner_text(), tile.inner_text())


def is_read_without_scripts(browser: Browser, link: str) -> None:
    """A screen whose browser runs nothing shows the board and loads it again."""
    page = browser.new_context(java_script_enabled=False).new_page()
    page.goto(link)
    expect(page.get_by_role("heading", level=1)).to_contain_text("services")
    check("the board is read without scripts", page.locator(".wall-tile").count() == 3)
    with page.expect_navigation(timeout=60_000):
        pass
    check("and loads itself again", page.locator(".wall-tile").count() == 3)
    page.context.close()


def turns_a_kiosk(browser: Browser, link: str) -> None:
    """A kiosk fits a screen and does not scroll."""
    page = browser.new_context(viewport={"width": 1920, "height": 1080}).new_page()
    open_page(page, f"{link}&kiosk=1")
    size = page.evaluate("[document.documentElement.scrollHeight, document.documentElement.scrollWidth]")
    check("a kiosk does not scroll", size == [1080, 1920], size)
    figures = page.evaluate("[...document.querySelectorAll('.wall-figure')].map(e => parseFloat(getComputedStyle(e).fontSize))")
    check("its figures are read at four metres", figures and min(figures) >= 32, figures)
    page.context.close()


def says_when_it_is_stale(screen: Page, gantry: Gantry) -> None:
    """While the server is away the screen keeps what it has and says since when; then it catches up."""
    gantry.kill9()
    expect(screen.locator(".wall-clock")).to_contain_text("Stale since", timeout=60_000)
    check("a screen without a server says that it is stale", screen.locator(".wall-tile").count() == 3)
    gantry.start()
    expect(screen.locator(".wall-clock")).to_contain_text("Live", timeout=60_000)
    check("and is live again by itself", screen.evaluate("window.notReloaded"))
    wait_until(lambda: steady(gantry, SERVICE), "the service is steady again")


def is_closed_when_revoked(maker: BrowserContext, screen: Page, browser: Browser, endpoint: str, link: str) -> None:
    """A revoked link shows nothing any more, also on the screens that are open."""
    page = maker.new_page()
    open_page(page, f"{endpoint}/boards/wall")
    page.get_by_role("button", name="Revoke the link for the hall").click()
    expect(page.get_by_text("No links")).to_be_visible()
    expect(screen.get_by_role("heading", level=1)).to_have_text("Not to be shown", timeout=60_000)
    check("a revoked link empties the screen", screen.locator(".wall-tile").count() == 0)
    check("and opens nothing", get(link) == 403)
    page.get_by_role("button", name="Delete", exact=True).click()
    page.get_by_role("button", name="Delete board").click()
    page.wait_for_url(f"{endpoint}/boards")
    check("a board is deleted", "wall" not in page.get_by_role("main").inner_text())
    page.close()


def get(address: str, accept: str = "text/html") -> int:
    """The status of an address for a browser that nobody signed in with."""
    try:
        with urllib.request.urlopen(urllib.request.Request(address, headers={"accept": accept})) as answer:
            return answer.status
    except urllib.error.HTTPError as error:
        return error.code


def post(address: str, form: dict[str, str]) -> int:
    """The status of a call of the dashboard's for a browser that nobody signed in with."""
    body = urllib.parse.urlencode(form).encode()
    headers = {"accept": "application/json", "origin": "{0.scheme}://{0.netloc}".format(urllib.parse.urlsplit(address))}
    try:
        with urllib.request.urlopen(urllib.request.Request(address, body, headers)) as answer:
            return answer.status
    except urllib.error.HTTPError as error:
        json.loads(error.read() or b"null")
        return error.code


if __name__ == "__main__":
    main()
