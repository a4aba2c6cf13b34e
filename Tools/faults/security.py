"""Tries to get into a coordinator, past its bounds, or to bring it down; prints one JSON object.

    python Tools/faults/security.py --bin .build/debug

Starts a coordinator and a few honest sites (`zorba-server load`) on 127.0.0.1, then does what a stranger,
a revoked or a lying site could do. After every try the coordinator must be alive and its run must have
gone on. Needs grpcio, grpcio-tools, protobuf and cryptography, and openssl on the path.
"""

import argparse
import datetime
import json
import os
import queue
import random
import shutil
import socket
import ssl
import struct
import subprocess
import sys
import time

import grpc
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(os.path.dirname(HERE))
sys.path.insert(0, os.path.join(ROOT, "Benchmarks", "federation"))
import harness  # noqa: E402

FEDERATION = "trial"


def read(path, mode="rb"):
    with open(path, mode) as file:
        return file.read()


def protocol(folder):
    """The messages, made from the repository's protos."""
    out = f"{folder}/proto"
    os.makedirs(out, exist_ok=True)
    protos = ["zorba/v1/federation.proto", "zorba/v1/administration.proto"]
    subprocess.run(
        [sys.executable, "-m", "grpc_tools.protoc", f"-I{ROOT}/Protos", f"--python_out={out}",
         f"--grpc_python_out={out}", *protos], check=True)
    sys.path.insert(0, out)
    from zorba.v1 import administration_pb2, administration_pb2_grpc, federation_pb2, federation_pb2_grpc
    return federation_pb2, federation_pb2_grpc, administration_pb2, administration_pb2_grpc


class Forger:
    """Makes certificates as no authority should, with an authority's key."""

    def __init__(self, folder, authority):
        self.folder = folder
        self.key = serialization.load_pem_private_key(read(f"{authority}/authority.key"), None)
        self.root = x509.load_pem_x509_certificate(read(f"{authority}/authority.pem"))

    def make(self, name, uris, days=(-1, 30), purposes=(ExtendedKeyUsageOID.CLIENT_AUTH,), authority=False,
             signed_by=None):
        """An identity folder's files; returns the folder."""
        key = ec.generate_private_key(ec.SECP256R1())
        now = datetime.datetime.now(datetime.timezone.utc)
        builder = (
            x509.CertificateBuilder()
            .subject_name(x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)]))
            .issuer_name(self.root.subject).public_key(key.public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(now + datetime.timedelta(days=days[0]))
            .not_valid_after(now + datetime.timedelta(days=days[1]))
            .add_extension(x509.BasicConstraints(ca=authority, path_length=None), critical=True)
            .add_extension(
                x509.KeyUsage(True, False, False, False, False, authority, False, False, False), critical=True)
            .add_extension(
                x509.SubjectAlternativeName([x509.UniformResourceIdentifier(uri) for uri in uris]),
                critical=False))
        if purposes:
            builder = builder.add_extension(x509.ExtendedKeyUsage(list(purposes)), critical=False)
        certificate = builder.sign(signed_by or self.key, hashes.SHA256())
        folder = f"{self.folder}/{name}"
        os.makedirs(folder, exist_ok=True)
        with open(f"{folder}/key.pem", "wb") as file:
            file.write(key.private_bytes(
                serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()))
        pem = serialization.Encoding.PEM
        with open(f"{folder}/certificate.pem", "wb") as file:
            file.write(certificate.public_bytes(pem) + self.root.public_bytes(pem))
        shutil.copy(f"{self.folder}/../pki/authority.pem", f"{folder}/authority.pem")
        return folder


def frame(kind, flags, stream, payload=b"", length=None):
    """An HTTP/2 frame, its length a lie if asked for."""
    size = len(payload) if length is None else length
    return struct.pack(">I", size)[1:] + bytes([kind, flags]) + struct.pack(">I", stream) + payload


PREFACE = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"


