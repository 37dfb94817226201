"""Some rounds of tests/acked: nothing acknowledged is lost, whatever happens to the service. Thousands
are script/soak's; it also proves that these tests can fail. ACKED_ROUNDS and ACKED_SEED set them."""
import os
import subprocess
import sys

from conftest import POSTS, ROOT

ROUNDS = int(os.environ.get("ACKED_ROUNDS", 0)) or 13  # with both flavours of CI: 26
SEED = os.environ.get("ACKED_SEED")


def test_nothing_acknowledged_is_lost_in_rounds_of_harm():
    command = [sys.executable, "-B", ROOT / "tests/acked/run.py", "--posts", POSTS, "--rounds", ROUNDS,
               "--longest", 0.25, *(["--seed", SEED] if SEED else [])]
    done = subprocess.run(list(map(str, command)), capture_output=True, text=True, timeout=600)
    print(done.stdout)
    assert done.returncode == 0, done.stdout + done.stderr
    assert f"{ROUNDS} rounds" in done.stdout and " 0 lost" in done.stdout
