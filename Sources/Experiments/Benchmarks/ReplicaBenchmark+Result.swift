public import Networks

extension ReplicaBenchmark {
  /// A cell of the table of errors.
  public struct Cell: Sendable, Codable {
    /// R.
    public let replicas: Int
    /// K.
    public let interval: Int
    /// On the test images, percent; 100 where it diverged.
    public let testErrorPercent: Double
    /// Its 95% interval.
    public let testErrorInterval95: [Double]?
    /// Where and why it diverged.
    public let divergence: String?
  }

  /// Learning on all ranks beside one.
  public struct Speed: Sendable, Codable {
    /// `spiking` or `dense`.
    public let twin: String
    /// Examples of each rank a step.
    public let examplesPerStep: Int
    /// Images a second of one rank alone.
    public let aloneImagesPerSecond: Double
    /// Images a second of all.
    public let imagesPerSecond: Double
    /// Their ratio.
    public let speedup: Double
    /// Speed-up over the number of ranks.
    public let efficiency: Double
    /// The efficiency that the model gives.
    public let modelEfficiency: Double?
    /// Bytes that a rank received a step.
    public let bytesPerStep: Double
    /// Bytes a step by the formula.
    public let expectedBytesPerStep: Double
  }

  /// A sum over all ranks.
  public struct Sum: Sendable, Codable {
    /// Floats.
    public let length: Int
    /// Wall time, the median.
    public let microseconds: Double
    /// The model's.
    public let modelMicroseconds: Double
  }

  /// Efficiencies of a number of ranks by the model, a network each.
  public struct Prediction: Sendable, Codable {
    /// N.
    public let ranks: Int
    /// Bytes that a rank receives a step.
    public let bytesPerStep: Double
    /// By the name of the network: of spiking replicas with each interval, and of the dense twin's minibatch;
    /// `nil` where there are more ranks than examples.
    public let efficiencies: [[Double?]]
  }

  /// What a run gives.
  public struct Result: Sendable, Codable {
    /// The settings of the cells.
    public let settings: Settings
    /// Processes.
    public let ranks: Int
    /// Layer sizes.
    public let topology: Topology
    /// Weights.
    public let parameters: Int
    /// K of the table and of the speeds.
    public let intervals: [Int]
    /// Examples of a minibatch of the dense twin.
    public let minibatch: Int
    /// Error against R and K.
    public let cells: [Cell]
    /// Learning on all ranks.
    public let speeds: [Speed]
    /// Sums over all ranks.
    public let sums: [Sum]
    /// Seconds that a replica copies weights a step.
    public let copyingSeconds: Double
    /// Seconds that a rank adds weights a step.
    public let addingSeconds: Double
    /// The networks that predictions are for: the measured one first, where there are several ranks.
    public let networks: [TrafficModel]
    /// From 2 to 1,024 ranks.
    public let predictions: [Prediction]
    /// What was checked.
    public let verdicts: [Verdict]
  }
}
