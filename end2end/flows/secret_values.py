#!/usr/bin/env python3
"""Secrets and parameters: made with boto3 and the aws CLI, given to real containers, changed, rotated, and shown to nobody."""

import json
import subprocess
import tempfile
from pathlib import Path

import botocore.exceptions

from browser import chromium, open_page, sign_in
from harness import BINARY, Gantry, check, docker, finish, wait_until

PORT, OTHER_PORT = 18103, 18104
PASSWORD, NEW_PASSWORD = "correct-horse", "battery-staple"
CLUSTER = "default"


def main() -> None:
    """The steps, in order."""
    with tempfile.TemporaryDirectory(prefix="gantry-keys-") as keys:
        key = Path(keys) / "secrets.key"
        with Gantry(PORT, "--secrets-key-file", str(key)) as gantry:
            gantry.client("ecr").create_repository(repositoryName="web")
            image, ecs = gantry.push("web:1"), gantry.client("ecs")
            wait_until(lambda: ecs.list_container_instances()["containerInstanceArns"], "the agent registers")
            arn = made(gantry)
            a_container_is_given_them(gantry, ecs, image, arn)
            what_is_not_there(gantry, ecs, image, arn)
            a_service_rolls(gantry, ecs, image, arn)
            from_another_registry(gantry, ecs)
            in_the_browser(gantry)
            another_key(gantry, key)
            nowhere_to_be_seen(gantry)
    finish()


def made(gantry: Gantry) -> str:
    """A secret and two parameters, by boto3 and by the command line. Answers the secret's ARN."""
    secrets, ssm = gantry.client("secretsmanager"), gantry.client("ssm")
    value = json.dumps({"user": "shop", "password": PASSWORD, "port": 5432})
    arn = secrets.create_secret(Name="shop/db", SecretString=value, Tags=[{"Key": "team", "Value": "blue"}])["ARN"]
    gantry.aws("ssm", "put-parameter", "--name", "/shop/token", "--type", "SecureString", "--value", PASSWORD)
    ssm.put_parameter(Name="/shop/greeting", Type="String", Value="hello")
    told = gantry.aws("secretsmanager", "get-secret-value", "--secret-id", "shop/db", "--query", "SecretString", "--output", "text")
    check("the command line reads the secret back", told == value, told)
    told = gantry.aws("ssm", "get-parameters-by-path", "--path", "/shop", "--with-decryption",
                      "--query", "Parameters[].[Name,Value]", "--output", "text")
    check("and the parameters below a path", told.split() == ["/shop/greeting", "hello", "/shop/token", PASSWORD], told)
    return arn


def task(gantry: Gantry, ecs: object, image: str, family: str, secrets: dict[str, str], **members: object) -> str:
    """Runs a task that is given these, and answers its ARN."""
    container = {"name": "app", "image": image, "memory": 16, "stopTimeout": 2, "command": ["sleep", "3600"],
                 "dockerLabels": {"gantry.flow": gantry.data.name, "family": family},
                 "secrets": [{"name": name, "valueFrom": value} for name, value in secrets.items()]} | members
    ecs.register_task_definition(family=family, containerDefinitions=[container])
    return ecs.run_task(taskDefinition=family)["tasks"][0]["taskArn"]


def described(ecs: object, arn: str) -> dict:
    """The task as it is."""
    return ecs.describe_tasks(tasks=[arn])["tasks"][0]


def environments(family: str) -> list[dict[str, str]]:
    """What the containers of a family that run were created with in their environment."""
    ids = docker("ps", "-q", "--filter", f"label=family={family}").split()
    told = [json.loads(docker("inspect", "--format", "{{json .Config.Env}}", one)) for one in ids]
    return [dict(line.split("=", 1) for line in lines) for lines in told]


def a_container_is_given_them(gantry: Gantry, ecs: object, image: str, arn: str) -> None:
    """The environment of a container has the values; neither the API nor the agent's state has them."""
    given = {"WHOLE": arn, "PASSWORD": f"{arn}:password::", "PORT": f"{arn}:port:AWSCURRENT:", "TOKEN": "/shop/token",
             "GREETING": f"arn:aws:ssm:{gantry.env['AWS_DEFAULT_REGION']}:000000000000:parameter/shop/greeting"}
    running = task(gantry, ecs, image, "given", given)
    wait_until(lambda: described(ecs, running)["lastStatus"] == "RUNNING", "the task runs")
    one = docker("ps", "-q", "--filter", "label=family=given")
    seen = dict(line.split("=", 1) for line in docker("exec", one, "/bin/busybox", "env").splitlines())
    wanted = {"PASSWORD": PASSWORD, "PORT": "5432", "TOKEN": PASSWORD, "GREETING": "hello"}
    check("a container is given secrets, members of them, and parameters",
          {name: seen.get(name) for name in wanted} == wanted and json.loads(seen["WHOLE"])["user"] == "shop", seen)
    told = json.dumps([described(ecs, running), ecs.describe_task_definition(taskDefinition="given")], default=str)
    check("the API names them and does not tell them", "/shop/token" in told and PASSWORD not in told)
    ecs.stop_task(task=running)


