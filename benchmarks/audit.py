"""Audits the lesson's four authors, speaker names left in, and prints how long it took: python benchmarks/audit.py

It reads `../shared/data/iliad`, or the folder that is named, and ends with a message where there is none.
"""

import argparse
import subprocess
import sys
import time
from pathlib import Path

ROOT = Path(__file__).parent.parent
ILIAD = ROOT.parent / "shared" / "data" / "iliad"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("data", nargs="?", type=Path, default=ILIAD, help="a folder of <label>.txt [the four authors]")
    data = parser.parse_args().data
    if not data.is_dir():
        print(f"skipped: {data} is not there")
        return
    started = time.monotonic()
    subprocess.run([sys.executable, "-m", "trainer", "audit", "--data", str(data)], cwd=ROOT, check=True)
    print(f"time: {time.monotonic() - started:.0f} s")


if __name__ == "__main__":
    main()
