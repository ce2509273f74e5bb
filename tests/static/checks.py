"""Shared by the static tests: results in TAP, and commands that are run."""
import subprocess
from pathlib import Path

TOP = Path(__file__).resolve().parents[2]


class Tap:
    def __init__(self):
        self.count = self.failed = 0

    def check(self, name, problems):
        self.count += 1
        self.failed += bool(problems)
        print(f'{"not ok" if problems else "ok"} {self.count} - {name}')
        for line in '\n'.join(problems).splitlines()[:40]:
            print('# ' + line)

    def skip(self, name, why):
        self.count += 1
        print(f'ok {self.count} - {name} # SKIP {why}')


def run(command, folder=TOP, text=None):
    """Return an empty list if the command succeeds, else a list with its output."""
    done = subprocess.run(command, cwd=folder, input=text, capture_output=True, text=True, check=False)
    return [done.stdout + done.stderr or f'{command[0]}: exit {done.returncode}'] if done.returncode else []
