#!/usr/bin/env python3
"""Mistakes that people make, with the real programs: each must give one clear sentence and the right
exit code (1 the system refused, 2 usage or configuration, 3 data or model, 4 refused, 5 resumable).

    Tools/faults/user_errors.py --bin .build/debug --out /tmp/mistakes

Prints a table of what was tried; ends with 0 only if every code and sentence was as it should be.
"""

import argparse
import asyncio
import json
import os
import pathlib
import re
import select
import shutil
import signal
import subprocess
import sys
import time

from campaign import RESOURCES
from federation import COORDINATOR, Federation, die_with_parent


class Mistakes:
    def __init__(self, options):
        self.options = options
        self.federation = Federation(options)
        self.out = self.federation.out
        self.bin = self.federation.bin
        self.rows = []

    # Commands.

    def start(self, program, *arguments, user=None):
        command = [self.bin / program, *map(str, arguments)]
        if user:
            command = ["setpriv", "--reuid", user, "--regid", user, "--clear-groups", *command]
        return subprocess.Popen(
            command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
            stdin=subprocess.DEVNULL, cwd=self.out, preexec_fn=die_with_parent)

    def judge(self, what, process, code, pattern, seconds=20):
        try:
            text = process.communicate(timeout=seconds)[0]
            found = process.returncode
        except subprocess.TimeoutExpired:
            process.kill()
            text, found = process.communicate()[0], "hangs"
        said = text.strip().splitlines()
        starts = [i for i, line in enumerate(said) if line.startswith(("zorba:", "Error:"))]
        from_error = starts[0] if starts else max(0, len(said) - 2)
        sentence = " / ".join(line.strip() for line in said[from_error:from_error + 3])
        fine = found == code and re.search(pattern, sentence) is not None and len(sentence) < 700
        # Inner workings are no sentence.
        fine = fine and not re.search(
            r"checkouts|OPENSSL|NSCocoa|Error Domain|UserInfo|\bnil\b|Optional\(", text)
        self.rows.append((fine, what, code, found, sentence))
        print(f"{'ok  ' if fine else 'FAIL'} {what}: {found} (expected {code})\n     {sentence}",
              flush=True)

    def server(self, run="run.yaml", state="coordinator", listen="127.0.0.1:0", identity=None,
               authority=None, user=None, extra=()):
        return self.start(
            "zorba-server", "server", *([run] if run else []), "--identity",
            identity or self.out / "pki" / "coordinator", "--authority",
            authority or self.out / "pki", "--state", state, "--listen", listen, *extra, user=user)

    def client(self, site="site-1", user=None, **settings):
        extra = []
        for key, value in settings.items():
            extra += ["--set", f"{key.replace('__', '.')}={value}"]
        return self.start(
            "zorba-site", "client", self.out / site / "site.yaml", *extra, user=user)

    def admin(self, *arguments, identity="operator"):
        return self.start(
            "zorba-server", "admin", *arguments, "--identity", self.out / identity,
            "--coordinator", f"127.0.0.1:{self.federation.port}")

    def run_file(self, name, **changes):
        run = json.loads((self.out / "campaign.yaml").read_text())
        run["out"] = str(self.out / f"out-{name}")
        for key, value in changes.items():
            section, _, field = key.partition("__")
            if value is None:
                (run[section] if field else run).pop(field or section, None)
            elif field:
                run[section][field] = value
            else:
                run[section] = value
        path = self.out / f"{name}.yaml"
        path.write_text(json.dumps(run))
        return path

    def site_file(self, name, text):
        folder = self.out / name
        folder.mkdir(exist_ok=True)
        (folder / "site.yaml").write_text(text)
        return folder / "site.yaml"

    # Mistakes.

    async def run(self):
        await self.federation.prepare()
        # Without relays: some of these block this process.
        for site in self.federation.sites:
            path = self.out / site / "site.yaml"
            described = json.loads(path.read_text())
            described["coordinator"] = f"127.0.0.1:{self.federation.port}"
            described.pop("reconnect")
            path.write_text(json.dumps(described))
        try:
            self.before_anything()
            self.server_files()
            self.client_files()
            self.together()
            self.interruptions()
        finally:
            self.federation.close()
        failed = [row for row in self.rows if not row[0]]
        print(f"\n{len(self.rows)} mistakes, {len(failed)} not answered as they should be")
        if self.options.table:
            lines = ["| mistake | exit code | said |", "| --- | --- | --- |"]
            for _, what, _, found, sentence in self.rows:
                said = sentence.replace(str(self.out), "…").replace("|", "\\|")
                lines.append(f"| {what} | {found} | {said} |")
            pathlib.Path(self.options.table).write_text("\n".join(lines) + "\n")
        return 1 if failed else 0

    def before_anything(self):
        judge = self.judge
        judge("server without a run", self.server(run=None), 2, "RUN.yaml")
        judge("server, run file missing", self.server(run="none.yaml"), 2, "none.yaml")
        judge("server, listens nowhere", self.server(listen="nowhere"), 2, "--listen")
        judge("client, site file missing", self.start("zorba-site", "client", "none.yaml"), 2,
              "none.yaml")
        judge("client, unknown option",
              self.start("zorba-site", "client", "site.yaml", "--nonsense"), 2, "nonsense")
        judge("admin, nobody listens", self.admin("status"), 1, "cannot reach")

    def server_files(self):
        judge, out = self.judge, self.out
        good = self.run_file("good", rounds=100000)
        judge("server, identity folder missing", self.server(good, identity=out / "no-identity"), 2,
              "no-identity")
        judge("server, a site's identity", self.server(good, identity=out / "site-1/identity"), 2,
              "identity is that of")
        judge("server, authority missing", self.server(good, authority=out / "no-pki"), 2, "no-pki")
        judge("server, run file without sites",
              self.server(self.run_file("siteless", federation__sites=None)), 2, "sites")
        judge("server, run file lists a site twice",
              self.server(self.run_file("twice", federation__sites=["a", "a"])), 2, "sites")
        judge("server, run file with an unknown key",
              self.server(self.run_file("unknown", bananas=3)), 2, "bananas")
        (out / "broken.yaml").write_text("model: [\n")
        judge("server, run file is no YAML", self.server("broken.yaml"), 2, "broken.yaml")
        judge("server, model missing", self.server(self.run_file("m", model="no-model")), 3,
              "no-model")
        (out / "file").write_text("x")
        judge("server, state folder is a file", self.server(good, state="file"), 1, "file")
        locked = out / "locked"
        locked.mkdir()
        locked.chmod(0o555)
        for folder in (out / "pki").rglob("*"):
            folder.chmod(folder.stat().st_mode | 0o055 if folder.is_dir() else 0o600)
        shutil.copytree(out / "pki", out / "pki-nobody")
        subprocess.run(["chown", "-R", "65534:65534", out / "pki-nobody"], check=True)
        out.chmod(0o755)
        judge("server, state folder is read-only",
              self.server(good, state="locked", identity=out / "pki-nobody/coordinator",
                          authority=out / "pki-nobody", user="65534"), 1, "locked.*ermission")
        judge("server, key of somebody else",
              self.server(good, user="65534", authority=out / "pki-nobody"), 1, "ermission")
        shutil.copytree(out / "pki/coordinator", out / "open-key")
        (out / "open-key/key.pem").chmod(0o644)
        judge("server, key that others can read", self.server(good, identity=out / "open-key"), 4,
              "key.pem")
        shutil.copytree(out / "pki/coordinator", out / "no-key")
        (out / "no-key/key.pem").write_text("")
        judge("server, key file empty", self.server(good, identity=out / "no-key"), 3, "key.pem")

    def client_files(self):
        judge, out = self.judge, self.out
        client = self.client
        judge("client, identity folder missing", client(identity="no-identity"), 2, "no-identity")
        judge("client, an operator's identity", client(identity=out / "operator"), 2, "operator")
        judge("client, another site's name", client(name="site-2"), 2, "site-2")
        judge("client, policy missing", client(policy="no-policy.yaml"), 2, "no-policy.yaml")
        (out / "site-1/empty-policy.yaml").write_text("")
        judge("client, policy empty", client(policy="empty-policy.yaml"), 2, "empty-policy")
        judge("client, address without a port", client(coordinator="example.org"), 2, "coordinator")
        judge("client, unknown key", client(bananas="1"), 2, "bananas")
        broken = self.site_file("broken", "coordinator: [\n")
        judge("client, site file is no YAML", self.start("zorba-site", "client", broken), 2,
              "broken/site.yaml")
        empty = self.site_file("hollow", "")
        judge("client, site file empty", self.start("zorba-site", "client", empty), 2,
              "hollow/site.yaml")
        for mode, name in ((0o644, "open-key"),):
            shutil.copytree(out / "site-1/identity", out / f"site-1/{name}")
            (out / f"site-1/{name}/key.pem").chmod(mode)
            judge("client, key that others can read", client(identity=name), 4, "key.pem")
        judge("client, state folder is a file", client(state=out / "file"), 1, "file")
        shutil.copytree(out / "site-1", out / "site-nobody")
        subprocess.run(["chown", "-R", "65534:65534", out / "site-nobody"], check=True)
        (out / "site-nobody/readonly").mkdir()
        judge("client, state folder is read-only",
              self.client("site-nobody", user="65534", state="readonly"), 1, "readonly.*ermission")
        judge("client, key of somebody else",
              self.client("site-nobody", user="65534", identity=out / "site-1/identity"), 1,
              "ermission")

    def wait_for(self, process, pattern, seconds=30):
        """Reads a process's words until a pattern; the rest stays unread."""
        file = process.stdout.fileno()
        text, until = "", time.monotonic() + seconds
        while time.monotonic() < until and process.poll() is None:
            if select.select([file], [], [], 0.1)[0]:
                text += os.read(file, 65536).decode(errors="replace")
            if re.search(pattern, text):
                return text
        print(f"     waited in vain for '{pattern}': {text[-300:]}")
        return text

    def together(self):
        judge, out, port = self.judge, self.out, self.federation.port
        listen = f"127.0.0.1:{port}"
        run = self.run_file("together", rounds=1000000, federation__sites=["site-1", "site-2"],
                            federation__start_with=2)
        server = self.server(run, state="together", listen=listen)
        self.wait_for(server, "Listening")
        judge("second server, same state folder", self.server(run, state="together"), 4,
              "process [0-9]+ has this store open")
        judge("second server, same run folder", self.server(run, state="other"), 4, "journal")
        other = self.run_file("elsewhere")
        judge("second server, same port", self.server(other, state="third", listen=listen), 1,
              f"{port}")
        for site in self.federation.sites:
            policy = (out / site / "policy.yaml").read_text()
            (out / site / "open.yaml").write_text(
                policy.replace("names: [campaign]", "names: any"))
        judge("client, not listed in the run", self.client("site-3"), 4, "site-3")
        judge("client, no such run", self.client(run="tomorrow"), 4, "tomorrow")
        client = lambda **settings: self.client(policy="open.yaml", **settings)
        judge("client, model missing", client(model="no-model"), 3, "no-model")
        other_model = out / "other-model"
        shutil.copytree(self.options.model, other_model)
        weights = other_model / "model.safetensors"
        data = bytearray(weights.read_bytes())
        data[-64] ^= 1
        weights.write_bytes(data)
        judge("client, another checkpoint", client(model=other_model), 3, "base model|block")
        weights.write_bytes(data[:5000])
        judge("client, checkpoint cut short", client(model=other_model), 3,
              "model.safetensors")
        judge("client, training file missing", client(data__train="no.jsonl"), 3, "no.jsonl")
        (out / "empty.jsonl").write_text("")
        judge("client, training file empty", client(data__train=out / "empty.jsonl"), 3,
              "empty.jsonl")
        (out / "other.jsonl").write_text('{"text": "hello", "label": "weather"}\n' * 20)
        judge("client, rows with other labels", client(data__train=out / "other.jsonl"), 3,
              "weather")
        (out / "torn.jsonl").write_text('{"text": "hello", "label": "pra')
        judge("client, rows that are no JSON", client(data__train=out / "torn.jsonl"), 3,
              "torn.jsonl")
        judge("client, policy of another run", self.client(), 4, "runs.names")
        first = self.client(policy="open.yaml")
        self.wait_for(first, "Taking part")
        judge("second agent, same state folder", self.client(policy="open.yaml"), 4,
              "another process uses this state folder")
        second = client(state="state-2")
        judge("older agent, when another of its site comes", first, 4, "took over")
        judge("admin, unknown run", self.admin("pause", "tomorrow"), 2, "tomorrow")
        judge("admin, a site's identity", self.admin("status", identity="site-1/identity"), 4, ".")
        judge("admin, rollback to the future", self.admin("rollback", "together", "--to", "99"), 2,
              "99")
        # A foreign federation.
        foreign = out / "foreign"
        self.federation.tool("zorba-server", "pki", "init", "--federation", "campaign", "--out",
                             foreign)
        judge("client, another authority's certificate",
              self.client("site-2", identity=self.foreign_identity(foreign)), 4, "certificate")
        # Ctrl-C while things go on.
        third = self.client("site-2", policy="open.yaml")
        self.wait_for(server, "round|committed|[1-9] */|sites 2")
        time.sleep(1.5)
        third.send_signal(signal.SIGINT)
        judge("Ctrl-C at a client that takes part", third, 5, "same command")
        server.send_signal(signal.SIGINT)
        judge("Ctrl-C at a server whose run goes on", server, 5, "same command")
        time.sleep(0.5)
        second.send_signal(signal.SIGINT)
        judge("Ctrl-C at a client whose coordinator is away", second, 5, "same command")
        changed = self.run_file("together", rounds=1000000, seed=99,
                                federation__sites=["site-1", "site-2"], federation__start_with=2)
        judge("server, run file changed since its start", self.server(changed, state="together"), 2,
              "another configuration")

    def foreign_identity(self, authority):
        folder = self.out / "foreign-identity"
        tool = lambda *arguments: self.federation.tool("zorba-server", "pki", *arguments)
        request = json.loads(tool("request", "--federation", "campaign", "--site", "site-2",
                                  "--out", folder, "--json"))
        tool("approve", folder / "request.pem", "--authority", authority, "--fingerprint",
             request["fingerprint"], "--out", folder / "answer.pem")
        tool("install", folder / "answer.pem", "--identity", folder)
        return folder

    def interruptions(self):
        judge = self.judge
        run = self.run_file("idle")
        server = self.server(run, state="idle")
        server.send_signal(signal.SIGINT)
        text = server.communicate(timeout=20)[0]
        # Before it listens for Ctrl-C it ends as any program does.
        fine = server.returncode in (5, -signal.SIGINT)
        self.rows.append((fine, "Ctrl-C at a server at once", "5 or SIGINT", server.returncode,
                          text.strip()[-200:]))
        server = self.server(run, state="idle")
        self.wait_for(server, "Run 'idle'")
        server.send_signal(signal.SIGINT)
        judge("Ctrl-C at a server that prepares a run", server, 5, "same command")
        server = self.server(run, state="idle")
        self.wait_for(server, "Listening")
        server.send_signal(signal.SIGTERM)
        judge("SIGTERM at a server that waits for sites", server, 5, "same command")
        client = self.client()
        self.wait_for(client, "Not connected")
        client.send_signal(signal.SIGINT)
        judge("Ctrl-C at a client that reaches nobody", client, 5, "same command")
        # Somebody accepts and says nothing.
        import socket
        silent = socket.create_server(("127.0.0.1", 0))
        client = self.client(coordinator=f"127.0.0.1:{silent.getsockname()[1]}")
        time.sleep(1)
        client.send_signal(signal.SIGINT)
        judge("Ctrl-C at a client whose coordinator says nothing", client, 5, "same command")
        silent.close()


def main():
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--bin", default=".build/release")
    parser.add_argument("--out", required=True)
    parser.add_argument("--table", help="a file for the table in Markdown")
    parser.add_argument("--model", default=str(RESOURCES / "model"))
    parser.add_argument("--data", default=str(RESOURCES / "demo"))
    options = parser.parse_args()
    options.sites, options.latency, options.mounts, options.seed = 3, 0, False, 1
    sys.exit(asyncio.run(Mistakes(options).run()))


if __name__ == "__main__":
    main()
