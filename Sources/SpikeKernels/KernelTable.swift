internal import CSpikeKernels
public import Networks

// The only Swift that calls the compiled kernels.

/// The number types that have compiled kernels.
public enum CompiledNumberType: Sendable {
  /// `Float`, with sums in `Float`.
  case float32
  /// `Int32`, with sums in `Int64`.
  case int32
}

/// The kernels of one instruction set for one number type; of `InstructionSet.reference` the plain
/// Swift of `ReferenceKernels`. All give the same bits.
///
/// Spikes are checked before anything is read by them: a spike of a unit that has no weight row is
/// a precondition failure.
@safe public struct KernelTable<Scalar: SpikeScalar>: @unchecked Sendable {
  /// The kernels of the number type; `nil` for the reference.
  private let kernels: UnsafePointer<csk_kernels>?
  /// What a set does for spikes of any number type; of the baseline for the reference, where that
  /// has no say in bits.
  private let set: UnsafePointer<csk_set>

  /// The kernels of a set of this machine.
  ///
  /// - Precondition: a set other than the reference needs a number type with compiled kernels.
  public init(_ set: InstructionSet) {
    unsafe self.set = CompiledSets.named(set == .reference ? .baseline : set)
    guard set != .reference else {
      unsafe kernels = nil
      return
    }
    switch Scalar.compiledNumberType {
    case .float32: unsafe kernels = csk_float32(self.set)
    case .int32: unsafe kernels = csk_int32(self.set)
    case nil: preconditionFailure("\(Scalar.self) has no compiled kernels")
    }
  }

  /// Whether this is the reference.
  var isReference: Bool { unsafe kernels == nil }

  // MARK: Feeds: compiled sets only. `Quantizer` decides between them and the reference.

  /// The compiled form of `ReferenceKernels.feed(rowsOf:...)`. Stops before rows whose spikes do
  /// not fit in the train's memory. `firesOnce` promises that no magnitude of a weight is above
  /// `quantum`, so that a rectified unit cannot fire twice for one row. The same rows are added to
  /// `sums`, unless it is empty. `int16`, where given, are the same weights in 16 bits.
  @specialized(where Scalar == Float)
  @specialized(where Scalar == Int32)
  func feedRows(
    of weights: RowMajorMatrix<Scalar>, int16: Int16Weights?, for spikes: SpikeTrain,
    range: Range<Int>, isSigned: Bool, firesOnce: Bool, quantum: Scalar,
    potentials: inout AlignedArray<Scalar>, sums: inout AlignedArray<Scalar.Sum>,
    train: inout SpikeTrain, scratch: inout KernelScratch<Scalar>
  ) -> FeedOutcome {
    check(spikes, range, rows: weights.rows)
    precondition(potentials.count == weights.stride, "potentials of another layer")
    precondition(sums.count == weights.stride || sums.count == 0, "sums of another layer")
    precondition(
      int16 == nil
        || int16!.elements.count == weights.rows * Int16Weights.stride(weights.stride),
      "16-bit weights of another layer")
    let kernels = unsafe kernels!
    return unsafe withC(int16) { int16 in
      unsafe train.appending { out, room in
        unsafe scratch.withC { scratch in
          unsafe potentials.withUnsafeMutableBufferPointer { potentials in
            unsafe sums.withUnsafeMutableBufferPointer { sums in
              unsafe weights.withUnsafeBufferPointer { rows in
                unsafe spikes.withCodes(range) { codes in
                  unsafe kernels.pointee.feed_rows(
                    potentials.baseAddress, sums.isEmpty ? nil : sums.baseAddress,
                    rows.baseAddress, int16, weights.stride, codes, range.count, isSigned ? 1 : 0,
                    firesOnce ? 1 : 0, Scalar.kernelQuantum(quantum), out, room, scratch)
                }
              }
            }
          }
        }
      }
    }
  }

