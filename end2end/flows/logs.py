#!/usr/bin/env python3
"""What containers write: shipped by the agent, kept, read back and searched with boto3, over a crash of both."""

import re

from browser import chromium, open_page, sign_in
from harness import Gantry, check, finish, wait_until

PORT = 18101
GROUP = "/ecs/web"
COUNT = 400


def main() -> None:
    """The steps, in order."""
    with Gantry(PORT) as gantry:
        gantry.client("ecr").create_repository(repositoryName="web")
        image, ecs = gantry.push("web:1"), gantry.client("ecs")
        wait_until(lambda: ecs.list_container_instances()["containerInstanceArns"], "the agent registers")
        without_its_group(gantry, ecs, image)
        gantry.client("logs").create_log_group(logGroupName=GROUP, tags={"team": "blue"})
        what_a_task_wrote(gantry, ecs, image)
        a_stream_is_followed(gantry, ecs, image)
        over_a_crash(gantry, ecs, image)
        a_group_is_made(gantry, ecs, image)
    finish()


def run(gantry: Gantry, ecs: object, image: str, family: str, script: str, **options: str) -> str:
    """Runs a task that writes to a log, and answers its ARN."""
    log = {"awslogs-group": GROUP, "awslogs-region": gantry.env["AWS_DEFAULT_REGION"], "awslogs-stream-prefix": family}
    container = {"name": "app", "image": image, "memory": 16, "stopTimeout": 2, "command": ["/bin/sh", "-c", script],
                 "dockerLabels": {"gantry.flow": gantry.data.name},
                 "logConfiguration": {"logDriver": "awslogs", "options": log | {k.replace("_", "-"): v for k, v in options.items()}}}
    ecs.register_task_definition(family=family, containerDefinitions=[container])
    return ecs.run_task(taskDefinition=family)["tasks"][0]["taskArn"]


def stopped(ecs: object, arn: str) -> dict:
    """The task once it has stopped."""
    described = lambda: ecs.describe_tasks(tasks=[arn])["tasks"][0]  # noqa: E731
    return wait_until(lambda: (t := described())["lastStatus"] == "STOPPED" and t, "the task stops")


def stream_of(family: str, arn: str) -> str:
    """Where airflow and dagster look for the lines of a task's container."""
    return f"{family}/app/{arn.rsplit('/', 1)[1]}"


def written(gantry: Gantry, stream: str, group: str = GROUP) -> list[str]:
    """Every line of a stream, page by page from its head, as clients read it."""
    logs, lines, token = gantry.client("logs"), [], {}
    while True:
        page = logs.get_log_events(logGroupName=group, logStreamName=stream, startFromHead=True, limit=100, **token)
        lines += [event["message"] for event in page["events"]]
        if token.get("nextToken") == page["nextForwardToken"]:
            return lines
        token = {"nextToken": page["nextForwardToken"]}


def without_its_group(gantry: Gantry, ecs: object, image: str) -> None:
    """A container whose group is not there does not start, and says why."""
    task = stopped(ecs, run(gantry, ecs, image, "lost", "echo never", **{"awslogs_group": "/nowhere"}))
    reason = task["containers"][0].get("reason", "")
    check("without its group a container does not start", "CannotStartContainerError" in reason and
          "The specified log group does not exist." in reason, reason)


def what_a_task_wrote(gantry: Gantry, ecs: object, image: str) -> None:
    """Lines of both outputs, events of several lines, and searches over them."""
    logs = gantry.client("logs")
    arn = run(gantry, ecs, image, "once", "echo 'GET /'; echo 'ERROR one' >&2; echo; echo '{\"status\": 503}'")
    stopped(ecs, arn)
    stream = stream_of("once", arn)
    wait_until(lambda: len(written(gantry, stream)) >= 3, "the lines are shipped")
    check("both outputs are read back", sorted(written(gantry, stream)) == ["ERROR one", "GET /", '{"status": 503}'],
          written(gantry, stream))
    stack = run(gantry, ecs, image, "stack", "echo 'E a'; echo '  at b'; echo '  at c'; echo 'E d'",
                **{"awslogs_multiline_pattern": "^E "})
    stopped(ecs, stack)
    wait_until(lambda: len(written(gantry, stream_of("stack", stack))) >= 2, "the events are shipped")
    check("lines that belong together are one event", written(gantry, stream_of("stack", stack)) ==
          ["E a\n  at b\n  at c", "E d"], written(gantry, stream_of("stack", stack)))
    found = lambda pattern: [event["message"] for page in  # noqa: E731
                             logs.get_paginator("filter_log_events").paginate(logGroupName=GROUP, filterPattern=pattern)
                             for event in page["events"]]
    check("a search goes through all streams", found("?ERROR ?\"at c\"") == ["ERROR one", "E a\n  at b\n  at c"],
          found("?ERROR ?\"at c\""))
    check("and into JSON", found("{ $.status >= 500 }") == ['{"status": 503}'], found("{ $.status >= 500 }"))
    streams = logs.describe_log_streams(logGroupName=GROUP, orderBy="LastEventTime", descending=True)["logStreams"]
    check("the newest stream comes first", [s["logStreamName"] for s in streams] == [stream_of("stack", stack), stream],
          streams)
    logs.put_retention_policy(logGroupName=GROUP, retentionInDays=30)
    group = logs.describe_log_groups(logGroupNamePrefix="/ecs")["logGroups"][0]
    check("a group says how long it keeps how much", group["retentionInDays"] == 30 and group["storedBytes"] > 20, group)


