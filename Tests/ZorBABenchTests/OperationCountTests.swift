import Testing
import ZorBABench
import ZorBACheckpoint
import ZorBAModels

/// Counts against hand counts: multiply-adds of each matrix, written out from the models' shapes.
@Suite struct OperationCountTests {
  private func configuration(_ name: String) throws -> ModelConfiguration {
    let checkpoint = try Checkpoint.open(directory: GoldenModel.path(name))
    return try ModelConfiguration(
      huggingFace: checkpoint.configuration, file: checkpoint.configurationPath)
  }

  @Test func everyBlockInEveryBranch() throws {
    // OPT: hidden 32, inner 56, 2 layers, vocabulary 96; 3 sequences of 5 tokens, 4 branches.
    let layer = 15 * (4 * 32 * 32 + 2 * 32 * 56) + 3 * (1 + 2 + 3 + 4 + 5) * 2 * 32
    let head = 15 * 32 * 96
    let count = OperationCount(
      configuration: try configuration("opt-bf16"), sequence: 5, sequences: 3, wanted: 5,
      active: [0, 1, 2], branches: 4)
    #expect(count.total == Double(2 * 4 * (2 * layer + head)))
  }

  @Test func sharedLayersOnceAndTheLastLayerForWantedRows() throws {
    let first = 15 * (4 * 32 * 32 + 2 * 32 * 56) + 3 * (1 + 2 + 3 + 4 + 5) * 2 * 32
    let keysAndValues = 15 * 2 * 32 * 32
    let rest = 3 * (2 * 32 * 32 + 2 * 32 * 56)
    let last = keysAndValues + rest + 3 * 5 * 2 * 32
    let head = 3 * 32 * 96
    let count = OperationCount(
      configuration: try configuration("opt-bf16"), sequence: 5, sequences: 3, wanted: 1,
      active: [2], branches: 4)
    #expect(count.total == Double(2 * (first + 4 * (last + head))))
  }

  @Test func windowsGroupedHeadsAndGates() throws {
    // Mistral: hidden 32, 4 heads and 2 key heads of 12, inner 48, window 5; 8 tokens, no plan.
    let matrices = 32 * 48 + 2 * 32 * 24 + 48 * 32 + 3 * 32 * 48
    let pairs = 1 + 2 + 3 + 4 + 5 * 4
    let layer = 8 * matrices + pairs * 2 * 48
    let count = OperationCount(
      configuration: try configuration("mistral-window"), sequence: 8, sequences: 1, wanted: 8,
      active: [], branches: 2)
    #expect(count.total == Double(2 * (2 * layer + 8 * 32 * 96)))
  }

  @Test func projectionsAroundNarrowEmbeddings() throws {
    // OPT-350M's kind: embedding 16, hidden 32, inner 56, 3 layers; 2 sequences of 4 tokens.
    let entry = 8 * 16 * 32
    let layer = 8 * (4 * 32 * 32 + 2 * 32 * 56) + 2 * (1 + 2 + 3 + 4) * 2 * 32
    let last = 8 * 2 * 32 * 32 + 2 * (2 * 32 * 32 + 2 * 32 * 56) + 2 * 4 * 2 * 32
    let exit = 2 * 32 * 16 + 2 * 16 * 96
    let count = OperationCount(
      configuration: try configuration("opt-350m"), sequence: 4, sequences: 2, wanted: 1,
      active: [0], branches: 2)
    #expect(count.total == Double(2 * 2 * (entry + 2 * layer + last + exit)))
  }

  @Test func fusedProjectionsServeAllRows() throws {
    // GPT-2: hidden 32, inner 128, 3 layers; one sequence of 4 tokens, no plan.
    let layer = 4 * (32 * 96 + 32 * 32 + 2 * 32 * 128) + (1 + 2 + 3 + 4) * 2 * 32
    let last = 4 * 32 * 96 + (32 * 32 + 2 * 32 * 128) + 4 * 2 * 32
    let count = OperationCount(
      configuration: try configuration("gpt2"), sequence: 4, sequences: 1, wanted: 1, active: [],
      branches: 2)
    #expect(count.total == Double(2 * (2 * layer + last + 32 * 96)))
  }
}
