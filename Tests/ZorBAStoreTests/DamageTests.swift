import Testing
import ZorBADiagnostics
import ZorBAStore
import ZorBATestSupport

/// Damaged and edited files give errors or well-formed values; the process goes on.
@Suite struct DamageTests {
  /// Opens, reads everything and writes a little; false when anything was refused.
  private func use(_ folder: TemporaryFolder, _ comment: Comment) -> Bool {
    do {
      let store = try folder.open()
      _ = try StoreContents(store)
      try store.append([StoredEvent(time: 0, kind: "a", text: "b")])
      try store.deleteRounds(after: 1, ofRun: "flowers")
      try store.close()
      return true
    } catch {
      #expect(error is ZorBAError, comment)
      return false
    }
  }

  private func sample() throws -> TemporaryFolder {
    let folder = try TemporaryFolder()
    let store = try folder.open()
    try SampleStore.fill(store)
    try store.close()
    return folder
  }

  @Test func mutatedFileIsRefusedOrRead() throws {
    let bytes = try sample().read()
    let folder = try TemporaryFolder()
    var generator = SeededGenerator(seed: 21)
    var refusals = 0
    for round in 0..<1500 {
      // Half of the changes go to the first pages, where the schema is.
      let range = round % 2 == 0 ? 0..<min(8192, bytes.count) : 0..<bytes.count
      try folder.write(generator.mutated(bytes, within: range))
      folder.remove("coordinator.sqlite-wal")
      folder.remove("coordinator.sqlite-shm")
      if !use(folder, "mutation \(round)") { refusals += 1 }
    }
    #expect(refusals > 300 && refusals < 1500)
  }

  @Test func mutatedLogIsRefusedOrRead() throws {
    let open = try TemporaryFolder()
    let store = try open.open()
    try SampleStore.fill(store)
    let bytes = try open.read("coordinator.sqlite-wal")
    let file = try open.read()
    let folder = try TemporaryFolder()
    var generator = SeededGenerator(seed: 22)
    for round in 0..<300 {
      try folder.write(file)
      try folder.write(
        generator.mutated(bytes, within: 0..<bytes.count), to: "coordinator.sqlite-wal")
      folder.remove("coordinator.sqlite-shm")
      _ = use(folder, "mutation \(round)")
    }
  }

  private static let columns = [
    "run": ["name", "state", "reason", "folder", "configuration", "created_at", "operator_paused"],
    "site": [
      "name", "number", "state", "reason", "examples", "costs", "budget_bytes", "last_round",
      "seconds_per_round", "answers", "misses", "bytes_received", "bytes_sent", "last_seen",
    ],
    "round": [
      "number", "attempt", "seconds", "loss", "covered_blocks", "bytes_up", "bytes_down",
      "wire_received", "wire_sent", "metrics", "committed_at",
    ],
    "result": [
      "scalars", "examples", "loss", "seconds", "peak_memory_mib", "accepted", "reason",
    ],
    "evaluation": ["round", "split", "examples", "loss", "accuracy", "macro_f1"],
    "event": ["time", "run", "site", "round", "kind", "text", "detail"],
    "snapshot": ["round", "folder", "bytes"],
  ]

  /// Every column, given bytes, which none but scalars can be; three of them, which scalars cannot.
  @Test(arguments: columns.keys.sorted())
  func valueOfOtherTypeIsNamed(table: String) throws {
    for column in Self.columns[table] ?? [] {
      let folder = try sample()
      try folder.edit("UPDATE \(table) SET \(column) = x'00FF41' WHERE \(Self.oneRow(of: table))")
      let store = try folder.open()
      let error = #expect(throws: ZorBAError.self, "\(table).\(column)") {
        try StoreContents(store)
      }
      #expect(error?.code == .invalidData)
      #expect(error?.location.field == "\(table).\(column)")
      #expect(error?.location.file == folder.database)
      #expect(error?.advice != nil)
    }
  }

  private static func oneRow(of table: String) -> String {
    switch table {
    case "run", "site", "event", "evaluation": "id = 1"
    case "round": "number = 2"
    default: "round = 2"
    }
  }

  /// Values of the right type that cannot be.
  @Test(arguments: [
    ("UPDATE run SET name = 'No name' WHERE id = 1", "run.name"),
    ("UPDATE run SET state = 'dancing'", "run.state"),
    ("UPDATE run SET operator_paused = 2", "run.operator_paused"),
    ("UPDATE run SET created_at = 9e999", "run.created_at"),
    ("UPDATE site SET number = -number", "site.number"),
    ("UPDATE site SET costs = '{'", "site.costs"),
    ("UPDATE site SET answers = 1.5", "site.answers"),
    ("UPDATE round SET metrics = 'x'", "round.metrics"),
    ("UPDATE round SET seconds = -1", "round.seconds"),
    ("UPDATE round SET attempt = 0", "round.attempt"),
    ("UPDATE result SET scalars = x'0000C07F', accepted = 1, loss = 1", "result.accepted"),
    ("UPDATE result SET loss = NULL, accepted = 1", "result.accepted"),
    ("UPDATE evaluation SET accuracy = 2", "evaluation.accuracy"),
    ("UPDATE event SET detail = '[]'", "event.detail"),
    ("UPDATE snapshot SET bytes = -1", "snapshot.bytes"),
  ])
  func impossibleValueIsNamed(sql: String, field: String) throws {
    let folder = try sample()
    try folder.edit(sql)
    let store = try folder.open()
    let error = #expect(throws: ZorBAError.self) { try StoreContents(store) }
    #expect(error?.location.field == field)
    #expect(error?.location.file == folder.database)
  }

  /// Tables and columns that are gone, sums beyond 64 bits, rows that refer to nothing.
  @Test(arguments: [
    "DROP TABLE event", "ALTER TABLE site RENAME COLUMN answers TO replies",
    "DROP TABLE result; CREATE VIEW result AS SELECT 1 AS run_id",
    "UPDATE round SET bytes_up = 9223372036854775807",
  ])
  func changedSchemaIsDamage(sql: String) throws {
    let folder = try sample()
    try folder.edit(sql)
    let store = try folder.open()
    let error = #expect(throws: ZorBAError.self) { try StoreContents(store) }
    #expect(error?.code == .invalidData)
    #expect(error?.advice?.contains("journals of the runs are intact") == true)
  }

  @Test func verifyFindsRowsThatReferToNothing() throws {
    let folder = try sample()
    try folder.edit("DELETE FROM round WHERE number = 1")
    let store = try folder.open()
    #expect(throws: ZorBAError.self) { try store.verify() }
  }
}
