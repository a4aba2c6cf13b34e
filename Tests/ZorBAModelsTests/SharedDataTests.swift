import Testing
import ZorBACheckpoint
import ZorBAJSON
import ZorBAModels
import ZorBATensor
import ZorBATestSupport

#if canImport(FoundationEssentials)
  import FoundationEssentials
#else
  import Foundation
#endif

extension SharedData {
  static func json(_ path: String) throws -> JSONValue {
    let data = try #require(FileManager.default.contents(atPath: Self.path(path)))
    return try JSONParser.parse(data, file: path)
  }
}

/// Real checkpoints and configurations.
// Enabled only where the shared data lies beside the checkout: it may not be copied into it.
@Suite(.enabled(if: SharedData.isPresent, "real models lie in ../shared/data"))
struct SharedDataTests {
  private func stories(_ compute: ComputeContext) throws -> Model {
    let checkpoint = try Checkpoint.open(directory: SharedData.path("models/stories260K"))
    return try Model(
      configuration: ModelConfiguration(huggingFace: checkpoint.configuration),
      source: checkpoint, compute: compute)
  }

  @Test(arguments: Computes.all)
  func storiesModelTellsItsPublishedStory(_ setting: Computes.Setting) throws {
    let golden = try SharedData.json("models/stories260K/golden.json")
    let ids = try #require(golden["greedy_ids"]?.array).compactMap(\.integer).map(Int32.init)
    let model = try stories(setting.compute)
    let found = try Generator(model: model).generate(
      prompt: [ids[0]], options: .init(maximumTokens: ids.count - 1, endTokens: []))
    #expect(ids.count == 201)
    #expect(found == Array(ids.dropFirst()))
  }

  @Test func storiesModelGivesItsPublishedLogits() throws {
    let golden = try SharedData.json("models/stories260K/golden.json")
    let published = try #require(golden["last_position_logits_first8_float64"]?.array)
      .compactMap(\.double)
    let ids = try #require(golden["greedy_ids"]?.array).compactMap(\.integer).map(Int32.init)
    let model = try stories(Computes.one())
    let logits = try model.logits(ids).floats()
    let row = logits.suffix(512).prefix(8)
    let error = zip(row, published).reduce(0.0) { max($0, abs(Double($1.0) - $1.1)) }
    #expect(published.count == 8)
    #expect(error <= 1e-4)
  }

  @Test func everyRealConfigurationIsRead() throws {
    let folder = SharedData.path("configs")
    let names = try FileManager.default.contentsOfDirectory(atPath: folder)
      .filter { $0.hasSuffix(".json") && $0 != "opt-sizes.json" }
    #expect(names.count >= 14)
    for name in names {
      let value = try SharedData.json("configs/" + name)
      let configuration = try ModelConfiguration(huggingFace: value, file: name)
      let layers = value["num_hidden_layers"] ?? value["n_layer"]
      #expect(configuration.layerCount == layers?.integer)
    }
  }

  /// Sizes by the published table of parameter counts, in millions.
  @Test func optSizesHaveTheirPublishedParameterCounts() throws {
    let sizes = try #require(SharedData.json("configs/opt-sizes.json").object)
    let published = ["125m": 125.2, "1.3b": 1315.8, "2.7b": 2651.6, "6.7b": 6658.5]
    for member in sizes.members where member.key != "350m" {
      var object = JSONObject()
      for shape in try #require(member.value.object).members where shape.key != "head_dim" {
        _ = object.append(shape)
      }
      _ = object.append(.init(key: "model_type", value: "opt"))
      _ = object.append(.init(key: "vocab_size", value: 50272))
      let configuration = try ModelConfiguration(huggingFace: .object(object))
      #expect(configuration.headSize == member.value["head_dim"]?.integer)
      guard let millions = published[member.key] else { continue }
      let count = configuration.parameterShapes.flatMap { $0 }.reduce(0) {
        $0 + $1.shape.reduce(1, *)
      }
      #expect(abs(Double(count) / 1e6 - millions) < 0.1)
    }
  }
}
