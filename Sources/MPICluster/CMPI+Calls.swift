#if MPI
  internal import CMPI
  internal import Cluster
  internal import Synchronization

  /// The processes that an MPI launcher started: Open MPI, MPICH and what speaks like them.
  ///
  /// The only file that calls MPI. Calls come from any thread, one at a time, and none of them waits
  /// inside MPI: what takes time is started and looked after, so that the heartbeat is never shut out.
  final class MPICommunicator: Communicator {
    let rank: Int
    let size: Int
    let host: String
    let processesOnHost: Int
    private let state: Mutex<State>
    private let heartbeat: Heartbeat?

    private struct State: ~Copyable {
      let comm: CMPIComm
      var bytesReceived = 0
      /// Whether a call was left in the middle: no other follows, but the one that ends the job.
      var isAbandoned = false
      /// A sign of life on its way to each rank.
      var signs: [CMPIRequest?]
    }

    /// Joins the job that this process was started in.
    ///
    /// - Parameter timeout: seconds after which a rank that nothing is heard of is given up; `nil` for
    ///   never.
    init(timeout: Int?) throws(ClusterError) {
      var isSerialized: Int32 = 0
      try Self.check(unsafe cmpi_init(&isSerialized), "start")
      guard isSerialized != 0 else {
        throw .unusable(reason: "no support for calls from several threads (MPI_THREAD_SERIALIZED)")
      }
      var (comm, rank, size, near) = (CMPIComm(), Int32(0), Int32(0), Int32(0))
      try Self.check(unsafe cmpi_all(&comm), "communicator")
      try Self.check(unsafe cmpi_rank(comm, &rank), "rank")
      try Self.check(unsafe cmpi_size(comm, &size), "size")
      try Self.check(unsafe cmpi_processes_on_host(comm, &near), "processes on this machine")
      let name = try unsafe Self.text(Int(CMPIMaximumName), "machine") { unsafe cmpi_host($0, $1) }
      (self.rank, self.size, processesOnHost, host) = (Int(rank), Int(size), Int(near), name)
      state = Mutex(State(comm: comm, signs: Array(repeating: nil, count: Int(size))))
      // Names first, by a communicator of the same state that watches nobody yet.
      let hosts = try Self.hosts(state, rank: Int(rank), size: Int(size), name: name)
      heartbeat = timeout.map {
        Heartbeat(rank: Int(rank), hosts: hosts, seconds: $0)
      }
      heartbeat?.start { [self] in
        try lookForSigns()
      } send: { [self] in
        try sendSign(to: $0)
      }
    }

    var bytesReceived: Int { state.withLock { $0.bytesReceived } }

    func broadcast<Element: BitwiseCopyable & Sendable>(
      _ values: inout [Element], from root: Int
    ) throws(ClusterError) {
      let bytes = values.count * MemoryLayout<Element>.stride
      // A call counts in 32 bits.
      let most = 1 << 30
      let outcome = unsafe values.withUnsafeMutableBytes { buffer in
        Result { () throws(ClusterError) in
          for start in stride(from: 0, to: bytes, by: most) {
            let count = min(most, bytes - start)
            try wait("broadcast", bytes: count) { state, request in
              unsafe cmpi_ibcast(
                buffer.baseAddress! + start, Int32(count), Int32(root), state.comm, &request)
            }
          }
        }
      }
      do { try outcome.get() } catch { throw Self.keeping(values, after: error) }
      if rank != root { state.withLock { $0.bytesReceived += bytes } }
    }

    func allGather<Element: BitwiseCopyable & Sendable>(
      _ values: [Element], counts: [Int]
    ) throws(ClusterError) -> [Element] {
      precondition(counts.count == size && counts[rank] == values.count, "counts of other ranks")
      return try Self.allGather(state, values, counts: counts, own: counts[rank]) {
        operation, bytes, start throws(ClusterError) in
        try wait(operation, bytes: bytes, start)
      }
    }

    private static func allGather<Element: BitwiseCopyable & Sendable>(
      _ state: borrowing Mutex<State>, _ values: [Element], counts: [Int], own: Int,
      wait: (String, Int, (borrowing State, inout CMPIRequest) -> Int32) throws(ClusterError) ->
        Void
    ) throws(ClusterError) -> [Element] {
      let stride = MemoryLayout<Element>.stride
      let total = counts.reduce(0, +)
      let places = try Places(counts, stride, "gather")
      let all: [Element]
      do throws(ClusterError) {
        all = try unsafe filled(total) { (target: UnsafeMutableRawPointer) throws(ClusterError) in
          try unsafe values.withUnsafeBytes { source in
            Result { () throws(ClusterError) in
              try wait("gather", total * stride) { state, request in
                unsafe cmpi_iallgatherv(
                  source.baseAddress, Int32(own * stride), target, places.counts, places.starts,
                  state.comm, &request)
              }
            }
          }.get()
        }
      } catch {
        throw keeping((values, places), after: error)
      }
      state.withLock { $0.bytesReceived += (total - own) * stride }
      return all
    }

    func allToAll<Element: BitwiseCopyable & Sendable>(
      _ values: [Element], sending: [Int], receiving: [Int]
    ) throws(ClusterError) -> [Element] {
      precondition(
        sending.count == size && receiving.count == size
          && sending.reduce(0, +) == values.count, "counts of other ranks")
      let stride = MemoryLayout<Element>.stride
      let (out, into) = (
        try Places(sending, stride, "exchange"), try Places(receiving, stride, "exchange")
      )
      let total = receiving.reduce(0, +)
      let all: [Element]
      do throws(ClusterError) {
        all = try unsafe Self.filled(total) { target throws(ClusterError) in
          try unsafe values.withUnsafeBytes { source in
            Result { () throws(ClusterError) in
              try wait("exchange", bytes: (values.count + total) * stride) { state, request in
                unsafe cmpi_ialltoallv(
                  source.baseAddress, out.counts, out.starts, target, into.counts, into.starts,
                  state.comm, &request)
              }
            }
          }.get()
        }
      } catch {
        throw Self.keeping((values, out, into), after: error)
      }
      state.withLock { $0.bytesReceived += (total - receiving[rank]) * stride }
      return all
    }

    func barrier() throws(ClusterError) {
      try wait("barrier", bytes: 0) { state, request in unsafe cmpi_ibarrier(state.comm, &request) }
    }

    func send(_ bytes: [UInt8], to rank: Int, tag: Int) throws(ClusterError) {
      guard bytes.count <= Int(Int32.max) else {
        throw .tooLarge(operation: "send", bytes: bytes.count)
      }
      let outcome = unsafe bytes.withUnsafeBytes { buffer in
        Result { () throws(ClusterError) in
          try wait("send", bytes: buffer.count) { state, request in
            unsafe cmpi_isend(
              buffer.baseAddress, Int32(buffer.count), Int32(rank), Int32(tag), state.comm,
              &request)
          }
        }
      }
      do { try outcome.get() } catch { throw Self.keeping(bytes, after: error) }
    }

    func receive(tag: Int) throws(ClusterError) -> (source: Int, bytes: [UInt8])? {
      try checkWatch()
      var (found, source, count) = (Int32(0), Int32(0), Int32(0))
      var message = CMPIMessage()
      try state.withLock { state throws(ClusterError) in
        guard !state.isAbandoned else { throw .interrupted }
        try Self.check(
          unsafe cmpi_improbe(Int32(tag), state.comm, &found, &message, &source, &count), "look")
      }
      guard found != 0 else { return nil }
      let bytes: [UInt8] = try unsafe Self.filled(Int(count)) { target throws(ClusterError) in
        try wait("receive", bytes: Int(count)) { _, request in
          unsafe cmpi_imrecv(target, count, &message, &request)
        }
      }
      heartbeat?.heard(Int(source))
      return (Int(source), bytes)
    }

    func finish() throws(ClusterError) {
      try barrier()
      heartbeat?.stop()
      // Nobody sends any more: what is still on its way is taken, as MPI asks before its end.
      try barrier()
      _ = try lookForSigns()
      for tag in [Tag.progress, Tag.stop, Tag.cancelled] {
        while try receive(tag: tag) != nil {}
      }
      for other in 0..<size { while try !isSent(to: other) { Backoff.nap() } }
      try state.withLock { _ throws(ClusterError) in try Self.check(cmpi_finalize(), "end") }
    }

    func abort(status: Int32) {
      // Not behind a call that does not end.
      for _ in 0..<1000 {
        if state.withLockIfAvailable({ _ in cmpi_abort(status) }) != nil { return }
        Backoff.nap()
      }
      cmpi_abort(status)
    }

    // MARK: Calls

    /// Starts something, and looks until it is done.
    private func wait(
      _ operation: String, bytes: Int, _ start: (borrowing State, inout CMPIRequest) -> Int32
    ) throws(ClusterError) {
      try Self.wait(state, operation, bytes, start) { () throws(ClusterError) in try checkWatch() }
    }

    private static func wait(
      _ state: borrowing Mutex<State>, _ operation: String, _ bytes: Int,
      _ start: (borrowing State, inout CMPIRequest) -> Int32,
      look: () throws(ClusterError) -> Void
    ) throws(ClusterError) {
      var request = CMPIRequest()
      try state.withLock { state throws(ClusterError) in
        guard !state.isAbandoned else { throw .interrupted }
        try check(start(state, &request), operation)
      }
      var (done, backoff) = (Int32(0), Backoff(bytes: bytes))
      do throws(ClusterError) {
        while true {
          try state.withLock { state throws(ClusterError) in
            guard !state.isAbandoned else { throw .interrupted }
            try check(unsafe cmpi_test(&request, &done), operation)
          }
          if done != 0 { return }
          try look()
          if backoff.isOverdue() { throw .interrupted }
          backoff.wait()
        }
      } catch {
        // What was started is not over: nothing else may follow but the end of the job.
        state.withLock { $0.isAbandoned = true }
        throw error
      }
    }

    private func checkWatch() throws(ClusterError) {
      if let lost = heartbeat?.lost { throw lost }
    }

    private static func check(_ status: Int32, _ operation: String) throws(ClusterError) {
      guard status != 0 else { return }
      let reason = try? unsafe text(Int(CMPIMaximumError), operation) {
        unsafe cmpi_error(status, $0, $1)
      }
      throw .call(operation: operation, reason: reason ?? "error \(status)")
    }

    /// A text that MPI writes into a buffer.
    private static func text(
      _ most: Int, _ operation: String,
      _ write: (UnsafeMutablePointer<CChar>?, UnsafeMutablePointer<Int32>) -> Int32
    ) throws(ClusterError) -> String {
      var (characters, length) = ([CChar](repeating: 0, count: most + 1), Int32(0))
      let status = unsafe characters.withUnsafeMutableBufferPointer {
        unsafe write($0.baseAddress, &length)
      }
      guard status == 0 else { throw .call(operation: operation, reason: "error \(status)") }
      return String(
        decoding: characters.prefix(Int(length)).map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }

    private static func hosts(
      _ state: borrowing Mutex<State>, rank: Int, size: Int, name: String
    ) throws(ClusterError) -> [String] {
      func all<Element: BitwiseCopyable & Sendable>(
        _ values: [Element], _ counts: [Int]
      ) throws(ClusterError) -> [Element] {
        try allGather(state, values, counts: counts, own: counts[rank]) {
          operation, bytes, start throws(ClusterError) in
          try wait(state, operation, bytes, start) { () throws(ClusterError) in }
        }
      }
      let bytes = Array(name.utf8)
      let counts = try all([bytes.count], Array(repeating: 1, count: size))
      let names = try all(bytes, counts)
      var start = 0
      return counts.map { count in
        defer { start += count }
        return String(decoding: names[start..<start + count], as: UTF8.self)
      }
    }

    /// Counts and places in bytes, as MPI wants them: where they stay until a call is over.
    @safe private final class Places {
      private(set) var counts: UnsafeMutablePointer<Int32>
      private(set) var starts: UnsafeMutablePointer<Int32>

      init(_ elements: [Int], _ stride: Int, _ operation: String) throws(ClusterError) {
        let total = elements.reduce(0, +) * stride
        guard total <= Int(Int32.max) else { throw .tooLarge(operation: operation, bytes: total) }
        unsafe counts = .allocate(capacity: elements.count)
        unsafe starts = .allocate(capacity: elements.count)
        var start: Int32 = 0
        for (rank, count) in elements.enumerated() {
          unsafe (counts + rank).initialize(to: Int32(count * stride))
          unsafe (starts + rank).initialize(to: start)
          start += Int32(count * stride)
        }
      }

      deinit {
        unsafe counts.deallocate()
        unsafe starts.deallocate()
      }
    }

    /// An array that a call fills.
    private static func filled<Element: BitwiseCopyable>(
      _ count: Int, _ fill: (UnsafeMutableRawPointer) throws(ClusterError) -> Void
    ) throws(ClusterError) -> [Element] {
      var outcome = Result<Void, ClusterError>.success(())
      // Room for one at least, so that there is an address.
      let elements = unsafe [Element](unsafeUninitializedCapacity: max(count, 1)) {
        buffer, initialized in
        let target = UnsafeMutableRawPointer(buffer.baseAddress!)
        outcome = Result { () throws(ClusterError) in try unsafe fill(target) }
        initialized = (try? outcome.get()) == nil ? 0 : count
      }
      do { try outcome.get() } catch { throw keeping(elements, after: error) }
      return elements
    }

    /// Keeps for ever what MPI may still read or write after a call that was left in the middle.
    private static func keeping(_ value: Any, after error: ClusterError) -> ClusterError {
      _ = unsafe Unmanaged.passRetained(Kept(value))
      return error
    }

    private final class Kept {
      let value: Any
      init(_ value: Any) { self.value = value }
    }

    // MARK: Signs of life

    /// The ranks that a sign of life has come from.
    private func lookForSigns() throws(ClusterError) -> [Int] {
      if state.withLock({ $0.isAbandoned }) { throw .interrupted }
      var sources: [Int] = []
      while let source = try takeSign() { sources.append(source) }
      return sources
    }

    private func takeSign() throws(ClusterError) -> Int? {
      var (found, source, count) = (Int32(0), Int32(0), Int32(0))
      var (message, request, done) = (CMPIMessage(), CMPIRequest(), Int32(0))
      try state.withLock { state throws(ClusterError) in
        try Self.check(
          unsafe cmpi_improbe(
            Int32(Tag.alive), state.comm, &found, &message, &source, &count), "look")
        guard found != 0 else { return }
        try Self.check(unsafe cmpi_imrecv(nil, count, &message, &request), "receive")
        // It carries nothing, and is there at once.
        while done == 0 { try Self.check(unsafe cmpi_test(&request, &done), "receive") }
      }
      return found == 0 ? nil : Int(source)
    }

    private func isSent(to rank: Int) throws(ClusterError) -> Bool {
      try state.withLock { state throws(ClusterError) in try Self.isSent(&state.signs[rank]) }
    }

    /// Whether the last sign of life has left.
    private static func isSent(_ sign: inout CMPIRequest?) throws(ClusterError) -> Bool {
      guard var request = sign else { return true }
      var done: Int32 = 0
      try check(unsafe cmpi_test(&request, &done), "send")
      sign = done == 0 ? request : nil
      return done != 0
    }

    /// Sends a sign of life, unless the last one is still on its way.
    private func sendSign(to rank: Int) throws(ClusterError) {
      try state.withLock { state throws(ClusterError) in
        guard !state.isAbandoned else { throw .interrupted }
        guard try Self.isSent(&state.signs[rank]) else { return }
        var request = CMPIRequest()
        try Self.check(
          unsafe cmpi_isend(nil, 0, Int32(rank), Int32(Tag.alive), state.comm, &request),
          "send")
        state.signs[rank] = request
      }
    }
  }
#endif
