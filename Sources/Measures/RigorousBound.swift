internal import Foundation
public import Networks
public import SpikingReLU

/// How far a spiking network can be from the dense one: a theorem, evaluated.
///
/// **Theorem.** Let a network of `rect-herding` quantizers (threshold 1/2) be shown the
/// constant x through a `herding` quantizer, and let `z_l`, `a_l = relu(z_l)` be the dense
/// network's pre-activations and activations. Put
/// ```
/// D_0 = 1/2 + |x|;   B_l = |W_l|^T D_(l-1);   D_l = B_l + 1/2 + a_l
/// ```
/// Then after any number T of steps, for every unit, `|count_l - T a_l| <= B_l + 1/2`, and
/// `|output / T - z_L| <= B_L / T`.
///
/// **Proof.** Write `c_l(k)` for a unit's net spike count after the k-th feed of its layer. Claim:
/// at every moment within step t, `|c_l - t a_l| <= D_l`; at the end of the step `<= B_l + 1/2`
/// (for the input, 1/2).
/// *Input.* After step t a herding unit has emitted its sum t x rounded, so `|c_0 - t x| <= 1/2` at
/// the end of step t; within the step c_0 moves from its value after step t - 1, which is within
/// 1/2 + |x| of t x, towards its value after step t, in one direction; so it stays within D_0.
/// *Layer l.* What unit j has been fed when the layer below has sent the counts c is
/// `S_j = sum_i W_ij c_i`, and `z_j = sum_i W_ij a_i` (a_0 = x). By the claim below,
/// `|S_j - t z_j| <= sum_i |W_ij| D_(l-1),i = B_j`, at every moment within every step t. A rectified
/// unit's count is the running maximum of its rounded sum: `c_j = max(0, ceil(max_k S_j(k) - 1/2))`.
/// If `m = max_k S_j(k)` over the feeds up to the end of step t, then `m <= t a_j + B_j` (each
/// S_j(k) is at most `t' z_j + B_j` with `t' <= t`), so `c_j <= max(0, m + 1/2) <= t a_j + B_j + 1/2`;
/// and `m >= t z_j - B_j`, `c_j >= m - 1/2` and `c_j >= 0`, so `c_j >= t a_j - B_j - 1/2` (when
/// `a_j = 0` this is `c_j >= 0`). Within step t the count lies between its values at the ends of
/// steps t - 1 and t, which differ from t a_j by at most `B_j + 1/2 + a_j = D_j`. The output is `S_j` itself,
/// read at the end of step T: `|S_j - T z_j| <= B_j`. ∎
///
/// **Biases.** The always-on unit below a layer sends its spike first in every step: at every feed of
/// step t its count is t, as ideal as can be. It adds `t b_j` to S_j and to t z_j, and nothing to B_j.
///
/// **Rounding.** In Float every addition of a row is off by at most `u |phi|`, u = 2^-24 (firing
/// subtracts exactly). If e_j bounds the sum of these errors over N feeds (those of the
/// always-on unit among them, its weights among those of `max|W_j|`), then, by the bounds above
/// with `B + e` for `B`, `|phi_j| <= T max(0, -z_j) + 2 (B_j + e_j) + 1 + max|W_j|` after each, so
/// that `e_j = r (T max(0, -z_j) + 2 B_j + 1 + max|W_j|)` with `r = N u / (1 - 2 N u)` will do. The
/// theorem holds with `B_l + e_l` in place of `B_l`; the output, a sum of its own, is off by at most
/// `r (T |z_j| + B_j)` more, its division by T included. The evaluation itself is in Double.
///
/// **Scales and phases.** A network with a `SpikeCoding` is one of other weights, W', shown k_0 x; the
/// bound is of that. An input that starts at a phase p is one that starts at 0 and has been fed p
/// before: `|c_0 - t k_0 x| <= 1/2 + |p|` at the end of step t, so that 1/2 + |p| takes the place of
/// 1/2 in D_0 and for the input's counts.
///
/// **Firing once a step.** A layer then sends only what it has at the end of a step, and the one above
/// compares only then: the sums that count are those at the ends of steps, where the layer below is
/// within `E_(l-1) = B_(l-1) + 1/2` of its ideal (`E_0 = 1/2 + |p|`), not within D. So
/// `B_l = |W_l|^T E_(l-1)` will do. Within a step a potential may rise by a_j more than before, and with
/// it the errors of rounding: `e_j` gets `r a_j` more.
///
/// **Refining.** A step s begins with doubled sums, and a unit then sends what is missing: after it
/// `|q_l - max(z_l, 0)| <= 1/2` in quanta of the step (for the input, `|q_0 - 2^s k_0 x| <= 1/2`), whatever came
/// before. Rows are added for all of q: `z_l = W_l^T q_(l-1) + 2^s b_l`. So with `E_0 = 1/2`,
/// `F_l = |W_l|^T E_(l-1)`, `E_l = F_l + 1/2`, by induction over layers
/// `|z_l - 2^s (dense z_l)| <= F_l` and, rectification being 1-Lipschitz, `|q_l - 2^s a_l| <= E_l`: the bounds of
/// firing once a step, with 2^s in place of T. ∎ *Rounding.* Doublings and firing are exact. An addition to a
/// potential is off by at most `u |phi|`, and by u more of the row where that is a rounded sum of up to four
/// (`SpikePatterns`); what it is off by in step t is doubled until step s. While rows come in a step t > 0, each
/// unit below is within twice its E of its ideal, so that `|z_l - 2^t (dense z_l)| <= 2 F_l + e_l`, and
/// `phi = z - q` with q still twice what it was, within `2 E_l`: `|phi| <= 2^t max(0, -dense z_l) + 4 F_l + 1 +
/// 3 e_l`; of the last layer, where q = 0, `|phi| <= 2^t |dense z_L| + 2 F_L + e_L`. In step 0 it is at most
/// `|b| + A_l + F_l`, with `A_l = |W_l|^T |a_(l-1)|`, since what is sent is within E of a. With N additions in
/// all, `e_l = r 2^s (|dense z_l| + 4 F_l + 1 + A_l + 5 max|W_l|)`, the biases among the weights, and
/// `r = N u / (1 - 4 N u)`, will do for both.
public struct RigorousBound: Sendable {
  private let layers: [Layer]
  private let inputScale: Double
  private let phases: [Double]
  private let firing: PredictionOptions.Firing
  private var firesOnceAStep: Bool { firing != .afterEachSpike }

