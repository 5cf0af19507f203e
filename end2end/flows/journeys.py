#!/usr/bin/env python3
"""What people do in the dashboard: sign in by the link, edit and register, scale, and see it live in two browsers."""

import json
import re

from browser import chromium, open_page, sign_in, watch
from harness import Gantry, check, finish, wait_until
from playwright.sync_api import Browser, Page, expect
from seed import CLUSTER, SERVICE, STAGED, deployment, seed, service, status, steady

PORT = 18082


def signed_in_by_link(browser: Browser, gantry: Gantry) -> Page:
    """A page of a browser of its own that was signed in by the one-time link of the first start."""
    page = browser.new_context(viewport={"width": 1440, "height": 900}).new_page()
    page.goto(gantry.env["GANTRY_ADMIN_URL"])
    page.get_by_role("button", name="Sign in with this link").click()
    page.wait_for_url(f"{gantry.env['AWS_ENDPOINT_URL']}/")
    return page


def main() -> None:
    """The journeys, in order."""
    with Gantry(PORT) as gantry, chromium() as browser:
        seed(gantry)
        page = signed_in_by_link(browser, gantry)
        wrong = watch(page)
        check("the one-time link signs in", page.get_by_role("heading", level=1).is_visible())
        the_link_is_spent(browser, gantry)
        a_load_that_is_cut_off_is_tried_again(page, gantry)
        a_definition_is_edited(page, gantry)
        a_definition_is_edited_in_the_form(page, gantry)
        a_repository_is_kept_tidy(page, gantry)
        a_service_is_scaled_in_place(page, gantry)
        statuses_are_live(page, gantry)
        many_tabs_share_one_stream(page, gantry)
        a_revision_is_deployed_and_rolled_back(page, gantry)
        an_image_is_deployed(page, gantry)
        a_pause_is_ended(page, gantry)
        everything_is_found_by_its_name(page, gantry)
        single_keys_go_places(page, gantry)
        the_yard_shows_where_tasks_are(page, gantry)
        a_task_is_stopped(page, gantry)
        refusals_are_told(page, gantry)
        forms_work_without_scripts(browser, gantry)
        check("no script failed on the way", not wrong, wrong)
    finish()


def the_link_is_spent(browser: Browser, gantry: Gantry) -> None:
    """A second use of the link is refused in words."""
    page = browser.new_context().new_page()
    page.goto(gantry.env["GANTRY_ADMIN_URL"])
    page.get_by_role("button", name="Sign in with this link").click()
    expect(page.get_by_role("alert")).to_contain_text("has been used")
    check("the one-time link is spent", True)
    page.context.close()


def a_load_that_is_cut_off_is_tried_again(page: Page, gantry: Gantry) -> None:
    """Scripts and WebAssembly that do not arrive at first come at the second and third time."""
    other = page.context.browser.new_context(storage_state=page.context.storage_state()).new_page()
    for kind in ("js", "wasm"):
        other.route(re.compile(rf"\.{kind}$"), lambda route: route.abort("connectionreset"), times=1)
    open_page(other, f"{gantry.env['AWS_ENDPOINT_URL']}/clusters")
    check("a page whose scripts are cut off loads them again", True)
    other.context.close()


def a_definition_is_edited(page: Page, gantry: Gantry) -> None:
    """Edit the JSON, see the difference by meaning, register the revision."""
    open_page(page, f"{gantry.env['AWS_ENDPOINT_URL']}/register-task-definition?from=web:2")
    editor = page.get_by_label("Task definition as JSON")
    definition = json.loads(editor.input_value())
    definition["containerDefinitions"][0]["environment"][0]["value"] = "good evening"
    editor.fill("{")
    expect(page.get_by_text("Not valid JSON").first).to_be_visible()
    check("the editor says what is wrong with the JSON", True)
    editor.fill(json.dumps(definition))
    changes = page.get_by_role("region", name="Changes")
    expect(changes).to_contain_text("good evening")
    check("the editor shows what changes", "good day" in changes.inner_text(), changes.inner_text())
    page.get_by_role("button", name="Register").click()
    page.wait_for_url("**/task-definitions/web/3*")
    found = gantry.client("ecs").describe_task_definition(taskDefinition="web")["taskDefinition"]
    value = found["containerDefinitions"][0]["environment"][0]["value"]
    check("the new revision is registered", (found["revision"], value) == (3, "good evening"), found)


