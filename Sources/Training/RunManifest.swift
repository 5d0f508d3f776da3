public import Datasets
internal import DenseReLU
public import Foundation
public import SpikeKernels

/// What a result depends on, to stand in every result file.
public struct RunManifest: Sendable, Codable {
  /// The version of this package, semantic.
  public static let packageVersion = "0.1.0"

  /// Whether the package was compiled with optimization.
  public static var isOptimizedBuild: Bool {
    #if DEBUG
      false
    #else
      true
    #endif
  }

  /// The command line, program name first.
  public let command: [String]
  /// The seed of everything random.
  public let seed: UInt64
  /// The version of this package.
  public let packageVersion: String
  /// The commit of the sources, where they are still where they were built.
  public let packageCommit: String?
  /// The data, once it is loaded.
  public var dataset: Data?
  /// Whether it was compiled with optimization.
  public let isOptimizedBuild: Bool
  /// The processor's own name.
  public let processor: String
  /// The operating system.
  public let system: String
  /// Processors that the process may use.
  public let processors: Int
  /// The kernels that ran.
  public let instructionSet: InstructionSet
  /// The BLAS build.
  public let blas: String
  /// The processor whose BLAS kernels ran.
  public let blasCore: String
  /// Tasks of parallel evaluation.
  public let threads: Int
  /// Processes that worked together.
  public var processes = 1
  /// When the run began, in UTC.
  public let date: Date

  /// Which data a run used.
  public struct Data: Sendable, Codable {
    /// The dataset's name.
    public let name: String
    /// Where it came from.
    public let source: String
    /// The CRC-32 of its images and labels.
    public let checksum: String

    /// Of a dataset.
    public init(_ dataset: Dataset) {
      name = dataset.name
      source = dataset.source
      checksum = dataset.checksum
    }
  }

  /// The manifest of a run that begins now.
  public init(
    command: [String], seed: UInt64, instructionSet: InstructionSet, threads: Int,
    packageCommit: String? = nil
  ) {
    self.command = command
    self.seed = seed
    packageVersion = Self.packageVersion
    self.packageCommit = packageCommit
    isOptimizedBuild = Self.isOptimizedBuild
    processor = Self.processorName
    system = ProcessInfo.processInfo.operatingSystemVersionString
    processors = ProcessInfo.processInfo.activeProcessorCount
    self.instructionSet = instructionSet
    blas = BLAS.configuration
    blasCore = BLAS.coreName
    self.threads = threads
    date = Date()
  }

  /// The processor's own name, where the system tells it.
  public static var processorName: String {
    #if os(Linux)
      let information = (try? String(contentsOfFile: "/proc/cpuinfo", encoding: .utf8)) ?? ""
      let line = information.split(separator: "\n").first { $0.hasPrefix("model name") }
      let name = line?.split(separator: ":").last?.trimmingCharacters(in: .whitespaces)
      return name ?? "unknown"
    #else
      // macOS. Not run on any machine of ours yet.
      var size = 0
      guard unsafe sysctlbyname("machdep.cpu.brand_string", nil, &size, nil, 0) == 0 else {
        return "unknown"
      }
      var name = [CChar](repeating: 0, count: size)
      unsafe sysctlbyname("machdep.cpu.brand_string", &name, &size, nil, 0)
      return String(decoding: name.prefix { $0 != 0 }.map(UInt8.init(bitPattern:)), as: UTF8.self)
    #endif
  }
}
