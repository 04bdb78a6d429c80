"""Files that readers find whole or not at all.

Here: replacing one file. Which files there are is known to those who write them.
"""

import os
from pathlib import Path


def replace_file(path: Path, content: bytes) -> None:
    """Write the file beside its place, down to the disk, and put it there in one step."""
    unfinished = path.with_name(f".{path.name}.unfinished")
    with unfinished.open("wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    unfinished.replace(path)
