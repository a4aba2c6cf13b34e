/// Clients that a relaxation need not tell apart, and the columns that tell only their counts.
///
/// A column of the assignment, the clients of one unit, is reduced to how many of every class it holds.
/// Clients are in one class when they agree in weight, noise, room and leave, or, where that would
/// make too many columns, when the class is as generous as its most generous member: a relaxation then
/// allows more than the problem does, and its minimum is still a lower bound.
struct ClientClasses: Sendable {
  struct Class: Sendable {
    var members: [Int]
    /// Room of every member.
    var capacity: Double
    /// Bytes of a unit. [units]
    var resident: [Double]
    var isAllowed: [Bool]
    /// Members that must have a unit. [units]
    var requiredCount: [Int]
  }

  let classes: [Class]
  /// Counts by column: members of class i that have the unit. [columns, classes]
  let counts: [[Int]]
  /// The column with one member less of the class `step`; column 0 is empty. [columns]
  let parent: [Int]
  /// The class whose count differs from the parent's. [columns]
  let step: [Int]
  /// What one more member of a class adds to a column's number. [classes]
  let strides: [Int]
  /// Whether clients that differ share a class.
  let wereMerged: Bool

  /// More columns than this are not looked at.
  static let maximumColumns = 1 << 16

  /// nil when clients with different weights or noise would have to share a class.
  init?(_ space: SearchSpace, maximumColumns: Int = Self.maximumColumns) {
    var classes = Self.distinct(space)
    let distinct = classes.count
    func columns(_ classes: [Class]) -> Int {
      classes.reduce(1) { product, one in
        let (value, overflow) = product.multipliedReportingOverflow(by: one.members.count + 1)
        return overflow ? .max : value
      }
    }
    if columns(classes) > maximumColumns {
      guard Self.areAlike(space) else { return nil }
      classes.sort { $0.capacity < $1.capacity }
      while columns(classes) > maximumColumns, classes.count > 1 {
        let pairs = classes.indices.dropLast()
        guard
          let pair = pairs.min(by: { Self.loss(classes, $0) < Self.loss(classes, $1) })
        else { return nil }
        classes[pair] = Self.merged(classes[pair], classes[pair + 1])
        classes.remove(at: pair + 1)
      }
      guard columns(classes) <= maximumColumns else { return nil }
    }
    self.classes = classes
    wereMerged = classes.count < distinct
    var strides: [Int] = []
    var stride = 1
    for one in classes {
      strides.append(stride)
      stride *= one.members.count + 1
    }
    var counts: [[Int]] = []
    var parent: [Int] = []
    var step: [Int] = []
    counts.reserveCapacity(stride)
    for column in 0..<stride {
      var rest = column
      let digits = classes.map { one in
        let digit = rest % (one.members.count + 1)
        rest /= one.members.count + 1
        return digit
      }
      let last = digits.lastIndex { $0 > 0 } ?? 0
      counts.append(digits)
      step.append(last)
      parent.append(column == 0 ? 0 : column - strides[last])
    }
    self.counts = counts
    self.parent = parent
    self.step = step
    self.strides = strides
  }

  private static func distinct(_ space: SearchSpace) -> [Class] {
    struct Key: Hashable {
      var weight: Double
      var capacity: Double
      var noise: [Double]
      var resident: [Double]
      var allowed: [Bool]
      var required: [Bool]
    }
    var order: [Key] = []
    var members: [Key: [Int]] = [:]
    for client in 0..<space.clientCount {
      let key = Key(
        weight: space.model.weights[client], capacity: space.capacity[client],
        noise: space.model.sensitivity.sampleNoise[client], resident: space.resident[client],
        allowed: space.isAllowed[client], required: space.isRequired[client])
      if members[key] == nil { order.append(key) }
      members[key, default: []].append(client)
    }
    return order.map { key in
      let clients = members[key] ?? []
      return Class(
        members: clients, capacity: key.capacity, resident: key.resident, isAllowed: key.allowed,
        requiredCount: key.required.map { $0 ? clients.count : 0 })
    }
  }

  private static func areAlike(_ space: SearchSpace) -> Bool {
    let noise = space.model.sensitivity.sampleNoise
    return Set(space.model.weights).count == 1 && noise.allSatisfy { $0 == noise[0] }
  }

  /// How much room a merger makes up.
  private static func loss(_ classes: [Class], _ pair: Int) -> Double {
    let gain = classes[pair + 1].capacity - classes[pair].capacity
    return (gain.isFinite ? gain : 0) * Double(classes[pair].members.count)
  }

  private static func merged(_ first: Class, _ second: Class) -> Class {
    Class(
      members: first.members + second.members, capacity: max(first.capacity, second.capacity),
      resident: zip(first.resident, second.resident).map { min($0, $1) },
      isAllowed: zip(first.isAllowed, second.isAllowed).map { $0 || $1 },
      requiredCount: zip(first.requiredCount, second.requiredCount).map { $0 + $1 })
  }
}
