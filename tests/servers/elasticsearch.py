"""Starts an Elasticsearch server in folders of its own and stops it."""

import base64
import contextlib
import hashlib
import os
import pwd
import shutil
import signal
import socket
import ssl
import subprocess
import tempfile
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path

from tests.servers.certificates import Certificates
from tests.servers.distribution import RELEASES, Release, fetch, find_java

PATIENCE = 180.0
"""Seconds that a server may take to answer; about 20 on two idle cores."""

SCRATCH, MEMORY = Path("/var/tmp"), Path("/dev/shm")
ROOM = 4_000_000_000
"""Bytes of memory to spare from which on data lie there."""
SINGLE = "discovery.type: single-node\nhttp.port: {port}\ntransport.port: {transport}\n"
"""Settings of a server that is alone."""

QUICK = "-XX:TieredStopAtLevel=1\n-XX:+UseSerialGC\n-XX:-UseG1GC\n"
"""Of its virtual machine: to optimise its code takes a server of a few minutes as much as all that the tests ask."""

USER, PASSWORD = "shop-admin", "correct horse battery staple"
"""Of the one user of a secured server."""


@contextlib.contextmanager
def running(version: str, certificates: Certificates | None = None) -> Iterator[str]:
    """Run a server of this version for the length of the block and yield its address.

    With certificates it asks for USER and PASSWORD, or an API key, and speaks TLS.
    """
    with (
        tempfile.TemporaryDirectory(prefix="hybridsearch-es-", dir=SCRATCH) as scratch,
        tempfile.TemporaryDirectory(prefix="hybridsearch-es-", dir=quickest()) as data,
    ):
        folder = Path(scratch)
        (folder / "data").symlink_to(data)
        port, transport = free_ports(2)
        configure(RELEASES[version], folder, SINGLE.format(port=port, transport=transport))
        if certificates:
            secure(folder / "config", certificates)
        process = launch(RELEASES[version], folder)
        try:
            scheme = "https" if certificates else "http"
            yield wait(f"{scheme}://127.0.0.1:{port}", process, folder / "console.log", certificates)
        finally:
            kill(process)


def quickest() -> Path:
    """Return a folder for the data of a server: in memory, if there is room; for a disk it waits half of its time."""
    roomy = MEMORY.is_dir() and shutil.disk_usage(MEMORY).free > ROOM
    return MEMORY if roomy else SCRATCH


def launch(release: Release, folder: Path) -> subprocess.Popen[bytes]:
    """Start a server in a folder that `configure` made, or one that has run there before."""
    home, java = fetch(release), find_java(release)
    owner = unprivileged(folder)
    with open(folder / "console.log", "wb") as log:
        return subprocess.Popen(
            command(release, home, folder, java),
            cwd=home,
            env=environment(release, home, folder, java),
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            start_new_session=True,
            user=owner,
        )


def kill(process: subprocess.Popen[bytes]) -> None:
    """End a server, and what started it, at once."""
    with contextlib.suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()


def free_ports(count: int) -> list[int]:
    with contextlib.ExitStack() as stack:
        sockets = [stack.enter_context(socket.socket()) for _ in range(count)]
        for probe in sockets:
            probe.bind(("127.0.0.1", 0))
        return [probe.getsockname()[1] for probe in sockets]


def configure(release: Release, folder: Path, settings: str, heap: str = "512m") -> None:
    """Make the folder of a server.

    Args:
        release: Which one.
        folder: Exists, and is empty, but that `data` may be there.
        settings: Lines of `elasticsearch.yml` besides those of every server.
        heap: Memory of its virtual machine for objects.
    """
    config = folder / "config"
    shutil.copytree(fetch(release) / "config", config)
    for name in ("data", "logs", "tmp"):
        (folder / name).mkdir(exist_ok=True)
    (config / "elasticsearch.yml").write_text(
        f"{settings}"
        "network.host: 127.0.0.1\n"
        f"path.data: {folder}/data\n"
        f"path.logs: {folder}/logs\n"
        "xpack.security.enabled: false\n"
        "cluster.routing.allocation.disk.threshold_enabled: false\n"
    )
    (config / "jvm.options.d").mkdir(exist_ok=True)
    (config / "jvm.options.d" / "heap.options").write_text(f"-Xms{heap}\n-Xmx{heap}\n{QUICK}")
    options = (config / "jvm.options").read_text().splitlines()
    unwanted = ("-Xlog:gc", "jdk.incubator.vector")
    kept = [line for line in options if not any(word in line for word in unwanted)]
    (config / "jvm.options").write_text("\n".join(kept) + "\n")


