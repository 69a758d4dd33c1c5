"""Times commands in turn (A B C A B C ...), on a machine that is otherwise idle. Linux, standard library."""

import os
import statistics
import subprocess
import sys
import time

TICK = os.sysconf("SC_CLK_TCK")
# Share of the machine that may be busy before a run; seconds to wait for that; share of a run that foreign work may take.
QUIET, PATIENCE, FOREIGN, RETRIES = 0.10, 60.0, 0.15, 4


def busy():
    """Processor seconds that the machine has spent on anything."""
    user, nice, system, _, _, irq, soft, *_ = (int(n) for n in open("/proc/stat").readline().split()[1:])
    return (user + nice + system + irq + soft) / TICK


def spent(pid):
    """Processor seconds of one process."""
    fields = open(f"/proc/{pid}/stat").read().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / TICK


def wait_until_idle():
    end = time.monotonic() + PATIENCE
    while time.monotonic() < end:
        before, start = busy(), time.monotonic()
        time.sleep(0.5)
        if (busy() - before) / (time.monotonic() - start) < QUIET:
            return
    print("bench: the machine does not become idle; the figures will be noisy", file=sys.stderr)


class Result:
    """What the counted runs of one command took."""

    def __init__(self):
        self.runs, self.thrown = [], 0

    def median(self, what):
        return statistics.median(run[what] for run in self.runs)

    def row(self, name, first):
        walls = [run["wall"] for run in self.runs]
        spread = f"{self.median('wall'):.3f} ({min(walls):.3f}..{max(walls):.3f})"
        ratios = " | ".join(f"{self.median(k) / max(first.median(k), 1e-9):.3f}" for k in ("wall", "cpu"))
        peak = max(run["peak"] for run in self.runs)
        return f"| {name} | {spread} | {self.median('cpu'):.3f} | {peak:.1f} | {ratios} | {len(walls)} ({self.thrown}) |"


def once(command, log):
    start = time.perf_counter()
    process = subprocess.Popen(["sh", "-c", command], stdin=subprocess.DEVNULL, stdout=log, stderr=log)
    _, status, usage = os.wait4(process.pid, 0)
    wall = time.perf_counter() - start
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode != 0:
        raise SystemExit(f"bench: exit status {process.returncode} of: {command}\nbench: see {log.name}")
    # Of the command and all its children that were waited for; memory is that of the largest.
    return {"wall": wall, "cpu": usage.ru_utime + usage.ru_stime, "peak": usage.ru_maxrss / 1024}


def series(title, commands, log_path, runs=5, servers=()):
    """Measures [(name, command, prepare)] and prints a Markdown table; returns {name: Result}."""
    results = {name: Result() for name, _, _ in commands}
    with open(log_path, "ab") as log:
        for turn in range(-1, runs):  # the first turn warms the caches up and is not counted
            for name, command, prepare in commands:
                for attempt in range(RETRIES + 1):
                    subprocess.run(["sh", "-ec", prepare], stdin=subprocess.DEVNULL, stdout=log, stderr=log, check=True)
                    wait_until_idle()
                    before = busy() - sum(map(spent, servers))
                    run = once(command, log)
                    foreign = busy() - sum(map(spent, servers)) - before - run["cpu"]
                    # A tick on each side cannot be told from foreign work.
                    disturbed = foreign > max(FOREIGN * run["wall"], 0.04)
                    if turn < 0 or not disturbed or attempt == RETRIES:
                        break
                    results[name].thrown += 1
                if turn >= 0:
                    results[name].runs.append(run)
    first = results[commands[0][0]]
    print(f"\n### {title}\n")
    print("| what | wall s (min..max) | cpu s | peak MiB | wall / first | cpu / first | n (thrown) |")
    print("|---|---|---|---|---|---|---|")
    for name, result in results.items():
        print(result.row(name, first), flush=True)
    return results


def print_goals(goals):
    """Prints [(name, measured, at most)] as a Markdown table."""
    print("\n### Goals\n\n| goal | at most | measured | met |\n|---|---|---|---|")
    for name, value, limit in goals:
        print(f"| {name} | {limit} | {value:.3f} | {'yes' if value <= limit else 'NO'} |", flush=True)