  /// L.
  package var depth: Int { layers.count }

  private struct Layer: Sendable {
    let inputs: Int
    let outputs: Int
    let weights: [Double]
    let magnitudes: [Double]
    let largest: [Double]
    let biases: [Double]?
  }

  /// The bound of one input, before any number of steps is chosen.
  public struct Example: Sendable {
    let input: [Double]
    /// `z_1 ... z_L` in Double, each `[n_l]`.
    public let preActivations: [[Double]]
  }

  /// The bound after T steps.
  public struct Evaluation: Sendable {
    /// Bounds of `|count_l - T a_l|` for layers 0...L, each `[n_l]`.
    public let counts: [[Double]]
    /// Bounds of `|output - T z_L|` (not yet divided by T), `[n_L]`.
    public let outputSums: [Double]
  }

  /// The bound for a network whose quanta are 1.
  public init(weights: NetworkWeights) {
    self.init(coded: weights, inputScale: 1, phases: [], firing: .afterEachSpike)
  }

  /// The bound for a network with scales and phases. Counts are of its own spikes; outputs are those of
  /// the dense network.
  ///
  /// - Throws: as `NetworkWeights.coded(by:)`.
  public init(
    weights: NetworkWeights, coding: SpikeCoding, firing: PredictionOptions.Firing
  ) throws(SpikingError) {
    self.init(
      coded: try weights.coded(by: coding), inputScale: Double(coding.inputScale),
      phases: coding.inputPhases.map { abs(Double($0)) }, firing: firing)
  }

  private init(
    coded weights: NetworkWeights, inputScale: Double, phases: [Double],
    firing: PredictionOptions.Firing
  ) {
    self.inputScale = inputScale
    self.phases = phases
    self.firing = firing
    layers = weights.layers.enumerated().map { index, layer in
      let matrix = layer.weights.matrix
      let biases = layer.bias.map { $0.map(Double.init) }
      let elements = matrix.elements.map(Double.init)
      let magnitudes = elements.map(abs)
      return Layer(
        inputs: matrix.rows, outputs: matrix.columns, weights: elements, magnitudes: magnitudes,
        largest: (0..<matrix.columns).map { column in
          stride(from: column, to: magnitudes.count, by: matrix.columns).reduce(
            abs(biases?[column] ?? 0)
          ) { max($0, magnitudes[$1]) }
        }, biases: biases)
    }
  }

  /// The dense network's pre-activations of one input, in Double.
  ///
  /// - Complexity: `sum n_(l-1) * n_l` multiply-adds.
  public func example(_ input: [Float]) -> Example {
    var activation = input.map { inputScale * Double($0) }
    var preActivations: [[Double]] = []
    for layer in layers {
      var z = Self.product(layer.weights, activation, outputs: layer.outputs)
      if let biases = layer.biases { for unit in z.indices { z[unit] += biases[unit] } }
      preActivations.append(z)
      activation = z.map { max(0, $0) }
    }
    return Example(
      input: input.map { inputScale * Double($0) }, preActivations: preActivations)
  }

