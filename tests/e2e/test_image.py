"""The container image, as far as it can be seen without a builder of images: its last stage is read from
packaging/Containerfile, laid out in a directory, and run there as its user, with nothing else."""
import json
import os
import re
import shutil
import subprocess

import pytest
from conftest import LAYOUT, POSTS, ROOT, SANITIZED

pytestmark = [
    pytest.mark.skipif(SANITIZED or os.geteuid() != 0, reason="chroot wants root, and the released program"),
    pytest.mark.skipif(subprocess.run(["unshare", "--mount", "true"], capture_output=True).returncode != 0,
                       reason="wants mounts of its own"),
    pytest.mark.skipif(b"INTERP" in subprocess.run(["readelf", "-lW", POSTS], capture_output=True).stdout,
                       reason="the image has a static program"),
]


class Image:
    """Instructions of the last stage: {"USER": "65532:65532", ...}; of one that comes twice, all."""

    def __init__(self, path):
        text = re.sub(r"\\\n\s*", "", re.sub(r"^#.*\n", "", path.read_text(), flags=re.M))
        stage = text[text.rindex("FROM "):]
        self.lines = [tuple(line.split(" ", 1)) for line in stage.splitlines() if line]
        self.user = self.only("USER")
        self.entrypoint = json.loads(self.only("ENTRYPOINT"))
        self.health = json.loads(self.only("HEALTHCHECK").split(" CMD ")[1])

    def all(self, name):
        return [rest for word, rest in self.lines if word == name]

    def only(self, name):
        (value,) = self.all(name)
        return value

    def lay_out(self, root):
        """What COPY copies: the program, its bill, and directories."""
        for words in self.all("COPY"):
            *flags, target = [w for w in words.split() if not w.startswith("--from=")]
            sources = [f for f in flags if not f.startswith("--")]
            owner = [int(n) for f in flags if f.startswith("--chown=") for n in f[8:].split(":")] or [0, 0]
            for source in sources:
                name = os.path.basename(source)
                if name == "posts":
                    shutil.copy(POSTS, root / "posts")
                elif "." not in name:
                    (root / name).mkdir()
                    os.chown(root / name, *owner)


@pytest.fixture
def image():
    return Image(ROOT / "packaging/Containerfile")


@pytest.fixture
def run(image, serve, tmp_path):
    root = tmp_path / "root"
    root.mkdir()
    image.lay_out(root)
    (root / "proc").mkdir()  # which everything that runs images mounts
    inside = ["unshare", "--mount", "sh", "-c", 'mount -t proc proc "$0/proc" && exec chroot "$@"', str(root),
              f"--userspec={image.user}", str(root)]
    program, *args = image.entrypoint
    return root, inside, lambda *more: serve(*args, "--port", "0", *more, program=program, wrap=inside)


def test_the_image_serves_as_nobody_in_particular(image, run):
    root, inside, start = run
    server = start()
    status = dict(re.findall(r"^(\w+):\s+(.*)$", open(f"/proc/{server.pid}/status").read(), re.M))
    assert set(status["Uid"].split()) == {image.user.split(":")[0]} and int(status["CapEff"], 16) == 0
    assert int(image.user.split(":")[0]) > 0
    post = server.call("POST", "/posts", {"title": "t", "body": "b"})
    assert post.status == 201
    assert subprocess.run([*inside, *image.health, f"127.0.0.1:{server.port}"], capture_output=True).returncode == 0
    store = next(word for word in image.entrypoint if word.startswith("sqlite:"))
    saved = subprocess.run([*inside, image.entrypoint[0], "backup", "/data/copy.db", "--store", store],
                           capture_output=True, text=True)
    assert saved.returncode == 0 and (root / "data/copy.db").exists(), saved.stderr
    assert "no online backups" not in server.stderr()
    server.stop()
    assert (root / "data/posts.db").stat().st_uid == 65532
    assert start().call("GET", post.headers["location"]).status == 200, "the volume keeps it"


def test_the_image_has_the_program_and_nothing_to_run_beside_it(image, run):
    root, _, _ = run
    assert [p.name for p in root.iterdir() if p.is_file()] == ["posts"]
    assert image.only("FROM") == "scratch" and image.only("VOLUME") == "/data" and image.only("STOPSIGNAL") == "SIGTERM"
    assert "/data/" in " ".join(image.entrypoint) and not LAYOUT
