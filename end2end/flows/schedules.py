#!/usr/bin/env python3
"""Tasks that run by a schedule: rules made with boto3, the aws CLI and by hand, over a stop and a crash of the server."""

import json
import sqlite3

import botocore.exceptions

from browser import chromium, open_page, sign_in
from harness import Gantry, check, finish, wait_until

PORT = 18105
MINUTE_MS = 60 * 1000


def main() -> None:
    """The steps, in order."""
    with Gantry(PORT) as gantry:
        gantry.client("ecr").create_repository(repositoryName="job")
        image, ecs = gantry.push("job:1"), gantry.client("ecs")
        wait_until(lambda: ecs.list_container_instances()["containerInstanceArns"], "the agent registers")
        container = {"name": "app", "image": image, "memory": 16, "command": ["/bin/sh", "-c", "exit 0"],
                     "dockerLabels": {"gantry.flow": gantry.data.name}}
        ecs.register_task_definition(family="job", containerDefinitions=[container])
        a_rule_runs(gantry, ecs)
        what_was_missed(gantry, ecs)
        what_is_refused(gantry)
        in_the_browser(gantry, ecs)
    finish()


def started(ecs: object, rule: str) -> list[str]:
    """The tasks that a rule has started and that ran to their end."""
    stopped = ecs.list_tasks(startedBy=f"events-rule/{rule}", desiredStatus="STOPPED")["taskArns"]
    tasks = ecs.describe_tasks(tasks=stopped)["tasks"] if stopped else []
    return [task["taskArn"] for task in tasks if task["lastStatus"] == "STOPPED"]


def a_rule_runs(gantry: Gantry, ecs: object) -> None:
    """A rule of a minute runs its task each minute, as the target says."""
    events, cluster = gantry.client("events"), ecs.describe_clusters(clusters=["default"])["clusters"][0]["clusterArn"]
    arn = events.put_rule(Name="each-minute", ScheduleExpression="rate(1 minute)", Tags=[{"Key": "team", "Value": "blue"}])["RuleArn"]
    target = {"Id": "job", "Arn": cluster, "RoleArn": "arn:aws:iam::000000000000:role/ecsEventsRole",
              "Input": json.dumps({"containerOverrides": [{"name": "app", "command": ["/bin/sh", "-c", "exit 7"]}]}),
              "EcsParameters": {"TaskDefinitionArn": "job", "TaskCount": 2, "LaunchType": "EC2", "Group": "batch"}}
    failed = events.put_targets(Rule="each-minute", Targets=[target])
    check("a rule is made and given a target", arn.endswith(":rule/each-minute") and failed["FailedEntryCount"] == 0, failed)
    told = gantry.aws("events", "list-targets-by-rule", "--rule", "each-minute", "--query", "Targets[0].EcsParameters.TaskCount")
    check("the command line tells it as it was given", told == "2", told)
    wait_until(lambda: len(started(ecs, "each-minute")) >= 2, "the rule is due", 120)
    tasks = ecs.describe_tasks(tasks=started(ecs, "each-minute"))["tasks"]
    seen = {(task["group"], task["containers"][0].get("exitCode")) for task in tasks}
    check("its tasks run as the target says", seen == {("batch", 7)}, seen)
    events.disable_rule(Name="each-minute")
    count = len(started(ecs, "each-minute"))
    check("each time it is due once", count % 2 == 0, count)


def turn_back(gantry: Gantry, rule: str, minutes: int) -> None:
    """Has a rule be due some minutes ago, as if the server had been down since."""
    with sqlite3.connect(gantry.data / "gantry.db") as database:
        (body,) = database.execute("SELECT body FROM rule WHERE name = ?", (rule,)).fetchone()
        kept = json.loads(body)
        for member in ("anchor", "nextAt"):
            kept[member] -= minutes * MINUTE_MS
        database.execute("UPDATE rule SET body = ?, next_at = ? WHERE name = ?", (json.dumps(kept), kept["nextAt"], rule))
    database.close()