def a_definition_is_edited_in_the_form(page: Page, gantry: Gantry) -> None:
    """The form and the JSON are one text: each follows the other, and what the form does not show stays."""
    open_page(page, f"{gantry.env['AWS_ENDPOINT_URL']}/register-task-definition?from=web:3")
    editor, form = page.get_by_label("Task definition as JSON"), page.get_by_role("group", name="Form")
    before = json.loads(editor.input_value())
    app = form.get_by_role("group", name="Container app")
    app.get_by_label("Hard limit").fill("96")
    app.get_by_label("Value, row 1").fill('say "hi"')
    app.get_by_role("button", name="Variable").click()
    app.get_by_label("Name, row 3").fill("NEW")
    after = json.loads(editor.input_value())
    expected = json.loads(json.dumps(before))
    expected["containerDefinitions"][0]["memory"] = 96
    expected["containerDefinitions"][0]["environment"][0]["value"] = 'say "hi"'
    expected["containerDefinitions"][0]["environment"].append({"name": "NEW", "value": ""})
    check("the form changes the JSON and nothing beside", after == expected, after)
    expect(page.get_by_role("region", name="Where it fits")).to_contain_text("Fits on 1 of 1 host")
    after["containerDefinitions"][0]["memory"] = 9_000_000
    editor.fill(json.dumps(after))
    expect(app.get_by_label("Hard limit")).to_have_value("9000000")
    expect(page.get_by_role("region", name="Where it fits")).to_contain_text("Fits on 0 of 1 host")
    check("the JSON changes the form, and where it fits follows", True)
    app.get_by_role("button", name="Remove row 3 of environment").click()
    expect(app.get_by_label("Name, row 3")).to_have_count(0)
    described = {"taskDefinition": before | {"revision": 3, "status": "ACTIVE"}, "tags": []}
    editor.fill(json.dumps(described))
    app.get_by_label("Hard limit").fill("64")
    pasted = json.loads(editor.input_value())
    check("a pasted answer becomes what can be registered", pasted["containerDefinitions"][0]["memory"] == 64 and "revision" not in pasted, pasted)
    editor.fill("{")
    expect(form).to_have_attribute("disabled", "")
    expect(app.get_by_label("Hard limit")).to_be_disabled()
    check("the form waits while the JSON is none", True)


def a_repository_is_kept_tidy(page: Page, gantry: Gantry) -> None:
    """Tags are given and taken, a lifecycle policy says what it would do before it does, settings are saved."""
    endpoint, ecr = gantry.env["AWS_ENDPOINT_URL"], gantry.client("ecr")
    ecr.create_repository(repositoryName="tidy")
    for tag in ("1", "2"):
        gantry.push(f"tidy:{tag}")
    digest = next(i for i in ecr.describe_images(repositoryName="tidy")["imageDetails"] if "2" in i["imageTags"])["imageDigest"]
    open_page(page, f"{endpoint}/repositories/tidy?image={digest}")
    tags = page.get_by_role("group", name="Tags")
    tags.get_by_label("Another tag").fill("stable")
    tags.get_by_role("button", name="Tag", exact=True).click()
    expect(tags.get_by_role("button", name="Take the tag stable away")).to_be_visible()
    check("an image is given a tag", sorted(tags_of(gantry, digest)) == ["2", "stable"], tags_of(gantry, digest))
    tags.get_by_role("button", name="Take the tag stable away").click()
    expect(tags.get_by_role("button", name="Take the tag stable away")).to_have_count(0)
    check("and loses it", tags_of(gantry, digest) == ["2"], tags_of(gantry, digest))
    page.get_by_role("link", name="Lifecycle").click()
    policy = page.get_by_label("Policy as JSON")
    page.get_by_role("button", name="Keep the newest 10").click()
    would = page.get_by_role("region", name="What it would do now")
    expect(would).to_contain_text("No image is due")
    policy.fill(policy.input_value().replace('"countNumber": 10', '"countNumber": 1'))
    expect(would).to_contain_text("1 image would be deleted")
    check("a policy says what it would do while it is typed", True)
    policy.fill(policy.input_value().replace("imageCountMoreThan", "imageCount"))
    expect(would).to_contain_text("InvalidParameterException")
    policy.fill(policy.input_value().replace("imageCount", "imageCountMoreThan").replace('"countNumber": 1', '"countNumber": 50'))
    page.get_by_role("button", name="Save policy").click()
    expect(page.get_by_role("button", name="Delete policy").first).to_be_visible()
    saved = json.loads(ecr.get_lifecycle_policy(repositoryName="tidy")["lifecyclePolicyText"])
    check("and is saved", saved["rules"][0]["selection"]["countNumber"] == 50, saved)
    page.get_by_role("link", name="Settings").click()
    page.get_by_label("A tag that is taken").select_option("IMMUTABLE")
    page.get_by_role("button", name="Save tags").click()
    expect(page.get_by_role("main")).to_contain_text("tags immutable")
    page.get_by_label("Scan each image when it is pushed").check()
    page.get_by_role("button", name="Save scanning").click()
    scans = lambda: ecr.describe_repositories(repositoryNames=["tidy"])["repositories"][0]["imageScanningConfiguration"]["scanOnPush"]
    wait_until(scans, "the repository scans on push")
    check("a repository's settings are saved", True)


