"""How much a coordinator holds: many connected sites that do no work.

    python3 scale.py --bin ../../.build/release --sites 10,100,300,1000 --rounds 30 --json

The sites are those of `zorba-server load`: real connections over mutual TLS, made-up scalars. Both
processes share this machine's cores, so seconds a round are those of coordinator and all sites.
"""

import argparse
import json
import os
import shutil
import time

import harness


def measure(programs, folder, sites, blocks, rounds, at_once):
    """One federation of so many sites, from start to end."""
    pki = harness.authority(programs["zorba-server"], f"{folder}/pki")
    place = f"{folder}/{sites}"
    shutil.rmtree(place, ignore_errors=True)
    os.makedirs(place)
    harness.card(f"{place}/card.json", blocks)
    names = [f"site-{number:05d}" for number in range(1, sites + 1)]
    harness.run_file(f"{place}/run.yaml", names, f"{place}/card.json", f"{place}/out", rounds)
    server, port = harness.coordinator(
        programs["zorba-server"], f"{place}/run.yaml", pki, f"{place}/state", f"{place}/server.log")
    before = {"resident": server.resident_mib, "cpu": server.cpu_seconds}
    crowd = harness.Program(
        [programs["zorba-server"], "load", "--json", "--coordinator", f"127.0.0.1:{port}", "--authority", pki,
         "--identities", f"{folder}/identities", "--sites", str(sites), "--at-once", str(at_once),
         "--seconds", "900"], f"{place}/load.log")
    figures = {"sites": sites, "blocks": blocks, "rounds": rounds}
    first = None
    try:
        metrics = f"{place}/out/metrics.jsonl"
        while crowd.is_running and server.is_running:
            done = harness.rounds_done(metrics)
            if done >= rounds // 5 and first is None:
                first = (done, server.cpu_seconds, crowd.cpu_seconds)
                figures["cpu_to_connect_ms_a_site"] = round(1000 * (first[1] - before["cpu"]) / sites, 3)
            if first and done < rounds:
                last = (done, server.cpu_seconds, crowd.cpu_seconds)
                figures["resident_mib"] = round(server.resident_mib, 1)
                figures["open_files"] = server.open_files
            time.sleep(0.1)
        words = crowd.words
        if "{" not in words:
            raise SystemExit(f"the crowd failed:\n{words[-2000:]}\n{server.words[-2000:]}")
        report = json.loads(words[words.index("{"):])
    finally:
        crowd.end()
        server.end()
    rows = harness.stored_rounds(f"{place}/state", "run", rounds // 5 + 1, rounds)
    times = [row[1] for row in rows]
    asked = sites * len(rows)
    figures |= {
        "resident_mib_before": round(before["resident"], 1),
        "seconds_to_ready": round(report["seconds_to_ready"], 2),
        "round_ms_median": round(1000 * harness.share(times, 0.5), 2),
        "round_ms_p95": round(1000 * harness.share(times, 0.95), 2),
        "bytes_up_a_site_and_round": round(sum(row[2] for row in rows) / asked, 1),
        "bytes_down_a_site_and_round": round(sum(row[3] for row in rows) / asked, 1),
        "finished": report["finished"], "failures": report["failures"],
        "sites_bytes_received": report["bytes_received"], "sites_bytes_sent": report["bytes_sent"],
    }
    if first and last[0] > first[0]:
        work = sites * (last[0] - first[0])
        figures["coordinator_cpu_us_a_site_and_round"] = round(1e6 * (last[1] - first[1]) / work, 1)
        figures["crowd_cpu_us_a_site_and_round"] = round(1e6 * (last[2] - first[2]) / work, 1)
    return figures


def main():
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("--bin", default="../../.build/release", help="where the programs are")
    arguments.add_argument("--folder", default="/tmp/zorba-scale", help="scratch; identities in it are used again")
    arguments.add_argument("--sites", default="10,100,300,1000")
    arguments.add_argument("--blocks", type=int, default=8)
    arguments.add_argument("--rounds", type=int, default=50)
    arguments.add_argument("--at-once", type=int, default=32, help="connections made at a time")
    arguments.add_argument("--json", action="store_true")
    options = arguments.parse_args()
    programs = harness.programs(options.bin)
    results = []
    for sites in map(int, options.sites.split(",")):
        figures = measure(programs, os.path.abspath(options.folder), sites, options.blocks, options.rounds,
                          options.at_once)
        results.append(figures)
        if not options.json:
            print("  ".join(f"{key} {value}" for key, value in figures.items()), flush=True)
    if options.json:
        print(json.dumps({"scale": results}))


if __name__ == "__main__":
    main()