class Siege:
    """A coordinator with honest sites, and the tries against it."""

    def __init__(self, options):
        self.programs = harness.programs(options.bin)
        self.folder = os.path.abspath(options.folder)
        shutil.rmtree(self.folder, ignore_errors=True)
        os.makedirs(self.folder)
        self.server_program = self.programs["zorba-server"]
        (self.messages, self.stubs, self.admin_messages, self.admin_stubs) = protocol(self.folder)
        self.pki = f"{self.folder}/pki"
        subprocess.run(
            [self.server_program, "pki", "init", "--quiet", "--federation", FEDERATION, "--dns",
             "coordinator.test", "--out", self.pki], check=True,
            stdout=subprocess.DEVNULL)
        subprocess.run(
            [self.server_program, "pki", "init", "--quiet", "--federation", FEDERATION, "--dns",
             "coordinator.test", "--out", f"{self.folder}/foreign"], check=True,
            stdout=subprocess.DEVNULL)
        self.forger = Forger(f"{self.folder}/forged", self.pki)
        self.foreign = Forger(f"{self.folder}/forged", f"{self.folder}/foreign")
        self.identities = {}
        for name, role in [("intruder", "site"), ("revoked", "site"), ("banned", "site"), ("stranger", "site"),
                           ("ops", "operator")]:
            self.identities[name] = harness.identity(
                self.server_program, self.pki, f"{self.folder}/{name}", name, role, FEDERATION)
        self.rng = random.Random(options.seed)
        self.tries = []

    def start(self):
        honest = [f"site-{number:05d}" for number in range(1, 5)]
        model = f"{ROOT}/Sources/zorba/Resources/model"
        common = "weights: uniform, start_with: 4, deadline_seconds: 0.5, quorum: 0.5, digest_every: 0"
        for name, sites in [("run", honest + ["intruder", "revoked", "banned"]), ("closed", ["stranger"])]:
            harness.run_file(
                f"{self.folder}/{name}.yaml", sites, model, f"{self.folder}/out-{name}", 1_000_000,
                federation="{sites: [%s], %s}" % (", ".join(sites), common if name == "run" else "weights: uniform"))
        self.server = harness.Program(
            [self.server_program, "server", f"{self.folder}/run.yaml", f"{self.folder}/closed.yaml", "--identity",
             f"{self.pki}/coordinator", "--authority", self.pki, "--state", f"{self.folder}/state", "--listen",
             "127.0.0.1:0", "--serve-models"], f"{self.folder}/server.log")
        self.port = self.server.port()
        self.crowd = harness.Program(
            [self.server_program, "load", "--coordinator", f"127.0.0.1:{self.port}", "--authority", self.pki,
             "--identities", f"{self.folder}/identities", "--sites", "4", "--seconds", "3000"],
            f"{self.folder}/crowd.log")
        self.wait_for_rounds(20, 60)

    def end(self):
        self.crowd.end()
        self.server.end()

    # What the run does meanwhile.

    @property
    def round(self):
        return harness.rounds_done(f"{self.folder}/out-run/metrics.jsonl")

    def wait_for_rounds(self, count, seconds):
        goal, until = self.round + count, time.monotonic() + seconds
        while self.round < goal:
            if not self.server.is_running:
                raise SystemExit(f"the coordinator died:\n{self.server.words[-3000:]}")
            if time.monotonic() > until:
                return False
            time.sleep(0.05)
        return True

    @property
    def warnings(self):
        """What the coordinator's log says went wrong, or ended, so far."""
        found = []
        for line in read(f"{self.folder}/state/log.jsonl", "r").splitlines():
            try:
                entry = json.loads(line)
            except ValueError:
                continue
            text = entry.get("message", "")
            if entry.get("level") == "warning" or "disconnected" in text:
                found.append(text if "text" not in entry else f"{text}: {entry['text']}")
        return found

    def attempt(self, name, body, expected=""):
        """Makes a try; `body` returns (whether it was refused, what the intruder was told)."""
        before = len(self.warnings)
        try:
            refused, told = body()
        except (OSError, grpc.RpcError, Refusal) as error:  # a connection that breaks is an answer too
            refused, told = True, f"{type(error).__name__}: {error}"
        time.sleep(0.15)
        said = self.warnings[before:]
        goes_on = self.wait_for_rounds(3, 20)
        result = {
            "try": name, "refused": bool(refused) and expected in str(told) + "\n".join(said),
            "told": str(told)[:300],
            "coordinator_said": ([line for line in said if "disconnected" not in line] or said or [""])[-1][:300],
            "coordinator_alive": self.server.is_running, "run_goes_on": goes_on,
        }
        self.tries.append(result)
        if not (result["refused"] and goes_on):
            print(f"NOT REFUSED OR NOT GOING ON: {json.dumps(result)}", file=sys.stderr)

    # Ways to talk.

    def channel(self, folder):
        credentials = grpc.ssl_channel_credentials(
            read(f"{self.pki}/authority.pem"), read(f"{folder}/key.pem") if folder else None,
            read(f"{folder}/certificate.pem") if folder else None)
        return grpc.secure_channel(
            f"127.0.0.1:{self.port}", credentials,
            [("grpc.ssl_target_name_override", "coordinator.test"), ("grpc.max_send_message_length", 64 << 20),
             ("grpc.enable_retries", 0), ("grpc.max_metadata_size", 1 << 20),
             ("grpc.use_local_subchannel_pool", 1)])

    def call(self, folder, body, seconds=10):
        """Runs `body(channel, timeout)`; gRPC's status is a refusal."""
        with self.channel(folder) as channel:
            try:
                return False, f"answered: {body(channel, seconds)}"[:300]
            except grpc.RpcError as error:
                code = error.code()
                return code != grpc.StatusCode.DEADLINE_EXCEEDED, f"{code.name}: {error.details()}"

    def hello(self, **fields):
        return self.messages.SiteMessage(hello=self.messages.Hello(
            **{"run": "run", "protocol_minimum": 1, "protocol_maximum": 1, "software": "intruder", **fields}))

    def first_answer(self, folder, messages, seconds=10):
        """Opens a stream, sends messages, returns the first answer."""
        def body(channel, timeout):
            stream = self.stubs.FederationStub(channel).Participate(iter(messages), timeout=timeout)
            for message in stream:
                if message.WhichOneof("kind") == "goodbye":
                    raise Refusal(message.goodbye.text)
                return message.WhichOneof("kind")
            return "the stream ended"
        try:
            return self.call(folder, body, seconds)
        except Refusal as refusal:
            return True, f"Goodbye: {refusal}"

    def raw(self, folder, bytes_, alpn=("h2",), seconds=10, wait=0.0):
        """Sends bytes over TLS with a good certificate; what comes back until the peer closes."""
        context = self.context(folder, alpn)
        with socket.create_connection(("127.0.0.1", self.port), timeout=seconds) as plain:
            with context.wrap_socket(plain, server_hostname="coordinator.test") as secure:
                secure.settimeout(seconds)
                for piece in bytes_ if isinstance(bytes_, list) else [bytes_]:
                    secure.sendall(piece)
                    time.sleep(wait)
                received = b""
                while True:
                    try:
                        piece = secure.recv(65536)
                    except (TimeoutError, socket.timeout):
                        return False, f"still open after {seconds} s"
                    if not piece:
                        break
                    received += piece
        goaway = received.rfind(b"\x07\x00\x00\x00\x00\x00")
        reason = received[goaway + 14:].decode("latin1")[:120] if goaway >= 0 else "without a word"
        return True, f"closed, {len(received)} bytes: {reason}"

    def context(self, folder, alpn=("h2",)):
        context = ssl.create_default_context(cafile=f"{self.pki}/authority.pem")
        context.minimum_version = ssl.TLSVersion.TLSv1_3
        context.set_alpn_protocols(list(alpn))
        if folder:
            context.load_cert_chain(f"{folder}/certificate.pem", f"{folder}/key.pem")
        return context

    def uri(self, name, role="site", federation=FEDERATION):
        return f"zorba://{federation}/{role}/{name}"