def tags_of(gantry: Gantry, digest: str) -> list[str]:
    """The tags of an image of the repository tidy."""
    found = gantry.client("ecr").describe_images(repositoryName="tidy", imageIds=[{"imageDigest": digest}])
    return found["imageDetails"][0].get("imageTags", [])


def a_service_is_scaled_in_place(page: Page, gantry: Gantry) -> None:
    """A change waits; it can be taken back, or be applied at once, or applies itself."""
    open_page(page, service_page(gantry))
    desired = page.get_by_label("Desired")
    page.get_by_role("button", name="One more").click()
    expect(page.get_by_text("3 → 4")).to_be_visible()
    page.get_by_role("button", name="Undo").click()
    expect(desired).to_have_value("3")
    check("a change of the scale is taken back", service(gantry, SERVICE)["desiredCount"] == 3)
    page.get_by_role("button", name="One fewer").click()
    page.get_by_role("button", name="Apply now").click()
    wait_until(lambda: service(gantry, SERVICE)["desiredCount"] == 2, "the service is scaled at once")
    expect(page.get_by_role("main")).to_contain_text("2of 2 running", timeout=60_000)
    check("a service is scaled from its page", True)
    page.get_by_role("button", name="One more").click()
    wait_until(lambda: service(gantry, SERVICE)["desiredCount"] == 3, "the change applies itself")
    check("a change that is left alone applies itself", True)
    desired.fill("2")
    with page.expect_request("**/scale-service") as sent:
        page.get_by_role("button", name="Apply", exact=True).click()
    check("the button applies what was typed", "desired=2" in sent.value.post_data, sent.value.post_data)
    desired.fill("3")
    with page.expect_request("**/scale-service") as sent:
        desired.press("Enter")
    check("Enter applies what was typed", "desired=3" in sent.value.post_data, sent.value.post_data)
    wait_until(lambda: service(gantry, SERVICE)["desiredCount"] == 3, "the service is scaled")
    expect(page.get_by_role("main")).to_contain_text("3of 3 running", timeout=60_000)
    desired.focus()
    gantry.client("ecs").update_service(service=SERVICE, desiredCount=2)
    expect(page.get_by_role("main")).to_contain_text("2of 2 running", timeout=60_000)
    check("a refresh leaves the number alone while somebody is in its field", desired.input_value() == "3")
    desired.blur()
    expect(desired).to_have_value("2")
    gantry.client("ecs").update_service(service=SERVICE, desiredCount=3)
    expect(desired).to_have_value("3")
    check("and shows it when they have left", True)


def statuses_are_live(page: Page, gantry: Gantry) -> None:
    """Two browsers see a change of a service without a reload."""
    address = service_page(gantry)
    other = page.context.browser.new_context(storage_state=page.context.storage_state()).new_page()
    pages = (page, other)
    for seen in pages:
        open_page(seen, address)
        expect(seen.get_by_role("main")).to_contain_text("3of 3 running", timeout=60_000)
        seen.evaluate("window.notReloaded = true")
    gantry.client("ecs").update_service(service=SERVICE, desiredCount=4)
    for seen in pages:
        expect(seen.get_by_role("main")).to_contain_text("4of 4 running", timeout=60_000)
    check("two browsers see a service grow", all(seen.evaluate("window.notReloaded") for seen in pages))
    wait_until(lambda: steady(gantry, SERVICE) and service(gantry, SERVICE)["runningCount"] == 4, "four tasks run")
    other.context.close()


