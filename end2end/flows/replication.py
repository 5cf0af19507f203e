#!/usr/bin/env python3
"""Images of one Gantry copied to another one over TLS, and to a region of its own, with a backfill and deletions."""

import json
import subprocess
import tempfile
from pathlib import Path

import botocore.exceptions

from harness import Gantry, check, docker, finish, wait_until

HERE_PORT, THERE_PORT = 18130, 18131
HERE, THERE, BESIDE = "us-east-1", "eu-west-1", "ap-south-1"
ACCOUNT = "000000000000"


def main() -> None:
    """Two Gantrys, the first of which knows the second."""
    with tempfile.TemporaryDirectory(prefix="gantry-replication-") as name, \
            Gantry(THERE_PORT, "--no-agent", "--region", THERE, host="127.0.0.2") as there:
        destinations = Path(name) / "destinations.json"
        destinations.write_text(json.dumps({f"{ACCOUNT}/{THERE}": {
            "url": there.url, "accessKeyId": there.env["AWS_ACCESS_KEY_ID"],
            "secretAccessKey": there.env["AWS_SECRET_ACCESS_KEY"], "caFile": str(there.data / "tls" / "ca.pem")}}))
        with Gantry(HERE_PORT, "--no-agent", "--replication-destinations", str(destinations)) as here:
            here.client("ecr").create_repository(repositoryName="app")
            here.push("app:before")
            rules_are_checked(here)
            a_push_is_copied(here, there)
            a_backfill_copies_the_rest(here, there)
            an_outage_is_waited_out(here, there)
            a_deletion_is_copied(here, there)
    finish()


def rules(*regions: str) -> dict:
    """The configuration that copies everything, deletions too, to these regions."""
    return {"rules": [{"destinations": [{"region": region, "registryId": ACCOUNT} for region in regions],
                       "repositoryFilters": [{"filter": "ap", "filterType": "PREFIX_MATCH"}],
                       "deleteReplication": {"enabled": True}}]}


def rules_are_checked(here: Gantry) -> None:
    """A destination that there is no way to, or that is the source, is refused."""
    ecr = here.client("ecr")
    for destination, word in (({"region": HERE, "registryId": ACCOUNT}, "same as the source"),
                              ({"region": THERE, "registryId": "111122223333"}, "no way to the registry")):
        try:
            ecr.put_replication_configuration(replicationConfiguration={"rules": [{"destinations": [destination]}]})
            seen = "taken"
        except botocore.exceptions.ClientError as error:
            seen = str(error)
        check(f"a destination is refused: {word}", word in seen, seen)
    ecr.put_replication_configuration(replicationConfiguration=rules(THERE, BESIDE))
    told = ecr.describe_registry()["replicationConfiguration"]
    check("the rules are told as they were given", told == rules(THERE, BESIDE), told)
    shown = here.aws("ecr", "describe-registry", "--query", "replicationConfiguration.rules[].destinations[].region",
                     "--output", "text")
    check("and by the aws command line", shown.split() == [THERE, BESIDE], shown)


def statuses(here: Gantry, tag: str) -> dict[str, str]:
    """The status of an image's copies by region."""
    answer = here.client("ecr").describe_image_replication_status(repositoryName="app", imageId={"imageTag": tag})
    return {s["region"]: s["status"] for s in answer["replicationStatuses"]}


def digest(gantry: Gantry, tag: str, region: str | None = None) -> str | None:
    """The digest that a tag names, in a region of a Gantry."""
    if region:
        gantry.env["AWS_DEFAULT_REGION"], region = region, gantry.env["AWS_DEFAULT_REGION"]
    ecr = gantry.client("ecr")
    if region:
        gantry.env["AWS_DEFAULT_REGION"] = region
    try:
        return ecr.describe_images(repositoryName="app", imageIds=[{"imageTag": tag}])["imageDetails"][0]["imageDigest"]
    except (ecr.exceptions.ImageNotFoundException, ecr.exceptions.RepositoryNotFoundException):
        return None


def a_push_is_copied(here: Gantry, there: Gantry) -> None:
    """docker pushes here and pulls there, by a repository that the copy made."""
    here.push("app:v1")
    wait_until(lambda: set(statuses(here, "v1").values()) == {"COMPLETE"}, "the copies are there")
    digests = {digest(here, "v1"), digest(there, "v1"), digest(here, "v1", BESIDE)}
    check("the digest is the same here, there, and in the other region", len(digests) == 1, digests)
    check("what was here before is not copied", digest(there, "before") is None and statuses(here, "before") == {})
    registry = there.env["GANTRY_REGISTRY"]
    subprocess.run(["docker", "login", "-u", "AWS", "--password-stdin", registry], input=there.aws(
        "ecr", "get-login-password"), check=True, capture_output=True, text=True)
    docker("pull", f"{registry}/app:v1")
    check("docker pulls the copy", docker("run", "--rm", f"{registry}/app:v1", "/bin/busybox", "echo", "copied") == "copied")
    docker("rmi", f"{registry}/app:v1")


def a_backfill_copies_the_rest(here: Gantry, there: Gantry) -> None:
    """StartReplicationBackfill brings what was pushed before the rules."""
    ecr = here.client("ecr")
    started = ecr.start_replication_backfill(destination={"region": THERE, "registryId": ACCOUNT})
    backfill = lambda: ecr.list_replication_backfills()["backfills"][0]  # noqa: E731
    wait_until(lambda: backfill()["status"] == "COMPLETE", "the backfill is complete")
    progress = backfill()["progress"]
    check("a backfill counts its images", (progress["totalReplicationCount"], progress["failedReplicationCount"]) == (2, 0),
          progress)
    results = ecr.describe_replication_backfill_results(replicationBackfillId=started["replicationBackfillId"])["results"]
    check("and names them", {r["imageId"]["imageDigest"] for r in results} == {digest(here, "v1"), digest(here, "before")})
    check("what was here before is there", digest(there, "before") == digest(here, "before"))


def an_outage_is_waited_out(here: Gantry, there: Gantry) -> None:
    """What is pushed while the other one is down arrives when it is back, also after a crash here."""
    there.stop()
    here.push("app:v2")
    wait_until(lambda: statuses(here, "v2") == {THERE: "IN_PROGRESS", BESIDE: "COMPLETE"}, "one copy waits")
    here.kill9()
    there.start()
    here.start()
    wait_until(lambda: statuses(here, "v2")[THERE] == "COMPLETE", "the copy is there")
    check("an outage and a crash lose no copy", digest(there, "v2") == digest(here, "v2"))


def a_deletion_is_copied(here: Gantry, there: Gantry) -> None:
    """A tag that is taken away here goes there, too; its image goes with the last one."""
    here.client("ecr").batch_delete_image(repositoryName="app", imageIds=[{"imageTag": "v2"}])
    wait_until(lambda: digest(there, "v2") is None and digest(here, "v2", BESIDE) is None, "the copies are gone")
    check("a deletion is copied, and nothing else goes", digest(there, "v1") == digest(here, "v1") is not None)


if __name__ == "__main__":
    main()
