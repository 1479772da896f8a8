"""Kills a sweep of scripts with SIGKILL at random moments, 50 times, and looks for what is left running and recorded.

    cargo build --release && python3 benches/kill_commands.py [KILLS]

Every script has a grandchild in its group and one in a session of its own, which would both run for ever. Every
fifth kill takes the reaper with it, so that the next start has to clean up. Passes if no process outlives derby
(none its next start, where the reaper went with it), every trial has exactly one finished run, each start of a
script is accounted for, and `derby store check` finds nothing after `derby store gc`. The moments are random, so this
is a drill; the tests kill at exact places instead. `DERBY=PATH` drills another program than the release build.
"""
import json
import os
import pathlib
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import time

ROOT = pathlib.Path(__file__).resolve().parent.parent
DERBY = pathlib.Path(os.environ.get("DERBY", ROOT / "target" / "release" / "derby")).resolve()
JOBS = 4
TRAIN = """echo "$DERBY_RUN" >>started
sleep 1000 & setsid sleep 1000 &
sleep 0.0$(($DERBY_TRIAL % 7 + 1))
echo "{\\"loss\\": $1}"
"""
SWEEP = """name = "kill"
[command]
run = ["sh", "train.sh", "{x}"]
[objective]
metric = "loss"
goal = "minimize"
[params]
x = { low = 0.0, high = 1.0 }
[search]
sampler = "random"
"""


def marked(store):
    """The processes of the store's runs, in whatever session, each with the derby process that it belongs to."""
    entry, found = b"DERBY_STORE=" + os.fsencode(store), {}
    for pid in filter(str.isdigit, os.listdir("/proc")):
        try:
            environ = pathlib.Path("/proc", pid, "environ").read_bytes().split(b"\0")
        except OSError:
            continue
        if entry in environ and any(one.startswith(b"DERBY_RUN_KEY=") for one in environ):
            found[int(pid)] = next(one for one in environ if one.startswith(b"DERBY_OWNER="))
    return found


def reaper_of(pid):
    try:
        children = pathlib.Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
        return next((int(c) for c in children if pathlib.Path(f"/proc/{c}/comm").read_text() == "reaper\n"), None)
    except OSError:
        return None


def kill_once(sweep, store, with_reaper):
    """Starts, waits for running scripts, kills. How many processes were running, seconds until none was, and how many
    of an earlier start were beside the first one of this start."""
    old = set(marked(store).values())
    process = subprocess.Popen(sweep)
    end = time.monotonic() + 30
    while not set((now := marked(store)).values()) - old:
        assert process.poll() is None and time.monotonic() < end, "nothing was started"
    n_beside = sum(owner in old for owner in now.values())
    time.sleep(random.uniform(0, 0.2))
    if process.poll() is not None:
        return None
    reaper = reaper_of(process.pid) if with_reaper else None
    if reaper:
        os.kill(reaper, signal.SIGKILL)
    n_running, since = len(marked(store)), time.monotonic()
    process.kill()
    process.wait()
    if reaper:
        return n_running, None, n_beside
    while marked(store):
        if time.monotonic() > since + 10:
            return n_running, float("inf"), n_beside
    return n_running, time.monotonic() - since, n_beside


def main(kills):
    folder = pathlib.Path(tempfile.mkdtemp(prefix="derby-kill-"))
    store = folder / "store"
    (folder / "train.sh").write_text(TRAIN)
    (folder / "kill.toml").write_text(SWEEP)
    trials = 40 * kills
    verb = [DERBY, "--store", store]
    sweep = [*verb, "sweep", folder / "kill.toml", "--trials", str(trials), "--jobs", str(JOBS), "--quiet"]
    running, seconds, n_with_reaper, n_beside = 0, [], 0, 0
    for n in range(kills):
        killed = kill_once(sweep, store, with_reaper=n % 5 == 4)
        if killed is None:
            break
        running += killed[0]
        seconds += [killed[1]] if killed[1] is not None else []
        n_with_reaper += killed[1] is None
        n_beside += killed[2]
    subprocess.run(sweep, check=True)
    left = marked(store)
    # Killed between a file's move into the store and its record, the file belongs to no run: gc takes it.
    subprocess.run([*verb, "store", "gc"], stdout=subprocess.DEVNULL, check=True)
    check = subprocess.run([*verb, "store", "check"], stdout=subprocess.PIPE, check=True)
    out = subprocess.run([*verb, "runs", "sweep:kill", "--json"], check=True, stdout=subprocess.PIPE)
    runs = json.loads(out.stdout)
    done = [run["trial"] for run in runs if run["status"] == "done"]
    cut = [run for run in runs if run["status"] == "killed"]
    starts = (folder / "started").read_text().split()
    is_once = sorted(done) == list(range(trials)) and len(done) + len(cut) == len(runs)
    # A run that was claimed and cut off may not have come to its first line.
    is_told = len(starts) == len(set(starts)) and set(starts) <= {str(run["id"]) for run in runs}
    sound = is_once and is_told and not left and n_beside == 0 and b"is sound" in check.stdout and max(seconds) < 10
    print("| kills | with the reaper | processes running then | longest until all were gone | beside the next start | left at the end | trials done, each once | cut off and run again | passed |")
    print("|---|---|---|---|---|---|---|---|---|")
    print(f"| {len(seconds) + n_with_reaper} | {n_with_reaper} | {running} | {max(seconds):.3f} s | {n_beside} | {len(left)} | {len(done)} of {trials}: {is_once} | {len(cut)} | {sound} |")
    shutil.rmtree(folder)
    return 0 if sound and len(seconds) + n_with_reaper == kills else 1


if __name__ == "__main__":
    sys.exit(main(int(sys.argv[1]) if len(sys.argv) > 1 else 50))