def many_tabs_share_one_stream(page: Page, gantry: Gantry) -> None:
    """More tabs than a browser opens connections: each is live, and so is the first when others have gone."""
    context = page.context
    tabs = [context.new_page() for _ in range(8)]
    for tab in tabs:
        open_page(tab, service_page(gantry))
        expect(tab.locator(".topbar .live")).to_have_text("Live", timeout=30_000)
    gantry.client("ecs").update_service(service=SERVICE, desiredCount=3)
    for tab in tabs:
        expect(tab.get_by_role("main")).to_contain_text("3of 3 running", timeout=60_000)
    check("eight tabs are live at once", True)
    for tab in tabs[:-1]:
        tab.close()
    gantry.client("ecs").update_service(service=SERVICE, desiredCount=4)
    expect(tabs[-1].get_by_role("main")).to_contain_text("4of 4 running", timeout=60_000)
    check("the last tab goes on when the others are gone", True)
    tabs[-1].close()
    alone = context.browser.new_context(storage_state=context.storage_state()).new_page()
    alone.add_init_script("delete window.SharedWorker")
    open_page(alone, service_page(gantry))
    expect(alone.locator(".topbar .live")).to_have_text("Live", timeout=30_000)
    check("a browser without shared workers is live, too", alone.evaluate("window.SharedWorker === undefined"))
    alone.context.close()
    wait_until(lambda: steady(gantry, SERVICE) and service(gantry, SERVICE)["runningCount"] == 4, "four tasks run")


def an_image_is_deployed(page: Page, gantry: Gantry) -> None:
    """Another image, without going by the editor; the record tells of it."""
    image = f"{gantry.env['GANTRY_REGISTRY']}/hello:2"
    open_page(page, service_page(gantry))
    page.get_by_role("button", name="Deploy image").click()
    page.get_by_label("Image", exact=True).fill(image)
    page.get_by_role("button", name="Deploy", exact=True).click()
    wait_until(lambda: steady(gantry, SERVICE) and service(gantry, SERVICE)["taskDefinition"].endswith("web:4"), "web:4 is deployed", 180)
    found = gantry.client("ecs").describe_task_definition(taskDefinition="web")["taskDefinition"]["containerDefinitions"]
    check("an image is deployed from the page", [c["image"] for c in found] == [image, image.replace(":2", ":1")], found)
    page.get_by_role("link", name="Deployments").click()
    history = page.get_by_role("table", name="History").locator("tbody tr")
    expect(history.first).to_contain_text("web:4")
    expect(history.first).to_contain_text("Successful", timeout=30_000)
    check("the history tells from what to what", "web:2" in history.first.inner_text(), history.first.inner_text())
    page.get_by_role("link", name="Overview").last.click()
    expect(page.get_by_role("region", name="Last days")).to_contain_text("90 days")
    check("the service shows its last days", True)


def a_revision_is_deployed_and_rolled_back(page: Page, gantry: Gantry) -> None:
    """Deploy a revision by the dialog, see the course live, and go back to the one before."""
    open_page(page, service_page(gantry))
    page.get_by_role("button", name="Deploy revision").click()
    page.get_by_label("Revision", exact=True).select_option("web:3")
    page.get_by_role("button", name="Deploy", exact=True).click()
    expect(page.get_by_role("dialog")).to_have_count(0)
    check("a dialog closes when it is done", True)
    course = page.get_by_role("region", name="Deployment")
    expect(course.get_by_text("web:3")).to_be_visible(timeout=30_000)
    wait_until(lambda: steady(gantry, SERVICE) and service(gantry, SERVICE)["taskDefinition"].endswith("web:3"), "web:3 is deployed", 180)
    expect(course.get_by_text("web:1")).to_have_count(0, timeout=30_000)
    check("a revision is deployed from the page", True)
    page.get_by_role("button", name="Roll back to 2").click()
    page.get_by_role("button", name="Roll back", exact=True).click()
    expect(course.get_by_text("web:2")).to_be_visible(timeout=60_000)
    back = service(gantry, SERVICE)["taskDefinition"]
    check("a service is rolled back from the page", back.endswith("web:2"), back)
    wait_until(lambda: steady(gantry, SERVICE), "web:2 is deployed", 180)


