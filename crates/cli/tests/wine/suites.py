"""The tests of some crates, built for Windows and run under wine: suites.py TARGET CRATE…

All is built as `make test` builds it, for the whole workspace: `cargo test --package` would take other
features, and compile most of it once more."""

import json
import subprocess
import sys
from pathlib import Path

RUN = Path(__file__).resolve().parent / "run.sh"
BUILD = ["cargo", "test", "--locked", "--workspace", "--all-features", "--no-run"]


def programs(target, crates):
    """The test programs of these crates, with the folders that they run in."""
    command = [*BUILD, "--target", target, "--message-format", "json-render-diagnostics"]
    built = subprocess.run(command, check=True, stdout=subprocess.PIPE).stdout
    for line in built.splitlines():
        message = json.loads(line)
        if message["reason"] == "compiler-artifact" and message["profile"]["test"]:
            folder = Path(message["manifest_path"]).parent
            if folder.name in crates and message["executable"]:
                yield folder, message["executable"]


def main():
    target, *crates = sys.argv[1:]
    found = list(programs(target, crates))
    missing = set(crates) - {folder.name for folder, _ in found}
    if missing:
        sys.exit(f"no test programs of {', '.join(sorted(missing))} in the workspace")
    failed = []
    for folder, program in found:
        print(f"\n{folder.name}: {program}", flush=True)
        if subprocess.run([RUN, program], cwd=folder, check=False).returncode:
            failed.append(program)
    if failed:
        sys.exit(f"failed: {', '.join(failed)}")


if __name__ == "__main__":
    main()
