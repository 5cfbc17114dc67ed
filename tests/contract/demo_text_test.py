"""What `vigil demo` tells people to read exists."""
import pathlib
import re

from stream import check

root = pathlib.Path(__file__).resolve().parents[2]
sections = re.findall(r"\(README: ([^)]+)\)", (root / "app" / "command_demo.cpp").read_text())
check(sections, "demo names no section")
for section in sections:
    check(f"\n## {section}\n" in (root / "README.md").read_text(), "README has no section", section)
