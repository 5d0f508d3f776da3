/// A fixed-length array whose elements start on a 64-byte boundary: a cache line, and a whole
/// vector register of the widest instruction set in use.
///
/// `Swift.Array` aligns its elements to 16 bytes at best, so that every load of a 64-byte vector
/// would touch two cache lines. A value type: copies share storage until one of them is written.
public struct AlignedArray<Element: BitwiseCopyable & Sendable>: Sendable {
  /// The alignment of the first element in bytes.
  @inlinable public static var alignment: Int { 64 }

  @usableFromInline
  @safe final class Storage: @unchecked Sendable {
    @usableFromInline let elements: UnsafeMutableBufferPointer<Element>

    @inlinable
    init(count: Int) {
      let bytes = max(count, 1) * MemoryLayout<Element>.stride
      let raw = UnsafeMutableRawPointer.allocate(
        byteCount: bytes, alignment: AlignedArray.alignment)
      let first = unsafe raw.bindMemory(to: Element.self, capacity: count)
      unsafe elements = UnsafeMutableBufferPointer(start: first, count: count)
    }

    @inlinable deinit { unsafe UnsafeMutableRawPointer(elements.baseAddress!).deallocate() }
  }

  @usableFromInline var storage: Storage

  /// `count` copies of `value`.
  ///
  /// - Precondition: `count >= 0`.
  /// - Complexity: O(`count`).
  @inlinable
  public init(repeating value: Element, count: Int) {
    precondition(count >= 0, "an array of \(count) elements: the count must not be negative")
    storage = Storage(count: count)
    unsafe storage.elements.initialize(repeating: value)
  }

  /// The number of elements.
  @inlinable public var count: Int { unsafe storage.elements.count }

  /// The element at `index`.
  ///
  /// - Precondition: `0 <= index < count`.
  @inlinable
  public subscript(index: Int) -> Element {
    get {
      precondition(index >= 0 && index < count, "an index is outside 0..<count")
      return unsafe storage.elements[index]
    }
    set {
      precondition(index >= 0 && index < count, "an index is outside 0..<count")
      makeUnique()
      unsafe storage.elements[index] = newValue
    }
  }

  /// Sets every element to `value`.
  @inlinable
  public mutating func fill(with value: Element) {
    makeUnique()
    unsafe storage.elements.update(repeating: value)
  }

  /// Sets every element to the one of `other` at its place.
  ///
  /// - Precondition: the same count.
  @inlinable
  public mutating func update(from other: AlignedArray) {
    precondition(other.count == count, "arrays of \(count) and \(other.count) elements")
    makeUnique()
    _ = unsafe storage.elements.update(fromContentsOf: other.storage.elements)
  }

  /// Calls `body` with the elements, read-only; the pointer must not outlive the call.
  @inlinable @unsafe
  public func withUnsafeBufferPointer<Result, Failure: Error>(
    _ body: (UnsafeBufferPointer<Element>) throws(Failure) -> Result
  ) throws(Failure) -> Result {
    defer { withExtendedLifetime(storage) {} }
    return try unsafe body(UnsafeBufferPointer(storage.elements))
  }

  /// Calls `body` with the elements for reading and writing; the pointer must not outlive the call.
  @inlinable @unsafe
  public mutating func withUnsafeMutableBufferPointer<Result, Failure: Error>(
    _ body: (UnsafeMutableBufferPointer<Element>) throws(Failure) -> Result
  ) throws(Failure) -> Result {
    makeUnique()
    defer { withExtendedLifetime(storage) {} }
    return try unsafe body(storage.elements)
  }

  @inlinable
  mutating func makeUnique() {
    guard !isKnownUniquelyReferenced(&storage) else { return }
    let copy = Storage(count: count)
    _ = unsafe copy.elements.initialize(from: storage.elements)
    storage = copy
  }
}

extension AlignedArray: Equatable where Element: Equatable {
  /// Whether both hold equal elements in the same order.
  @inlinable
  public static func == (left: AlignedArray, right: AlignedArray) -> Bool {
    unsafe left.withUnsafeBufferPointer { left in
      unsafe right.withUnsafeBufferPointer { right in unsafe left.elementsEqual(right) }
    }
  }
}

extension AlignedArray where Element: AdditiveArithmetic {
  /// Adds `values` to the first elements, one by one.
  ///
  /// - Precondition: no more values than elements.
  @inlinable
  public mutating func add(_ values: [Element]) {
    precondition(values.count <= count, "\(values.count) values for \(count) elements")
    makeUnique()
    for index in values.indices { unsafe storage.elements[index] += values[index] }
  }
}
