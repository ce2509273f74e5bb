"""Servers from Debian's packages, unpacked into the build folder. They are not installed, because they would start at once and
replace the machine's time service."""
import fcntl
import glob
import os
import re
import subprocess
import time

import tap

APT = "/etc/apt"
FOLDER = os.environ.get("PACKAGES", "")


# Seconds after which a download that failed is tried again, because mirrors may be slow. Where skips are permitted there may be no network.
PAUSES_S = (5, 30) if "NO_SKIPS" in os.environ else ()


def again(run):
    """Return the result of run(); if that fails, of a later run."""
    for pause_s in PAUSES_S:
        done = run()
        if done.returncode == 0:
            return done
        time.sleep(pause_s)
    return run()


def quietly(*argv):
    return subprocess.run(argv, cwd=FOLDER, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                          text=True)


def fetch(package):
    """Download a package; update the index if there is none, or an old one, and we may."""
    got = quietly("apt-get", "download", "-oAcquire::Retries=5", package)
    if got.returncode != 0 and os.geteuid() == 0 and quietly("apt-get", "update", "-oAcquire::Retries=5").returncode == 0:
        got = quietly("apt-get", "download", "-oAcquire::Retries=5", package)
    return got


def download(package):
    """Download a package from Debian's archive."""
    got = again(lambda: fetch(package))
    if got.returncode != 0:
        raise tap.Skip(f"apt-get download {package}: {got.stdout.strip().splitlines()[-1:]}")


def sources(release):
    """Return the lines of apt's sources for a release: those of this system's, with its name in place of theirs."""
    names = [path for path in [f"{APT}/sources.list", *glob.glob(f"{APT}/sources.list.d/*")] if path.endswith((".list", ".sources"))]
    text = "".join(open(path).read() + "\n\n" for path in names if os.path.exists(path))
    with open("/etc/os-release") as f:
        ours = re.search("^VERSION_CODENAME=(.*)$", f.read(), re.MULTILINE)[1]
    uris = re.findall(r"^URIs: *(\S+/debian/?)$|^deb (?:\[.*\] )?(\S+/debian/?) ", text, re.MULTILINE)
    if not uris:
        raise tap.Skip(f"the sources of apt have no archive of Debian, but of {ours}")
    return f"deb {next(filter(None, uris[0]))} {release} main\n"


def download_of(package, release):
    """Download a package of a different release, with an index of our own."""
    os.makedirs(f"{FOLDER}/{release}/lists/partial", exist_ok=True)
    with open(f"{FOLDER}/{release}/sources.list", "w") as f:
        f.write(sources(release))
    options = [f"-oDir::Etc::SourceList={FOLDER}/{release}/sources.list", "-oDir::Etc::SourceParts=/dev/null",
               f"-oDir::State::Lists={FOLDER}/{release}/lists", "-oAPT::Sandbox::User=root", "-oDir::Cache::pkgcache=", "-oDir::Cache::srcpkgcache="]
    for command in ["update"], ["download", package]:
        got = again(lambda: quietly("apt-get", "-oAcquire::Retries=5", *options, *command))
        if got.returncode != 0:
            raise tap.Skip(f"apt-get {' '.join(command)} of {release}: {got.stdout.strip().splitlines()[-1:]}")


def unpack(package, release):
    if not glob.glob(f"{FOLDER}/{package}_*.deb") and release is not None and quietly("apt-cache", "show", package).returncode != 0:
        download_of(package, release)
    if not glob.glob(f"{FOLDER}/{package}_*.deb"):
        download(package)
    subprocess.run(["dpkg-deb", "-x", glob.glob(f"{FOLDER}/{package}_*.deb")[0], f"{FOLDER}/{package}"], check=True)


def program(package, path, release=None):
    """Return the program at this path of the package: the installed one, or else our own copy. release: that has the package if this
    system's does not."""
    if os.access(path, os.X_OK):
        return path
    os.makedirs(FOLDER, exist_ok=True)
    with open(f"{FOLDER}/lock", "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not os.access(f"{FOLDER}/{package}{path}", os.X_OK):
            unpack(package, release)
    return f"{FOLDER}/{package}{path}"
