internal import Measures

extension KernelBenchmark.Result {
  /// The figures that have targets, as claims about time.
  public var verdicts: [Verdict] {
    ratios.compactMap { ratio in
      ratio.target.map {
        Verdict(ratio.name, kind: .timing, value: ratio.value, bound: .init(atMost: $0))
      }
    } + [
      Verdict(
        "weight-row bandwidth / read bandwidth of L2", kind: .timing, value: rowBandwidthShare,
        bound: .init(atLeast: 0.5))
    ]
  }
}
