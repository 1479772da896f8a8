"""Kills a sweep with SIGKILL at random moments, 50 times, and counts what the store holds in the end.

    cargo build --release && python3 benches/kill.py [KILLS]

Passes if every trial has exactly one finished run, none was lost, none was executed twice to an end, and
`derby store check` finds nothing. The moments are random, so this is a drill; the tests kill at exact places instead.
"""
import json
import pathlib
import random
import shutil
import subprocess
import sys
import tempfile

ROOT = pathlib.Path(__file__).resolve().parent.parent
DERBY = ROOT / "target" / "release" / "derby"
SWEEP = ROOT / "benches" / "noop.toml"


def main(kills):
    folder = pathlib.Path(tempfile.mkdtemp(prefix="derby-kill-"))
    store = ["--store", folder / "store"]
    # Trials that need a longer time than all kills together.
    trials = 200 * kills
    sweep = [DERBY, *store, "sweep", SWEEP, "--trials", str(trials), "--jobs", "2", "--quiet"]
    done = 0
    while done < kills:
        process = subprocess.Popen(sweep)
        try:
            process.wait(random.uniform(0.005, 0.12))
            break
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
            done += 1
    subprocess.run(sweep, check=True)
    subprocess.run([DERBY, *store, "store", "check"], check=True)
    out = subprocess.run([DERBY, *store, "runs", "sweep:noop", "--json"], check=True, stdout=subprocess.PIPE)
    runs = json.loads(out.stdout)
    finished = [run["trial"] for run in runs if run["status"] == "done"]
    cut = [run for run in runs if run["status"] == "killed"]
    other = len(runs) - len(finished) - len(cut)
    sound = sorted(finished) == list(range(trials)) and other == 0
    print(f"{done} kills: {len(finished)} of {trials} trials done, each once: {sound}; {len(cut)} attempts were cut off and run again")
    shutil.rmtree(folder)
    return 0 if sound and done == kills else 1


if __name__ == "__main__":
    sys.exit(main(int(sys.argv[1]) if len(sys.argv) > 1 else 50))
