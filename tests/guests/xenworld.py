"""Real Xen under QEMU: Debian's hypervisor, Debian's kernel as dom0 out of an initramfs made here, and a guest beside it."""
import glob
import gzip
import os
import shutil
import subprocess

import initramfs
import packages
import tap

PACKAGES = ["xen-hypervisor-4.17-amd64", "xen-utils-4.17", "xenstore-utils", "libxenmisc4.17", "busybox-static",
            "libyajl2", "libxencall1", "libxenevtchn1", "libxenforeignmemory1", "libxengnttab1", "libxenhypfs1",
            "libxenstore4", "libxentoolcore1", "libxentoollog1", "libxendevicemodel1"]
TOOLS = ["usr/lib/xen-4.17/bin/xl", "usr/lib/xen-4.17/bin/xenstored", "usr/lib/xen-4.17/bin/xenconsoled",
         "usr/lib/xen-4.17/bin/xen-init-dom0", "usr/bin/xenstore-write", "usr/bin/xenstore-read"]
HELPER = "usr/lib/xen-4.17/bin/libxl-save-helper"
MODULES = ["xen-evtchn", "xen-gntdev", "xen-privcmd", "xenfs", "xen-netback"]
QEMU = ["qemu-system-x86_64", "-M", "q35", "-accel", "tcg,thread=multi", "-cpu", "qemu64,+svm,+npt,+nrip-save,+rdrand",
        "-smp", "2", "-m", "512", "-nodefaults", "-no-reboot", "-display", "none"]

GUEST_CONFIG = """name = "{name}"
type = "pvh"
kernel = "/guest.elf"
cmdline = "{words} page={page:#x} probe={probe:#x}"
memory = {memory}
vcpus = 1
cpus = "1"
tsc_mode = "native"
vif = [ {cards} ]
on_crash = "preserve"
"""
CARD = '"script=/bin/vif,vifname=net{number},mac=00:16:3e:00:00:0{number}"'
# Clients that run beside each other differ by the number of their network, and by the server on their command line.
ASKING = "server=10.0.{number}.1{port} ip=10.0.{number}.2/24 poll=1"

# The script that xl calls when the network between dom0 and the guest is there.
VIF = """#!/bin/sh
if [ "$1" = online ]; then
	name=$(xenstore-read $XENBUS_PATH/vifname)
	ip addr add 10.0.${name#net}.1/24 dev $vif
	ip link set $vif up
	xenstore-write $XENBUS_PATH/hotplug-status connected
fi
"""

INIT = """#!/bin/sh
mount -t proc proc /proc; mount -t sysfs sys /sys; mount -t devtmpfs dev /dev; mkdir -p /dev/pts; mount -t devpts pts /dev/pts; mount -t tmpfs run /run
mkdir -p /run/lock /run/xen /run/xenstored /var/lib/xen /var/log/xen/console /var/lib/chrony
exec >/dev/hvc0 2>&1
for m in {modules}; do insmod /modules/$m.ko; done
mount -t xenfs xenfs /proc/xen
ip link set lo up
xenstored --pid-file=/run/xenstored.pid
while [ ! -S /run/xenstored/socket ]; do sleep 0.1; done
xen-init-dom0 >/dev/null
xenconsoled --log=guest --log-dir=/var/log/xen/console
chronyd -x -u root -f /chrony.conf
echo dom0: ready
sh /what
echo dom0: done
for log in /var/log/xen/console/guest-*.log; do name=${{log##*/guest-}}; echo "dom0: console ${{name%.log}}"; cat $log; done
poweroff -f
"""


def kernel_package():
    """Return the name of the package that linux-image-amd64 depends on."""
    for update in (False, True):
        if update:
            packages.again(lambda: subprocess.run(["apt-get", "update", "-qq", "-oAcquire::Retries=5"], check=False))
        said = subprocess.run(["apt-cache", "depends", "linux-image-amd64"], capture_output=True, text=True, check=False)
        found = [line.split()[-1] for line in said.stdout.splitlines() if "Depends:" in line]
        if found:
            return found[0]
    raise tap.Skip("no kernel is known to apt-get")


