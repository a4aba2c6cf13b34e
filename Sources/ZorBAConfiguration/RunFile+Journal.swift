package import ZorBA
package import ZorBAJSON
package import ZorBAJournal

extension RunFile {
  /// The run that a journal's header describes, with files of this machine.
  ///
  /// - Parameters:
  ///   - header: The header; `configuration` has neither folders nor, in runs with sites, data.
  ///   - model: The base model's folder here.
  ///   - data: The data files here; none for whoever only coordinates.
  ///   - file: What the header came from, for errors.
  /// - Throws: `ZorBAError` with code `invalidConfiguration` when the header describes no run that
  ///   this version knows.
  package static func parse(
    header: JournalHeader, model: String, data: DataFiles, file: String = "the journal's header"
  ) throws -> RunConfiguration {
    try parse(journaled: header.configuration, model: model, data: data, file: file)
  }

  /// As `parse(header:model:data:)`, of a configuration that a journal keeps in its header or in a
  /// branch marker.
  package static func parse(
    journaled configuration: JSONValue, model: String, data: DataFiles,
    file: String = "the journal's header"
  ) throws -> RunConfiguration {
    let root = try ConfigurationSection(
      ConfigurationNode(configuration), file: file, path: "")
    var run = try RunConfiguration(root, base: "")
    run.model = model
    run.data = data
    return run
  }
}
