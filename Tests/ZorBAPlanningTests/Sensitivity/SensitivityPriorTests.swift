import Testing
import ZorBAPlanning

@Suite struct SensitivityPriorTests {
  @Test func followsParametersAndBatches() {
    let prior = SensitivityPrior().sensitivity(parameters: [10, 30, 60], batchSizes: [16, 32])
    #expect(prior.gradientEnergy == [0.1, 0.3, 0.6])
    #expect(prior.clientSpread == prior.gradientEnergy)
    #expect(prior.sampleNoise[0] == prior.gradientEnergy.map { 2 * $0 })
    #expect(prior.sampleNoise[1] == prior.gradientEnergy)
  }

  @Test func aSingleClientHasNobodyToDifferFrom() {
    let prior = SensitivityPrior(noiseScale: 8, relativeSpread: 3)
      .sensitivity(parameters: [5, 5], batchSizes: [8])
    #expect(prior.clientSpread == [0, 0])
    #expect(prior.sampleNoise == [[0.5, 0.5]])
  }
}
