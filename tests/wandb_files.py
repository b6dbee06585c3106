"""Reads .wandb files: what a run logged, as wandb wrote it to disk."""

import json
from pathlib import Path

BLOCK, HEADER = 2**15, 7


def read_records(file):
    """Return the records of a .wandb file: LevelDB's log format (blocks of 32 KiB, a header before each piece)."""
    from wandb.proto.wandb_internal_pb2 import Record

    data, position, content, records = file.read_bytes(), HEADER, b"", []
    while position + HEADER <= len(data):
        if BLOCK - position % BLOCK < HEADER:  # no room for a header: the rest of the block is empty
            position += BLOCK - position % BLOCK
            continue
        size, kind = int.from_bytes(data[position + 4 : position + 6], "little"), data[position + 6]
        content += data[position + HEADER : position + HEADER + size]
        position += HEADER + size
        if kind in (1, 4):  # a whole record, or the last piece of one
            records.append(Record.FromString(content))
            content = b""
    return records


def values(items):
    """Return {key: value} of a record's items; a nested key's parts are joined by slashes."""
    return {"/".join(item.nested_key) or item.key: json.loads(item.value_json) for item in items}


def read_wandb_file(file):
    """Return (run, config, history rows, summary) that a .wandb file holds."""
    run, config, history, summary = None, {}, [], {}
    for record in read_records(file):
        kind = record.WhichOneof("record_type")
        if kind == "run":
            run = record.run
            config |= values(run.config.update)
        elif kind == "config":
            config |= values(record.config.update)
        elif kind == "history":
            history.append(values(record.history.item))
        elif kind == "summary":
            summary |= values(record.summary.update)
    return run, config, history, summary


def read_artifacts(file):
    """Return {artifact: {file in it: (the file on this machine, MD5 as base64)}} of a .wandb file."""
    artifacts = [record.artifact for record in read_records(file) if record.WhichOneof("record_type") == "artifact"]
    return {
        artifact.name: {entry.path: (Path(entry.local_path), entry.digest) for entry in artifact.manifest.contents}
        for artifact in artifacts
    }
