import Experiments
import Measures
import Networks
import Reports
import SpikeKernels
import SpikingReLU
import Training

/// What `compare` prints for people.
enum CompareTables {
  static func lines(
    _ result: Comparison.Result, training: DenseTraining, seconds: Double, set: InstructionSet
  ) -> [String] {
    [
      "Dense network: \(training.schedule.epochs) epochs of SGD in \(Format.fixed(seconds, 2)) s, "
        + "test error \(Format.fixed(result.denseTestErrorPercent, 2))% "
        + "(95%: \(interval(result.denseTestErrorInterval95)))"
    ] + convergence(result) + layers(result) + operations(result) + timings(result, set)
  }

  /// What was shown, in words, and what to type next.
  static func conclusion(_ result: Comparison.Result) -> [String] {
    let last = result.convergence.points[result.convergence.points.count - 1]
    let share =
      result.operations.additionsPerImage / result.operations.denseMultiplyAddsPerImage
    let agreement = Format.fixed(100 * last.argmaxAgreement, 2)
    // Only what a verdict of this run has shown.
    let isRefining = result.firing == .refining
    let claim = isRefining ? "error halves" : "error falls like 1/T"
    let falls = result.verdicts.contains { $0.name.hasPrefix(claim) && $0.holds }
    let fall =
      isRefining ? ", and its error halves with each step" : ", and its error falls like 1/T"
    return [
      "",
      "The spiking network, of the dense one's weights and by additions alone, gives \(agreement)% of "
        + "its answers at T = \(last.timeSteps)" + (falls ? fall : "")
        + (isRefining ? ". In" : ". As the paper's network, in")
        + " \(result.operations.timeSteps) steps, it makes "
        + "\(Format.fixed(share, 2)) additions for each multiply-add of the dense one. With scales and "
        + "early exit it makes fewer:",
      "  swift run -c release bench anytime",
      "Your own network:",
      "  swift run -c release bench convert FILE --dataset NAME --data DIR",
    ]
  }

  private static func interval(_ ends: [Double]) -> String {
    "\(Format.fixed(ends[0], 2)) to \(Format.fixed(ends[1], 2))%"
  }

  private static func convergence(_ result: Comparison.Result) -> [String] {
    let slope = result.convergence.fit.map { Format.fixed($0.exponent, 3) } ?? "none"
    return ["", "Convergence: |spiking output - dense output|, \(result.images) images"]
      + Format.table(result.pointColumns, result.convergence.points)
      + [
        result.firing == .refining
          ? "  slope of log2 mean error against step: \(slope)  (half of it each step is -1)"
          : "  slope of log mean error against log T: \(slope)  (1/T is -1)"
      ]
  }

  private static func layers(_ result: Comparison.Result) -> [String] {
    let depth = result.topology.count - 1
    let names = result.topology.indices.map { $0 == 0 ? "input" : "layer \($0)" }
    let rows = result.convergence.points.map { point in
      [String(point.timeSteps)] + point.layerMeanErrors.map(Format.significant)
    }
    let slopes = result.convergence.layerFits.map { fit in
      fit.map { Format.fixed($0.exponent, 3) } ?? "none"
    }
    let time = result.firing == .refining ? "2^(T-1)" : "T"
    return ["", "Each layer: mean |count / \(time) - activation|; layer \(depth) against its ReLU"]
      + Format.table([["T"] + names] + rows + [["slope"] + slopes])
  }