def a_stream_is_followed(gantry: Gantry, ecs: object, image: str) -> None:
    """A task that runs is followed as `aws logs tail --follow` does it."""
    logs = gantry.client("logs")
    arn = run(gantry, ecs, image, "loop", "while true; do echo tick; busybox usleep 100000; done")
    seen: set[str] = set()

    def ticks() -> int:
        page = logs.filter_log_events(logGroupName=GROUP, logStreamNamePrefix="loop/", interleaved=True)
        seen.update(event["eventId"] for event in page["events"])
        return len(seen)

    wait_until(lambda: ticks() >= 5, "the first lines come")
    in_the_browser(gantry, arn)
    before = len(seen)
    check("lines come while the task runs", bool(wait_until(lambda: ticks() >= before + 10, "more lines come")))
    ecs.stop_task(task=arn)
    stopped(ecs, arn)
    all_of_them = len(written(gantry, stream_of("loop", arn)))
    check("and are there when it has gone", all_of_them >= before + 10, all_of_them)


def in_the_browser(gantry: Gantry, arn: str) -> None:
    """The lines of a task that runs come to a page that is open, and a search leaves out what it does not mean."""
    endpoint, lines = gantry.env["AWS_ENDPOINT_URL"], f"/logs/lines?group={GROUP}"
    with chromium() as browser:
        context = browser.new_context()
        sign_in(context, endpoint, gantry.env)
        page = context.new_page()
        open_page(page, f"{endpoint}{lines}&stream=loop/")
        shown = page.locator(".log-line")
        before = shown.count()
        check("a page that is open is given new lines", bool(wait_until(lambda: shown.count() > before + 5, "more lines")))
        page.get_by_label("Filter pattern").fill("?ERROR ?status")
        page.get_by_label("Streams that begin with").fill("")
        page.get_by_role("button", name="Search").click()
        wait_until(lambda: shown.count() == 2, "what was sought is shown")
        check("a search shows what it means", sorted(shown.locator(".log-message").all_inner_texts()) ==
              ["ERROR one", '{"status": 503}'], shown.all_inner_texts())
        page.get_by_role("button", name="Keep for…").click()
        page.get_by_label("Keep lines", exact=True).select_option("14")
        page.get_by_role("button", name="Save").click()
        page.get_by_text("kept for 14 days").wait_for()
        page.get_by_role("dialog").wait_for(state="hidden")
        kept = gantry.client("logs").describe_log_groups(logGroupNamePrefix=GROUP)["logGroups"][0].get("retentionInDays")
        check("the page says how long lines are kept, and changes it", kept == 14, kept)
        open_page(page, f"{endpoint}/clusters/default/tasks/{arn.rsplit('/', 1)[1]}")
        last = page.get_by_role("log", name="Last lines of app")
        check("the task's page has its last lines", "tick" in last.inner_text(), last.inner_text())
        context.close()


def over_a_crash(gantry: Gantry, ecs: object, image: str) -> None:
    """The control plane and its agent are killed while a container writes: no line is lost."""
    script = f"i=0; while [ $i -lt {COUNT} ]; do i=$((i+1)); echo line $i; busybox usleep 10000; done"
    arn = run(gantry, ecs, image, "crash", script)
    stream = stream_of("crash", arn)

    def some() -> bool:
        try:
            return len(written(gantry, stream)) > COUNT // 8
        except gantry.client("logs").exceptions.ResourceNotFoundException:
            return False

    wait_until(some, "the first lines are shipped")
    gantry.kill9()
    gantry.start()
    numbers = lambda: [int(re.sub(r"\D", "", line)) for line in written(gantry, stream)]  # noqa: E731
    wait_until(lambda: COUNT in numbers(), "the last line is shipped")
    got = numbers()
    check("a crash loses no line", sorted(set(got)) == list(range(1, COUNT + 1)), sorted(set(range(1, COUNT + 1)) - set(got)))
    check("and the order holds", got == sorted(got), got)


def a_group_is_made(gantry: Gantry, ecs: object, image: str) -> None:
    """A definition may ask for its group to be made."""
    arn = run(gantry, ecs, image, "own", "echo here", **{"awslogs_group": "/own", "awslogs_create_group": "true"})
    stopped(ecs, arn)
    wait_until(lambda: written(gantry, stream_of("own", arn), "/own"), "the line is shipped")
    check("a group is made for whoever asks", written(gantry, stream_of("own", arn), "/own") == ["here"])


if __name__ == "__main__":
    main()
