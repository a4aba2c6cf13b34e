"""What a long run costs a coordinator: start, catch-up and rounds when so many are committed already.

    python3 long.py --bin ../../.build/release --rounds 100000 --json

A short run is made for real; its journal and its store are then prolonged by copies of its last round, which
takes seconds instead of hours. The sites are those of `zorba-server load`.
"""

import argparse
import hashlib
import json
import os
import shutil
import sqlite3
import struct
import time

import harness


def varint(number):
    out = bytearray()
    while number > 127:
        out.append(number & 127 | 128)
        number >>= 7
    return bytes(out + bytes([number]))


def prolong_journal(path, last):
    """Adds copies of the last round, chained as docs/journal-format.md says; the number of the first added."""
    with open(path, "rb") as file:
        data = file.read()
    place, payload, number = 12, None, 0
    while place < len(data):
        kind, size = data[place], int.from_bytes(data[place + 1:place + 4], "little")
        if kind == 2:
            payload = data[place + 8:place + 8 + size]
        chain = data[place + 8 + size:place + 24 + size]
        place += 24 + size
    number = payload[0]
    assert number < 128, "prolong a run of less than 128 rounds"
    rest, parts = payload[1:], []
    for round_ in range(number + 1, last + 1):
        body = varint(round_) + rest
        head = b"\x02" + struct.pack("<I", len(body))[:3]
        link = hashlib.sha256(b"zorba/1/link" + chain + head).digest()[:4]
        chain = hashlib.sha256(b"zorba/1/record" + chain + head + body).digest()[:16]
        parts.append(head + link + body + chain)
    with open(path, "ab") as file:
        file.write(b"".join(parts))
    return number + 1


def prolong_store(path, first, last):
    """Adds rows of rounds and results like the last ones."""
    with sqlite3.connect(path) as database:
        run, metrics = database.execute(
            "SELECT run_id, metrics FROM round WHERE number = ?", (first - 1,)).fetchone()
        metrics = json.loads(metrics)

        def lines():
            for round_ in range(first, last + 1):
                metrics["round"] = round_
                yield (round_, json.dumps(metrics), run, first - 1)

        database.executemany(
            "INSERT INTO round SELECT run_id, ?, attempt, seconds, loss, covered_blocks, bytes_up, bytes_down, "
            "wire_received, wire_sent, ?, committed_at FROM round WHERE run_id = ? AND number = ?", lines())
        database.executemany(
            "INSERT INTO result SELECT run_id, ?, site_id, scalars, examples, loss, seconds, peak_memory_mib, accepted, "
            "reason FROM result WHERE run_id = ? AND round = ?",
            ((round_, run, first - 1) for round_ in range(first, last + 1)))


def main():
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("--bin", default="../../.build/release", help="where the programs are")
    arguments.add_argument("--folder", default="/tmp/zorba-long", help="scratch; identities in it are used again")
    arguments.add_argument("--sites", type=int, default=8)
    arguments.add_argument("--rounds", type=int, default=100_000)
    arguments.add_argument("--more", type=int, default=300, help="rounds to run for real after that")
    arguments.add_argument("--json", action="store_true")
    options = arguments.parse_args()
    programs, folder = harness.programs(options.bin), os.path.abspath(options.folder)
    program = programs["zorba-server"]
    pki = harness.authority(program, f"{folder}/pki")
    place = f"{folder}/run"
    shutil.rmtree(place, ignore_errors=True)
    os.makedirs(place)
    harness.card(f"{place}/card.json", 8)
    names = [f"site-{number:05d}" for number in range(1, options.sites + 1)]
    total = options.rounds + options.more
    harness.run_file(f"{place}/run.yaml", names, f"{place}/card.json", f"{place}/out", total)
    metrics = f"{place}/out/metrics.jsonl"

    def start(name):
        begun = time.monotonic()
        server, port = harness.coordinator(program, f"{place}/run.yaml", pki, f"{place}/state", f"{place}/{name}.log")
        seconds = time.monotonic() - begun
        crowd = harness.Program(
            [program, "load", "--json", "--coordinator", f"127.0.0.1:{port}", "--authority", pki, "--identities",
             f"{folder}/identities", "--sites", str(options.sites), "--seconds", "600"], f"{place}/{name}-load.log")
        return server, crowd, seconds

    server, crowd, young_start = start("young")
    while harness.rounds_done(metrics) < 100:
        if not (server.is_running and crowd.is_running):
            raise SystemExit(server.words[-2000:] + crowd.words[-2000:])
        time.sleep(0.005)
    server.process.kill()
    server.process.wait()
    crowd.end()
    young = [row[1] for row in harness.stored_rounds(f"{place}/state", "run", 20, 100)]
    done = harness.rounds_done(metrics)
    # Stands on a whole round below 128, whatever was killed.
    first = prolong_journal(f"{place}/out/run.zorba", options.rounds)
    with sqlite3.connect(f"{place}/state/store.sqlite") as database:
        for table, column in (("result", "round"), ("round", "number")):
            database.execute(f"DELETE FROM {table} WHERE {column} >= ?", (first,))
    prolong_store(f"{place}/state/store.sqlite", first, options.rounds)

    server, crowd, old_start = start("old")
    figures = {"sites": options.sites, "rounds": options.rounds, "made_for_real": done,
               "journal_mib": round(os.path.getsize(f"{place}/out/run.zorba") / 2**20, 1),
               "store_mib": round(os.path.getsize(f"{place}/state/store.sqlite") / 2**20, 1),
               "start_seconds_young": round(young_start, 2), "start_seconds": round(old_start, 2),
               "start_resident_mib": round(server.resident_mib, 1)}
    try:
        while crowd.is_running and server.is_running:
            figures["resident_mib"] = round(server.resident_mib, 1)
            time.sleep(0.1)
        ended = time.monotonic()
        while server.is_running and time.monotonic() < ended + 120:
            figures["resident_mib_at_end"] = round(server.resident_mib, 1)
            time.sleep(0.1)
        report = json.loads(crowd.words[crowd.words.index("{"):])
    finally:
        crowd.end()
        server.end()
    rows = harness.stored_rounds(f"{place}/state", "run", options.rounds + 20, total)
    figures |= {
        "catch_up_seconds": round(report["seconds_to_ready"], 2), "finished": report["finished"],
        "round_ms_young": round(1000 * harness.share(young, 0.5), 2),
        "round_ms_old": round(1000 * harness.share([row[1] for row in rows], 0.5), 2),
        "seconds_to_conclude": round(time.monotonic() - ended, 1),
    }
    print(json.dumps(figures) if options.json else json.dumps(figures, indent=1))


if __name__ == "__main__":
    main()
