#!/usr/bin/env python3
"""An image that docker pushed is scanned against a database of OSV's, and again when the database changes."""

import base64
import json
import shutil
import subprocess
import tempfile
import urllib.request
import zipfile
from pathlib import Path

from browser import THEMES, chromium, look, sign_in, use_theme
from harness import Gantry, check, docker, finish, wait_until
from playwright.sync_api import expect

PORT = 18114
SHOTS = Path(__file__).resolve().parent.parent / "shots"
STATUS = "Package: libssl3\nStatus: install ok installed\nSource: openssl\nVersion: 3.0.9-1\nArchitecture: amd64\n\n"
METADATA = "Metadata-Version: 2.1\nName: Requests\nVersion: 2.30.0\n\nHTTP for humans.\n"


def advisory(ecosystem: str, package: str, cve: str, fixed: str, severity: str) -> dict:
    """An advisory as osv.dev writes it."""
    return {"id": f"X-{cve}", "aliases": [cve], "summary": f"{package} breaks",
            "severity": [{"type": "CVSS_V3", "score": "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H"}],
            "database_specific": {"severity": severity},
            "affected": [{"package": {"ecosystem": ecosystem, "name": package}, "ranges": [
                {"type": "ECOSYSTEM", "events": [{"introduced": "0"}, {"fixed": fixed}]}]}]}


def write(folder: Path, name: str, *advisories: dict) -> None:
    """A zip of advisories, put in place whole."""
    with zipfile.ZipFile(folder / "part", "w", zipfile.ZIP_DEFLATED) as archive:
        for one in advisories:
            archive.writestr(f"{one['id']}.json", json.dumps(one))
    (folder / "part").rename(folder / name)


def push(gantry: Gantry, name: str) -> None:
    """An image with a package of Debian, one of Python and a program of Go, imported into docker and pushed."""
    reference = f"{gantry.env['GANTRY_REGISTRY']}/{name}"
    with tempfile.TemporaryDirectory() as root:
        for path, text in (("etc/os-release", 'ID=debian\nVERSION_ID="12"\n'), ("var/lib/dpkg/status", STATUS),
                           ("usr/lib/python3/dist-packages/requests-2.30.0.dist-info/METADATA", METADATA)):
            file = Path(root) / path
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(text)
        shutil.copy("/usr/sbin/runc", Path(root) / "usr/runc")
        archive = subprocess.run(["tar", "-C", root, "-c", "."], check=True, capture_output=True).stdout
    subprocess.run(["docker", "import", "-", reference], input=archive, check=True, capture_output=True)
    login = ["docker", "login", "--username", "AWS", "--password-stdin", gantry.env["GANTRY_REGISTRY"]]
    subprocess.run(login, input=gantry.aws("ecr", "get-login-password"), check=True, capture_output=True, text=True)
    docker("push", reference)


def bills_of_materials(gantry: Gantry) -> None:
    """What is in the image, in both formats, by the credentials of docker."""
    token = base64.b64encode(f"AWS:{gantry.aws('ecr', 'get-login-password')}".encode()).decode()
    found = {}
    for form in ("cyclonedx", "spdx"):
        url = f"{gantry.url}/v2/app/_gantry/sbom/v1?format={form}"
        with urllib.request.urlopen(urllib.request.Request(url, headers={"Authorization": f"Basic {token}"})) as answer:
            found[form] = json.load(answer)
    purls = {c.get("purl") for c in found["cyclonedx"]["components"]}
    wanted = {"pkg:deb/debian/libssl3@3.0.9-1?arch=amd64&distro=debian-12", "pkg:pypi/requests@2.30.0"}
    check("CycloneDX names the packages", wanted <= purls and any("golang/stdlib@" in str(p) for p in purls), purls)
    refs = {r["referenceLocator"] for p in found["spdx"]["packages"] for r in p.get("externalRefs", [])}
    check("SPDX names the same", refs == purls - {None}, refs)


def on_the_dashboard(gantry: Gantry) -> None:
    """The findings stand in the list and beside the image; a second scan on one day is refused in words."""
    ecr, endpoint = gantry.client("ecr"), gantry.env["AWS_ENDPOINT_URL"]
    digest = ecr.describe_images(repositoryName="app")["imageDetails"][0]["imageDigest"]
    address = f"{endpoint}/repositories/app?image={digest}"
    with chromium() as browser:
        for theme in THEMES:
            context = browser.new_context(viewport={"width": 1440, "height": 900})
            sign_in(context, endpoint, gantry.env)
            use_theme(context, endpoint, theme)
            page = context.new_page()
            wrong = look(page, address, "image-findings", theme, SHOTS)
            check(f"an image with findings is readable and accessible ({theme})", not wrong, wrong)
        findings = page.get_by_role("table", name="Findings")
        expect(findings.get_by_role("row").nth(1)).to_contain_text("CVE-2024-9")
        expect(findings.get_by_role("row").nth(1)).to_contain_text("3.0.99-1")
        check("the worst finding stands first, with what mends it", True)
        page.get_by_role("button", name="Scan now").click()
        expect(page.get_by_role("main")).to_contain_text("scan quota per image has been exceeded")
        check("a second scan on one day is refused in words", True)


def main() -> None:
    """The steps, in order."""
    with tempfile.TemporaryDirectory(prefix="gantry-osv-") as name:
        database = Path(name)
        write(database, "debian.zip", advisory("Debian:12", "openssl", "CVE-2024-1", "3.0.11-1", "HIGH"))
        write(database, "pypi.zip", advisory("PyPI", "requests", "CVE-2024-2", "2.31.0", "MODERATE"))
        write(database, "go.zip", advisory("Go", "stdlib", "CVE-2024-3", "1.99.0", "LOW"))
        with Gantry(PORT, "--no-agent", "--vulnerability-database", name) as gantry:
            ecr = gantry.client("ecr")
            ecr.create_repository(repositoryName="app", imageScanningConfiguration={"scanOnPush": True})
            push(gantry, "app:v1")
            image = {"repositoryName": "app", "imageId": {"imageTag": "v1"}}
            ecr.get_waiter("image_scan_complete").wait(**image, WaiterConfig={"Delay": 1, "MaxAttempts": 60})
            found = ecr.describe_image_scan_findings(**image)["imageScanFindings"]
            names = [(f["name"], f["severity"]) for f in found["findings"]]
            check("an image is scanned when docker pushes it", names == [
                ("CVE-2024-1", "HIGH"), ("CVE-2024-2", "MEDIUM"), ("CVE-2024-3", "LOW")], found)
            fixed = {a["key"]: a["value"] for a in found["findings"][0]["attributes"]}["fixed_in_version"]
            check("the findings say what mends them", fixed == "3.0.11-1", found["findings"][0])
            bills_of_materials(gantry)
            gantry.kill9()
            write(database, "debian.zip", advisory("Debian:12", "openssl", "CVE-2024-9", "3.0.99-1", "CRITICAL"))
            gantry.start()
            counts = lambda: ecr.describe_images(repositoryName="app")["imageDetails"][0][  # noqa: E731
                "imageScanFindingsSummary"]["findingSeverityCounts"]
            wait_until(lambda: counts() == {"CRITICAL": 1, "MEDIUM": 1, "LOW": 1}, "the new database judges the image")
            check("a new database judges images again, without a new scan", True)
            on_the_dashboard(gantry)
    finish()


if __name__ == "__main__":
    main()
