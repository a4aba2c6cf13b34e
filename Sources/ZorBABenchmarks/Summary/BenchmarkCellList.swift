package import ZorBAJSON

/// The cells of a suite and how far they are.
package struct BenchmarkCellList: Sendable {
  private let cells: [(id: String, state: String)]

  package init(_ cells: [(id: String, state: String)]) { self.cells = cells }

  package var json: JSONValue {
    [
      "cells": .array(cells.map { ["id": .string($0.id), "state": .string($0.state)] })
    ]
  }
}
