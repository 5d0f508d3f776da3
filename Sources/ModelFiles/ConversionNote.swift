/// What became of a part of a file: said of every conversion, part by part.
public struct ConversionNote: Equatable, Sendable, Codable, CustomStringConvertible {
  /// How well the network stands for the part.
  public enum Kind: String, Sendable, Codable, CaseIterable {
    /// The same function: as it stands, or folded into a layer and rounded once.
    case faithful
    /// The same classes, other outputs: a last softmax.
    case approximate
    /// Not in the file: taken as said here unless an option says otherwise.
    case assumed
    /// Left out, as was asked for, or because it is no part of the function.
    case ignored
  }

  /// How well.
  public let kind: Kind
  /// The part: an operator, or a tensor, by its name.
  public let part: String
  /// What became of it, in words.
  public let outcome: String

  /// A note.
  public init(_ kind: Kind, _ part: String, _ outcome: String) {
    (self.kind, self.part, self.outcome) = (kind, part, outcome)
  }

  /// All of it in a line.
  public var description: String { "\(kind.rawValue): \(part): \(outcome)" }
}
