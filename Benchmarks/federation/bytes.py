"""Bytes a site and round on the wire, and rounds a second with real sites.

    python3 bytes.py --bin ../../.build/release --json

Bytes: eight sites without work (`zorba-server load`), steady state, TLS records included, against the payload
minimum: 4P + 8 up, 4 · blocks · P + 4 down. Rounds a second: eight `zorba-site` processes that train a very small
model of random weights, with durable files as always; then how long the machine takes to make a write durable.
"""

import argparse
import json
import os
import random
import shutil
import struct
import sys
import time

import harness

POLICY = """\
federation: load
runs: {names: [run], specifications: any}
base_models: any
tasks: [classification, language_modeling]
templates: any
columns: any
blocks: {maximum: any, forbidden: []}
local_steps: {maximum: any}
directions: {maximum: any}
batch: {minimum: 1}
rounds: {maximum: any, maximum_per_day: any}
hours: any
payload_bytes_per_round: any
payload_bytes_per_day: any
evaluation: {allowed: true, minimum_examples: 1}
share: {losses: true, timings: true, peak_memory: true, example_count: exact}
privacy:
  secure_aggregation: optional
  differential_privacy: {required: false, epsilon_maximum: any}
  minimum_cohort: 1
"""


def wire(programs, folder, blocks, directions, rounds, sites=8):
    """Bytes of a steady round for a model of so many blocks."""
    pki = harness.authority(programs["zorba-server"], f"{folder}/pki")
    place = f"{folder}/wire-{blocks}"
    shutil.rmtree(place, ignore_errors=True)
    os.makedirs(place)
    harness.card(f"{place}/card.json", blocks)
    names = [f"site-{number:05d}" for number in range(1, sites + 1)]
    harness.run_file(f"{place}/run.yaml", names, f"{place}/card.json", f"{place}/out", rounds,
                     method="{learning_rate: 1e-6, mu: 1e-3, directions: %d}" % directions)
    server, port = harness.coordinator(
        programs["zorba-server"], f"{place}/run.yaml", pki, f"{place}/state", f"{place}/server.log")
    crowd = harness.Program(
        [programs["zorba-server"], "load", "--json", "--coordinator", f"127.0.0.1:{port}", "--authority", pki,
         "--identities", f"{folder}/identities", "--sites", str(sites), "--seconds", "600"], f"{place}/load.log")
    try:
        while crowd.is_running:
            time.sleep(0.1)
    finally:
        crowd.end()
        server.end()
    rows = harness.stored_rounds(f"{place}/state", "run", rounds // 5 + 1, rounds)
    up, down = (sum(row[index] for row in rows) / (len(rows) * sites) for index in (2, 3))
    least = (4 * directions + 8, 4 * blocks * directions + 4)
    return {
        "blocks": blocks, "directions": directions, "rounds": len(rows), "up": round(up, 1), "down": round(down, 1),
        "up_minimum": least[0], "down_minimum": least[1], "factor_up": round(up / least[0], 2),
        "factor_down": round(down / least[1], 2), "factor": round((up + down) / sum(least), 2),
    }


def checkpoint(folder, blocks=2, width=16, seed=0):
    """A Llama of random weights with the bundled model's tokenizer, without torch."""
    os.makedirs(folder, exist_ok=True)
    bundled = os.path.join(os.path.dirname(os.path.abspath(__file__)), "../../Sources/zorba/Resources/model")
    with open(f"{bundled}/config.json") as file:
        config = json.load(file)
    for name in ("tokenizer.json", "tokenizer_config.json"):
        shutil.copy(f"{bundled}/{name}", folder)
    config |= {"hidden_size": width, "intermediate_size": 2 * width, "num_hidden_layers": blocks,
               "num_attention_heads": 2, "num_key_value_heads": 1, "head_dim": width // 2}
    with open(f"{folder}/config.json", "w") as file:
        json.dump(config, file)
    shapes = {"model.embed_tokens.weight": [config["vocab_size"], width], "model.norm.weight": [width]}
    for layer in range(blocks):
        prefix = f"model.layers.{layer}."
        shapes |= {
            prefix + "input_layernorm.weight": [width], prefix + "post_attention_layernorm.weight": [width],
            prefix + "mlp.down_proj.weight": [width, 2 * width], prefix + "mlp.gate_proj.weight": [2 * width, width],
            prefix + "mlp.up_proj.weight": [2 * width, width], prefix + "self_attn.k_proj.weight": [width // 2, width],
            prefix + "self_attn.v_proj.weight": [width // 2, width], prefix + "self_attn.q_proj.weight": [width, width],
            prefix + "self_attn.o_proj.weight": [width, width],
        }
    draw = random.Random(seed)
    header, data = {}, bytearray()
    for name, shape in shapes.items():
        count = shape[0] * (shape[1] if len(shape) > 1 else 1)
        start = len(data)
        # bfloat16 is the upper half of float32.
        for _ in range(count):
            value = 1.0 if "norm" in name else draw.gauss(0, 0.05)
            data += struct.pack("<f", value)[2:]
        header[name] = {"dtype": "BF16", "shape": shape, "data_offsets": [start, len(data)]}
    text = json.dumps(header).encode()
    text += b" " * (-len(text) % 8)
    with open(f"{folder}/model.safetensors", "wb") as file:
        file.write(struct.pack("<Q", len(text)) + text + data)


def real(programs, folder, rounds, sites=8):
    """Rounds a second with real agents that train almost nothing."""
    pki = harness.authority(programs["zorba-server"], f"{folder}/pki")
    place = f"{folder}/real"
    shutil.rmtree(place, ignore_errors=True)
    os.makedirs(place)
    checkpoint(f"{place}/model")
    names = [f"real-{number}" for number in range(1, sites + 1)]
    harness.run_file(f"{place}/run.yaml", names, f"{place}/model", f"{place}/out", rounds,
                     batch="{size: 1, max_tokens: 8}")
    server, port = harness.coordinator(
        programs["zorba-server"], f"{place}/run.yaml", pki, f"{place}/state", f"{place}/server.log")
    agents = []
    try:
        for name in names:
            site = f"{place}/{name}"
            os.makedirs(site)
            identity = f"{folder}/agents/{name}"
            if not os.path.exists(f"{identity}/certificate.pem"):
                harness.identity(programs["zorba-server"], pki, identity, name)
            with open(f"{site}/rows.jsonl", "w") as file:
                file.writelines(json.dumps({"text": f"row {row} of {name}"}) + "\n" for row in range(20))
            with open(f"{site}/policy.yaml", "w") as file:
                file.write(POLICY)
            with open(f"{site}/site.yaml", "w") as file:
                file.write(
                    f"coordinator: 127.0.0.1:{port}\nidentity: {identity}\nmodel: {place}/model\n"
                    f"data: {{train: {site}/rows.jsonl}}\nstate: {site}/state\npolicy: {site}/policy.yaml\nthreads: 1\n")
            agents.append(harness.Program(
                [programs["zorba-site"], "client", f"{site}/site.yaml", "--quiet"], f"{site}/agent.log"))
        metrics = f"{place}/out/metrics.jsonl"
        marks = []
        while any(agent.is_running for agent in agents) and server.is_running:
            done = harness.rounds_done(metrics)
            if done >= rounds // 5 and done < rounds:
                marks.append((done, server.cpu_seconds, sum(a.cpu_seconds for a in agents if a.is_running)))
            time.sleep(0.05)
        failed = [agent for agent in agents if agent.process.returncode not in (0, None)]
        if failed:
            raise SystemExit(f"an agent failed:\n{failed[0].words[-2000:]}")
    finally:
        for agent in agents:
            agent.end()
        server.end()
    rows = harness.stored_rounds(f"{place}/state", "run", rounds // 5 + 1, rounds)
    times = [later[4] - earlier[4] for earlier, later in zip(rows, rows[1:])]
    figures = {
        "sites": sites, "rounds": len(rows), "rounds_a_second": round(len(times) / sum(times), 2),
        "round_ms_median": round(1000 * harness.share(times, 0.5), 2),
        "round_ms_p95": round(1000 * harness.share(times, 0.95), 2),
        "up": round(sum(row[2] for row in rows) / (len(rows) * sites), 1),
        "down": round(sum(row[3] for row in rows) / (len(rows) * sites), 1),
    }
    marks = [mark for mark in marks if mark[2] >= marks[0][2]]
    if len(marks) > 1 and marks[-1][0] > marks[0][0]:
        count = marks[-1][0] - marks[0][0]
        figures["coordinator_cpu_ms_a_round"] = round(1000 * (marks[-1][1] - marks[0][1]) / count, 2)
        figures["site_cpu_ms_a_round"] = round(1000 * (marks[-1][2] - marks[0][2]) / count / sites, 2)
    return figures


def durable(folder, count=200):
    """How long a small appended write takes to be durable here, alone and eight at a time, in ms."""
    os.makedirs(folder, exist_ok=True)

    def one(path):
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND)
        times = []
        for _ in range(count):
            start = time.perf_counter()
            os.write(descriptor, b"x" * 200)
            os.fdatasync(descriptor)
            times.append(time.perf_counter() - start)
        os.close(descriptor)
        return times

    alone = one(f"{folder}/durable")
    children = []
    for index in range(8):
        child = os.fork()
        if child == 0:
            times = one(f"{folder}/durable-{index}")
            with open(f"{folder}/durable-{index}.json", "w") as file:
                json.dump(times, file)
            os._exit(0)
        children.append(child)
    for child in children:
        os.waitpid(child, 0)
    together = []
    for index in range(8):
        with open(f"{folder}/durable-{index}.json") as file:
            together += json.load(file)
    return {"alone_ms": round(1000 * harness.share(alone, 0.5), 3),
            "eight_ms": round(1000 * harness.share(together, 0.5), 3)}


def main():
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("--bin", default="../../.build/release", help="where the programs are")
    arguments.add_argument("--folder", default="/tmp/zorba-bytes", help="scratch; identities in it are used again")
    arguments.add_argument("--blocks", default="4,8,24")
    arguments.add_argument("--directions", type=int, default=1)
    arguments.add_argument("--rounds", type=int, default=500)
    arguments.add_argument("--real-rounds", type=int, default=500, help="0 leaves real sites out")
    arguments.add_argument("--json", action="store_true")
    options = arguments.parse_args()
    programs = harness.programs(options.bin)
    folder = os.path.abspath(options.folder)
    report = {"wire": []}
    for blocks in map(int, options.blocks.split(",")):
        report["wire"].append(wire(programs, folder, blocks, options.directions, options.rounds))
        print(report["wire"][-1], file=sys.stderr)
    report["durable_write"] = durable(folder)
    if options.real_rounds:
        report["real"] = real(programs, folder, options.real_rounds)
    print(json.dumps(report) if options.json else json.dumps(report, indent=1))


if __name__ == "__main__":
    main()