  /// The compiled form of `ReferenceKernels.feed(_:...)`.
  @specialized(where Scalar == Float)
  @specialized(where Scalar == Int32)
  func feedVector(
    _ values: [Scalar], isSigned: Bool, quantum: Scalar, potentials: inout AlignedArray<Scalar>,
    train: inout SpikeTrain, scratch: inout KernelScratch<Scalar>
  ) -> FeedOutcome {
    precondition(values.count <= potentials.count, "more values than units")
    let kernels = unsafe kernels!
    return unsafe train.appending { out, room in
      unsafe scratch.withC { scratch in
        unsafe potentials.withUnsafeMutableBufferPointer { potentials in
          unsafe values.withUnsafeBufferPointer { values in
            unsafe kernels.pointee.feed_vector(
              potentials.baseAddress, values.baseAddress, values.count, isSigned ? 1 : 0,
              Scalar.kernelQuantum(quantum), out, room, scratch)
          }
        }
      }
    }
  }

  /// As many feeds of the same input as `ends` has places, to signed units; `ends[s]` becomes the
  /// number of their spikes at the end of step s. `outOfRange`, with nothing done, where that is
  /// not for the kernel: many different values, values above `quantum`.
  @specialized(where Scalar == Float)
  @specialized(where Scalar == Int32)
  func feedSteps(
    _ input: ActiveUnits<Scalar>, quantum: Scalar, ends: inout [Int],
    potentials: inout AlignedArray<Scalar>, train: inout SpikeTrain,
    scratch: inout KernelScratch<Scalar>
  ) -> FeedOutcome {
    precondition(input.count <= potentials.count, "more values than units")
    let kernels = unsafe kernels!
    return unsafe train.appending { out, room in
      unsafe scratch.withC { scratch in
        unsafe potentials.withUnsafeMutableBufferPointer { potentials in
          unsafe input.withUnsafeBufferPointers { values, units in
            unsafe ends.withUnsafeMutableBufferPointer { ends in
              unsafe kernels.pointee.feed_steps(
                potentials.baseAddress, values.baseAddress, units.baseAddress, input.count,
                ends.count, Scalar.kernelQuantum(quantum), out, room, ends.baseAddress, scratch)
            }
          }
        }
      }
    }
  }

  /// The compiled form of `ReferenceKernels.fireStep`: `values`, where given, are added to the
  /// potentials, both padded with zeros to the stride of a weight row. `full`, with nothing done,
  /// where the spikes do not fit in the train's memory.
  @specialized(where Scalar == Float)
  @specialized(where Scalar == Int32)
  func fireStep(
    adding values: AlignedArray<Scalar>?, isSigned: Bool, quantum: Scalar,
    potentials: inout AlignedArray<Scalar>, train: inout SpikeTrain,
    scratch: inout KernelScratch<Scalar>
  ) -> FeedOutcome {
    precondition(values == nil || values!.count == potentials.count, "values of another layer")
    train.reserve(potentials.count + SpikeTrain.roomAfterSteps)
    let kernels = unsafe kernels!
    let stride = potentials.count
    return unsafe train.appending { out, room in
      unsafe scratch.withC { scratch in
        unsafe potentials.withUnsafeMutableBufferPointer { potentials in
          guard let values else {
            return unsafe kernels.pointee.fire_step(
              potentials.baseAddress, nil, stride, isSigned ? 1 : 0,
              Scalar.kernelQuantum(quantum), out, room, scratch)
          }
          return unsafe values.withUnsafeBufferPointer { values in
            unsafe kernels.pointee.fire_step(
              potentials.baseAddress, values.baseAddress, stride, isSigned ? 1 : 0,
              Scalar.kernelQuantum(quantum), out, room, scratch)
          }
        }
      }
    }
  }

  // MARK: Rows

