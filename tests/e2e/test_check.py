"""script/check: each of its rules can fail."""
import os
import subprocess

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))


def test_each_rule_is_seen_to_fail():
    run = subprocess.run([os.path.join(ROOT, "script", "check"), "--self-test"], capture_output=True, text=True)
    assert run.returncode == 0, run.stdout + run.stderr
    assert run.stdout.rstrip().endswith(" 0 wrong")
