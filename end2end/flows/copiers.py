#!/usr/bin/env python3
"""The other tools that carry images: skopeo, podman and buildah, each there and back, and a pull-through cache."""

import json
import os
import subprocess
import tempfile
from pathlib import Path

from harness import Gantry, check, docker, finish, wait_until

PORT, UPSTREAM_PORT = 18110, 18111


class Tools:
    """skopeo, podman and buildah with credentials and a storage of their own, thrown away with the folder."""

    def __init__(self, folder: Path, gantry: Gantry) -> None:
        self.registry = gantry.env["GANTRY_REGISTRY"]
        self.env = os.environ | {
            "REGISTRY_AUTH_FILE": str(folder / "auth.json"), "CONTAINERS_STORAGE_CONF": str(folder / "storage.conf"),
            "TMPDIR": str(folder), "BUILDAH_ISOLATION": "chroot"}
        (folder / "storage.conf").write_text(
            f'[storage]\ndriver = "vfs"\nrunroot = "{folder}/run"\ngraphroot = "{folder}/graph"\n')
        self.run("skopeo", "login", "--tls-verify=false", "-u", "AWS", "-p",
                 gantry.aws("ecr", "get-login-password"), self.registry)

    def run(self, *words: str) -> str:
        """What a tool prints; what it complains of when it fails."""
        done = subprocess.run(words, env=self.env, capture_output=True, text=True, timeout=120, check=False)
        if done.returncode:
            raise RuntimeError(f"{' '.join(words[:3])}: {done.stderr.strip()}")
        return done.stdout.strip()


def main() -> None:
    """The tools, one after the other."""
    with tempfile.TemporaryDirectory(prefix="gantry-tools-") as name, Gantry(PORT, "--no-agent") as gantry:
        folder = Path(name)
        for repository in ("built", "copied", "podman"):
            gantry.client("ecr").create_repository(repositoryName=repository)
        tools = Tools(folder, gantry)
        buildah_builds(tools, folder)
        podman_pulls(tools)
        skopeo_copies(tools, gantry, folder)
        a_cache_of_another(tools, gantry, folder)
    finish()


def buildah_builds(tools: Tools, folder: Path) -> None:
    """buildah makes an image from scratch and pushes it as OCI and as Docker schema 2."""
    container = tools.run("buildah", "from", "scratch")
    (folder / "hello").write_text("hello")
    tools.run("buildah", "add", container, str(folder / "hello"), "/hello")
    tools.run("buildah", "config", "--cmd", "/hello", container)
    for form in ("oci", "docker"):
        tools.run("buildah", "commit", "--format", form, container, f"made:{form}")
        to = f"docker://{tools.registry}/built:{form}"
        tools.run("buildah", "push", "--tls-verify=false", "--format", {"oci": "oci", "docker": "v2s2"}[form],
                  f"made:{form}", to)
    raw = {form: json.loads(tools.run("skopeo", "inspect", "--raw", "--tls-verify=false",
                                      f"docker://{tools.registry}/built:{form}"))["mediaType"] for form in ("oci", "docker")}
    check("buildah pushes OCI and Docker images", raw == {
        "oci": "application/vnd.oci.image.manifest.v1+json",
        "docker": "application/vnd.docker.distribution.manifest.v2+json"}, raw)
    tools.run("buildah", "pull", "--tls-verify=false", f"{tools.registry}/built:oci")
    check("buildah pulls", f"{tools.registry}/built" in tools.run("buildah", "images"))


def podman_pulls(tools: Tools) -> None:
    """podman pulls what buildah pushed, and pushes it to a repository of its own: the layers are taken over."""
    image = f"{tools.registry}/built:docker"
    tools.run("podman", "pull", "--tls-verify=false", image)
    size = json.loads(tools.run("podman", "image", "inspect", image))[0]["Size"]
    check("podman pulls", size > 0, size)
    tools.run("podman", "push", "--tls-verify=false", image, f"{tools.registry}/podman:v1")
    tags = json.loads(tools.run("skopeo", "list-tags", "--tls-verify=false", f"docker://{tools.registry}/podman"))["Tags"]
    check("podman pushes", tags == ["v1"], tags)


def skopeo_copies(tools: Tools, gantry: Gantry, folder: Path) -> None:
    """skopeo copies between repositories and to a folder, without a byte changed, and deletes."""
    source, copy = f"docker://{tools.registry}/built:oci", f"docker://{tools.registry}/copied:v1"
    plain = ("--src-tls-verify=false", "--dest-tls-verify=false")
    tools.run("skopeo", "copy", *plain, "--preserve-digests", source, copy)
    digests = {tools.run("skopeo", "inspect", "--tls-verify=false", "--format", "{{.Digest}}", at) for at in (source, copy)}
    check("skopeo copies with the digest kept", len(digests) == 1, digests)
    tools.run("skopeo", "copy", "--src-tls-verify=false", copy, f"dir:{folder}/dir")
    tools.run("skopeo", "copy", "--dest-tls-verify=false", f"dir:{folder}/dir", f"docker://{tools.registry}/copied:v2")
    listed = gantry.client("ecr").describe_images(repositoryName="copied")["imageDetails"]
    check("and there and back", [sorted(i["imageTags"]) for i in listed] == [["v1", "v2"]], listed)
    tools.run("skopeo", "delete", "--tls-verify=false", copy)
    check("skopeo deletes", gantry.client("ecr").list_images(repositoryName="copied")["imageIds"] == [])


def a_cache_of_another(tools: Tools, upstream: Gantry, folder: Path) -> None:
    """A second Gantry is a cache of the first: docker and skopeo pull through it, also when the first is gone."""
    token = upstream.aws("ecr", "get-login-password")
    auths = {tools.registry: {"username": "AWS", "password": token}}
    (folder / "upstream.json").write_text(json.dumps({"auths": auths}))
    flags = ("--no-agent", "--upstream-auth", str(folder / "upstream.json"))
    with Gantry(UPSTREAM_PORT, *flags) as cache:
        ecr = cache.client("ecr")
        rule = {"ecrRepositoryPrefix": "mirror", "upstreamRegistryUrl": upstream.url}
        ecr.create_pull_through_cache_rule(**rule)
        valid = ecr.validate_pull_through_cache_rule(ecrRepositoryPrefix="mirror")
        check("a rule for any registry is valid", valid["isValid"], valid)
        image = f"{cache.env['GANTRY_REGISTRY']}/mirror/built:docker"
        subprocess.run(["docker", "login", "-u", "AWS", "--password-stdin", cache.env["GANTRY_REGISTRY"]],
                       input=cache.aws("ecr", "get-login-password"), check=True, capture_output=True, text=True)
        docker("pull", image)
        check("docker pulls through the cache", docker("image", "inspect", "-f", "{{.Id}}", image))
        wait_until(lambda: [r["repositoryName"] for r in ecr.describe_repositories()["repositories"]]
                   == ["mirror/built"] and ecr.list_images(repositoryName="mirror/built")["imageIds"],
                   "the image is imported")
        docker("rmi", image)
        upstream.stop()
        docker("pull", image)
        check("and again when the upstream is gone", docker("image", "inspect", "-f", "{{.Id}}", image))
        docker("rmi", image)
        upstream.start()


if __name__ == "__main__":
    main()