def what_is_not_there(gantry: Gantry, ecs: object, image: str, arn: str) -> None:
    """A task whose secret is not there does not start, and says why in ECS's words."""
    for name, value, why in (("secret", arn[:-6] + "AAAAAA", "Secrets Manager can't find the specified secret."),
                             ("member", f"{arn}:none::", "did not contain json key none"),
                             ("parameter", "/shop/none", "ParameterNotFound")):
        lost = task(gantry, ecs, image, "lost", {"LOST": value})
        wait_until(lambda: described(ecs, lost)["lastStatus"] == "STOPPED", "the task stops")  # noqa: B023
        seen = described(ecs, lost)
        check(f"a {name} that is not there stops the task with its reason",
              seen["stopCode"] == "TaskFailedToStart" and why in seen["stoppedReason"]
              and seen["stoppedReason"].startswith("ResourceInitializationError: unable to pull secrets or registry auth"), seen)
    try:
        task(gantry, ecs, image, "lost", {"LOST": "arn:aws:s3:::bucket/key"})
        seen = "taken"
    except botocore.exceptions.ClientError as error:
        seen = str(error)
    check("what can be no secret is refused at once", "valueFrom of secret 'LOST'" in seen, seen)


def a_service_rolls(gantry: Gantry, ecs: object, image: str, arn: str) -> None:
    """A service that asks for it gets new tasks with the new value, and the old ones back with the old one."""
    secrets = gantry.client("secretsmanager")
    stopped = task(gantry, ecs, image, "rolling", {"PASSWORD": f"{arn}:password::"})
    ecs.stop_task(task=stopped)
    ecs.create_service(serviceName="rolling", taskDefinition="rolling", desiredCount=2,
                       tags=[{"key": "gantry.roll-on-secret-change", "value": "enabled"}])
    have = lambda: sorted(e["PASSWORD"] for e in environments("rolling"))  # noqa: E731

    def steady() -> bool:
        service = ecs.describe_services(services=["rolling"])["services"][0]
        return len(service["deployments"]) == 1 and service["runningCount"] == 2

    wait_until(lambda: steady() and have() == [PASSWORD] * 2, "the service runs")
    before = secrets.get_secret_value(SecretId="shop/db")["VersionId"]
    value = json.dumps({"user": "shop", "password": NEW_PASSWORD, "port": 5432})
    after = secrets.put_secret_value(SecretId="shop/db", SecretString=value)["VersionId"]
    check("a changed secret reaches the tasks of a service that asks for it",
          bool(wait_until(lambda: have() == [NEW_PASSWORD] * 2 and steady(), "the service has rolled")))
    secrets.update_secret_version_stage(SecretId="shop/db", VersionStage="AWSCURRENT", RemoveFromVersionId=after,
                                        MoveToVersionId=before)
    check("and the version before, when it is made current again",
          bool(wait_until(lambda: have() == [PASSWORD] * 2 and steady(), "the service has rolled back")))
    ecs.delete_service(service="rolling", force=True)


def from_another_registry(gantry: Gantry, ecs: object) -> None:
    """An image of a registry that asks for a password, which a secret holds: of a task, and of a cache."""
    with Gantry(OTHER_PORT, "--no-agent") as other:
        other.client("ecr").create_repository(repositoryName="app")
        image = other.push("app:1")
        login = {"username": "AWS", "password": other.aws("ecr", "get-login-password")}
        subprocess.run(["docker", "logout", other.env["GANTRY_REGISTRY"]], check=True, capture_output=True)
        docker("rmi", "-f", image)
        secrets = gantry.client("secretsmanager")
        arn = secrets.create_secret(Name="registry", SecretString=json.dumps(login))["ARN"]
        private = task(gantry, ecs, image, "private", {}, repositoryCredentials={"credentialsParameter": arn})
        check("an image is pulled with the credentials of a secret",
              bool(wait_until(lambda: described(ecs, private)["lastStatus"] == "RUNNING", "the task runs")))
        ecs.stop_task(task=private)
        cached = json.dumps({"username": "AWS", "accessToken": login["password"]})
        arn = secrets.create_secret(Name="ecr-pullthroughcache/other", SecretString=cached)["ARN"]
        ecr = gantry.client("ecr")
        ecr.create_pull_through_cache_rule(ecrRepositoryPrefix="other", upstreamRegistryUrl=other.url, credentialArn=arn)
        valid = ecr.validate_pull_through_cache_rule(ecrRepositoryPrefix="other")
        check("a cache signs in to its upstream with a secret", valid["isValid"] and valid["credentialArn"] == arn, valid)
        docker("pull", f"{gantry.env['GANTRY_REGISTRY']}/other/app:1")
        secrets.put_secret_value(SecretId=arn, SecretString=json.dumps({"username": "AWS", "accessToken": "wrong"}))
        valid = ecr.validate_pull_through_cache_rule(ecrRepositoryPrefix="other")
        check("and says so when that does not work", not valid["isValid"] and valid["failure"], valid)