class Refusal(Exception):
    pass


class Stream:
    """A site's stream that is driven message by message."""

    def __init__(self, siege, folder):
        self.siege = siege
        self.channel = siege.channel(folder)
        self.outgoing = queue.Queue()
        self.stream = siege.stubs.FederationStub(self.channel).Participate(iter(self.outgoing.get, None), timeout=60)

    def send(self, message):
        self.outgoing.put(message)

    def until(self, kind, seconds=10):
        """The next message of a kind."""
        for message in self.stream:
            if message.WhichOneof("kind") == kind:
                return message
        raise Refusal("the stream ended")

    def join(self):
        """Hello, the journal, Ready; then the site is asked like any other."""
        for _ in range(5):
            self.send(self.siege.hello())
            welcome = self.until("welcome").welcome
            stub = self.siege.stubs.FederationStub(self.channel)
            journal = b"".join(piece.data for piece in stub.FetchJournal(
                self.siege.messages.FetchJournalRequest(run="run"), timeout=20))
            self.send(self.siege.messages.SiteMessage(ready=self.siege.messages.Ready(
                last_round=welcome.last_round, journal_chain=journal[-16:], examples=10)))
            for message in self.stream:
                kind = message.WhichOneof("kind")
                if kind == "goodbye":
                    break
                if kind == "advance" and message.advance.HasField("assignment"):
                    return message.advance
            self.end()
            self.__init__(self.siege, self.siege.identities["intruder"])
        raise Refusal("never asked")

    def end(self):
        self.outgoing.put(None)
        self.stream.cancel()
        self.channel.close()


