/// The implementations of the kernels. All give the same bits.
public enum InstructionSet: String, CaseIterable, Sendable, Codable {
  /// Plain Swift, written to be read; the others are held to it.
  case reference
  /// What every machine of the architecture runs: SSE2 on x86-64, NEON on arm64.
  case baseline
  /// AVX2 (x86-64).
  case avx2
  /// AVX-512 F, BW, DQ and VL (x86-64).
  case avx512

  /// The sets that this build has and this machine runs, best first; `reference` last.
  public static let supported: [InstructionSet] =
    CompiledSets.supportedNames.compactMap(InstructionSet.init(rawValue:)) + [.reference]

  /// The set to use: the one that `SPIKE_ISA` names, else the best.
  ///
  /// The only variable that a library of this package reads.
  ///
  /// - Throws: `KernelError.unsupportedInstructionSet` when the variable names no set of this
  ///   machine, rather than a fault at the first instruction.
  public static func selected() throws(KernelError) -> InstructionSet {
    try selected(named: CompiledSets.environmentValue("SPIKE_ISA"))
  }

  static func selected(
    named name: String?, from supported: [InstructionSet] = supported
  ) throws(KernelError) -> InstructionSet {
    guard let name else { return supported[0] }
    guard let set = InstructionSet(rawValue: name), supported.contains(set) else {
      throw .unsupportedInstructionSet(
        found: name, available: supported.map(\.rawValue))
    }
    return set
  }
}
