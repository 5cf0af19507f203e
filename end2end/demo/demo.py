#!/usr/bin/env python3
"""Pushes a small image of our own to the Gantry that runs, and runs three of it as a service."""

import argparse
import base64
import subprocess
import tempfile
import time
from pathlib import Path

import boto3


def main() -> None:
    """Builds, pushes, registers, runs and says where it answers."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--credentials", type=Path, required=True)
    parser.add_argument("--program", type=Path, required=True)
    flags = parser.parse_args()
    env = dict(line.split("=", 1) for line in flags.credentials.read_text().splitlines())
    clients = {
        "endpoint_url": env["AWS_ENDPOINT_URL"], "region_name": env["AWS_DEFAULT_REGION"],
        "aws_access_key_id": env["AWS_ACCESS_KEY_ID"], "aws_secret_access_key": env["AWS_SECRET_ACCESS_KEY"],
    }
    ecs, ecr = boto3.client("ecs", **clients), boto3.client("ecr", **clients)
    image = push(ecr, env["GANTRY_REGISTRY"], flags.program)
    container = {"name": "hello", "image": image, "cpu": 32, "memory": 32, "stopTimeout": 2,
                 "portMappings": [{"containerPort": 8080, "hostPort": 0}]}
    definition = ecs.register_task_definition(family="demo", containerDefinitions=[container])["taskDefinition"]
    arn = definition["taskDefinitionArn"]
    if any(s["status"] == "ACTIVE" for s in ecs.describe_services(services=["demo"])["services"]):
        ecs.update_service(service="demo", taskDefinition=arn, desiredCount=3)
    else:
        ecs.create_service(serviceName="demo", taskDefinition=arn, desiredCount=3)
    for where in wait_for_three(ecs, arn):
        print(f"  curl http://{where}/")
    print(f"The service demo runs three tasks. See it at {env['AWS_ENDPOINT_URL']}/clusters/default/services/demo")


def push(ecr, registry: str, program: Path) -> str:  # noqa: ANN001 - boto3 makes its clients' types at run time
    """Makes an image of the one program, pushes it and answers its reference."""
    try:
        ecr.create_repository(repositoryName="demo")
    except ecr.exceptions.RepositoryAlreadyExistsException:
        pass
    image = f"{registry}/demo:1"
    with tempfile.TemporaryDirectory() as folder:
        Path(folder, "hello").write_bytes(program.read_bytes())
        Path(folder, "hello").chmod(0o755)
        archive = subprocess.run(["tar", "-C", folder, "-c", "hello"], check=True, capture_output=True).stdout
    change = ["docker", "import", "--change", 'CMD ["/hello"]', "-", image]
    subprocess.run(change, input=archive, check=True, capture_output=True)
    token = ecr.get_authorization_token()["authorizationData"][0]["authorizationToken"]
    password = base64.b64decode(token).split(b":", 1)[1]
    login = ["docker", "login", "--username", "AWS", "--password-stdin", registry]
    subprocess.run(login, input=password, check=True, capture_output=True)
    subprocess.run(["docker", "push", "--quiet", image], check=True, capture_output=True)
    return image


def wait_for_three(ecs, arn: str, seconds: float = 120) -> list[str]:  # noqa: ANN001
    """Waits until three tasks of the definition run and answers where they answer."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        arns = ecs.list_tasks(serviceName="demo")["taskArns"]
        tasks = ecs.describe_tasks(tasks=arns)["tasks"] if arns else []
        running = [t for t in tasks if t["lastStatus"] == "RUNNING" and t["taskDefinitionArn"] == arn]
        if len(running) == 3:
            return [f"127.0.0.1:{b['hostPort']}" for t in running for c in t["containers"] for b in c["networkBindings"]]
        time.sleep(0.2)
    raise SystemExit(f"The three tasks did not run within {seconds:.0f} s; see the service's events in the dashboard.")


if __name__ == "__main__":
    main()
