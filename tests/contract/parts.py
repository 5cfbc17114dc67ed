"""Plans and part files as docs/scale_out.md and docs/partials.md describe them, made and read without vigil, and a stand-in
for the executable that tasks run."""
import hashlib
import json
import pathlib
import struct
import subprocess


def canonical(value):
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False)


def sha256(data):
    return hashlib.sha256(data if isinstance(data, bytes) else data.encode()).hexdigest()


def zstd(data):
    """One zstd frame of raw blocks (RFC 8878), which needs no compressor."""
    out = b"\x28\xb5\x2f\xfd\xa0" + struct.pack("<I", len(data))  # single segment, content size in four bytes
    pieces = [data[i:i + 100_000] for i in range(0, len(data), 100_000)] or [b""]
    for i, piece in enumerate(pieces):
        out += struct.pack("<I", (i + 1 == len(pieces)) | len(piece) << 3)[:3] + piece
    return out


def part_bytes(plan_file, number, lines=("{}",), frames=0, **changed):
    """The bytes of part `number`; `changed`: keys of its first line."""
    text = pathlib.Path(plan_file).read_bytes()
    plan = json.loads(text)
    first = {"type": "part", "version": 1, "settings": plan["settings"], "plan": sha256(text), "part": number,
             "parts": len(plan["parts"]), **changed}
    before = "".join(line + "\n" for line in (json.dumps(first), *lines))
    return zstd((before + json.dumps({"type": "end", "frames": frames, "sha256": sha256(before)}, separators=(",", ":")) + "\n").encode())


def part_path(plan_file, number):
    return pathlib.Path(f"{plan_file}.parts") / f"{number:05}.vsum"


def put_part(plan_file, number, data=None):
    path = part_path(plan_file, number)
    path.parent.mkdir(exist_ok=True)
    path.write_bytes(part_bytes(plan_file, number) if data is None else data)
    return path


def stand_in(path, vigil, log):
    """An executable at `path`: writes its arguments to `log` as a line of JSON, makes whole parts that hold nothing, refuses
    to merge what is missing, and leaves `status` to vigil. With FAIL_PARTS="3 4" in the environment those parts fail."""
    path.write_text(f"""#!/usr/bin/python3
import fcntl, json, os, pathlib, subprocess, sys
sys.path.insert(0, {str(pathlib.Path(__file__).parent)!r})
import parts
arguments = sys.argv[1:]
with open({str(log)!r}, "a") as log:
    fcntl.flock(log, fcntl.LOCK_EX)
    log.write(json.dumps(arguments) + "\\n")
if arguments[0] == "status":
    sys.exit(subprocess.run([{str(vigil)!r}] + arguments).returncode)
plan = arguments[arguments.index("--plan") + 1]
n = len(json.load(open(plan))["parts"])
if arguments[0] == "replay":
    part = int(arguments[arguments.index("--part") + 1])
    if not 0 <= part < n:
        sys.exit(2)
    if str(part) in os.environ.get("FAIL_PARTS", "").split():
        sys.exit(3)
    parts.put_part(plan, part)
elif arguments[0] == "merge":
    if any(not parts.part_path(plan, part).exists() for part in range(n)):
        sys.exit(2)
    open(arguments[arguments.index("-o") + 1], "w").write("merged\\n")
""")
    path.chmod(0o755)
    return path


def calls(log):
    return [json.loads(line) for line in log.read_text().splitlines()] if log.exists() else []


def run(*arguments, **options):
    """Exit code, stdout, stderr."""
    done = subprocess.run([str(a) for a in arguments], capture_output=True, text=True, timeout=120, **options)
    return done.returncode, done.stdout, done.stderr