def a_pause_is_ended(page: Page, gantry: Gantry) -> None:
    """A deployment that waits for somebody goes on when the page says so."""
    open_page(page, f"{gantry.env['AWS_ENDPOINT_URL']}/clusters/{CLUSTER}/services/{STAGED}")
    course = page.get_by_role("region", name="Deployment")
    expect(course).to_contain_text("Paused at post scale up")
    check("both revisions are shown while it pauses", course.get_by_text("web:1").is_visible() and
          course.get_by_text("web:2").is_visible(), course.inner_text())
    course.get_by_role("button", name="Continue").click()
    expect(course.get_by_text("web:1")).to_have_count(0, timeout=60_000)
    wait_until(lambda: deployment(gantry)["status"] == "SUCCESSFUL", "the deployment succeeds")
    check("a pause is ended from the page", True)


def everything_is_found_by_its_name(page: Page, gantry: Gantry) -> None:
    """Ctrl-K finds objects and actions, and Enter goes there."""
    endpoint = gantry.env["AWS_ENDPOINT_URL"]
    open_page(page, f"{endpoint}/events")
    palette = page.get_by_role("dialog", name="Search or run")
    page.keyboard.press("Control+k")
    expect(palette.get_by_role("combobox")).to_be_focused()
    expect(palette.get_by_role("option").first).to_be_visible()
    page.keyboard.type("care")
    expect(palette.get_by_role("option").first).to_contain_text(f"service in {CLUSTER}")
    page.keyboard.press("Enter")
    page.wait_for_url(f"{endpoint}/clusters/{CLUSTER}/services/{STAGED}")
    check("the palette finds a service and goes there", not palette.is_visible())
    page.keyboard.press("Control+k")
    page.keyboard.type("create service in")
    second = palette.get_by_role("option").nth(1)
    expect(second).to_contain_text("Create service in")
    page.keyboard.press("ArrowDown")
    expect(second).to_have_attribute("aria-selected", "true")
    second.click()
    page.wait_for_url("**/create-service")
    check("and finds what can be done", True)
    page.keyboard.press("Control+k")
    page.keyboard.type("no such thing anywhere")
    expect(palette.get_by_role("option")).to_have_count(0)
    page.keyboard.press("Escape")
    expect(palette).to_be_hidden()
    check("Escape closes it", True)


def single_keys_go_places(page: Page, gantry: Gantry) -> None:
    """`g` and a letter goes to a page, `j` and Enter opens a row, `?` lists the keys; all of it can be turned off."""
    endpoint = gantry.env["AWS_ENDPOINT_URL"]
    open_page(page, f"{endpoint}/events")
    page.keyboard.press("g")
    page.keyboard.press("c")
    page.wait_for_url(f"{endpoint}/clusters")
    first = page.locator("main .table a.object").first
    expect(first).to_be_visible()
    page.keyboard.press("j")
    expect(first).to_be_focused()
    page.keyboard.press("Enter")
    page.wait_for_url(f"{endpoint}/clusters/*")
    check("single keys go to a page and open a row", True)
    page.goto(f"{endpoint}/create-cluster")
    page.wait_for_selector("html[data-hydrated]", state="attached")
    page.get_by_label("Name").fill("")
    page.get_by_label("Name").press("g")
    page.get_by_label("Name").press("c")
    check("keys in a field are letters", page.get_by_label("Name").input_value() == "gc", page.url)
    open_page(page, f"{endpoint}/events")
    page.keyboard.press("?")
    keys = page.get_by_role("dialog", name="Keys")
    keys.get_by_label("Single keys").uncheck()
    page.keyboard.press("Escape")
    page.keyboard.press("g")
    page.keyboard.press("c")
    page.keyboard.press("Control+k")
    expect(page.get_by_role("dialog", name="Search or run")).to_be_visible()
    check("single keys can be turned off", page.url == f"{endpoint}/events", page.url)
    page.keyboard.press("Escape")
    page.evaluate("localStorage.removeItem('gantry.keys')")


def the_yard_shows_where_tasks_are(page: Page, gantry: Gantry) -> None:
    """Each task is a block on its host, the table says the same, and a new task arrives without a reload."""
    endpoint = gantry.env["AWS_ENDPOINT_URL"]
    running = len(gantry.client("ecs").list_tasks(serviceName=SERVICE)["taskArns"])
    open_page(page, f"{endpoint}/clusters/{CLUSTER}/topology")
    blocks = page.locator(".lane .bay[title^='web,']")
    expect(blocks).to_have_count(running)
    page.evaluate("window.notReloaded = true")
    gantry.client("ecs").update_service(service=SERVICE, desiredCount=running + 1)
    expect(blocks).to_have_count(running + 1, timeout=60_000)
    check("a new task arrives in the yard", page.evaluate("window.notReloaded"))
    page.get_by_role("navigation", name="View").get_by_role("link", name="Table").click()
    page.wait_for_url("**view=table")
    row = page.get_by_role("table", name="Hosts and their tasks").locator("tbody tr").first
    expect(row.get_by_role("link", name="web")).to_have_count(running + 1)
    check("the table says the same", True)
    wait_until(lambda: steady(gantry, SERVICE), "the service is steady")


