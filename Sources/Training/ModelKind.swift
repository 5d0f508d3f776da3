/// The two kinds of model that are made from the same weights.
public enum ModelKind: String, Sendable, CaseIterable, Codable {
  /// Neurons that accumulate, compare and send spikes.
  case spiking
  /// A ReLU network on BLAS.
  case dense
}
