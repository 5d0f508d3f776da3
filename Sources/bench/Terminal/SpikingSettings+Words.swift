import Prediction
import Reports
import SpikingReLU

extension SpikingSettings {
  /// `refining, at most 8 steps, early exit at margin 3.03`.
  var words: String {
    let end =
      margin.map { "early exit at margin \(Format.significant(Double($0)))" } ?? "no early exit"
    return "\(firing.name), at most \(timeSteps) steps, \(end)"
  }
}