def a_task_is_stopped(page: Page, gantry: Gantry) -> None:
    """Stop a task with a reason; its page tells it without a reload, and its service replaces it."""
    task = gantry.client("ecs").list_tasks(serviceName=SERVICE)["taskArns"][0].rsplit("/", 1)[1]
    open_page(page, f"{gantry.env['AWS_ENDPOINT_URL']}/clusters/{CLUSTER}/tasks/{task}")
    page.get_by_role("button", name="Stop", exact=True).click()
    page.get_by_label("Reason, for whoever looks later").fill("it was in the way")
    page.get_by_role("button", name="Stop task").click()
    expect(page.get_by_role("main")).to_contain_text("it was in the way", timeout=30_000)
    expect(page.get_by_role("region", name="Life")).to_contain_text("Stopped", timeout=30_000)
    check("a task is stopped from its page", status(gantry, task) in ("STOPPED", "DEPROVISIONING", "STOPPING"), status(gantry, task))
    wait_until(lambda: steady(gantry, SERVICE), "the service replaces it")


def refusals_are_told(page: Page, gantry: Gantry) -> None:
    """What the API refuses is told at the form, in words."""
    open_page(page, f"{gantry.env['AWS_ENDPOINT_URL']}/clusters/{CLUSTER}/run-task")
    page.get_by_label("Task definition").fill("nowhere")
    page.get_by_role("button", name="Run task").click()
    expect(page.get_by_role("alert")).to_contain_text("ClientException")
    check("a refusal is told at the form", "TaskDefinition not found" in page.get_by_role("alert").inner_text(), page.get_by_role("alert").inner_text())


def forms_work_without_scripts(browser: Browser, gantry: Gantry) -> None:
    """The same forms, where nothing but HTML works."""
    endpoint = gantry.env["AWS_ENDPOINT_URL"]
    context = browser.new_context(java_script_enabled=False)
    sign_in(context, endpoint, gantry.env)
    page = context.new_page()
    page.goto(f"{endpoint}/create-cluster")
    page.get_by_label("Name").fill("not a name")
    page.get_by_role("button", name="Create cluster").click()
    expect(page.get_by_role("alert")).to_contain_text("InvalidParameterException")
    page.goto(f"{endpoint}/create-cluster")
    page.get_by_label("Name").fill("plain")
    page.get_by_role("button", name="Create cluster").click()
    page.wait_for_url(f"{endpoint}/clusters/plain")
    check("a cluster is created without scripts", "plain" in page.get_by_role("heading", level=1).inner_text())
    page.goto(f"{endpoint}/create-repository")
    page.get_by_label("Name").fill("plain/one")
    page.get_by_role("button", name="Create repository").click()
    page.wait_for_url(f"{endpoint}/repositories/plain/one")
    check("a repository is created without scripts", page.get_by_text("No images yet").is_visible())
    page.goto(f"{endpoint}/clusters/plain/create-service")
    page.get_by_label("Service name").fill("quiet")
    page.get_by_label("Task definition").fill("web")
    page.get_by_label("Desired tasks").fill("0")
    page.get_by_role("button", name="Create service").click()
    page.wait_for_url(f"{endpoint}/clusters/plain/services/quiet")
    check("a service is created without scripts", page.get_by_text("Scaled to 0").first.is_visible())
    page.goto(service_page(gantry))
    page.get_by_label("Desired").fill("2")
    page.get_by_role("button", name="Apply", exact=True).click()
    check("a service is scaled without scripts", service(gantry, SERVICE)["desiredCount"] == 2, service(gantry, SERVICE)["desiredCount"])
    context.close()


def service_page(gantry: Gantry) -> str:
    """The address of the page of the seeded service."""
    return f"{gantry.env['AWS_ENDPOINT_URL']}/clusters/{CLUSTER}/services/{SERVICE}"


if __name__ == "__main__":
    main()