  /// `potentials += s * W[i, :]` for each spike (i, s) of a range, in order; nothing fires.
  ///
  /// - Precondition: potentials are padded to the stride of a row.
  /// - Complexity: `units` additions and one read of a weight row for each spike.
  @specialized(where Scalar == Float)
  @specialized(where Scalar == Int32)
  public func addRows(
    of weights: RowMajorMatrix<Scalar>, for spikes: SpikeTrain, range: Range<Int>,
    toPotentials potentials: inout AlignedArray<Scalar>
  ) {
    check(spikes, range, rows: weights.rows)
    precondition(potentials.count == weights.stride, "potentials of another layer")
    guard let kernels = unsafe kernels else {
      return ReferenceKernels.addRows(
        of: weights, for: spikes, range: range, toPotentials: &potentials)
    }
    unsafe potentials.withUnsafeMutableBufferPointer { potentials in
      unsafe weights.withUnsafeBufferPointer { rows in
        unsafe spikes.withCodes(range) { codes in
          unsafe kernels.pointee.add_rows(
            potentials.baseAddress, rows.baseAddress, weights.stride, codes, range.count)
        }
      }
    }
  }

  /// `sums += s * W[i, :]` for each spike (i, s) of a range, in order.
  ///
  /// - Precondition: sums are padded to the stride of a row.
  /// - Complexity: `units` additions and one read of a weight row for each spike.
  @specialized(where Scalar == Float)
  @specialized(where Scalar == Int32)
  public func addRows(
    of weights: RowMajorMatrix<Scalar>, for spikes: SpikeTrain, range: Range<Int>,
    to sums: inout AlignedArray<Scalar.Sum>
  ) {
    check(spikes, range, rows: weights.rows)
    precondition(sums.count == weights.stride, "sums of another layer")
    guard let kernels = unsafe kernels else {
      return ReferenceKernels.addRows(of: weights, for: spikes, range: range, to: &sums)
    }
    unsafe sums.withUnsafeMutableBufferPointer { sums in
      unsafe weights.withUnsafeBufferPointer { rows in
        unsafe spikes.withCodes(range) { codes in
          unsafe kernels.pointee.sum_rows(
            sums.baseAddress, rows.baseAddress, weights.stride, codes, range.count)
        }
      }
    }
  }

  // MARK: Refining

  /// Begins a step of refining units; see `ReferenceKernels.double`.
  @specialized(where Scalar == Float)
  @specialized(where Scalar == Int32)
  public func double(
    _ potentials: inout AlignedArray<Scalar.Sum>, _ sent: inout AlignedArray<Scalar.Sum>, units: Int
  ) -> Int {
    precondition(
      units <= potentials.count && (sent.count == 0 || units <= sent.count), "sums of another layer"
    )
    guard let kernels = unsafe kernels else {
      return ReferenceKernels.double(&potentials, &sent, units: units)
    }
    return unsafe potentials.withUnsafeMutableBufferPointer { potentials in
      unsafe sent.withUnsafeMutableBufferPointer { sent in
        unsafe kernels.pointee.double_sums(
          potentials.baseAddress, sent.isEmpty ? nil : sent.baseAddress, units)
      }
    }
  }

  /// Sends what refining units miss; see `ReferenceKernels.refine`.
  @specialized(where Scalar == Float)
  @specialized(where Scalar == Int32)
  public func refine(
    _ potentials: inout AlignedArray<Scalar.Sum>, sent: inout AlignedArray<Scalar.Sum>,
    units: Int, quantum: Scalar, train: inout SpikeTrain, limit: Int
  ) throws(KernelError) -> Int {
    precondition(
      units <= potentials.count && (sent.count == 0 || units <= sent.count), "sums of another layer"
    )
    if let kernels = unsafe kernels {
      var (first, comparisons) = (0, 0)
      let before = train.count
      train.reserve(units)
      while true {
        let outcome = unsafe train.appending { out, room in
          unsafe potentials.withUnsafeMutableBufferPointer { potentials in
            unsafe sent.withUnsafeMutableBufferPointer { sent in
              unsafe kernels.pointee.refine(
                potentials.baseAddress, sent.isEmpty ? nil : sent.baseAddress, first, units,
                Scalar.kernelQuantum(quantum), out, room, &comparisons)
            }
          }
        }
        guard train.count <= limit else { throw .eventBudgetExceeded(limit: limit) }
        switch outcome.status {
        case .done: return comparisons + train.count - before
        case .full(let needed):
          guard needed <= limit - train.count else { throw .eventBudgetExceeded(limit: limit) }
          train.reserve(needed)
          first = outcome.rowsDone
          continue
        // The reference says which unit it is.
        case .outOfRange: break
        }
        break
      }
    }
    return try ReferenceKernels.refine(
      Scalar.self, &potentials, sent: &sent, units: units, quantum: quantum, train: &train,
      limit: limit)
  }

