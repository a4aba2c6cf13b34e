import ZorBA
import ZorBADiagnostics

extension ApprovalConfiguration {
  init(_ section: ConfigurationSection, sites: Int) throws {
    self.init()
    required = try section.integer("required", in: 0...Self.most, default: required)
    try section.finish()
    if let fault = fault(sites: sites) {
      throw section.failure(
        "required", "\(fault.value) cannot be used", advice: "Use \(fault.rule).")
    }
  }
}
