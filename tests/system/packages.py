"""Servers from Debian's packages, unpacked into the build folder. They are not installed, because they would start at once and
replace the machine's time service."""
import fcntl
import glob
import os
import subprocess

import tap

FOLDER = os.environ.get("PACKAGES", "")


def quietly(*argv):
    return subprocess.run(argv, cwd=FOLDER, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                          text=True)


def download(package):
    """Download a package from Debian's archive; update the index if there is none and we may."""
    got = quietly("apt-get", "download", package)
    if got.returncode != 0 and os.geteuid() == 0 and quietly("apt-get", "update").returncode == 0:
        got = quietly("apt-get", "download", package)
    if got.returncode != 0:
        raise tap.Skip(f"apt-get download {package}: {got.stdout.strip().splitlines()[-1:]}")


def unpack(package):
    if not glob.glob(f"{FOLDER}/{package}_*.deb"):
        download(package)
    subprocess.run(["dpkg-deb", "-x", glob.glob(f"{FOLDER}/{package}_*.deb")[0], f"{FOLDER}/{package}"], check=True)


def program(package, path):
    """Return the program at this path of the package: the installed one, or else our own copy."""
    if os.access(path, os.X_OK):
        return path
    os.makedirs(FOLDER, exist_ok=True)
    with open(f"{FOLDER}/lock", "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not os.access(f"{FOLDER}/{package}{path}", os.X_OK):
            unpack(package)
    return f"{FOLDER}/{package}{path}"