def unpacked(folder):
    """Unpack all packages into one tree, once."""
    kernel = kernel_package()
    tree = f"{folder}/{kernel}-xen"
    if os.path.isdir(tree):
        return tree
    os.makedirs(folder, exist_ok=True)
    packages.FOLDER = folder
    for package in [*PACKAGES, kernel]:
        if not glob.glob(f"{folder}/{package}_*.deb"):
            packages.download(package)
        subprocess.run(["dpkg-deb", "-x", glob.glob(f"{folder}/{package}_*.deb")[0], f"{tree}.new"], check=True)
    os.rename(f"{tree}.new", tree)
    return tree


def asking(name, number, port=""):
    """Describe a guest with a network to dom0, where a server answers at the port."""
    return name, ASKING.format(number=number, port=port), CARD.format(number=number)


def build(folder, tree, image, truth, guests, what, page, probe):
    """Build Xen, dom0's kernel and its initramfs in the folder. `guests` has the name, command line and network cards of
    each; dom0 runs the shell commands in `what`."""
    places = [f"{tree}/usr/lib/x86_64-linux-gnu", *initramfs.LIBRARIES]
    archive = initramfs.Initramfs()
    archive.copy("bin/busybox", f"{tree}/bin/busybox")
    for name in ("sh", "mount", "insmod", "ip", "sleep", "cat", "poweroff", "mkdir", "echo", "date", "head", "grep", "tail", "ls", "free", "kill", "rm"):
        archive.link(f"bin/{name}", "busybox")
    for tool in TOOLS:
        archive.program(f"bin/{os.path.basename(tool)}", f"{tree}/{tool}", places)
    archive.program(HELPER, f"{tree}/{HELPER}", places)
    archive.program("bin/chronyd", packages.program("chrony", "/usr/sbin/chronyd"), places)
    archive.program("bin/truth", truth, places)
    archive.copy("lib64/ld-linux-x86-64.so.2", "/lib64/ld-linux-x86-64.so.2")
    archive.copy("lib/libgcc_s.so.1", "/lib/x86_64-linux-gnu/libgcc_s.so.1")
    for module in MODULES:
        [path] = glob.glob(f"{tree}/lib/modules/*/kernel/**/{module}.ko", recursive=True)
        archive.copy(f"modules/{module}.ko", path)
    for name in ("proc", "sys", "dev", "run", "tmp", "etc/xen", "var/lib", "var/log"):
        archive.folder(name)
    archive.link("var/run", "../run")
    archive.link("var/lock", "../run/lock")
    archive.copy("guest.elf", image)
    for name, words, cards in guests:
        archive.file(f"{name}.cfg", GUEST_CONFIG.format(name=name, words=words, cards=cards, page=page, probe=probe,
                                                        memory=page // 2**20 + 4).encode())
    archive.file("bin/vif", VIF.encode())
    archive.file("etc/xen/xl.conf", b'autoballoon="off"\n')
    archive.file("etc/passwd", b"root:x:0:0:root:/:/bin/sh\n")
    archive.file("chrony.conf", b"local stratum 1\nallow\ncmdport 0\nbindcmdaddress /\npidfile /run/chronyd.pid\n")
    archive.file("what", what.encode())
    archive.file("init", INIT.format(modules=" ".join(MODULES)).encode())
    archive.write(f"{folder}/initramfs.gz")
    with gzip.open(glob.glob(f"{tree}/boot/xen-*.gz")[0]) as packed, open(f"{folder}/xen", "wb") as plain:
        shutil.copyfileobj(packed, plain)
    shutil.copy(glob.glob(f"{tree}/boot/vmlinuz-*")[0], f"{folder}/vmlinuz")


def command(folder):
    """Let dom0's clock run on the counter itself, because it is the truth here, and Xen's own clock was seen to change its rate by
    hundreds of ppm."""
    return [*QEMU, "-serial", f"file:{folder}/console.log", "-kernel", f"{folder}/xen",
            "-append", "dom0_mem=224M,max:224M dom0_max_vcpus=1 dom0_vcpus_pin console=com1 com1=115200,8n1 loglvl=warning "
                       "guest_loglvl=warning noreboot=true",
            "-initrd", f"{folder}/vmlinuz console=hvc0 quiet loglevel=3 clocksource=tsc tsc=reliable,{folder}/initramfs.gz"]