def what_was_missed(gantry: Gantry, ecs: object) -> None:
    """While nobody was there rules were due: one run is made up for, or none. A crash runs nothing twice."""
    events, cluster = gantry.client("events"), ecs.describe_clusters(clusters=["default"])["clusters"][0]["clusterArn"]
    for rule, missed in (("made-up", "once"), ("left-out", "skip")):
        events.put_rule(Name=rule, ScheduleExpression="rate(1 hour)", Tags=[{"Key": "gantry.missed-runs", "Value": missed}])
        events.put_targets(Rule=rule, Targets=[{"Id": "1", "Arn": cluster, "EcsParameters": {"TaskDefinitionArn": "job", "LaunchType": "EC2"}}])
    gantry.stop()
    for rule in ("made-up", "left-out"):
        turn_back(gantry, rule, 5 * 60 + 30)
    gantry.start()
    wait_until(lambda: len(started(ecs, "made-up")) == 1, "what was missed is made up for")
    gantry.kill9()
    gantry.start()
    wait_until(lambda: ecs.describe_clusters(clusters=["default"])["clusters"][0]["registeredContainerInstancesCount"], "it is back")
    check("of five missed hours one is made up for, and after a crash no other", len(started(ecs, "made-up")) == 1)
    running = ecs.list_tasks(startedBy="events-rule/left-out")["taskArns"]
    check("a rule that says so leaves them out", not started(ecs, "left-out") and not running, running)


def what_is_refused(gantry: Gantry) -> None:
    """What is no schedule, and what is no task, is refused in words."""
    events = gantry.client("events")
    for expression, word in (("rate(1 minutes)", "rate"), ("cron(0 10 * * * *)", "must be ?"), ("at noon", "neither")):
        try:
            events.put_rule(Name="wrong", ScheduleExpression=expression)
            seen = "taken"
        except botocore.exceptions.ClientError as error:
            seen = str(error)
        check(f"{expression} is refused", "ScheduleExpression" in seen and word in seen, seen)


def in_the_browser(gantry: Gantry, ecs: object) -> None:
    """A schedule is made, looked at, changed, disabled and deleted by hand."""
    endpoint, events = gantry.env["AWS_ENDPOINT_URL"], gantry.client("events")
    with chromium() as browser:
        context = browser.new_context()
        sign_in(context, endpoint, gantry.env)
        page = context.new_page()
        open_page(page, f"{endpoint}/create-schedule")
        page.get_by_label("Name", exact=True).fill("by-hand")
        page.get_by_label("Schedule", exact=True).fill("rate(1 minutes)")
        page.get_by_label("Task definition", exact=True).fill("job")
        page.get_by_role("button", name="Create schedule").click()
        page.get_by_role("alert").get_by_text("ScheduleExpression").wait_for()
        check("a wrong schedule is refused beside the form", not events.list_rules(NamePrefix="by-hand")["Rules"])
        page.get_by_label("Schedule", exact=True).fill("rate(1 minute)")
        page.get_by_role("button", name="Create schedule").click()
        page.get_by_role("heading", name="by-hand", exact=True).wait_for()
        rule = events.describe_rule(Name="by-hand")
        check("a schedule is made in the browser", (rule["State"], rule["ScheduleExpression"]) == ("ENABLED", "rate(1 minute)"), rule)
        page.get_by_text("Started", exact=True).first.wait_for(timeout=120_000)
        check("its page shows what comes of it while it is open", bool(wait_until(lambda: started(ecs, "by-hand"), "its task ends")))
        page.get_by_role("button", name="Disable").click()
        page.get_by_role("button", name="Enable").wait_for()
        check("it is disabled", events.describe_rule(Name="by-hand")["State"] == "DISABLED")
        page.get_by_role("button", name="Change…").click()
        page.get_by_label("Schedule", exact=True).fill("cron(30 3 * * ? *)")
        page.get_by_role("button", name="Save").click()
        page.get_by_text("cron(30 3 * * ? *)").first.wait_for()
        rule = events.describe_rule(Name="by-hand")
        check("and changed", (rule["State"], rule["ScheduleExpression"]) == ("DISABLED", "cron(30 3 * * ? *)"), rule)
        open_page(page, f"{endpoint}/schedules")
        check("the list has them all", page.get_by_role("row").count() == 5, page.get_by_role("row").count())
        open_page(page, f"{endpoint}/schedules/by-hand")
        page.get_by_role("button", name="Delete", exact=True).click()
        page.get_by_role("button", name="Delete schedule").click()
        page.get_by_role("heading", name="Schedules", exact=True).first.wait_for()
        check("and deleted", not events.list_rules(NamePrefix="by-hand")["Rules"])
        context.close()


if __name__ == "__main__":
    main()
