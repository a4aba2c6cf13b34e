public import ArgumentParser
public import ZorBA
package import ZorBABench
public import ZorBATensor

extension PerturbationDistribution: ExpressibleByArgument {}
extension WeightPrecision: ExpressibleByArgument {}
extension StepMeasurement.Logits: ExpressibleByArgument {}