# The tries.


def handshakes(siege):
    """Who never gets as far as a call."""
    def connect(context):
        def body():
            with socket.create_connection(("127.0.0.1", siege.port), timeout=10) as plain:
                with context.wrap_socket(plain, server_hostname="coordinator.test") as secure:
                    secure.settimeout(10)
                    secure.sendall(PREFACE + frame(4, 0, 0))
                    data = secure.recv(100)
                    return data == b"", f"{len(data)} bytes"
        return body

    siege.attempt("no certificate", connect(siege.context(None)))
    foreign = harness.identity(
        siege.server_program, f"{siege.folder}/foreign", f"{siege.folder}/foreign-site", "intruder", "site",
        FEDERATION)
    siege.attempt("certificate of another authority with the same names", connect(siege.context(foreign)))
    mixed = siege.forger.make("self-signed-by-site", [siege.uri("intruder")],
                              signed_by=serialization.load_pem_private_key(
                                  read(f"{siege.identities['intruder']}/key.pem"), None))
    siege.attempt("certificate signed by a site's key", connect(siege.context(mixed)))

    def openssl(*flags):
        def body():
            done = subprocess.run(
                ["openssl", "s_client", "-connect", f"127.0.0.1:{siege.port}", "-cert",
                 f"{siege.identities['intruder']}/certificate.pem", "-key",
                 f"{siege.identities['intruder']}/key.pem", *flags], input=b"", capture_output=True, timeout=15)
            text = (done.stderr + done.stdout).decode("latin1")
            lines = [line for line in text.splitlines() if "error" in line or "alert" in line]
            return done.returncode != 0 or bool(lines), lines[0] if lines else text[-200:]
        return body

    siege.attempt("TLS 1.2", openssl("-tls1_2", "-alpn", "h2"))
    siege.attempt("TLS 1.1", openssl("-tls1_1", "-alpn", "h2", "-cipher", "ALL:@SECLEVEL=0"))
    siege.attempt("another protocol (ALPN http/1.1)", lambda: siege.raw(
        siege.identities["intruder"], b"GET / HTTP/1.1\r\n\r\n", alpn=("http/1.1",)))
    siege.attempt("no protocol (no ALPN)", lambda: siege.raw(
        siege.identities["intruder"], PREFACE + frame(4, 0, 0), alpn=()))

    def plain(data):
        def body():
            with socket.create_connection(("127.0.0.1", siege.port), timeout=20) as connection:
                connection.sendall(data)
                connection.settimeout(20)
                received = b""
                while piece := connection.recv(4096):
                    received += piece
                return True, f"closed after {len(received)} bytes"
        return body

    siege.attempt("plain HTTP", plain(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n"))
    siege.attempt("plain garbage", plain(siege.rng.randbytes(4096)))
    siege.attempt("a TLS record that claims 65,535 bytes", plain(b"\x16\x03\x01\xff\xff" + siege.rng.randbytes(70000)))


def certificates(siege):
    """Signed by the right authority, yet of no use."""
    def participate(folder):
        return lambda: siege.first_answer(folder, [siege.hello()])

    make = siege.forger.make
    uri = siege.uri("intruder")
    siege.attempt("expired certificate", participate(make("expired", [uri], days=(-40, -1))), "expired")
    siege.attempt("certificate of the future", participate(make("future", [uri], days=(1, 30))), "not valid before")
    siege.attempt("certificate for servers only", participate(
        make("server-only", [uri], purposes=(ExtendedKeyUsageOID.SERVER_AUTH,))), "clientAuth")
    siege.attempt("certificate for nothing", participate(make("no-purpose", [uri], purposes=())), "clientAuth")
    siege.attempt("certificate of an authority", participate(make("authority", [uri], authority=True)), "CA:TRUE")
    siege.attempt("certificate of another federation", participate(
        make("other", [siege.uri("intruder", federation="other")])), "comes to federation")
    siege.attempt("certificate with two identities", participate(
        make("two", [uri, siege.uri("site-00001")])))
    siege.attempt("certificate without an identity", participate(make("none", ["https://example.org/"])))
    siege.attempt("coordinator's certificate as a site's", participate(f"{siege.pki}/coordinator"), "coordinator")

    subprocess.run([siege.server_program, "pki", "revoke", "revoked", "--authority", siege.pki, "--reason", "lost"],
                   check=True, capture_output=True)
    siege.attempt("revoked before it came", participate(siege.identities["revoked"]), "revoked on")

    def revoked_meanwhile():
        stream = Stream(siege, siege.identities["banned"])
        stream.send(siege.hello())
        stream.until("welcome")
        subprocess.run(
            [siege.server_program, "pki", "revoke", "banned", "--authority", siege.pki, "--reason", "stolen"],
            check=True, capture_output=True)
        start = time.monotonic()
        try:
            stream.until("goodbye")
            how = "Goodbye"
        except (grpc.RpcError, Refusal) as error:
            how = error.code().name if isinstance(error, grpc.RpcError) else str(error)
        seconds = time.monotonic() - start
        stream.end()
        again = siege.first_answer(siege.identities["banned"], [siege.hello()])
        return seconds < 5 and again[0], f"cut off after {seconds:.1f} s ({how}); then {again[1]}"

    siege.attempt("revoked while connected", revoked_meanwhile, "revoked on")


def roles(siege):
    """Right certificate, wrong door."""
    intruder, ops = siege.identities["intruder"], siege.identities["ops"]
    admin = siege.admin_messages

    def administer(method, request):
        return lambda: siege.call(intruder, lambda channel, timeout: getattr(
            siege.admin_stubs.AdministrationStub(channel), method)(request, timeout=timeout))

    siege.attempt("site lists runs", administer("ListRuns", admin.ListRunsRequest()), "operators")
    siege.attempt("site stops a run", administer(
        "ControlRun", admin.ControlRunRequest(run="run", action=3)), "operators")
    siege.attempt("site starts a run", administer(
        "StartRun", admin.StartRunRequest(name="x", run_file="model: /")), "operators")
    siege.attempt("operator takes part", lambda: siege.first_answer(ops, [siege.hello()]), "sites")
    siege.attempt("operator fetches a journal", lambda: siege.call(ops, lambda channel, timeout: list(
        siege.stubs.FederationStub(channel).FetchJournal(
            siege.messages.FetchJournalRequest(run="run"), timeout=timeout))), "sites")

    def other_name():
        site = f"{siege.folder}/other-name"
        os.makedirs(site, exist_ok=True)
        with open(f"{site}/policy.yaml", "w") as file:
            file.write(POLICY)
        with open(f"{site}/site.yaml", "w") as file:
            file.write(
                f"name: site-00001\ncoordinator: 127.0.0.1:{siege.port}\nidentity: {intruder}\n"
                f"model: {ROOT}/Sources/zorba/Resources/model\n"
                f"data: {{train: {ROOT}/Sources/zorba/Resources/demo/bank.jsonl}}\nstate: state\npolicy: policy.yaml\n")
        done = subprocess.run([siege.programs["zorba-site"], "client", f"{site}/site.yaml"], capture_output=True,
                              text=True, timeout=60)
        return done.returncode != 0, (done.stderr + done.stdout).strip()

    siege.attempt("SITE.yaml with another name than the certificate", other_name, "the certificate is of")
    siege.attempt("a site asks for another site's run", lambda: siege.first_answer(
        intruder, [siege.hello(run="closed")]), "lists the site")
    siege.attempt("journal of a run that does not list the site", lambda: siege.call(
        intruder, lambda channel, timeout: list(siege.stubs.FederationStub(channel).FetchJournal(
            siege.messages.FetchJournalRequest(run="closed"), timeout=timeout))), "lists the site")
    siege.attempt("journal of a run that does not exist", lambda: siege.call(
        intruder, lambda channel, timeout: list(siege.stubs.FederationStub(channel).FetchJournal(
            siege.messages.FetchJournalRequest(run="nothing"), timeout=timeout))), "lists the site")
    siege.attempt("journal from beyond its end", lambda: siege.call(
        intruder, lambda channel, timeout: list(siege.stubs.FederationStub(channel).FetchJournal(
            siege.messages.FetchJournalRequest(run="run", offset=2**63), timeout=timeout))))

    def renew_as(principal):
        def body():
            key = ec.generate_private_key(ec.SECP256R1())
            request = x509.CertificateSigningRequestBuilder().subject_name(
                x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "x")])).add_extension(
                x509.SubjectAlternativeName([x509.UniformResourceIdentifier(principal)]), critical=False
            ).sign(key, hashes.SHA256())
            return siege.call(intruder, lambda channel, timeout: siege.stubs.FederationStub(
                channel).RenewCertificate(siege.messages.RenewCertificateRequest(
                    signing_request=request.public_bytes(serialization.Encoding.DER)), timeout=timeout))
        return body

    siege.attempt("renewal as another site", renew_as(siege.uri("site-00001")))
    siege.attempt("renewal as an operator", renew_as(siege.uri("ops", "operator")))
    siege.attempt("renewal with garbage", lambda: siege.call(intruder, lambda channel, timeout: siege.stubs.FederationStub(
        channel).RenewCertificate(siege.messages.RenewCertificateRequest(
            signing_request=siege.rng.randbytes(500)), timeout=timeout)))
    for name in ["../run.yaml", "/etc/passwd", "..", "a/../../x", "", "model.safetensors\0x", "%2e%2e/x",
                 "..\\run.yaml", "no-such.json"]:
        siege.attempt(f"model file {name!r}", lambda: siege.call(intruder, lambda channel, timeout: list(
            siege.stubs.FederationStub(channel).FetchModel(
                siege.messages.FetchModelRequest(run="run", name=name), timeout=timeout))))


