"""Where and with what a run was made: enough to judge its figures, and nothing that names the machine."""
import os
import platform
import re
import subprocess


def _first(command, pattern=r"(.+)"):
    try:
        text = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    except (OSError, subprocess.TimeoutExpired):
        return None
    found = re.search(pattern, text.stdout + text.stderr)
    return found.group(1).strip() if found else None


def describe():
    with open("/proc/cpuinfo", encoding="utf-8") as text:
        about = text.read()
    cpu = re.search(r"model name\s*:\s*(.+)", about)
    with open("/proc/meminfo", encoding="utf-8") as text:
        memory = re.search(r"MemTotal:\s*(\d+)", text.read())
    with open("/etc/os-release", encoding="utf-8") as text:
        system = re.search(r'PRETTY_NAME="(.+)"', text.read())
    return {"processor": cpu.group(1) if cpu else platform.processor(), "cores": os.cpu_count(),
            "memory_gib": round(int(memory.group(1)) / (1 << 20)) if memory else None,
            "virtual": re.search(r"^flags.*\bhypervisor\b", about, re.M) is not None, "system": system.group(1) if system else platform.system(), "kernel": ".".join(platform.release().split(".")[:2]),
            "load_before": round(os.getloadavg()[0], 1)}


def _package(name):
    return _first(["dpkg-query", "-W", "-f", "${Version}", name])


def versions():
    """Of the compilers and of the libraries that Debian packages; crates, modules and wheels are fixed in tests/bench/peers."""
    return {"C compiler": _first(["cc", "--version"]), "LLVM": _package("libllvm19"), "rustc": _first(["rustc", "--version"]),
            "go": _first(["go", "version"]), "Python": platform.python_version(), "Hyperscan": _package("libhyperscan-dev"),
            "RE2": _package("libre2-dev"), "YARA": _package("libyara-dev"), "ICU": _package("libicu-dev"), "simdjson": _package("libsimdjson-dev"),
            "cJSON": _package("libcjson-dev"), "Cedar": "cedar-policy 4.14.1", "regorus": "0.14.1", "OPA": "1.22.3", "cel-go": "0.31.0",
            "Invariant": "invariant-ai 0.3.5"}


def revision(root):
    return _first(["git", "-C", root, "rev-parse", "--short=12", "HEAD"])