  /// The first potentials of refining units: the values of an example.
  ///
  /// - Parameter places: of each potential, the value that it starts at, -1 for 0; `nil` for each at its own.
  @specialized(where Scalar == Float)
  @specialized(where Scalar == Int32)
  public func start(
    _ potentials: inout AlignedArray<Scalar.Sum>, at values: AlignedArray<Scalar>,
    places: [Int32]?
  ) {
    precondition(
      potentials.count >= places?.count ?? values.count, "values of another layer")
    potentials.fill(with: .zero)
    unsafe potentials.withUnsafeMutableBufferPointer { potentials in
      unsafe values.withUnsafeBufferPointer { values in
        guard let places else {
          for index in values.indices { unsafe potentials[index] = Scalar.summand(values[index]) }
          return
        }
        unsafe places.withUnsafeBufferPointer { places in
          for index in places.indices {
            let place = unsafe Int(places[index])
            guard place >= 0 else { continue }
            precondition(place < values.count, "a place beyond the values")
            unsafe potentials[index] = Scalar.summand(values[place])
          }
        }
      }
    }
  }

  /// The same as bits of counts up to 31: the compiled form of sets but the reference.
  ///
  /// - Parameters:
  ///   - units: a multiple of 16.
  ///   - bits: of what the units send.
  /// - Returns: the comparisons; `nil`, with nothing done, where `refine` is to be asked.
  @specialized(where Scalar == Float)
  @specialized(where Scalar == Int32)
  public func refine(
    _ potentials: inout AlignedArray<Scalar.Sum>, sent: inout AlignedArray<Scalar.Sum>,
    units: Int, quantum: Scalar, bits: inout SpikeBits, limit: Int
  ) -> Int? {
    precondition(
      units == 16 * bits.blocks && units <= potentials.count
        && (sent.count == 0 || units <= sent.count), "sums of another layer")
    // So many may be sent whatever they do; else the plain form counts.
    guard let kernels = unsafe kernels, limit >= SpikeBits.mostOfUnit * units else { return nil }
    let outcome = unsafe potentials.withUnsafeMutableBufferPointer { potentials in
      unsafe sent.withUnsafeMutableBufferPointer { sent in
        unsafe bits.positive.withUnsafeMutableBufferPointer { positive in
          unsafe bits.negative.withUnsafeMutableBufferPointer { negative in
            unsafe kernels.pointee.refine_bits(
              potentials.baseAddress, sent.isEmpty ? nil : sent.baseAddress, units,
              Scalar.kernelQuantum(quantum), positive.baseAddress, negative.baseAddress)
          }
        }
      }
    }
    guard outcome.status == CSK_DONE else { return nil }
    (bits.places, bits.count) = (outcome.places, outcome.spikes)
    bits.negatives = outcome.negatives
    return outcome.comparisons
  }

  // MARK: Counts and lines of weights

  /// `counts[unit] += sign` for each spike.
  @specialized(where Scalar == Float)
  @specialized(where Scalar == Int32)
  public func count(_ spikes: SpikeTrain, into counts: inout AlignedArray<Scalar>) {
    check(spikes, 0..<spikes.count, rows: counts.count)
    guard let kernels = unsafe kernels else {
      return ReferenceKernels.count(spikes, into: &counts)
    }
    unsafe counts.withUnsafeMutableBufferPointer { counts in
      unsafe spikes.withCodes(0..<spikes.count) { codes in
        unsafe kernels.pointee.count(counts.baseAddress, codes, spikes.count)
      }
    }
  }