  /// The bounds after `steps` steps.
  ///
  /// - Parameters:
  ///   - feeds: for layers 1...L, the number of rows that were fed so far, at least: the spikes that the
  ///     layer below sent, always-on units apart (by patterns there are fewer). Rounding errors grow with it; zeros give the bound of exact arithmetic.
  /// - Complexity: `sum n_(l-1) * n_l` multiply-adds.
  public func evaluate(_ example: Example, steps: Int, feeds: [Int]) -> Evaluation {
    /// `N u / (1 - 2 N u)`, with room for the rounding of Double; past its pole, no bound.
    func rounding(_ additions: Int) -> Double {
      let share = Double(additions) * 0x1p-24 * (1 + 0x1p-20)
      return share < 0.5 ? share / (1 - 2 * share) : .infinity
    }
    let time = time(ofSteps: steps)
    let isExact = feeds.allSatisfy { $0 == 0 }
    let inputRounding = isExact ? 0 : rounding(steps)
    let start = example.input.indices.map { 0.5 + (phases.isEmpty ? 0 : phases[$0]) }
    /// D, at every moment; and E, at the ends of steps.
    var deviation = zip(example.input, start).map { ($1 + abs($0)) * (1 + inputRounding) }
    var atEnds = zip(example.input, start).map { $1 + inputRounding * ($1 + abs($0)) }
    var counts = [atEnds]
    var outputSums: [Double] = []
    for (index, layer) in layers.enumerated() {
      let z = example.preActivations[index]
      let always = Self.product(layer.magnitudes, deviation, outputs: layer.outputs)
      let exact =
        firesOnceAStep
        ? Self.product(layer.magnitudes, atEnds, outputs: layer.outputs) : always
      let additions = feeds[index] + (layer.biases == nil ? 0 : steps) + 1
      let share = isExact ? 0 : rounding(additions)
      // r of refining, N u / (1 - 4 N u), and A.
      let refiningShare = isExact ? 0 : rounding(2 * additions) / 2
      let below = index == 0 ? example.input : example.preActivations[index - 1].map { max(0, $0) }
      let arriving =
        firing == .refining
        ? Self.product(layer.magnitudes, below.map(abs), outputs: layer.outputs) : []
      let rounded = (0..<layer.outputs).map { unit in
        if firing == .refining {
          return refiningShare * time
            * (abs(z[unit]) + 4 * exact[unit] + 1 + arriving[unit] + 5 * layer.largest[unit])
        }
        return share
          * (time * max(0, -z[unit]) + 2 * always[unit] + 1 + layer.largest[unit]
            + (firesOnceAStep ? max(0, z[unit]) : 0))
      }
      let bound = zip(exact, rounded).map { $0 + $1 }
      atEnds = bound.map { $0 + 0.5 }
      counts.append(bound.map { $0 + 0.5 })
      // A count within a step lies between its values at the ends of two.
      deviation = (0..<layer.outputs).map { (unit: Int) -> Double in
        always[unit] + rounded[unit] + 0.5 + max(0, z[unit])
      }
      if firing == .refining {
        outputSums = bound
        continue
      }
      outputSums = (0..<layer.outputs).map {
        exact[$0] + share * (time * abs(z[$0]) + always[$0])
      }
    }
    return Evaluation(counts: counts, outputSums: outputSums)
  }

  /// What sums and counts are proportional to: T; of a refining network, 2^(T - 1).
  public func time(ofSteps steps: Int) -> Double {
    firing == .refining
      ? Double(sign: .plus, exponent: steps - 1, significand: 1) : Double(steps)
  }

  /// `M^T v` for a row-major `[inputs x outputs]` matrix.
  private static func product(_ matrix: [Double], _ vector: [Double], outputs: Int) -> [Double] {
    var result = [Double](repeating: 0, count: outputs)
    for (input, value) in vector.enumerated() where value != 0 {
      let start = input * outputs
      for output in 0..<outputs { result[output] += value * matrix[start + output] }
    }
    return result
  }
}

extension RigorousBound {
  /// The least T for which the bound promises the dense network's class of an input, before it is rounded up;
  /// infinite where no T does.
  ///
  /// An input keeps its class when, for every other class c, `z_first - z_c > (B_first + B_c) / T` (of
  /// refining, 2^(T - 1) in place of T).
  package func promisedSteps(for input: [Float]) -> Double {
    let example = example(input)
    let limits = evaluate(
      example, steps: 1, feeds: Array(repeating: 0, count: depth)
    ).outputSums
    let outputs = example.preActivations[depth - 1]
    let first = outputs.indices.max { outputs[$0] < outputs[$1] }!
    let time = outputs.indices.reduce(1) { needed, other in
      guard other != first else { return needed }
      let lead = outputs[first] - outputs[other]
      return max(needed, lead > 0 ? (limits[first] + limits[other]) / lead : .infinity)
    }
    return firing == .refining ? 1 + log2(time) : time
  }
}
