"""Certificates for servers of the tests, signed by an authority of the test's own (certtool, package gnutls-bin)."""
import os
import subprocess

FOREVER = "activation_date = \"2020-01-01\"\nexpiration_date = \"2100-01-01\"\n"


def run(folder, *arguments):
    done = subprocess.run(["certtool", "--no-text", *arguments], cwd=folder, stdin=subprocess.DEVNULL,
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    if done.returncode != 0:
        raise AssertionError(f"certtool: {done.stdout}")


KINDS = {"ecdsa": ["--curve", "secp256r1"], "rsa": ["--bits", "2048"]}


def make_key(folder, name, kind="ecdsa"):
    run(folder, "--generate-privkey", "--key-type", kind, *KINDS[kind], "--outfile", f"{name}.key")


def make_authority(folder, name="ca"):
    """Make NAME.key and NAME.pem."""
    make_key(folder, name)
    with open(f"{folder}/{name}.template", "w") as f:
        f.write(f"cn = \"{name}\"\nca\ncert_signing_key\n{FOREVER}")
    run(folder, "--generate-self-signed", "--load-privkey", f"{name}.key", "--template", f"{name}.template",
        "--outfile", f"{name}.pem")


def make_certificate(folder, name, dates=FOREVER, hosts=("localhost",), addresses=("127.0.0.1",), authority="ca",
                     key="ecdsa"):
    """Make NAME.key and NAME.pem, for these hosts and addresses."""
    make_key(folder, name, key)
    with open(f"{folder}/{name}.template", "w") as f:
        f.write(f"cn = \"{name}\"\ntls_www_server\nsigning_key\n{dates}")
        f.writelines(f"dns_name = \"{host}\"\n" for host in hosts)
        f.writelines(f"ip_address = \"{address}\"\n" for address in addresses)
    run(folder, "--generate-certificate", "--load-privkey", f"{name}.key", "--load-ca-certificate", f"{authority}.pem",
        "--load-ca-privkey", f"{authority}.key", "--template", f"{name}.template", "--outfile", f"{name}.pem")
    os.chmod(f"{folder}/{name}.key", 0o600)