  /// Those of the values that are not 0, with their units.
  @specialized(where Scalar == Float)
  @specialized(where Scalar == Int32)
  public func pack(_ values: [Scalar], into active: inout ActiveUnits<Scalar>) {
    guard unsafe kernels != nil else {
      return ReferenceKernels.pack(values, into: &active) { $0 != .zero }
    }
    unsafe values.withUnsafeBufferPointer { values in
      unsafe pack(values, onlyPositive: false, into: &active)
    }
  }

  /// Those of the counts that are positive: the inputs whose weights an update changes.
  @specialized(where Scalar == Float)
  @specialized(where Scalar == Int32)
  public func packPositive(
    _ counts: AlignedArray<Scalar>, into active: inout ActiveUnits<Scalar>
  ) {
    guard unsafe kernels != nil else {
      return ReferenceKernels.pack((0..<counts.count).map { counts[$0] }, into: &active) {
        $0 > .zero
      }
    }
    unsafe counts.withUnsafeBufferPointer { counts in
      unsafe pack(counts, onlyPositive: true, into: &active)
    }
  }

  private func pack(
    _ values: UnsafeBufferPointer<Scalar>, onlyPositive: Bool,
    into active: inout ActiveUnits<Scalar>
  ) {
    active.reserve(values.count + Int(CSK_PACK_SLACK))
    let kernels = unsafe kernels!
    active.count = unsafe active.values.withUnsafeMutableBufferPointer { packed in
      unsafe active.units.withUnsafeMutableBufferPointer { units in
        unsafe kernels.pointee.pack(
          values.baseAddress, values.count, onlyPositive ? 1 : 0, packed.baseAddress,
          units.baseAddress)
      }
    }
  }

  /// `values = sign * W[row, :]`: of a transposed matrix, where columns lie side by side.
  ///
  /// - Precondition: as many values as columns.
  /// - Complexity: one pass over the row.
  @specialized(where Scalar == Float)
  @specialized(where Scalar == Int32)
  public func readRow(
    _ row: Int, of weights: RowMajorMatrix<Scalar>, sign: Int, into values: inout [Scalar]
  ) {
    precondition(row >= 0 && row < weights.rows, "row \(row)")
    precondition(values.count == weights.columns, "\(values.count) values for a row")
    guard let kernels = unsafe kernels else {
      return ReferenceKernels.readRow(row, of: weights, sign: sign, into: &values)
    }
    let (start, count) = (row * weights.stride, values.count)
    unsafe values.withUnsafeMutableBufferPointer { values in
      unsafe weights.withUnsafeBufferPointer { elements in
        unsafe kernels.pointee.read_line(
          elements.baseAddress.map { unsafe $0 + start }, 1, count, sign > 0 ? 1 : -1,
          values.baseAddress)
      }
    }
  }

  /// `W[i, column] -= c * factor` for the active inputs i and their counts c, the product rounded
  /// before the difference.
  ///
  /// - Returns: whether the magnitude of a weight is above `bound` now, or NaN.
  /// - Complexity: a read and a write, a cache line, for each active input.
  @specialized(where Scalar == Float)
  @specialized(where Scalar == Int32)
  public func updateColumn(
    _ column: Int, of weights: inout RowMajorMatrix<Scalar>, by active: ActiveUnits<Scalar>,
    factor: Scalar, bound: Scalar
  ) -> Bool {
    precondition(column >= 0 && column < weights.columns, "column \(column)")
    guard unsafe kernels != nil else {
      return ReferenceKernels.updateColumn(
        column, of: &weights, by: active, factor: factor, bound: bound)
    }
    let (rows, stride) = (weights.rows, weights.stride)
    return update(
      &weights, from: column, stride: stride, count: rows, by: active, factor: factor,
      bound: bound)
  }

