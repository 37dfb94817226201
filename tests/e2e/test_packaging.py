"""What lies in packaging/ and what script/package makes of it: units, packages, image, bill of materials."""
import hashlib
import json
import os
import re
import shutil
import subprocess

import pytest
from conftest import POSTS, ROOT, SANITIZED
from conftest import run as posts
from openapi_tools import run_tool

PACKAGING = ROOT / "packaging"
CEILING = "1.0"  # of 10; 0 is best

pytestmark = pytest.mark.skipif(SANITIZED, reason="the same in every build: once is enough")
systemd = pytest.mark.skipif(not shutil.which("systemd-analyze"), reason="needs systemd-analyze")


def run(*command, timeout=60, ok=True, **more):
    done = subprocess.run([str(c) for c in command], capture_output=True, text=True, timeout=timeout, **more)
    assert done.returncode == 0 or not ok, done.stdout + done.stderr
    return done


# ---- units ----------------------------------------------------------------------------------------

@pytest.fixture(params=["posts", "made by gimlet new"])
def units(request, tmp_path):
    """A folder with a service and its socket, whose program is there to be executed."""
    if request.param == "posts":
        for kind in ("service", "socket"):
            shutil.copy(PACKAGING / f"posts.{kind}", tmp_path)
    else:
        for kind in ("service", "socket"):
            text = (ROOT / f"tool/template/unit.{kind}").read_text().replace("@name@", "fresh")
            (tmp_path / f"fresh.{kind}").write_text(text)
    service = next(tmp_path.glob("*.service"))
    service.write_text(re.sub(r"^ExecStart=\S+", "ExecStart=/bin/true", service.read_text(), flags=re.M))
    return service, service.with_suffix(".socket")


def score(service, *more):
    return run("systemd-analyze", "security", "--offline=true", "--no-pager", *more, service, ok=False)


@systemd
def test_a_unit_has_no_right_that_it_does_not_need(units):
    service, _ = units
    done = score(service, f"--threshold={int(float(CEILING) * 10)}")
    assert done.returncode == 0, done.stdout
    said = re.search(r"Overall exposure level for \S+: ([\d.]+)", done.stdout)
    assert float(said.group(1)) <= float(CEILING), done.stdout
    service.write_text(service.read_text().replace("PrivateNetwork=yes", "").replace("PrivateUsers=yes", "")
                       .replace("CapabilityBoundingSet=\n", ""))
    assert score(service, f"--threshold={int(float(CEILING) * 10)}").returncode != 0, "the ceiling must be able to refuse"


@systemd
def test_systemd_finds_nothing_to_mend_in_a_unit(units):
    service, socket = units
    done = run("systemd-analyze", "verify", "--man=no", "--recursive-errors=no", service, socket, ok=False)
    assert done.returncode == 0 and done.stderr == "", done.stderr
    service.write_text(service.read_text() + "\n[Service]\nProtectSytem=strict\n")
    assert "ProtectSytem" in run("systemd-analyze", "verify", "--man=no", service, ok=False).stderr


def test_the_units_of_posts_and_of_new_projects_take_the_same_away():
    """One list of restrictions, read twice: the template does not fall behind."""
    def restrictions(path):
        kept = [line for line in path.read_text().splitlines() if re.match(r"[A-Z]\w+=", line)]
        names = r"(Description|Documentation|Requires|After|ExecStart|StateDirectory\w*)="
        return [line for line in kept if not re.match(names, line)]

    assert restrictions(PACKAGING / "posts.service") == restrictions(ROOT / "tool/template/unit.service")


def test_the_unit_outlasts_the_program_s_own_deadline():
    text = (PACKAGING / "posts.service").read_text()
    patience = int(re.search(r"^TimeoutStopSec=(\d+)$", text, re.M).group(1))
    assert patience > 30  # --stop-timeout


def test_the_configuration_of_the_package_is_understood(tmp_path):
    conf = PACKAGING / "posts.conf"
    done = posts("--config", conf, "--print-config", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert re.search(rf"store\s.*sqlite:/var/lib/posts/posts.db.*{re.escape(str(conf))}", done.stdout), done.stdout


# ---- what is in the program -----------------------------------------------------------------------

@pytest.fixture(scope="module")
def sbom(tmp_path_factory):
    if not shutil.which("dpkg-query"):
        pytest.skip("needs dpkg")
    path = tmp_path_factory.mktemp("sbom") / "posts.spdx.json"
    path.write_text(run(ROOT / "script/sbom", POSTS, env={**os.environ, "SOURCE_DATE_EPOCH": "1700000000"}).stdout)
    return path


def test_the_bill_of_materials_is_valid_spdx(sbom, tmp_path):
    done = run_tool("pyspdxtools", "-i", sbom)
    assert done.returncode == 0, done.stdout + done.stderr
    broken = tmp_path / "broken.spdx.json"
    broken.write_text(sbom.read_text().replace('"Apache-2.0"', '"no licence"').replace('"blessing"', '"no licence"'))
    assert run_tool("pyspdxtools", "-i", broken).returncode != 0


def test_the_bill_of_materials_names_what_is_linked_and_only_that(sbom):
    bill = json.loads(sbom.read_text())
    packages = {p["name"]: p for p in bill["packages"]}
    assert bill["creationInfo"]["created"] == "2023-11-14T22:13:20Z"
    assert all(p["licenseConcluded"] != "NOASSERTION" and p["versionInfo"] for p in packages.values())
    sums = {c["algorithm"]: c["checksumValue"] for c in bill["files"][0]["checksums"]}
    assert sums["SHA256"] == hashlib.sha256(POSTS.read_bytes()).hexdigest()
    # SQLite's and the C library's code is in it; what compresses, which posts does not name, is not
    assert any(name.startswith("libsqlite3") for name in packages) and any(name.startswith("libc6") for name in packages)
    assert not {"libcyaml1", "libzstd-dev", "zlib1g-dev"} & set(packages)
    version = run("dpkg-query", "-W", "-f", "${Version}", next(n for n in packages if n.startswith("libsqlite3"))).stdout
    assert next(p for n, p in packages.items() if n.startswith("libsqlite3"))["versionInfo"] == version


# ---- the package ----------------------------------------------------------------------------------

def test_the_manual_page_has_every_option(tmp_path):
    page = tmp_path / "posts.1"
    env = {**os.environ, "VERSION": "1", "SOURCE_DATE_EPOCH": "1700000000"}
    page.write_text(run(PACKAGING / "man/render", PACKAGING / "man/posts.1.in", POSTS, env=env).stdout)
    text = page.read_text().replace("\\", "")
    options = re.findall(r"^  (--[\w-]+)", posts("--help-all").stdout, re.M)
    assert len(options) > 20 and "@" not in text.replace("@DATE@", "")
    assert not [o for o in options if not re.search(rf"^\.BI? {o}( |$)", text, re.M)]
    if shutil.which("mandoc"):
        assert run("mandoc", "-T", "lint", "-W", "warning", page).stdout == ""


@pytest.mark.parametrize("program", ["posts/posts", "posts/posts-full", "proof/proof", "tool/gimlet"])
def test_a_program_names_no_place_of_its_builder(program):
    """Else two builders have two programs; script/reproduce builds twice and compares, each night."""
    path = POSTS.parents[1] / program
    if not path.exists():
        pytest.skip(f"{program} was not built")
    data = path.read_bytes()
    for place in (os.fsencode(ROOT) + b"/", b"../../gimlet", b"../../posts", b"../../proof"):
        assert place not in data, place