def secure(config: Path, certificates: Certificates) -> None:
    """Switch security and TLS on, and write the one user down in the form of the file realm."""
    for source, name in ((certificates.key, "server.key"), (certificates.certificate, "server.pem")):
        shutil.copy(source, config / name)
    settings = config / "elasticsearch.yml"
    settings.write_text(
        settings.read_text().replace("xpack.security.enabled: false", "xpack.security.enabled: true")
        + "xpack.security.http.ssl.enabled: true\n"
        "xpack.security.http.ssl.key: server.key\n"
        "xpack.security.http.ssl.certificate: server.pem\n"
        "xpack.security.enrollment.enabled: false\n"
    )
    salt, rounds = os.urandom(32), 10_000
    digest = hashlib.pbkdf2_hmac("sha512", PASSWORD.encode(), salt, rounds, 32)
    hashed = f"{{PBKDF2}}{rounds}${base64.b64encode(salt).decode()}${base64.b64encode(digest).decode()}"
    (config / "users").write_text(f"{USER}:{hashed}\n")
    (config / "users_roles").write_text(f"superuser:{USER}\n")


def unprivileged(folder: Path) -> int | None:
    """Give the folder to a user that is not root: the server refuses to run as root."""
    if os.geteuid() != 0:
        return None
    nobody = pwd.getpwnam("nobody").pw_uid
    for path in [folder, *folder.rglob("*")]:
        os.chown(path, nobody, -1)
    return nobody


def command(release: Release, home: Path, folder: Path, java: Path) -> list[str]:
    if release.version.startswith("9."):
        launcher = "org.elasticsearch.server.launcher.ServerLauncher"
        return [str(java), "-cp", f"{home}/lib/tools/server-launcher/*", launcher]
    return [
        str(java),
        "-Dcli.name=server",
        f"-Dcli.script={home}/bin/elasticsearch",
        "-Dcli.libs=lib/tools/server-cli",
        f"-Des.path.home={home}",
        f"-Des.path.conf={folder}/config",
        "-Des.distribution.type=tar",
        "-Des.java.type=ES_JAVA_HOME",
        "-cp",
        f"{home}/lib/*:{home}/lib/cli-launcher/*",
        "org.elasticsearch.launcher.CliToolLauncher",
    ]


def environment(release: Release, home: Path, folder: Path, java: Path) -> dict[str, str]:
    return {
        "PATH": os.environ["PATH"],
        "HOME": str(folder),
        "ES_HOME": str(home),
        "ES_PATH_CONF": f"{folder}/config",
        "ES_TMPDIR": f"{folder}/tmp",
        "ES_JAVA_HOME": str(java.parent.parent),
        "ES_DISTRIBUTION_TYPE": "tar",
        "JAVA": str(java),
        "JAVA_TYPE": "ES_JAVA_HOME",
        "CLI_JAVA_OPTS": "",
    }


def wait(url: str, process: subprocess.Popen[bytes], log: Path, certificates: Certificates | None) -> str:
    request = urllib.request.Request(f"{url}/_cluster/health?wait_for_status=yellow")
    context = None
    if certificates:
        context = ssl.create_default_context(cafile=str(certificates.authority))
        token = base64.b64encode(f"{USER}:{PASSWORD}".encode()).decode()
        request.add_header("Authorization", f"Basic {token}")
    deadline = time.monotonic() + PATIENCE
    while time.monotonic() < deadline and process.poll() is None:
        with contextlib.suppress(OSError), urllib.request.urlopen(request, context=context):
            return url
        time.sleep(0.3)
    raise RuntimeError(f"Elasticsearch did not start:\n{log.read_text(errors='replace')[-3000:]}")
