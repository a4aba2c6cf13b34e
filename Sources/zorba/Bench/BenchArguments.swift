public import ArgumentParser
package import ZorBABench
public import ZorBA
public import ZorBATensor

extension PerturbationDistribution: ExpressibleByArgument {}
extension WeightPrecision: ExpressibleByArgument {}
extension StepMeasurement.Logits: ExpressibleByArgument {}
