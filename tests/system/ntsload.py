"""Many exchanges of NTS with a server (ntsload.c)."""
import json
import os
import subprocess

import tap

EXCHANGES = 1000
LOST = 12       # more than there are cookies
LOAD = os.environ.get("NTSLOAD", "")


def check(folder, nts_port, address="127.0.0.1"):
    """Exchange packets with the server, whose certificate is of ca.pem. Half-way some replies are lost, so that cookies run out."""
    done = subprocess.run([LOAD, address, str(nts_port), f"{folder}/ca.pem", str(EXCHANGES), str(LOST)], capture_output=True,
                          text=True, timeout=120 * tap.PATIENCE)
    tap.check(done.returncode == 0, done.stderr)
    print(f"# {done.stdout.strip()}", flush=True)
    result = json.loads(done.stdout)
    tap.check(result["accepted"] == EXCHANGES and result["repeated"] == 0 and result["forgeries"] > EXCHANGES, f"{result}")
    tap.check(LOST <= result["unanswered"] <= LOST + 5, f"{result}")
    tap.check(2 <= result["key_exchanges"] <= 4, f"the cookies ran out, and were renewed: {result}")
