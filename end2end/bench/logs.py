#!/usr/bin/env python3
"""Logs: what ten containers write at once, whether all of it arrives and how soon, and how long a search over many lines
takes to its first page.

Lines come from real containers through the engine and the agent. How soon is from the time that the engine gave a line to
the time at which it was kept. The haystack for the search is put there by the API.
"""

import argparse
import concurrent.futures
import random
import time

import botocore.config
import boto3
from harness import Gantry, finish, check, wait_until

PORT = 18170
WRITERS, GROUP, HAYSTACK = 10, "/bench/writers", "/bench/haystack"
# A burst every tenth of a second, each line numbered; awk writes a burst faster than a shell would.
SCRIPT = """i=0; while [ $i -lt {bursts} ]; do i=$((i+1))
busybox awk -v b=$i -v n={burst} 'BEGIN{{for(k=0;k<n;k++) print "line", (b-1)*n+k, "GET /some/path/of/a/request HTTP/1.1 200 1532 0.012 user-agent/1.0"}}'
busybox usleep {pause}; done"""


def main() -> None:
    """Prints the rows."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rate", type=int, default=50_000, help="lines a second of all writers")
    parser.add_argument("--seconds", type=int, default=30)
    parser.add_argument("--haystack", type=int, default=10_000_000, help="lines to search in")
    arguments = parser.parse_args()
    with Gantry(PORT) as gantry:
        gantry.client("ecr").create_repository(repositoryName="web")
        image, ecs, logs = gantry.push("web:1"), gantry.client("ecs"), gantry.client("logs")
        wait_until(lambda: ecs.list_container_instances()["containerInstanceArns"], "the agent registers")
        write(gantry, ecs, logs, image, arguments.rate, arguments.seconds)
        fill(gantry, logs, arguments.haystack)
        for name, pattern in {"a rare word": "needle", "a word in every line": "GET", "nothing": "no-such-word"}.items():
            find(logs, name, pattern)
    finish()


def write(gantry: Gantry, ecs: object, logs: object, image: str, rate: int, seconds: int) -> None:
    """Ten tasks write; every line must arrive."""
    burst, bursts = rate // WRITERS // 10, seconds * 10
    options = {"awslogs-group": GROUP, "awslogs-region": gantry.env["AWS_DEFAULT_REGION"],
               "awslogs-stream-prefix": "w", "awslogs-create-group": "true"}
    script = SCRIPT.format(burst=burst, bursts=bursts, pause=90_000)
    ecs.register_task_definition(family="writer", containerDefinitions=[{
        "name": "app", "image": image, "memory": 16, "command": ["/bin/sh", "-c", script],
        "dockerLabels": {"gantry.flow": gantry.data.name},
        "logConfiguration": {"logDriver": "awslogs", "options": options}}])
    tasks = [t["taskArn"] for t in ecs.run_task(taskDefinition="writer", count=WRITERS)["tasks"]]
    wait_until(lambda: all(t["lastStatus"] == "STOPPED" for t in ecs.describe_tasks(tasks=tasks)["tasks"]), "all have written", 600)
    expected = burst * bursts
    late, first, last = [], [], []

    def read(arn: str) -> int:
        seen, token = set(), {}
        while True:
            page = logs.get_log_events(logGroupName=GROUP, logStreamName=f"w/app/{arn.rsplit('/', 1)[1]}", startFromHead=True, **token)
            for event in page["events"]:
                seen.add(int(event["message"].split(" ", 2)[1]))
            times = [e["timestamp"] for e in page["events"]]
            late.extend(e["ingestionTime"] - e["timestamp"] for e in page["events"])
            if times:
                first.append(times[0]), last.append(times[-1])
            if token.get("nextToken") == page["nextForwardToken"]:
                return len(seen)
            token = {"nextToken": page["nextForwardToken"]}

    wait_until(lambda: logs.describe_log_groups(logGroupNamePrefix=GROUP)["logGroups"], "the group is there")
    deadline, counts = time.monotonic() + 300, []
    while time.monotonic() < deadline:
        late.clear(), first.clear(), last.clear()
        counts = [read(arn) for arn in tasks]
        if sum(counts) == expected * WRITERS:
            break
    took = (max(last) - min(first)) / 1000
    late.sort()
    p = lambda q: late[int(len(late) * q)]  # noqa: E731
    print(f"{sum(counts):,} of {expected * WRITERS:,} lines in {took:.1f} s: {sum(counts) / took:,.0f} a second; "
          f"kept after p50 {p(.5)} ms, p99 {p(.99)} ms, at most {late[-1]} ms")
    check("every line of every writer arrived", counts == [expected] * WRITERS, counts)


def fill(gantry: Gantry, logs: object, lines: int) -> None:
    """Puts the haystack there, with one needle in a hundred thousand lines."""
    logs.create_log_group(logGroupName=HAYSTACK)
    batch, streams, dice = 8_000, 8, random.Random(7)
    start = int(time.time() * 1000) - 6 * 3600 * 1000
    client = boto3.client("logs", endpoint_url=gantry.env["AWS_ENDPOINT_URL"], region_name=gantry.env["AWS_DEFAULT_REGION"],
                          aws_access_key_id=gantry.env["AWS_ACCESS_KEY_ID"], aws_secret_access_key=gantry.env["AWS_SECRET_ACCESS_KEY"],
                          config=botocore.config.Config(max_pool_connections=4))
    for stream in range(streams):
        client.create_log_stream(logGroupName=HAYSTACK, logStreamName=str(stream))
    words = ["alpha", "bravo", "charlie", "delta", "echo", "foxtrot", "golf", "hotel"]

    def put(number: int) -> None:
        events = []
        for line in range(batch):
            at = start + number * 15 + line // 500
            text = f"GET /{dice.choice(words)}/{dice.randrange(10**9)} 200 {dice.randrange(10**5)} {dice.choice(words)} request served"
            if (number * batch + line) % 100_000 == 77_777:
                text += " needle"
            events.append({"timestamp": at, "message": text})
        client.put_log_events(logGroupName=HAYSTACK, logStreamName=str(number % streams), logEvents=events)

    began = time.monotonic()
    with concurrent.futures.ThreadPoolExecutor(4) as pool:
        list(pool.map(put, range(lines // batch)))
    print(f"{lines // batch * batch:,} lines put in {time.monotonic() - began:.0f} s")


def find(logs: object, name: str, pattern: str) -> None:
    """The first page of a search, and the whole of it."""
    began = time.monotonic()
    page = logs.filter_log_events(logGroupName=HAYSTACK, filterPattern=pattern, limit=100)
    first, found, pages = time.monotonic() - began, len(page["events"]), 1
    while page.get("nextToken") and pages < 500 and found < 1000:
        page = logs.filter_log_events(logGroupName=HAYSTACK, filterPattern=pattern, limit=100, nextToken=page["nextToken"])
        found, pages = found + len(page["events"]), pages + 1
    print(f"{name}: first page after {first * 1000:.0f} ms, {found} lines in {pages} pages after {time.monotonic() - began:.1f} s")


if __name__ == "__main__":
    main()
