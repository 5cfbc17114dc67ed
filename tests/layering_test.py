"""Fails on any arrow the house does not have: a room may include itself, core, and the libraries it owns."""
import pathlib
import re
import sys

ROOT = pathlib.Path(sys.argv[1])
MIDDLE = ["ingest", "replay", "fpga_model", "monitors", "alerting"]
ROOMS = {"core": {"core"}, **{room: {"core", room} for room in MIDDLE}, "shift": {"core", "shift"},
         "app": {"core", "app", "shift", *MIDDLE}}
# The arrow across: what people ask is answered by alerting, through two interfaces that know neither.
DOORS = {"shift": {"alerting/desk.h", "alerting/record.h"}}
# Third-party header prefix -> rooms that own it.
OWNED = {
    "zmq": {"ingest", "alerting"}, "msgpack": {"ingest"}, "oneapi/tbb": {"app"}, "tbb/": {"app"},
    "spdlog": {"app"}, "fmt/": {"app"}, "CLI/": {"app"}, "yaml-cpp": {"app", "fpga_model", "replay"},
    "SQLiteCpp": {"alerting"}, "sqlite3": {"alerting"}, "zstd": {"alerting", "ingest", "replay"}, "openssl": {"core", "shift"},
    "curl/": {"alerting"}, "librdkafka/": {"alerting", "ingest"}, "hwy/": {"fpga_model", "monitors"},
    "boost": {"monitors", "shift"}, "zlib.h": {"shift"}, "prometheus/": {"shift"}, "Eigen": {"monitors"}, "nlohmann": set(ROOMS),
}
# Floors of a room: a floor includes itself and what is named here. What is common lies at the root ("").
FLOORS = {
    "fpga_model": {"": set(), "simd": {""}, "package": {""}, "network": {"", "simd", "package"},
                   "external": {"", "package"}, "import": {"", "simd", "package", "network", "external"}},
    "shift": {"server": set(), "page": {"server"}, "documents": {"server"}, "events": {"server", "documents"},
              "metrics": {"server", "documents", "events"}, "report": {"server", "documents"}},
}
LIMIT = 400


def floor_of(room, header):
    """Floor of a path ROOM/[FLOOR/]...; None where there is no such floor."""
    parts = header.split("/")[1:]
    floor = parts[0] if len(parts) > 1 else ""
    return floor if floor in FLOORS[room] else None


problems = []
count = 0
for folder in ("tests", "bench"):  # nobody's room, but to be read like one
    for path in sorted((ROOT / folder).rglob("*")):
        if path.suffix in {".h", ".cpp", ".py"} and len(lines := path.read_text().splitlines()) > LIMIT:
            problems.append(f"{path.relative_to(ROOT)}: {len(lines)} lines, at most {LIMIT}")
for room, allowed in ROOMS.items():
    for path in sorted((ROOT / room).rglob("*")):
        if path.suffix not in {".h", ".cpp", ".def"}:
            continue
        count += 1
        floor = floor_of(room, path.relative_to(ROOT).as_posix()) if room in FLOORS else None
        if room in FLOORS and floor is None:
            problems.append(f"{path.relative_to(ROOT)}: on no floor, expected one of {', '.join(filter(None, FLOORS[room]))}")
            continue
        lines = path.read_text().splitlines()
        name = path.relative_to(ROOT)
        if len(lines) > LIMIT:
            problems.append(f"{name}: {len(lines)} lines, at most {LIMIT}")
        for number, line in enumerate(lines, 1):
            match = re.match(r'\s*#\s*include\s*["<]([^">]+)[">]', line)
            if not match:
                continue
            header = match[1]
            other = header.split("/")[0]
            if other in ROOMS and other not in allowed and header not in DOORS.get(room, ()):
                problems.append(f"{name}:{number}: {room} includes {header}")
            if room in FLOORS and other == room:
                below = floor_of(room, header)
                if below is None or (below != floor and below not in FLOORS[room][floor]):
                    problems.append(f"{name}:{number}: {room}/{floor} includes {header}, which is no floor below it")
            if other == room and not (ROOT / header).is_file():
                problems.append(f"{name}:{number}: {header} is no file")
            for prefix, owners in OWNED.items():
                if header.startswith(prefix) and room not in owners:
                    problems.append(f"{name}:{number}: {header} belongs to {', '.join(sorted(owners))}")
        if room not in {"app", "ingest", "alerting", "shift"} and re.search(r"std::j?thread\b", path.read_text()):
            problems.append(f"{name}: {room} starts a thread")
print(f"{count} files, {len(problems)} problems")
print("\n".join(problems))
sys.exit(1 if problems or count == 0 else 0)