  private static func operations(_ result: Comparison.Result) -> [String] {
    let operations = result.operations
    let images = Double(result.images)
    let dense = operations.denseMultiplyAddsPerImage
    func share(_ value: Double) -> String { Format.fixed(value / dense, 3) }
    let counts = [
      ["", "an image", "/ dense MACs"],
      [
        "spiking additions, T = \(operations.timeSteps)",
        Format.count(operations.additionsPerImage), share(operations.additionsPerImage),
      ],
      [
        "dense, skipping zero inputs: multiply-adds",
        Format.count(operations.zeroSkippingMultiplyAddsPerImage),
        share(operations.zeroSkippingMultiplyAddsPerImage),
      ],
      ["dense: multiply-adds", Format.count(dense), share(dense)],
    ]
    let senders = operations.spiking.layers.enumerated().map { index, layer in
      "\(index == 0 ? "input" : "layer \(index)") "
        + Format.fixed(Double(layer.spikes) / images, 1)
    }
    let encoding = Double(operations.spiking.total(\.encodingAdditions)) / images
    let readout = Double(operations.spiking.total(\.sumAdditions)) / images
    let (neurobench, synaptic) = (operations.neurobench, operations.neurobench.synapticOperations)
    let views = [
      "  spikes an image: " + senders.joined(separator: ", "),
      "  apart from these, \(Format.count(encoding)) additions encode the input and "
        + "\(Format.count(readout)) sum the output",
      "  views: NeuroBench ACs \(Format.count(synaptic.effectiveACs)), "
        + "MACs \(Format.count(synaptic.effectiveMACs)), activation sparsity "
        + "\(Format.fixed(neurobench.activationSparsity, 3)); snn_toolbox "
        + "\(Format.count(operations.snnToolboxOperationsPerImage)); rate formula "
        + "\(Format.count(operations.rateOperationsPerImage))",
    ]
    let energies =
      [["energy, nJ an image", "spiking", "zero-\nskipping", "dense", "spiking\n/ dense"]]
      + operations.energy.map { energy in
        [
          energy.arithmetic.rawValue + (energy.withWeightReads ? " with weight reads" : ""),
          Format.significant(energy.spiking), Format.significant(energy.zeroSkipping),
          Format.significant(energy.dense), Format.fixed(energy.spiking / energy.dense, 3),
        ]
      }
    return ["", "Operations"] + Format.table(counts) + views + Format.table(energies)
      + ["  \(operations.energyAssumptions)"]
  }

  private static func timings(_ result: Comparison.Result, _ set: InstructionSet) -> [String] {
    let timings = result.timings
    let rows = [
      ["", "microseconds", "spiking / it"],
      [
        "spiking, T = \(timings.timeSteps), \(set.rawValue)",
        Format.fixed(timings.spikingMicroseconds, 1), "",
      ],
      [
        "dense on BLAS", Format.fixed(timings.denseMicroseconds, 1),
        Format.fixed(timings.spikingOverDense, 2),
      ],
      [
        "dense, skipping zero inputs", Format.fixed(timings.zeroSkippingMicroseconds, 1),
        Format.fixed(timings.spikingOverZeroSkipping, 2),
      ],
    ]
    return [
      "",
      "Time of one image, one at a time, one thread; medians of \(timings.rounds) rounds of "
        + "\(timings.imagesPerRound) images",
    ] + Format.table(rows) + [""]
  }

  /// The tables of `compare --gradients`.
  static func lines(
    _ result: GradientAgreement.Result, _ agreement: GradientAgreement
  ) -> [String] {
    func cells(_ found: GradientAgreement.Agreement) -> [String] {
      [Format.fixed(found.cosine, 4), Format.fixed(found.gain, 4)]
        + zip(found.layerCosines, found.layerGains).map {
          "\(Format.fixed($0, 3)) \(Format.fixed($1, 3))"
        }
    }
    let layers = (1..<agreement.topology.count).map { "layer \($0)" }
    let header = ["T", "cosine", "gain"] + layers
    let sgd = result.points.map { [String($0.timeSteps)] + cells($0.sgd) }
    let fractional = result.points.map { point in
      let t = Double(point.timeSteps)
      return [String(point.timeSteps)] + cells(point.fractional)
        + [Format.fixed(point.gainRatio, 4), Format.fixed((t + 1) / (2 * t), 4)]
    }
    let sizes = agreement.topology.description
    return [
      "Updates summed over \(agreement.examples) examples of a random network \(sizes), "
        + "eta = \(agreement.learningRate), against the dense gradient; a layer: cosine and gain",
      "", "SGD",
    ] + Format.table([header] + sgd) + [
      result.fit.map {
        "  1 - cosine falls like T^\(Format.fixed($0.exponent, 2))"
      } ?? "", "", "Fractional SGD",
    ] + Format.table([header + ["over SGD", "(T+1)/2T"]] + fractional) + [""]
  }
}