POLICY = """\
federation: trial
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


def messages(siege):
    """A site that is let in, and lies."""
    intruder, m = siege.identities["intruder"], siege.messages
    result = m.Result(round=1, scalars=b"\0\0\0\0", examples=1)
    say = siege.first_answer

    siege.attempt("protocol version of the future", lambda: say(
        intruder, [siege.hello(protocol_minimum=2, protocol_maximum=9)]), "upgrade")
    siege.attempt("protocol version 0", lambda: say(
        intruder, [siege.hello(protocol_minimum=0, protocol_maximum=1)]))
    siege.attempt("first message is no Hello", lambda: say(intruder, [m.SiteMessage(result=result)]),
                  "first message")
    siege.attempt("empty message", lambda: say(intruder, [m.SiteMessage()]), "none of the kinds")
    siege.attempt("a run's name that leaves the folder", lambda: say(intruder, [siege.hello(run="../x")]), "name")
    siege.attempt("a journal of 2^63 bytes", lambda: say(
        intruder, [siege.hello(journal_bytes=2**63, journal_chain=b"0" * 16)]), "beyond any journal")

    def after_hello(message):
        def body():
            stream = Stream(siege, intruder)
            try:
                stream.send(siege.hello())
                stream.until("welcome")
                stream.send(message)
                for answer in stream.stream:
                    if answer.WhichOneof("kind") == "goodbye":
                        return True, f"Goodbye: {answer.goodbye.text}"
                return False, "the stream ended"
            except grpc.RpcError as error:
                return True, f"{error.code().name}: {error.details()}"
            finally:
                stream.end()
        return body

    def bad(**fields):
        return m.SiteMessage(result=m.Result(**{"round": 1, "scalars": b"\0\0\0\0", "examples": 1, **fields}))

    siege.attempt("scalars of three bytes", after_hello(bad(scalars=b"\0\0\0")), "multiple of four")
    siege.attempt("no scalars", after_hello(bad(scalars=b"")), "no scalars")
    siege.attempt("round 2^64-1", after_hello(bad(round=2**64 - 1)), "beyond any run")
    siege.attempt("seconds that are no number", after_hello(bad(seconds=float("nan"))), "no duration")
    siege.attempt("600 KiB of scalars", after_hello(bad(scalars=bytes(600 << 10))), "bound")
    siege.attempt("2 MiB message", after_hello(bad(scalars=bytes(2 << 20))))
    siege.attempt("32 MiB message", after_hello(bad(scalars=bytes(32 << 20))))
    siege.attempt("a made-up journal", after_hello(m.SiteMessage(
        ready=m.Ready(last_round=10**9, journal_chain=b"x" * 16, examples=5))))
    siege.attempt("costs that are no JSON, 600 KiB", after_hello(m.SiteMessage(ready=m.Ready(
        journal_chain=b"x" * 16, examples=5, costs=m.SiteCosts(costs=bytes(600 << 10))))), "bound")

    def raw_message(data):
        def body():
            def call(channel, timeout):
                stream = channel.stream_stream("/zorba.v1.Federation/Participate")
                return [len(answer) for answer in stream(iter([data]), timeout=timeout)]
            return siege.call(intruder, call)
        return body

    siege.attempt("protobuf garbage", raw_message(siege.rng.randbytes(200)))
    siege.attempt("protobuf nested 10,000 deep", raw_message(b"\x0b" * 10000))
    siege.attempt("a field that claims 2 GiB", raw_message(b"\x0a\xff\xff\xff\xff\x07"))

    def unknown(method):
        return lambda: siege.call(intruder, lambda channel, timeout: channel.unary_unary(method)(b"", timeout=timeout))

    siege.attempt("unknown method", unknown("/zorba.v1.Federation/Nothing"))
    siege.attempt("unknown service", unknown("/etc/passwd"))
    siege.attempt("200 kB of headers", lambda: siege.call(intruder, lambda channel, timeout: list(
        siege.stubs.FederationStub(channel).FetchJournal(
            m.FetchJournalRequest(run="run"), timeout=timeout, metadata=[("x", "y" * 200_000)]))))


def replays(siege):
    """Recorded messages, again."""
    intruder, m = siege.identities["intruder"], siege.messages

    def stored(number):
        import sqlite3
        with sqlite3.connect(f"file:{siege.folder}/state/store.sqlite?mode=ro", uri=True) as database:
            return [row[0] for row in database.execute(
                "SELECT scalars FROM result JOIN site ON site.id = site_id JOIN run ON run.id = result.run_id "
                "WHERE run.name = 'run' AND site.name = 'intruder' AND round = ?", (number,))]

    def replay():
        stream = Stream(siege, intruder)
        advance = stream.join()
        number = advance.assignment.round or advance.commit.round + 1
        answer = m.SiteMessage(result=m.Result(
            round=number, attempt=advance.assignment.attempt, scalars=struct.pack("<f", 0.25), examples=10, loss=1))
        stream.send(answer)
        stream.until("advance")
        # The same round, other numbers: on the stream it was asked on, and on another one.
        other = m.SiteMessage(result=m.Result(
            round=number, attempt=advance.assignment.attempt, scalars=struct.pack("<f", -9), examples=99, loss=1))
        for message in [answer, other, siege.hello(), answer]:
            stream.send(message)
        stream.until("advance")
        again = Stream(siege, intruder)
        again.join()
        for message in [answer, other, siege.hello()]:
            again.send(message)
        again.until("advance")
        stream.send(other)
        siege.wait_for_rounds(2, 20)
        again.end()
        stream.end()
        found = stored(number)
        return found == [struct.pack("<f", 0.25)], f"round {number} of the intruder holds {len(found)} answer, the first"

    siege.attempt("results replayed in later rounds and on another stream", replay)

    def hello_of_another():
        # A Hello names no site: whoever sends it is who the certificate says.
        stream = Stream(siege, siege.identities["stranger"])
        stream.send(siege.hello())
        try:
            stream.until("welcome")
            return False, "welcomed"
        except (grpc.RpcError, Refusal) as error:
            return True, error.details() if isinstance(error, grpc.RpcError) else str(error)
        finally:
            stream.end()

    siege.attempt("recorded Hello of another site", hello_of_another, "lists the site")


def frames(siege):
    """HTTP/2 as it must not be."""
    intruder = siege.identities["intruder"]
    settings = PREFACE + frame(4, 0, 0)
    tries = {
        "garbage instead of HTTP/2": siege.rng.randbytes(3000),
        "garbage after the preface": settings + siege.rng.randbytes(3000),
        "a frame of 16 MiB": settings + frame(0, 0, 1, bytes(1000), length=(1 << 24) - 1),
        "data on a stream that is not open": settings + frame(0, 0, 7, b"x" * 10),
        "headers that do not decompress": settings + frame(1, 4, 1, siege.rng.randbytes(200)),
        "window update of 0": settings + frame(8, 0, 0, b"\0\0\0\0"),
        "window overflow": settings + frame(8, 0, 0, b"\x7f\xff\xff\xff") * 2,
        "even stream number": settings + frame(1, 5, 2, b"\x82"),
        "settings with 5 bytes": settings + frame(4, 0, 0, b"12345"),
        "push promise by a client": settings + frame(5, 4, 1, b"\0\0\0\2\x82"),
        "continuation without headers": settings + frame(9, 4, 1, b"\x82"),
        "endless continuation": [settings + frame(1, 0, 1, b"\x82")] + [frame(9, 0, 1, b"\0\1a\1b" * 2000)] * 200,
        "settings flood": [settings] + [frame(4, 0, 0, b"\0\3\0\0\0\1") * 1000] * 50,
        "ping flood": [settings] + [frame(6, 0, 0, b"12345678") * 1000] * 50,
    }
    for name, data in tries.items():
        # What is legal may stay open; what matters then is that everybody else goes on.
        legal = name in ("ping flood", "settings flood")
        siege.attempt(name, (lambda data=data: siege.raw(intruder, data, seconds=6)) if not legal else
                      (lambda data=data: (True, siege.raw(intruder, data, seconds=6)[1])))


    rapid = b"".join(
        frame(1, 4, 2 * index + 1, b"\x83\x87\x84\x41\x01x") + frame(3, 0, 2 * index + 1, b"\0\0\0\x08")
        for index in range(20000))

    siege.attempt("rapid reset, 20,000 streams", lambda: (True, siege.raw(intruder, settings + rapid, seconds=6)[1]))


def floods(siege):
    """Many connections that do nothing."""
    def half_open(count, seconds):
        def body():
            sockets, missed = [], []
            for _ in range(count):
                connection = socket.socket()
                connection.settimeout(30)
                try:
                    connection.connect(("127.0.0.1", siege.port))
                except OSError:
                    missed.append(connection)
                    continue
                sockets.append(connection)
            during = siege.wait_for_rounds(3, 10)
            until, closed = time.monotonic() + seconds, 0
            for connection in sockets:
                connection.settimeout(max(0.01, until - time.monotonic()))
                try:
                    closed += connection.recv(1) == b""
                except ConnectionError:
                    closed += 1
                except (TimeoutError, socket.timeout):
                    pass
                connection.close()
            for connection in missed:
                connection.close()
            turned_away = sum("turned away" in line for line in siege.warnings)
            return closed + len(missed) == count and during, (
                f"{closed} of {count} closed within {seconds} s, {len(missed)} never got in, {turned_away} turned "
                f"away at the door; rounds went on meanwhile: {during}")
        return body

    siege.attempt("slow loris: 1,000 connections without a handshake", half_open(1000, 20))
    siege.attempt("5,000 connections, more than there are places", half_open(5000, 25))

    def drip():
        with socket.create_connection(("127.0.0.1", siege.port), timeout=30) as connection:
            start = time.monotonic()
            try:
                for byte in b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" * 10:
                    connection.sendall(bytes([byte]))
                    time.sleep(0.5)
            except ConnectionError:
                pass
            seconds = time.monotonic() - start
            return seconds < 25, f"cut off after {seconds:.0f} s"

    siege.attempt("a handshake byte by byte", drip)

    def hoard():
        held, refused = [], 0
        for _ in range(14):
            plain = socket.create_connection(("127.0.0.1", siege.port), timeout=10)
            secure = siege.context(siege.identities["intruder"]).wrap_socket(
                plain, server_hostname="coordinator.test")
            secure.settimeout(1)
            try:
                secure.sendall(PREFACE + frame(4, 0, 0))
                while secure.recv(100):
                    pass
                refused += 1
            except (TimeoutError, socket.timeout):
                pass
            except (ConnectionError, ssl.SSLError):
                refused += 1
            held.append(secure)
        for secure in held:
            secure.close()
        return refused >= 14 - 8, f"{refused} of 14 connections of one certificate refused"

    siege.attempt("14 connections of one certificate", hoard)


def main():
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("--bin", default=f"{ROOT}/.build/debug")
    arguments.add_argument("--folder", default="/tmp/zorba-security")
    arguments.add_argument("--seed", type=int, default=1)
    arguments.add_argument("--only", default="", help="groups, by commas: handshakes, certificates, roles, …")
    options = arguments.parse_args()
    groups = [handshakes, certificates, roles, messages, replays, frames, floods]
    siege = Siege(options)
    siege.start()
    try:
        for group in groups:
            if not options.only or group.__name__ in options.only.split(","):
                group(siege)
        resident = siege.server.resident_mib
    finally:
        siege.end()
    bad = [entry["try"] for entry in siege.tries
           if not (entry["refused"] and entry["coordinator_alive"] and entry["run_goes_on"])]
    print(json.dumps({
        "tries": len(siege.tries), "refused": len(siege.tries) - len(bad), "not_refused": bad,
        "rounds": siege.round, "resident_mib": round(resident, 1), "results": siege.tries}, indent=1))
    sys.exit(1 if bad else 0)


if __name__ == "__main__":
    main()
