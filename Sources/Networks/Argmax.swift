extension Collection where Element: Comparable {
  /// The position of the largest element, counted from 0; the lowest position wins a tie.
  ///
  /// The class that a network's output names. Elements must not be NaN.
  ///
  /// - Precondition: the collection is not empty.
  @inlinable
  public var argmax: Int {
    @specialized(where Self == [Float])
    get {
      precondition(!isEmpty, "the argmax of nothing")
      var best = first!
      var position = 0
      for (index, value) in enumerated() where value > best {
        best = value
        position = index
      }
      return position
    }
  }
}
