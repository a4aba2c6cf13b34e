import ZorBAJSON

extension ApprovalConfiguration {
  /// The section of the run file; left out where nobody has to agree.
  var json: JSONValue { ["required": .integer(required)] }
}