def in_the_browser(gantry: Gantry) -> None:
    """A secret is made, changed, deleted and restored by hand; its value is never in a page."""
    endpoint, secrets, ssm = gantry.env["AWS_ENDPOINT_URL"], gantry.client("secretsmanager"), gantry.client("ssm")
    with chromium() as browser:
        context = browser.new_context()
        sign_in(context, endpoint, gantry.env)
        page = context.new_page()
        open_page(page, f"{endpoint}/create-secret")
        page.get_by_label("Name", exact=True).fill("wiki/key")
        page.get_by_label("Value", exact=True).fill(PASSWORD)
        page.get_by_role("button", name="Create secret").click()
        page.get_by_role("heading", name="wiki/key", exact=True).wait_for()
        check("a secret is made in the browser", secrets.get_secret_value(SecretId="wiki/key")["SecretString"] == PASSWORD)
        page.get_by_label("Value", exact=True).fill(NEW_PASSWORD)
        page.get_by_role("button", name="Put value").click()
        page.get_by_role("button", name="Make current").wait_for()
        empty = lambda: page.get_by_label("Value", exact=True).input_value() == ""  # noqa: E731
        check("the form is empty after it was taken", bool(wait_until(empty, "the form is empty")))
        check("and given another value", secrets.get_secret_value(SecretId="wiki/key")["SecretString"] == NEW_PASSWORD)
        page.get_by_role("button", name="Make current").click()
        wait_until(lambda: secrets.get_secret_value(SecretId="wiki/key")["SecretString"] == PASSWORD, "the first is current")
        open_page(page, f"{endpoint}/secrets/secret?name=wiki/key")
        shown = page.content()
        check("no page shows a value", PASSWORD not in shown and NEW_PASSWORD not in shown)
        page.get_by_role("button", name="Delete", exact=True).click()
        page.get_by_role("button", name="Delete secret").click()
        page.get_by_role("button", name="Restore").click()
        page.get_by_role("button", name="Delete", exact=True).wait_for()
        check("a deletion is taken back", "DeletedDate" not in secrets.describe_secret(SecretId="wiki/key"))
        open_page(page, f"{endpoint}/secrets")
        secrets.create_secret(Name="from-elsewhere")
        check("a list that is open shows what comes", page.get_by_role("link", name="from-elsewhere").wait_for() is None)
        open_page(page, f"{endpoint}/create-parameter")
        page.get_by_label("Name", exact=True).fill("/wiki/url")
        page.get_by_label("Value", exact=True).fill("http://wiki")
        page.get_by_role("button", name="Create parameter").click()
        page.get_by_role("heading", name="/wiki/url", exact=True).wait_for()
        page.get_by_label("Value", exact=True).fill("http://wiki.example")
        page.get_by_role("button", name="Put value").click()
        page.get_by_text("version 2").wait_for()
        told = ssm.get_parameter(Name="/wiki/url")["Parameter"]["Value"]
        check("a parameter is made and changed in the browser", told == "http://wiki.example", told)
        open_page(page, f"{endpoint}/parameters/parameter?name=/shop/token")
        check("the value of a secret parameter is not in its page", PASSWORD not in page.content())
        context.close()


def another_key(gantry: Gantry, key: Path) -> None:
    """The key is followed by another one; without it nothing starts."""
    subprocess.run([BINARY, "secrets-key", "rotate", "--data-dir", str(gantry.data), "--secrets-key-file", str(key)],
                   check=True, capture_output=True)
    gantry.stop()
    gantry.start()
    new, _ = key.read_text().splitlines()
    gantry.stop()
    key.write_text(new + "\n")
    gantry.start()
    told = gantry.client("ssm").get_parameter(Name="/shop/token", WithDecryption=True)["Parameter"]["Value"]
    check("with the new key alone everything is read", told == PASSWORD, told)
    gantry.stop()
    hidden = key.rename(key.with_suffix(".hidden"))
    command = [BINARY, "serve", "--data-dir", str(gantry.data), "--listen", gantry.listen, "--secrets-key-file", str(key)]
    refused = subprocess.run(command, capture_output=True, text=True, timeout=60)
    check("without its key the server says so and does not start",
          refused.returncode != 0 and "bring the file back" in refused.stderr and not key.exists(), refused.stderr)
    hidden.rename(key)
    gantry.start()


def nowhere_to_be_seen(gantry: Gantry) -> None:
    """No value is in the data directory: database, agent's state, logs of the server."""
    gantry.stop()
    found = [str(file) for file in gantry.data.rglob("*") if file.is_file()
             and any(value.encode() in file.read_bytes() for value in (PASSWORD, NEW_PASSWORD))]
    check("no value lies in the data directory", not found, found)


if __name__ == "__main__":
    main()