  /// The same for a row of the transposed matrix.
  @specialized(where Scalar == Float)
  @specialized(where Scalar == Int32)
  public func updateRow(
    _ row: Int, of weights: inout RowMajorMatrix<Scalar>, by active: ActiveUnits<Scalar>,
    factor: Scalar
  ) {
    precondition(row >= 0 && row < weights.rows, "row \(row)")
    guard unsafe kernels != nil else {
      return ReferenceKernels.updateRow(row, of: &weights, by: active, factor: factor)
    }
    let (columns, stride) = (weights.columns, weights.stride)
    _ = update(
      &weights, from: row * stride, stride: 1, count: columns, by: active, factor: factor,
      bound: factor)
  }

  /// `line -= counts * factor` at the active units, elements from `start` on, `stride` apart.
  private func update(
    _ weights: inout RowMajorMatrix<Scalar>, from start: Int, stride: Int, count: Int,
    by active: ActiveUnits<Scalar>, factor: Scalar, bound: Scalar
  ) -> Bool {
    precondition(active.highest < count, "unit \(active.highest) of \(count)")
    let kernels = unsafe kernels!
    return unsafe weights.withUnsafeMutableBufferPointer { elements in
      unsafe active.withUnsafeBufferPointers { counts, units in
        unsafe kernels.pointee.update_line(
          elements.baseAddress.map { unsafe $0 + start }, stride, counts.baseAddress,
          units.baseAddress, active.count, factor.asDouble, bound.asDouble)
      }
    } != 0
  }

  // MARK: Spikes

  /// The number of spikes of sign -1, from place `start` on.
  public func negativeCount(of spikes: SpikeTrain, from start: Int = 0) -> Int {
    precondition(start >= 0 && start <= spikes.count, "from spike \(start) of \(spikes.count)")
    return unsafe spikes.withCodes(start..<spikes.count) { codes in
      unsafe set.pointee.count_negative(codes, spikes.count - start)
    }
  }

  /// Checks, before anything is read by it, that every spike has a weight row.
  private func check(_ spikes: SpikeTrain, _ range: Range<Int>, rows: Int) {
    precondition(range.upperBound <= spikes.count, "spikes \(range) of \(spikes.count)")
    let highest = unsafe spikes.withCodes(range) { codes in
      unsafe set.pointee.highest_unit(codes, range.count)
    }
    precondition(Int(highest) < rows, "a spike of unit \(highest) into a layer of \(rows) inputs")
  }
}

extension KernelTable where Scalar == Float {
  /// `scaled = values * scale`, exact where that is a power of two, padded with zeros to the stride
  /// of a weight row.
  ///
  /// - Returns: how many are not 0; `nil` where a value is not finite.
  public func scale(
    _ values: [Float], by scale: Float, into scaled: inout AlignedArray<Float>
  ) -> Int? {
    let stride = Matrix.stride(columns: values.count)
    if scaled.count != stride { scaled = AlignedArray(repeating: 0, count: stride) }
    var nonzero = 0
    let isFinite = unsafe scaled.withUnsafeMutableBufferPointer { scaled in
      unsafe values.withUnsafeBufferPointer { values in
        unsafe set.pointee.scale_float(
          values.baseAddress, values.count, scale, scaled.baseAddress, &nonzero)
      }
    }
    return isFinite != 0 ? nonzero : nil
  }

  /// The sum of the first `count` elements, in an order of the set's own: what a machine's read
  /// bandwidth is measured with.
  ///
  /// - Precondition: `count` elements are there.
  public func sum(_ values: AlignedArray<Float>, first count: Int) -> Float {
    precondition(count >= 0 && count <= values.count, "\(count) of \(values.count) elements")
    return unsafe values.withUnsafeBufferPointer { values in
      unsafe set.pointee.sum_float(values.baseAddress, count)
    }
  }
}
