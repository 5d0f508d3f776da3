internal import Networks
public import SpikeKernels

// Learning from spikes that come from outside, as they come.

extension LearningNetwork {
  /// Starts a stream of spikes to learn from: what an example starts with, but for an image.
  ///
  /// ```swift
  /// import SpikeKernels
  /// import SpikingReLU
  ///
  /// func learn(
  ///   _ learner: inout LearningMLP, spikes: [(time: Int, spike: Spike)], target: [Float]
  /// ) throws {
  ///   try learner.beginStream(target: target)
  ///   var nextStep = 1000
  ///   for (time, spike) in spikes {
  ///     while time >= nextStep {
  ///       try learner.endStep()
  ///       nextStep += 1000
  ///     }
  ///     try learner.receive(spike)
  ///   }
  ///   try learner.endStep()
  ///   try learner.endExample()
  /// }
  /// ```
  ///
  /// Counts of inputs and errors since `beginStream` take part in updates, so that eta / T^2 is meant for
  /// about T steps between two beginnings.
  ///
  /// - Parameter target: `[n_L]`, each in [0, 1]; `setTarget` changes it on the way.
  /// - Throws: `SpikingError` for values out of range, and for options of learning that look at a step as a
  ///   whole: depth first, smooth gradients, regularization, errors that are not held.
  @specialized(where Scalar == Float)
  @specialized(where Scalar == Int32)
  public mutating func beginStream(target: [Float]) throws(SpikingError) {
    guard training.traversal == .breadthFirst, !training.usesSmoothGradients,
      training.holdsError, training.regularization == 0
    else {
      throw .invalidStream(
        "learning on a stream is breadth first, with held errors, without smooth gradients and "
          + "regularization")
    }
    network.beginStream()
    try setTarget(target)
    begin()
  }

  /// Takes one spike of the input through the network; errors wait for the end of the step.
  ///
  /// The spikes of an image, received in order with `endStep()` after each step and `endExample()` at
  /// the end, change the weights as `train(input:target:)` does, bit for bit.
  ///
  /// - Throws: `SpikingError`; then training has diverged, and the weights are those of the middle.
  /// - Complexity: twice `n_l` additions for each spike into layer l: potentials and z.
  @specialized(where Scalar == Float)
  @specialized(where Scalar == Int32)
  public mutating func receive(_ spike: Spike) throws(SpikingError) {
    guard spike.unit < network.inputs else {
      throw .inputUnit(found: spike.unit, inputs: network.inputs)
    }
    layers[0].neurons.spikes.removeAll()
    layers[0].neurons.spikes.append(spike)
    try take(1, by: 0)
    layers[0].neurons.operations.count(spike)
    try passOn()
  }

  /// Ends a time step: the target speaks, and errors go back, each changing weights on its way.
  ///
  /// - Throws: as `receive`.
  /// - Complexity: for each error spike a column update, and `n_(l-1)` additions for each that goes down.
  @specialized(where Scalar == Float)
  @specialized(where Scalar == Int32)
  public mutating func endStep() throws(SpikingError) {
    for index in layers.indices { layers[index].neurons.spikes.removeAll() }
    try releaseErrors()
    layers[0].neurons.operations.unitSteps += network.inputs
    markStep()
  }

  /// z_L: the sums of the rows that reached each unit of the last layer since the stream began, as the
  /// network is now. The class is their `argmax`.
  public var outputSums: [Scalar.Sum] {
    @specialized(where Scalar == Float)
    @specialized(where Scalar == Int32)
    get {
      (0..<network.outputs).map { layers[depth].neurons.sums[$0] }
    }
  }
}
